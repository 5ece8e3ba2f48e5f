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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::net::TcpListener;

    const LIMIT: Duration = Duration::from_secs(20);

    /// The space's end and the peer's end of one connection.
    async fn pair(network: &Network) -> (DelayedStream, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a listener");
        let address = listener.local_addr().expect("an address");
        let (peer, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (socket, _) = accepted.expect("accepted");
        (
            network.delay(socket, Instant::now()).expect("delayed"),
            peer.expect("connected"),
        )
    }

    async fn hear<R: AsyncRead + Unpin>(from: &mut R, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        let read = tokio::time::timeout(LIMIT, from.read_exact(&mut bytes)).await;
        read.expect("in time").expect("read");
        bytes
    }

    /// Never less, and not so much more that a half of a round trip of 400 ms could hide in it.
    fn assert_took(start: Instant, expected_ms: u64) {
        let (took, expected) = (start.elapsed(), Duration::from_millis(expected_ms));
        assert!(took >= expected, "{took:?}, not {expected:?}");
        assert!(
            took < expected + Duration::from_millis(190),
            "{took:?}, not {expected:?}"
        );
    }

    #[tokio::test]
    async fn the_first_bytes_wait_for_the_handshake_and_later_ones_do_not() {
        let network = Network::default();
        network.set(400, 0.0);
        let start = Instant::now();
        let (mut space, mut peer) = pair(&network).await;
        peer.write_all(b"hello").await.expect("written");
        assert_eq!(hear(&mut space, 5).await, b"hello");
        assert_took(start, 600);
        space.write_all(b"hi").await.expect("written");
        assert_eq!(hear(&mut peer, 2).await, b"hi");
        assert_took(start, 800);

        // A round trip on a connection that stands.
        let start = Instant::now();
        peer.write_all(b"again").await.expect("written");
        hear(&mut space, 5).await;
        space.write_all(b"yes").await.expect("written");
        hear(&mut peer, 3).await;
        assert_took(start, 400);
    }

    #[tokio::test]
    async fn a_change_applies_to_connections_that_stand() {
        let network = Network::default();
        let (mut space, mut peer) = pair(&network).await;
        for rtt_ms in [0, 400, 0] {
            network.set(rtt_ms, 0.0);
            let start = Instant::now();
            peer.write_all(b"ping").await.expect("written");
            hear(&mut space, 4).await;
            space.write_all(b"pong").await.expect("written");
            hear(&mut peer, 4).await;
            assert_took(start, rtt_ms.into());
        }
    }

    #[tokio::test]
    async fn lowering_the_round_trip_time_reorders_no_byte() {
        let network = Network::default();
        let (mut space, mut peer) = pair(&network).await;
        let sent: Vec<u8> = (0..100_u8).collect();
        for (number, byte) in sent.iter().enumerate() {
            network.set(200 - 2 * number as u32, 0.0);
            space.write_all(&[*byte]).await.expect("written");
            tokio::task::yield_now().await;
        }
        assert_eq!(hear(&mut peer, 100).await, sent);
    }

    #[tokio::test]
    async fn the_end_of_the_stream_comes_behind_the_bytes() {
        let network = Network::default();
        network.set(400, 0.0);
        let (mut space, mut peer) = pair(&network).await;
        peer.write_all(b"last words").await.expect("written");
        peer.shutdown().await.expect("ended");
        let mut heard = Vec::new();
        let read = tokio::time::timeout(LIMIT, space.read_to_end(&mut heard)).await;
        read.expect("in time").expect("read");
        assert_eq!(heard, b"last words");

        // The other way still stands, and ends with the stream.
        let start = Instant::now();
        space.write_all(b"answer").await.expect("written");
        drop(space);
        let mut heard = Vec::new();
        let read = tokio::time::timeout(LIMIT, peer.read_to_end(&mut heard)).await;
        read.expect("in time").expect("read");
        assert_eq!(heard, b"answer");
        assert_took(start, 200);
    }

    #[tokio::test]
    async fn dropping_the_stream_frees_the_socket_of_a_silent_peer() {
        let network = Network::default();
        let (space, mut peer) = pair(&network).await;
        drop(space);
        let mut heard = Vec::new();
        let read = tokio::time::timeout(LIMIT, peer.read_to_end(&mut heard)).await;
        assert_eq!(read.expect("in time").expect("read"), 0);
        // The peer never closes; a socket that is wholly closed answers its bytes with a reset.
        let refused = async {
            while peer.write_all(b"?").await.is_ok() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LIMIT, refused)
            .await
            .expect("a closed socket");
    }

    #[tokio::test]
    async fn a_megabyte_passes_whole_both_ways() {
        let network = Network::default();
        network.set(20, 0.0);
        let (space, mut peer) = pair(&network).await;
        let sent: Vec<u8> = (0..1_000_000_u32)
            .map(|number| (number % 251) as u8)
            .collect();
        let (mut from, mut to) = tokio::io::split(space);
        let echo = tokio::spawn(async move { tokio::io::copy(&mut from, &mut to).await });
        let (mut hears, mut says) = peer.split();
        let (heard, said) = tokio::join!(hear(&mut hears, sent.len()), says.write_all(&sent));
        said.expect("written");
        assert_eq!(heard, sent);
        drop(peer);
        tokio::time::timeout(LIMIT, echo)
            .await
            .expect("in time")
            .expect("ran")
            .expect("copied");
    }
}
