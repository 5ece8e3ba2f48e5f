//! What goes into the engine.

use super::{Entity, Kind, Millis, PeerId, Reply, SocketId, Ticket, Tracks};
#[cfg(doc)]
use super::{HttpRequest, Output};
use crate::engine::auth::Credential;
use crate::engine::call::DialOptions;
use crate::engine::error::{ErrorCode, Failure};
use crate::engine::wire::Opaque;
use crate::engine::wire::rest::Body;
use crate::engine::wire::rpc::Incoming;

/// The answer to an [`HttpRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct HttpResponse {
    /// HTTP status.
    pub status: u16,
    /// Its reason phrase, possibly empty.
    pub status_text: String,
    /// `Retry-After` in seconds, where given.
    pub retry_after: Option<u32>,
    /// `Date`, in milliseconds since the epoch, where the page is shown it.
    pub date: Option<Millis>,
    /// `DPoP-Nonce` of an answer that refuses (RFC 9449 §8), where given.
    pub nonce: Option<String>,
    /// The body of a 2xx answer, where it has the expected shape.
    pub body: Option<Body>,
}

/// Why an exchange brought no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum FetchFailure {
    /// The time limit passed.
    Timeout,
    /// The browser could not do it (network, CORS, TLS).
    Network(Opaque),
}

impl FetchFailure {
    /// As the failure that is told; `limit` is the time that the exchange had.
    pub fn told(&self, limit: Millis) -> Failure {
        match self {
            Self::Timeout => Failure::from(ErrorCode::RequestTimeout).count(limit),
            Self::Network(thrown) => {
                Failure::from(ErrorCode::RequestFailed).thrown(Some(thrown.clone()))
            }
        }
    }
}

/// Why a device could not be acquired.
#[derive(Clone, Debug, PartialEq)]
pub struct MediaFailure {
    /// Name of the DOMException, for instance `NotAllowedError`.
    pub name: String,
    /// The exception.
    pub thrown: Opaque,
}

/// Type of an ICE candidate (RFC 8445 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandidateType {
    /// An address of this machine.
    Host,
    /// Seen from a STUN server or a peer, or allocated on a TURN server.
    Routed,
    /// Allocated on a TURN server.
    Relay,
}

/// `RTCPeerConnection.connectionState`, as far as it decides something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerState {
    /// ICE and DTLS are up.
    Connected,
    /// Packets are missing; it may come back.
    Disconnected,
    /// It will not come back.
    Failed,
}

/// Something that happened outside the engine.
#[derive(Debug)]
pub enum Input {
    /// The constructor is through: does by itself what the configuration does not defer.
    Start,
    /// `connect()`.
    Connect {
        /// Settled when the session is ready, or when this attempt has failed for good.
        reply: Option<Reply>,
    },
    /// `disconnect()`.
    Disconnect {
        /// Resolved when the calls have been said goodbye to and the socket is closed.
        reply: Reply,
    },
    /// `destroy()`: nothing of the client may stay open.
    Destroy,
    /// `register()`.
    Register {
        /// Resolved when the space knows the user as online, or at once where the credential cannot register.
        reply: Reply,
    },
    /// `unregister()`.
    Unregister {
        /// Resolved when the space knows the user as offline.
        reply: Reply,
    },
    /// `call.answer()` of an inbound call. The first decision stands; without effect after it.
    Answer {
        /// The call.
        call: Entity,
        /// The application's options.
        options: DialOptions,
    },
    /// `call.reject()` of an inbound call. The first decision stands; without effect after it.
    Reject {
        /// The call.
        call: Entity,
    },
    /// `dial()`.
    Dial {
        /// Resolved with the call's entity when the space has created it.
        reply: Reply,
        /// The destination, verbatim, with its query.
        to: String,
        /// The merged options.
        options: DialOptions,
    },
    /// The AbortSignal of a dial fired.
    Abort {
        /// The dial's promise; without effect once it is settled.
        reply: Reply,
    },
    /// `call.hangup()`.
    Hangup {
        /// Resolved when the call is over.
        reply: Reply,
        /// The call.
        call: Entity,
    },
    /// `call.destroy()`: over at once, without signalling.
    DestroyCall {
        /// The call.
        call: Entity,
    },
    /// `mute()`, `unmute()`, `muteVideo()`, `unmuteVideo()` of a member.
    Mute {
        /// Settled when the space and the device have both followed.
        reply: Reply,
        /// The member.
        member: Entity,
        /// What to mute.
        kind: Kind,
        /// Mute or unmute.
        muted: bool,
    },
    /// Somebody asked for `call.address`.
    FindAddress {
        /// The call.
        call: Entity,
    },
    /// The page goes away (`pagehide`).
    PageHide {
        /// It may come back from the back/forward cache.
        persisted: bool,
    },

