//! STUN and TURN, by a client of its own.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::UdpSocket;
use turn_server_proto::types::attribute::{
    Data, RequestedTransport, XorPeerAddress, XorRelayedAddress,
};
use turn_server_proto::types::message::{ALLOCATE, CREATE_PERMISSION, DATA, SEND};
use turn_server_proto::types::stun::attribute::{
    ErrorCode, Nonce, Realm, Username, XorMappedAddress,
};
use turn_server_proto::types::stun::message::{
    BINDING, IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageWriteVec,
    Method, TransactionId,
};
use turn_server_proto::types::stun::prelude::*;

use super::*;

/// The protocol number of UDP (RFC 8656 §18.8).
const UDP: u8 = 17;

struct Client {
    socket: UdpSocket,
    server: SocketAddr,
    username: String,
    credential: String,
    /// Realm and nonce of the server's challenge.
    challenge: Option<(String, String)>,
}

impl Client {
    async fn of(media: &MediaHandle) -> Self {
        let server = media.ice_servers().remove(0);
        let address = server.urls[0]
            .trim_start_matches("turn:")
            .trim_end_matches("?transport=udp");
        Self {
            socket: UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
                .await
                .expect("a socket"),
            server: address.parse().expect("an address"),
            username: server.username,
            credential: server.credential,
            challenge: None,
        }
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("an address")
    }

    /// Sends a request, signed once there is a challenge, and returns the answer.
    async fn request(
        &self,
        method: Method,
        attributes: impl FnOnce(&mut MessageWriteVec, TransactionId),
    ) -> Vec<u8> {
        let mut message = Message::builder_request(method, MessageWriteVec::new());
        let transaction = message.transaction_id();
        attributes(&mut message, transaction);
        if let Some((realm, nonce)) = &self.challenge {
            message
                .add_attribute(&Username::new(&self.username).expect("a name"))
                .expect("fits");
            message
                .add_attribute(&Realm::new(realm).expect("a realm"))
                .expect("fits");
            message
                .add_attribute(&Nonce::new(nonce).expect("a nonce"))
                .expect("fits");
            let key = LongTermKeyCredentials::new(
                self.username.clone(),
                self.credential.clone(),
                realm.clone(),
            );
            message
                .add_message_integrity(&key.into(), IntegrityAlgorithm::Sha1)
                .expect("fits");
        }
        self.send(&message.finish()).await;
        self.receive().await
    }

    async fn send(&self, datagram: &[u8]) {
        self.socket
            .send_to(datagram, self.server)
            .await
            .expect("sent");
    }

    async fn receive(&self) -> Vec<u8> {
        let mut buffer = vec![0; 2048];
        let received = tokio::time::timeout(LIMIT, self.socket.recv(&mut buffer)).await;
        buffer.truncate(
            received
                .expect("an answer in time")
                .expect("a socket that works"),
        );
        buffer
    }

    /// Allocates with the credentials, after the challenge (RFC 8489 §9.2); returns the relayed address
    /// or the error.
    async fn allocate(&mut self) -> Result<SocketAddr, u16> {
        let transport = |message: &mut MessageWriteVec, _| {
            message
                .add_attribute(&RequestedTransport::new(UDP))
                .expect("fits");
        };
        let challenge = self.request(ALLOCATE, transport).await;
        let challenge = Message::from_bytes(&challenge).expect("a message");
        assert_eq!(
            error_of(&challenge),
            Some(401),
            "no allocation without credentials"
        );
        let realm = challenge
            .attribute::<Realm>()
            .expect("a realm")
            .realm()
            .to_owned();
        let nonce = challenge
            .attribute::<Nonce>()
            .expect("a nonce")
            .nonce()
            .to_owned();
        self.challenge = Some((realm, nonce));
        let answer = self.request(ALLOCATE, transport).await;
        let answer = Message::from_bytes(&answer).expect("a message");
        match error_of(&answer) {
            Some(code) => Err(code),
            None => {
                let relayed = answer.attribute::<XorRelayedAddress>().expect("an address");
                Ok(relayed.addr(answer.transaction_id()))
            }
        }
    }

    async fn permit(&self, peer: SocketAddr) {
        let answer = self
            .request(CREATE_PERMISSION, |message, transaction| {
                message
                    .add_attribute(&XorPeerAddress::new(peer, transaction))
                    .expect("fits");
            })
            .await;
        let answer = Message::from_bytes(&answer).expect("a message");
        assert!(answer.has_class(MessageClass::Success), "{answer}");
    }

