//! A client of the space that knows as little as possible: bytes over TCP or TLS, frames over a
//! WebSocket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// Nothing on the loopback interface takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(20);

pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A response of the space.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self
            .head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "));
        lines
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .next()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Opens a connection; `name` is the host of the certificate, for TLS.
pub async fn dial(at: SocketAddr, name: Option<&str>) -> Box<dyn Stream> {
    let socket = TcpStream::connect(at).await.unwrap();
    let Some(name) = name else {
        return Box::new(socket);
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    Box::new(
        TlsConnector::from(Arc::new(config))
            .connect(name, socket)
            .await
            .unwrap(),
    )
}

/// One request on its own connection. `headers` has a line for each.
pub async fn request(
    stream: Box<dyn Stream>,
    line: &str,
    host: &str,
    headers: &[&str],
    body: &str,
) -> Response {
    let headers: String = headers
        .iter()
        .map(|header| format!("{header}\r\n"))
        .collect();
    let text = format!(
        "{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    exchange(stream, &text).await
}

/// Sends the text of a request, and reads to the end of the connection.
pub async fn exchange(mut stream: Box<dyn Stream>, text: &str) -> Response {
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A server that refuses a body may close before all of it was sent.
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("{read:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Response {
        status,
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

/// A WebSocket client.
pub struct Socket {
    stream: WebSocketStream<Box<dyn Stream>>,
    next: u32,
}

impl Socket {
    pub async fn open(stream: Box<dyn Stream>, url: &str) -> Self {
        let (stream, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
        Self { stream, next: 1 }
    }

    /// The next frame, parsed; a close frame or the end of the stream fails the test.
    pub async fn frame(&mut self) -> Value {
        loop {
            match tokio::time::timeout(PATIENCE, self.stream.next())
                .await
                .unwrap()
            {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub async fn send(&mut self, frame: &Value) {
        self.say(Message::text(frame.to_string())).await;
    }

    /// Sends a message of any sort.
    pub async fn say(&mut self, message: Message) {
        self.stream.send(message).await.unwrap();
    }

    /// Sends a request and reads until its answer; events in between are acknowledged and given back.
    pub async fn ask(&mut self, method: &str, params: Value) -> (Value, Vec<Value>) {
        let id = format!("r-{}", self.next);
        self.next += 1;
        let frame = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.send(&frame).await;
        let mut events = Vec::new();
        loop {
            let frame = self.frame().await;
            if frame["id"] == json!(id) {
                return (frame, events);
            }
            self.acknowledge(&frame).await;
            events.push(frame["params"].clone());
        }
    }

    /// The params of the next event, acknowledged.
    pub async fn event(&mut self) -> Value {
        let frame = self.frame().await;
        assert_eq!(frame["method"], "signalwire.event", "{frame}");
        self.acknowledge(&frame).await;
        frame["params"].clone()
    }

    async fn acknowledge(&mut self, frame: &Value) {
        let answer = json!({ "jsonrpc": "2.0", "id": frame["id"], "result": {} });
        self.send(&answer).await;
    }

    /// Sends a close frame, and waits for the other.
    pub async fn close(mut self, frame: Option<CloseFrame>) {
        self.stream.close(frame).await.unwrap();
        let drained = async { while let Some(Ok(_)) = self.stream.next().await {} };
        tokio::time::timeout(PATIENCE, drained).await.unwrap();
    }

    /// The code with which the space closes; `None` when the connection breaks without a close frame.
    pub async fn closed(mut self) -> Option<u16> {
        loop {
            match tokio::time::timeout(PATIENCE, self.stream.next())
                .await
                .unwrap()
            {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }
}

pub fn connect(sat: &str) -> Value {
    json!({
        "version": { "major": 4, "minor": 0, "revision": 0 },
        "event_acks": true,
        "authentication": { "jwt_token": sat },
        "agent": "signalwire-js/4.0.0",
        "contexts": [], "eventing": [], "topics": [],
    })
}

/// The certificate is made anew at each start, so there is nothing to hold it against.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
