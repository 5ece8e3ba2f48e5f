//! A UDP socket behind the delay line.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::ReadBuf;
use tokio::net::UdpSocket;
use tokio::sync::oneshot;

use super::{Direction, Network};

/// More than any datagram of ICE, DTLS, RTP or TURN: they all keep below the MTU. What is longer is cut,
/// and then fails its integrity check.
const MAX_DATAGRAM: usize = 4096;

/// What came in, and when it was there.
#[derive(Debug)]
pub struct Datagram {
    /// The sender.
    pub source: SocketAddr,
    /// The payload.
    pub contents: Vec<u8>,
    /// The time of arrival, the delay of the network included; of one edge it never goes back, but for
    /// datagrams from inside the process.
    pub arrived: Instant,
}

/// A browser-facing UDP socket: delayed and lossy both ways as the [`Network`] says, except for
/// addresses inside the process.
pub struct DatagramEdge {
    socket: UdpSocket,
    /// The same socket for the thread of the delay line, which has no runtime.
    sender: Arc<std::net::UdpSocket>,
    local: SocketAddr,
    network: Network,
    inward: Direction,
    outward: Direction,
    arrivals: VecDeque<Datagram>,
    timer: Option<oneshot::Receiver<()>>,
    under_way: Arc<AtomicUsize>,
    buffer: Box<[u8]>,
}

impl DatagramEdge {
    /// Opens a socket on a free port of `ip`. Needs a tokio runtime.
    ///
    /// # Errors
    /// What the operating system answers: the address is not one of this machine, or no port is free.
    pub fn bind(ip: IpAddr, network: &Network) -> io::Result<Self> {
        let sender = std::net::UdpSocket::bind((ip, 0))?;
        sender.set_nonblocking(true)?;
        let socket = UdpSocket::from_std(sender.try_clone()?)?;
        Ok(Self {
            local: socket.local_addr()?,
            socket,
            sender: Arc::new(sender),
            network: network.clone(),
            inward: network.direction(),
            outward: network.direction(),
            arrivals: VecDeque::new(),
            timer: None,
            under_way: Arc::default(),
            buffer: vec![0; MAX_DATAGRAM].into(),
        })
    }

    /// The address of the socket.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// The next datagram, at its time of release. Cancel-safe.
    ///
    /// # Errors
    /// The socket failed.
    pub async fn recv(&mut self) -> io::Result<Datagram> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// [`DatagramEdge::recv`] for hand-written futures.
    ///
    /// # Errors
    /// The socket failed.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Datagram>> {
        loop {
            // Read first: the time of arrival must not depend on what else is waiting.
            while let Poll::Ready(received) = self.poll_socket(cx) {
                if let Some(datagram) = self.admit(received?) {
                    return Poll::Ready(Ok(datagram));
                }
            }
            if self
                .arrivals
                .front()
                .is_some_and(|first| first.arrived <= Instant::now())
            {
                self.timer = None;
                // The front was just seen.
                return self
                    .arrivals
                    .pop_front()
                    .map_or(Poll::Pending, |first| Poll::Ready(Ok(first)));
            }
            let Some(first) = self.arrivals.front() else {
                return Poll::Pending;
            };
            let line = self.network.line();
            let timer = self.timer.get_or_insert_with(|| line.timer(first.arrived));
            // An error means that the line has ended; the release is then as good as past.
            let _ = ready!(Pin::new(timer).poll(cx));
            self.timer = None;
        }
    }

    fn poll_socket(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Datagram>> {
        let mut buffer = ReadBuf::new(&mut self.buffer);
        let source = ready!(self.socket.poll_recv_from(cx, &mut buffer))?;
        let contents = buffer.filled().to_vec();
        Poll::Ready(Ok(Datagram {
            source,
            contents,
            arrived: Instant::now(),
        }))
    }

    /// Loses, queues, or hands back a datagram that need not wait.
    fn admit(&mut self, mut datagram: Datagram) -> Option<Datagram> {
        if !self.network.is_calm() && self.network.is_inside(datagram.source) {
            return Some(datagram);
        }
        if self.inward.loses() {
            return None;
        }
        let entered = datagram.arrived;
        datagram.arrived = self.inward.release(entered);
        if self.arrivals.is_empty() && datagram.arrived <= entered {
            return Some(datagram);
        }
        self.arrivals.push_back(datagram);
        None
    }

    /// Sends a datagram. What the network cannot take (no route, buffer full) is lost, as on any network.
    pub fn send_to(&mut self, contents: &[u8], destination: SocketAddr) {
        if !self.network.is_calm() && self.network.is_inside(destination) {
            return transmit(&self.sender, contents, destination);
        }
        if self.outward.loses() {
            return;
        }
        let now = Instant::now();
        let release = self.outward.release(now);
        if release <= now && self.under_way.load(Ordering::Acquire) == 0 {
            return transmit(&self.sender, contents, destination);
        }
        self.under_way.fetch_add(1, Ordering::AcqRel);
        let (sender, under_way) = (Arc::clone(&self.sender), Arc::clone(&self.under_way));
        let contents = contents.to_vec();
        self.network.line().at(release, move || {
            transmit(&sender, &contents, destination);
            under_way.fetch_sub(1, Ordering::AcqRel);
        });
    }
}

