//! A TCP connection behind the delay line.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};

use super::{Direction, Network};

/// Bytes that one read takes at most.
const CHUNK: usize = 16 * 1024;
/// Chunks of one direction that can be under way: 4 MiB, more than any window at the delays in use.
const UNDER_WAY: usize = 256;
/// Bytes between the pump and its reader or writer.
const PIPE: usize = 64 * 1024;

/// Carries bytes with the delay of the [`Network`]: TLS and HTTP stand on top of it as they would on the
/// socket. Dropping it closes the connection, once what was written has been sent.
pub struct DelayedStream {
    pipe: DuplexStream,
    /// Dropped with the stream: tells the pump that nobody reads any more.
    _open: oneshot::Sender<()>,
}

impl Network {
    /// Puts an accepted connection behind the delay line. The kernel has shaken hands without delay, so
    /// what the peer sends is held one round trip from `accepted` on, as if the handshake had taken it,
    /// and then half a round trip like everything else. Needs a tokio runtime.
    ///
    /// # Errors
    /// The socket is already unusable.
    pub fn delay(&self, socket: TcpStream, accepted: Instant) -> io::Result<DelayedStream> {
        // The delay is the only one: Nagle's algorithm must not add its own.
        socket.set_nodelay(true)?;
        let established = accepted + self.rtt();
        let (from_peer, to_peer) = socket.into_split();
        let (pipe, far_end) = tokio::io::duplex(PIPE);
        let (from_space, to_space) = tokio::io::split(far_end);
        let (open, closed) = oneshot::channel::<()>();

        let inward = self.clone().carry(from_peer, to_space, established);
        tokio::spawn(async move {
            tokio::select! {
                () = inward => {}
                // Nothing is ever sent: this is the end of the stream's life.
                _ = closed => {}
            }
        });
        tokio::spawn(self.clone().carry(from_space, to_peer, accepted));
        Ok(DelayedStream { pipe, _open: open })
    }

    /// One direction: bytes that are read enter no earlier than `established`, and are written at their
    /// time of release; the end of the stream goes the same way, behind the bytes.
    async fn carry<R, W>(self, from: R, to: W, established: Instant)
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let (enter, under_way) = mpsc::channel(UNDER_WAY);
        let entrance = pin!(take_in(from, enter, self.direction(), established));
        let mut exit = pin!(self.give_out(under_way, to));
        tokio::select! {
            () = entrance => {}
            () = &mut exit => return,
        }
        exit.await;
    }

    async fn give_out<W: AsyncWrite + Unpin>(
        &self,
        mut under_way: mpsc::Receiver<Parcel>,
        mut to: W,
    ) {
        while let Some(Parcel { release, bytes }) = under_way.recv().await {
            if release > Instant::now() {
                // An error means that the line has ended: then nothing is delayed any longer.
                let _ = self.line().timer(release).await;
            }
            let written = match bytes {
                Some(bytes) => to.write_all(&bytes).await,
                None => to.shutdown().await,
            };
            if let Err(error) = written {
                tracing::debug!(%error, "connection lost");
                return;
            }
        }
    }
}

struct Parcel {
    release: Instant,
    /// `None` is the end of the stream.
    bytes: Option<Vec<u8>>,
}

async fn take_in<R: AsyncRead + Unpin>(
    mut from: R,
    enter: mpsc::Sender<Parcel>,
    mut direction: Direction,
    established: Instant,
) {
    let mut buffer = vec![0; CHUNK];
    loop {
        let length = match from.read(&mut buffer).await {
            Ok(length) => length,
            Err(error) => {
                // A connection that breaks ends at the other side too, behind what it has carried.
                tracing::debug!(%error, "connection broken");
                0
            }
        };
        let release = direction.release(Instant::now().max(established));
        let bytes = buffer
            .get(..length)
            .filter(|bytes| !bytes.is_empty())
            .map(<[u8]>::to_vec);
        let ended = bytes.is_none();
        if enter.send(Parcel { release, bytes }).await.is_err() || ended {
            return;
        }
    }
}

impl AsyncRead for DelayedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_read(cx, buffer)
    }
}

impl AsyncWrite for DelayedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.pipe).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(cx)
    }
}
