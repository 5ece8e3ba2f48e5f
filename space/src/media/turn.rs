//! STUN and TURN (RFC 8656) over UDP, in the same process as the legs.
//!
//! Browsers gather no server-reflexive candidate on one machine (it equals the host candidate), and
//! some SDKs wait for a candidate that is not a host: the relay is that candidate, and relay-only calls
//! need it. It relays to this machine alone, so that it is no open relay for the network it stands in.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tracing::subscriber::NoSubscriber;
use turn_server_proto::api::{
    SocketAllocateError, TcpConnectError, TurnServerApi, TurnServerPollRet,
};
use turn_server_proto::server::TurnServer;
use turn_server_proto::stun::agent::Transmit;
use turn_server_proto::types::transmit::TransmitBuild;
use turn_server_proto::types::{AddressFamily, TransportType};

use super::stun::binding_answer;
use super::thread::MediaThread;
use crate::network::{Datagram, DatagramEdge, Network};

/// Part of the long-term credential's key (RFC 8489 §9.2.2); shown to nobody.
const REALM: &str = "signalwire-space";
/// Allocations of one listening address: a test run does not come near, a leak does.
const MAX_RELAYS: usize = 256;
/// Datagrams that wait for the server; beyond it they are lost, as in a full buffer of a router.
const INBOX: usize = 1024;
/// Longest payload that a relay takes in; longer than any datagram of ICE, DTLS or RTP.
const MAX_DATAGRAM: usize = 4096;

/// A user name and password for TURN, random for each instance.
#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) username: String,
    pub(super) password: String,
}

/// Serves one listening address as long as `thread` runs; returns the address with its port.
///
/// # Errors
/// The address cannot be bound.
pub(super) fn serve(
    ip: IpAddr,
    credentials: &Credentials,
    network: &Network,
    thread: &MediaThread,
) -> io::Result<SocketAddr> {
    let _sockets = thread.enter();
    let edge = DatagramEdge::bind(ip, network)?;
    let address = edge.local_addr();
    let mut server = TurnServer::new(TransportType::Udp, address, REALM.to_owned());
    server.add_user(credentials.username.clone(), credentials.password.clone());
    let (deliver, inbox) = mpsc::channel(INBOX);
    let listener = Listener {
        edge,
        server,
        relays: HashMap::new(),
        deliver,
        network: network.clone(),
        epoch: Instant::now(),
    };
    thread.spawn(listener.run(inbox));
    Ok(address)
}

struct Listener {
    edge: DatagramEdge,
    server: TurnServer,
    relays: HashMap<SocketAddr, Relay>,
    deliver: mpsc::Sender<Relayed>,
    network: Network,
    epoch: Instant,
}

/// What a peer sent to a relayed address.
struct Relayed {
    relay: SocketAddr,
    datagram: Datagram,
}

/// The socket of one allocation. Dropping it closes it.
struct Relay {
    /// Sends without asking the runtime for readiness, which it learns only after its next turn.
    sender: std::net::UdpSocket,
    reader: AbortHandle,
    address: SocketAddr,
    network: Network,
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.network.leave(self.address);
        self.reader.abort();
    }
}

impl Listener {
    async fn run(mut self, mut inbox: mpsc::Receiver<Relayed>) {
        loop {
            let deadline = self.advance();
            tokio::select! {
                received = self.edge.recv() => match received {
                    Ok(datagram) => self.take_from_client(datagram),
                    Err(error) => return tracing::error!(%error, "the TURN socket failed"),
                },
                Some(Relayed { relay, datagram }) = inbox.recv() => {
                    self.receive(datagram.contents, datagram.source, relay);
                }
                () = tokio::time::sleep_until(deadline.into()) => {}
            }
        }
    }

    /// Does what the server asks for, and returns when it wants to be asked again.
    fn advance(&mut self) -> Instant {
        loop {
            let now = self.now();
            while let Some(transmit) = quietly(|| self.server.poll_transmit(now)) {
                self.dispatch(&transmit);
            }
            match quietly(|| self.server.poll(now)) {
                TurnServerPollRet::WaitUntil(until) => return until.to_std(self.epoch),
                TurnServerPollRet::AllocateSocket {
                    transport,
                    listen_addr,
                    client_addr,
                    allocation_transport,
                    family,
                } => {
                    let relay = self.allocate(allocation_transport, family);
                    let (server, to) = (&mut self.server, allocation_transport);
                    quietly(|| {
                        server.allocated_socket(
                            transport,
                            listen_addr,
                            client_addr,
                            to,
                            family,
                            relay,
                            now,
                        );
                    });
                }
                TurnServerPollRet::SocketClose { listen_addr, .. } => {
                    self.relays.remove(&listen_addr);
                }
                TurnServerPollRet::TcpConnect {
                    relayed_addr,
                    peer_addr,
                    listen_addr,
                    client_addr,
                } => {
                    let refused = Err(TcpConnectError::Forbidden);
                    let server = &mut self.server;
                    quietly(|| {
                        server.tcp_connected(
                            relayed_addr,
                            peer_addr,
                            listen_addr,
                            client_addr,
                            refused,
                            now,
                        );
                    });
                }
                // There is no TCP connection to close: none is allocated.
                TurnServerPollRet::TcpClose { .. } => {}
            }
        }
    }