fn transmit(socket: &std::net::UdpSocket, contents: &[u8], destination: SocketAddr) {
    if let Err(error) = socket.send_to(contents, destination) {
        tracing::debug!(%error, "datagram not sent");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use std::time::Duration;

    const LIMIT: Duration = Duration::from_secs(20);

    struct Pair {
        network: Network,
        edge: DatagramEdge,
        peer: UdpSocket,
    }

    async fn pair() -> Pair {
        let network = Network::default();
        let edge = DatagramEdge::bind(Ipv4Addr::LOCALHOST.into(), &network).expect("a socket");
        let peer = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a socket");
        peer.connect(edge.local_addr()).await.expect("connected");
        Pair {
            network,
            edge,
            peer,
        }
    }

    impl Pair {
        fn peer_address(&self) -> SocketAddr {
            self.peer.local_addr().expect("an address")
        }

        async fn edge_hears(&mut self) -> Datagram {
            let datagram = tokio::time::timeout(LIMIT, self.edge.recv()).await;
            datagram.expect("in time").expect("received")
        }

        async fn peer_hears(&self) -> Vec<u8> {
            let mut buffer = vec![0; 64];
            let received = tokio::time::timeout(LIMIT, self.peer.recv(&mut buffer)).await;
            buffer.truncate(received.expect("in time").expect("received"));
            buffer
        }
    }

    #[tokio::test]
    async fn each_way_takes_half_a_round_trip_and_keeps_the_order() {
        let mut pair = pair().await;
        pair.network.set(400, 0.0);
        let start = Instant::now();
        for number in 0..20_u8 {
            pair.peer.send(&[number]).await.expect("sent");
        }
        for number in 0..20_u8 {
            let datagram = pair.edge_hears().await;
            assert_eq!(datagram.contents, [number]);
            assert!(datagram.arrived >= start + Duration::from_millis(200));
            assert!(datagram.arrived <= Instant::now());
        }
        assert!(
            start.elapsed() < Duration::from_millis(390),
            "{:?}",
            start.elapsed()
        );

        let (start, peer) = (Instant::now(), pair.peer_address());
        for number in 0..20_u8 {
            pair.edge.send_to(&[number], peer);
        }
        for number in 0..20_u8 {
            assert_eq!(pair.peer_hears().await, [number]);
        }
        let took = start.elapsed();
        assert!(
            took >= Duration::from_millis(200) && took < Duration::from_millis(390),
            "{took:?}"
        );
    }

    #[tokio::test]
    async fn lowering_the_round_trip_time_lets_nothing_overtake() {
        let mut pair = pair().await;
        let peer = pair.peer_address();
        pair.network.set(600, 0.0);
        pair.edge.send_to(b"first", peer);
        pair.network.set(0, 0.0);
        pair.edge.send_to(b"second", peer);
        assert_eq!(pair.peer_hears().await, b"first");
        assert_eq!(pair.peer_hears().await, b"second");
        // The way is free again: no delay is left over.
        let start = Instant::now();
        pair.edge.send_to(b"third", peer);
        assert_eq!(pair.peer_hears().await, b"third");
        assert!(start.elapsed() < Duration::from_millis(290));
    }

    #[tokio::test]
    async fn the_same_seed_loses_the_same_datagrams() {
        let mut heard = Vec::new();
        for _ in 0..2 {
            let mut pair = pair().await;
            let peer = pair.peer_address();
            pair.network.set(0, 0.5);
            for number in 0..100_u8 {
                pair.edge.send_to(&[number], peer);
            }
            pair.network.set(0, 0.0);
            pair.edge.send_to(b"end", peer);
            let mut arrived = Vec::new();
            loop {
                let datagram = pair.peer_hears().await;
                if datagram == b"end" {
                    break;
                }
                arrived.extend(datagram);
            }
            heard.push(arrived);
        }
        assert_eq!(heard[0], heard[1]);
        assert!(
            (20..80).contains(&heard[0].len()),
            "{} of 100",
            heard[0].len()
        );
    }

    #[tokio::test]
    async fn what_is_inside_the_process_is_neither_delayed_nor_lost() {
        let mut pair = pair().await;
        let peer = pair.peer_address();
        pair.network.set(10_000, 1.0);
        pair.network.enter(peer);
        pair.edge.send_to(b"out", peer);
        assert_eq!(pair.peer_hears().await, b"out");
        pair.peer.send(b"in").await.expect("sent");
        assert_eq!(pair.edge_hears().await.contents, b"in");

        pair.network.leave(peer);
        pair.edge.send_to(b"lost", peer);
        pair.network.enter(peer);
        pair.edge.send_to(b"not lost", peer);
        assert_eq!(pair.peer_hears().await, b"not lost");
    }
}