    async fn send_by_relay(&self, peer: SocketAddr, payload: &[u8]) {
        let mut message = Message::builder_indication(SEND, MessageWriteVec::new());
        let transaction = message.transaction_id();
        message
            .add_attribute(&XorPeerAddress::new(peer, transaction))
            .expect("fits");
        message.add_attribute(&Data::new(payload)).expect("fits");
        self.send(&message.finish()).await;
    }
}

fn error_of(message: &Message<'_>) -> Option<u16> {
    message
        .attribute::<ErrorCode>()
        .ok()
        .map(|error| error.code())
}

async fn peer() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a socket");
    let address = socket.local_addr().expect("an address");
    (socket, address)
}

#[tokio::test]
async fn a_binding_request_is_answered_to_its_sender_with_its_address() {
    let edge = Edge::start();
    let client = Client::of(&edge.media).await;
    let answer = client.request(BINDING, |_, _| {}).await;
    let answer = Message::from_bytes(&answer).expect("a message");
    assert!(answer.has_class(MessageClass::Success) && answer.has_method(BINDING));
    let mapped = answer.attribute::<XorMappedAddress>().expect("an address");
    assert_eq!(mapped.addr(answer.transaction_id()), client.address());
}

#[tokio::test]
async fn packets_are_relayed_both_ways() {
    let edge = Edge::start();
    let mut client = Client::of(&edge.media).await;
    let relayed = client.allocate().await.expect("an allocation");
    let (peer, peer_address) = peer().await;
    client.permit(peer_address).await;

    client.send_by_relay(peer_address, b"there").await;
    let mut buffer = [0; 64];
    let (length, source) = peer.recv_from(&mut buffer).await.expect("relayed");
    assert_eq!((&buffer[..length], source), (&b"there"[..], relayed));

    peer.send_to(b"back", relayed).await.expect("sent");
    let indication = client.receive().await;
    let indication = Message::from_bytes(&indication).expect("a message");
    assert!(indication.has_class(MessageClass::Indication) && indication.has_method(DATA));
    assert_eq!(
        indication.attribute::<Data<'_>>().expect("data").data(),
        b"back"
    );
    let from = indication
        .attribute::<XorPeerAddress>()
        .expect("an address");
    assert_eq!(from.addr(indication.transaction_id()), peer_address);
}

#[tokio::test]
async fn wrong_credentials_get_nothing() {
    let edge = Edge::start();
    let mut client = Client::of(&edge.media).await;
    client.credential = "wrong".to_owned();
    assert_eq!(client.allocate().await, Err(401));
}

#[tokio::test]
async fn credentials_are_random_for_each_instance_and_never_printed() {
    let (one, other) = (Edge::start(), Edge::start());
    let (one, other) = (
        one.media.ice_servers().remove(0),
        other.media.ice_servers().remove(0),
    );
    assert_ne!(one.username, other.username);
    assert_ne!(one.credential, other.credential);
    let printed = format!("{one:?}");
    assert!(printed.contains("turn:127.0.0.1:") && !printed.contains(&one.credential));
}

#[tokio::test]
async fn only_the_hop_to_the_browser_is_delayed() {
    let edge = Edge::start();
    let mut client = Client::of(&edge.media).await;
    let relayed = client.allocate().await.expect("an allocation");
    let (_, peer_address) = peer().await;
    client.permit(peer_address).await;
    // A leg of the same process: what it hears by the relay has already had its delay.
    let mut leg = crate::network::DatagramEdge::bind(Ipv4Addr::LOCALHOST.into(), &edge.network)
        .expect("a socket");

    edge.network.set(400, 0.0);
    let sent = std::time::Instant::now();
    client.send_by_relay(leg.local_addr(), b"ping").await;
    let ping = tokio::time::timeout(LIMIT, leg.recv())
        .await
        .expect("in time")
        .expect("received");
    let one_way = sent.elapsed();
    leg.send_to(&ping.contents, relayed);
    client.receive().await;
    let both_ways = sent.elapsed();

    let half = Duration::from_millis(200);
    assert_eq!(ping.source, relayed);
    assert!(one_way >= half && one_way < 2 * half, "{one_way:?}");
    assert!(
        both_ways >= 2 * half && both_ways < 3 * half,
        "{both_ways:?}"
    );
}