    fn allocate(
        &mut self,
        transport: TransportType,
        family: AddressFamily,
    ) -> Result<SocketAddr, SocketAllocateError> {
        if family != AddressFamily::IPV4 {
            return Err(SocketAllocateError::AddressFamilyNotSupported);
        }
        if transport != TransportType::Udp || self.relays.len() >= MAX_RELAYS {
            return Err(SocketAllocateError::InsufficientCapacity);
        }
        let relay = self.open_relay().map_err(|error| {
            tracing::warn!(%error, "no socket for a TURN allocation");
            SocketAllocateError::InsufficientCapacity
        })?;
        let address = relay.address;
        self.relays.insert(address, relay);
        Ok(address)
    }

    fn open_relay(&self) -> io::Result<Relay> {
        let sender = std::net::UdpSocket::bind((self.edge.local_addr().ip(), 0))?;
        sender.set_nonblocking(true)?;
        let address = sender.local_addr()?;
        let socket = UdpSocket::from_std(sender.try_clone()?)?;
        self.network.enter(address);
        let reader = tokio::spawn(read_relay(socket, address, self.deliver.clone()));
        let network = self.network.clone();
        Ok(Relay {
            sender,
            reader: reader.abort_handle(),
            address,
            network,
        })
    }

    fn take_from_client(&mut self, datagram: Datagram) {
        // The protocol crate answers a plain Binding to the server's own address: browsers ask one
        // before anything else, and then wait for tens of seconds.
        if let Some(answer) = binding_answer(&datagram.contents, datagram.source) {
            return self.edge.send_to(&answer, datagram.source);
        }
        self.receive(datagram.contents, datagram.source, self.edge.local_addr());
    }

    fn receive(&mut self, contents: Vec<u8>, from: SocketAddr, to: SocketAddr) {
        let now = self.now();
        let transmit = Transmit::new(contents, TransportType::Udp, from, to);
        let server = &mut self.server;
        if let Some(reply) = quietly(|| server.recv(transmit, now).map(TransmitBuild::build)) {
            self.dispatch(&reply);
        }
    }

    fn dispatch(&mut self, transmit: &Transmit<Vec<u8>>) {
        if transmit.from == self.edge.local_addr() {
            return self.edge.send_to(&transmit.data, transmit.to);
        }
        let Some(relay) = self.relays.get(&transmit.from) else {
            return;
        };
        let ip = transmit.to.ip();
        if !ip.is_loopback() && ip != transmit.from.ip() {
            return tracing::debug!("datagram to a peer that is not on this machine: not relayed");
        }
        if let Err(error) = relay.sender.send_to(&transmit.data, transmit.to) {
            tracing::debug!(%error, "datagram not relayed");
        }
    }

    fn now(&self) -> turn_server_proto::types::Instant {
        turn_server_proto::types::Instant::from_std(self.epoch)
    }
}

/// The protocol crate logs the addresses of peers at every level, and the challenge that begins every
/// allocation (RFC 8489 §9.2.3) as an error.
fn quietly<T>(work: impl FnOnce() -> T) -> T {
    tracing::subscriber::with_default(NoSubscriber::new(), work)
}

async fn read_relay(socket: UdpSocket, relay: SocketAddr, deliver: mpsc::Sender<Relayed>) {
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        match socket.recv_from(&mut buffer).await {
            Ok((length, source)) => {
                let contents = buffer.get(..length).unwrap_or_default().to_vec();
                let datagram = Datagram {
                    source,
                    contents,
                    arrived: Instant::now(),
                };
                if deliver.try_send(Relayed { relay, datagram }).is_err() {
                    tracing::debug!("datagram for a relay lost: the server is behind");
                }
            }
            Err(error) => return tracing::debug!(%error, "relay socket closed"),
        }
    }
}