    /// The page comes back from the back/forward cache (`pageshow`).
    PageShow,
    /// The page is looked at again (`visibilitychange`, `resume`), or the browser has found a network (`online`):
    /// what was true before may not be.
    Woke,

    /// Result of [`Output::Authenticate`].
    Authenticated {
        /// Of the effect.
        ticket: Ticket,
        /// The credential; `Ok(None)` when the provider resolved to nothing.
        result: Result<Option<Credential>, Opaque>,
    },
    /// Result of [`Output::EnsureKey`].
    KeyReady {
        /// Of the effect.
        ticket: Ticket,
        /// RFC 7638 thumbprint of its public key; `None` where there is no key, or none can be made.
        fingerprint: Option<String>,
    },
    /// Result of [`Output::SignProof`].
    ProofSigned {
        /// Of the effect.
        ticket: Ticket,
        /// The proof (JWS compact), or what the browser threw.
        result: Result<String, Opaque>,
    },
    /// Result of [`Output::Fetch`].
    Fetched {
        /// Of the effect.
        ticket: Ticket,
        /// The answer.
        result: Result<HttpResponse, FetchFailure>,
    },
    /// Result of [`Output::AcquireMedia`].
    MediaAcquired {
        /// Of the effect.
        ticket: Ticket,
        /// The kinds that the stream has.
        result: Result<Tracks, MediaFailure>,
    },
    /// Result of [`Output::RestoreTrack`].
    TrackRestored {
        /// Of the effect.
        ticket: Ticket,
        /// What went wrong.
        result: Result<(), MediaFailure>,
    },
    /// Result of [`Output::MakeOffer`] and of [`Output::MakeAnswer`].
    OfferMade {
        /// Of the effect.
        ticket: Ticket,
        /// How many transports are being gathered for: m-sections that are not bundled yet.
        result: Result<u32, Opaque>,
    },
    /// Result of [`Output::ReadDescription`].
    Description {
        /// Of the effect.
        ticket: Ticket,
        /// `pc.localDescription.sdp` with the candidates gathered so far.
        sdp: Option<String>,
    },
    /// Result of [`Output::ApplyAnswer`].
    AnswerApplied {
        /// Of the effect.
        ticket: Ticket,
        /// What went wrong.
        result: Result<(), Opaque>,
    },

    /// A socket opened.
    SocketOpened {
        /// Which.
        socket: SocketId,
    },
    /// A text frame arrived; `None` when it is a frame to be dropped.
    Frame {
        /// On which socket.
        socket: SocketId,
        /// The frame.
        frame: Option<Incoming>,
    },
    /// A message arrived that is not text or not JSON.
    FrameMalformed {
        /// On which socket.
        socket: SocketId,
        /// What the parser threw.
        thrown: Option<Opaque>,
    },
    /// A socket closed, or could not be opened. Comes once.
    SocketClosed {
        /// Which.
        socket: SocketId,
    },
    /// An ICE candidate was gathered.
    Candidate {
        /// By which connection.
        peer: PeerId,
        /// Its type.
        candidate: CandidateType,
        /// Index of the m-section.
        transport: u32,
    },
    /// Gathering ended.
    Gathered {
        /// For which connection.
        peer: PeerId,
    },
    /// The connection state changed.
    PeerChanged {
        /// Of which connection.
        peer: PeerId,
        /// To what.
        state: PeerState,
    },
    /// The far end's stream has a track more.
    RemoteTrack {
        /// On which connection.
        peer: PeerId,
    },
    /// [`crate::engine::Engine::deadline`] has come. Spurious ones are harmless.
    Tick,
}
