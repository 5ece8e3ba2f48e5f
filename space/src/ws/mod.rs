//! WebSockets: the upgrade (RFC 6455 §4.2), then text in and text out.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use hyper::header::{
    CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::driver::{Downstream, Handle};
use crate::world::{Input, SocketId};

/// An SDP with many candidates is some 10 KB; nothing in the protocol is nearly as large. Up to here, what
/// is wrong with a message is said by name.
const LARGEST_MESSAGE: usize = 4 << 20;
/// RFC 6455 §7.4.1: the message is too big.
const TOO_BIG: u16 = 1009;
/// How long a peer may take to answer a close frame.
const CLOSING_LIMIT: Duration = Duration::from_secs(2);

/// No close frame came (RFC 6455 §7.1.5).
const ABNORMAL: u16 = 1006;
/// A close frame without a code came (RFC 6455 §7.1.5).
const NO_CODE: u16 = 1005;

type Stream = WebSocketStream<TokioIo<Upgraded>>;

/// The headers that accept the upgrade; `None` when the request asks for none, or for another version.
pub(crate) fn accept(headers: &HeaderMap) -> Option<HeaderMap> {
    let has = |name, word: &str| {
        let value = headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok());
        value.is_some_and(|list| {
            list.split(',')
                .any(|one| one.trim().eq_ignore_ascii_case(word))
        })
    };
    let asked =
        has(UPGRADE, "websocket") && has(CONNECTION, "upgrade") && has(SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|_| asked)?;
    let accepted = HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()?;
    Some(HeaderMap::from_iter([
        (UPGRADE, HeaderValue::from_static("websocket")),
        (CONNECTION, HeaderValue::from_static("Upgrade")),
        (SEC_WEBSOCKET_ACCEPT, accepted),
    ]))
}

/// Serves one socket until its end.
pub(crate) async fn serve(upgrade: OnUpgrade, handle: Handle) {
    let upgraded = match upgrade.await {
        Ok(upgraded) => TokioIo::new(upgraded),
        Err(error) => {
            tracing::debug!("a WebSocket upgrade failed: {error}");
            return;
        }
    };
    let config = WebSocketConfig::default()
        .max_message_size(Some(LARGEST_MESSAGE))
        .max_frame_size(Some(LARGEST_MESSAGE));
    let mut stream = WebSocketStream::from_raw_socket(upgraded, Role::Server, Some(config)).await;
    let Some((socket, mut downstream)) = handle.run(|driver| driver.open()).await else {
        return;
    };
    let code = exchange(&mut stream, socket, &mut downstream, &handle).await;
    handle.post(move |driver| driver.closed(socket, code));
}

/// Carries messages until one side closes; gives the code of the close.
async fn exchange(
    stream: &mut Stream,
    socket: SocketId,
    downstream: &mut mpsc::UnboundedReceiver<Downstream>,
    handle: &Handle,
) -> u16 {
    loop {
        tokio::select! {
            message = downstream.recv() => match message {
                Some(Downstream::Text(text)) => {
                    if stream.send(Message::text(text)).await.is_err() {
                        return ABNORMAL;
                    }
                }
                Some(Downstream::Close { code, reason }) => {
                    close(stream, code, reason).await;
                    return code;
                }
                Some(Downstream::Cut) | None => return ABNORMAL,
            },
            message = stream.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let text = text.as_str().to_owned();
                    handle.post(move |driver| driver.input(Input::Frame { socket, text }));
                }
                Some(Ok(Message::Close(frame))) => {
                    let code = frame.map_or(NO_CODE, |frame| frame.code.into());
                    finish(stream).await;
                    return code;
                }
                Some(Ok(Message::Binary(_))) => {
                    tracing::warn!("socket {}: a binary message is ignored", socket.0);
                }
                Some(Ok(_)) => {}
                Some(Err(Error::Capacity(error))) => {
                    tracing::warn!("socket {}: {error}", socket.0);
                    close(stream, TOO_BIG, "a message is too big").await;
                    discard(stream).await;
                    return TOO_BIG;
                }
                Some(Err(error)) => {
                    tracing::debug!("socket {}: {error}", socket.0);
                    return ABNORMAL;
                }
                None => return ABNORMAL,
            },
        }
    }
}

async fn close(stream: &mut Stream, code: u16, reason: &'static str) {
    let frame = CloseFrame {
        code: CloseCode::from(code),
        reason: reason.into(),
    };
    match stream.close(Some(frame)).await {
        Ok(()) | Err(Error::ConnectionClosed) => finish(stream).await,
        Err(error) => tracing::debug!("a close frame could not be sent: {error}"),
    }
}

/// Reads what is still on its way, within the limit of a close: a socket that is closed with bytes unread
/// is reset, and the peer never sees the close frame.
async fn discard(stream: &mut Stream) {
    let stream = stream.get_mut();
    let mut buffer = vec![0; 64 * 1024];
    let drained = async { while matches!(stream.read(&mut buffer).await, Ok(1..)) {} };
    if tokio::time::timeout(CLOSING_LIMIT, drained).await.is_err() {
        tracing::debug!("a peer goes on sending after the close frame");
    }
}

/// Lets the closing handshake end, within its limit.
async fn finish(stream: &mut Stream) {
    let drained = async { while let Some(Ok(_)) = stream.next().await {} };
    if tokio::time::timeout(CLOSING_LIMIT, drained).await.is_err() {
        tracing::debug!("a peer did not answer the close frame");
    }
}
