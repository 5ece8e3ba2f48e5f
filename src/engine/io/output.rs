//! What comes out of the engine.

#[cfg(doc)]
use super::Input;
use super::{Direction, Entity, Kind, Millis, PeerId, Reply, SocketId, StreamId, Ticket};
use crate::engine::error::Failure;
use crate::engine::state::Field;
use crate::engine::wire::Opaque;
use crate::engine::wire::rest::Expect;
use crate::engine::wire::session::IceServer;

/// What to acquire of one kind: the application's own constraints, or any device.
#[derive(Clone, Debug, PartialEq)]
pub enum Constraint {
    /// Nothing of this kind.
    Off,
    /// Any device.
    Any,
    /// The application's MediaTrackConstraints, unread.
    Given(Opaque),
}

impl Constraint {
    /// Is something of this kind to be acquired?
    pub fn is_on(&self) -> bool {
        *self != Self::Off
    }
}

/// One HTTP exchange. The engine decides about retries; the time limit covers the body.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// Absolute.
    pub url: String,
    /// `None` for GET, else the JSON body of a POST.
    pub body: Option<String>,
    /// The SAT for `Authorization: Bearer`. A secret.
    pub bearer: Option<String>,
    /// Time limit for the whole exchange.
    pub timeout: Millis,
    /// Which body to read.
    pub expect: Expect,
}

impl std::fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpRequest")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// The close code of a socket that is replaced by another one (RFC 6455 §7.4.2, private use).
pub const RECONNECTING: u16 = 4_000;

/// Where a credential comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The provider's `authenticate()`.
    Provider,
    /// The provider's `refresh()`; its `authenticate()` where it has none.
    Refresh,
    /// The record of an earlier page in local storage, under this key.
    Stored(&'static str),
}

/// The payload of a DPoP proof (auth §6.4, §6.5).
#[derive(Clone, PartialEq, Eq)]
pub struct ProofClaims {
    /// The claims as a JSON object, but for `ath`.
    pub json: String,
    /// The token whose SHA-256, in base64url, is the claim `ath` (RFC 9449 §4.2). A secret.
    pub ath_of: Option<String>,
}

impl std::fmt::Debug for ProofClaims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProofClaims")
            .field("json", &self.json)
            .finish_non_exhaustive()
    }
}

/// A change of a stored record.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreChange {
    /// Write this text.
    Write(String),
    /// Remove the record if it still is this text: another client may have written its own.
    RemoveOwn(String),
}

impl std::fmt::Debug for StoreChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Write(_) => "Write",
            Self::RemoveOwn(_) => "RemoveOwn",
        })
    }
}

/// Something that the engine wants done, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Ask for a credential. → [`Input::Authenticated`]
    Authenticate {
        /// For the result.
        ticket: Ticket,
        /// Whom.
        source: Source,
        /// Thumbprint of the client's key, which a provider is told (REQ-58).
        fingerprint: Option<String>,
    },
    /// Load the key pair of the page's origin; where there is none, make it if asked to (auth §6.1).
    /// → [`Input::KeyReady`]
    EnsureKey {
        /// For the result.
        ticket: Ticket,
        /// Make one where there is none.
        create: bool,
    },
    /// Sign a DPoP proof with the key that [`Input::KeyReady`] announced (auth §6.3). → [`Input::ProofSigned`]
    SignProof {
        /// For the result.
        ticket: Ticket,
        /// What it says.
        claims: ProofClaims,
    },
    /// Write to the page's local storage, or remove what we wrote. Nobody waits.
    Store {
        /// The record.
        key: &'static str,
        /// What to do with it. Holds a secret.
        change: StoreChange,
    },
    /// One HTTP exchange. → [`Input::Fetched`]
    Fetch {
        /// For the result.
        ticket: Ticket,
        /// What to send.
        request: HttpRequest,
    },
    /// Abort the exchange of this ticket, if it still runs.
    CancelFetch {
        /// Its ticket.
        ticket: Ticket,
    },
    /// Open a WebSocket. → [`Input::SocketOpened`], [`Input::SocketClosed`]
    OpenSocket {
        /// Its id from now on.
        socket: SocketId,
        /// Absolute.
        url: String,
    },
    /// Send one text frame.
    Send {
        /// On which socket.
        socket: SocketId,
        /// The frame. Holds secrets.
        text: String,
    },
    /// Close a socket and forget it: no further input comes from it.
    CloseSocket {
        /// Which.
        socket: SocketId,
        /// Another socket will go on with the session: closed with the code [`RECONNECTING`]. Without a code
        /// a close means that the user is done, and the space ends the calls (wire-protocol §12, 1).
        again: bool,
    },
    /// Ask for microphone and camera. → [`Input::MediaAcquired`]
    AcquireMedia {
        /// For the result.
        ticket: Ticket,
        /// Id of the stream from now on.
        stream: StreamId,
        /// Microphone.
        audio: Constraint,
        /// Camera.
        video: Constraint,
    },
    /// Use streams of the application instead: all of their tracks, never stopped by us.
    AdoptStreams {
        /// Id of the combined stream from now on.
        stream: StreamId,
        /// The application's MediaStreams.
        given: Vec<Opaque>,
    },
    /// Stop the tracks of one kind and take them out of the stream: the device's light goes off.
    StopTracks {
        /// The stream.
        stream: StreamId,
        /// Which tracks.
        kind: Kind,
    },
    /// Acquire a kind again, add it to the stream and send it in place of the ended track.
    /// → [`Input::TrackRestored`]
    RestoreTrack {
        /// For the result.
        ticket: Ticket,
        /// The connection that sends.
        peer: PeerId,
        /// The stream.
        stream: StreamId,
        /// Which kind.
        kind: Kind,
        /// What to acquire.
        constraint: Constraint,
    },
    /// Forget a stream and stop the tracks that we acquired, now or when it arrives.
    ReleaseStream {
        /// Which.
        stream: StreamId,
    },
    /// Create a peer connection, without servers yet.
    CreatePeer {
        /// Its id from now on.
        peer: PeerId,
        /// Id of the stream that holds what is received.
        remote: StreamId,
    },
    /// Set the servers, add the transceivers, create the offer, set it as local description:
    /// gathering begins. → [`Input::OfferMade`], [`Input::Candidate`], [`Input::Gathered`]
    MakeOffer {
        /// For the result.
        ticket: Ticket,
        /// The connection.
        peer: PeerId,
        /// The stream whose tracks are sent.
        local: Option<StreamId>,
        /// Direction of audio; `None` for no such section.
        audio: Option<Direction>,
        /// Direction of video; `None` for no such section.
        video: Option<Direction>,
        /// STUN and TURN servers.
        servers: Vec<IceServer>,
        /// Use relay candidates alone.
        relay_only: bool,
    },
    /// Set the servers and the far end's offer, turn its transceivers, attach the tracks, create the answer, set it
    /// as local description: gathering begins. → [`Input::OfferMade`], [`Input::Candidate`], [`Input::Gathered`]
    MakeAnswer {
        /// For the result.
        ticket: Ticket,
        /// The connection.
        peer: PeerId,
        /// The far end's SDP.
        offer: String,
        /// The stream whose tracks are sent.
        local: Option<StreamId>,
        /// Direction of audio; `None` where it was not offered.
        audio: Option<Direction>,
        /// Direction of video; `None` where it was not offered.
        video: Option<Direction>,
        /// STUN and TURN servers.
        servers: Vec<IceServer>,
        /// Use relay candidates alone.
        relay_only: bool,
    },
    /// Read the local description. → [`Input::Description`], at once
    ReadDescription {
        /// For the result.
        ticket: Ticket,
        /// The connection.
        peer: PeerId,
    },
    /// Set the far end's answer. → [`Input::AnswerApplied`]
    ApplyAnswer {
        /// For the result.
        ticket: Ticket,
        /// The connection.
        peer: PeerId,
        /// The SDP.
        sdp: String,
    },
    /// Close a peer connection and forget it: no further input comes from it.
    ClosePeer {
        /// Which.
        peer: PeerId,
    },

    /// A new observable object.
    Create {
        /// Its number.
        entity: Entity,
        /// The object it belongs to: the client for a call, the call for a member.
        parent: Entity,
    },
    /// A field has a new value, or an event field emits.
    Patch {
        /// Of which object.
        entity: Entity,
        /// Which field.
        field: Field,
        /// The value.
        value: Value,
    },
    /// Merge the fields of a member as the space sent them.
    Merge {
        /// The member.
        entity: Entity,
        /// The object, full or partial.
        fields: Opaque,
    },
    /// The object is over: its observables complete, after what was patched before.
    End {
        /// Which.
        entity: Entity,
    },
    /// Settle a promise.
    Settle {
        /// Which.
        reply: Reply,
        /// With what.
        result: Result<Value, Failure>,
    },
}

/// A value on its way to the store.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `undefined`.
    Nothing,
    /// A boolean.
    Bool(bool),
    /// A string.
    Text(String),
    /// A list of strings.
    Texts(Vec<String>),
    /// The MediaStream under this id.
    Stream(StreamId),
    /// The RTCPeerConnection under this id.
    Peer(PeerId),
    /// Another observable object.
    Entity(Entity),
    /// A list of observable objects.
    Entities(Vec<Entity>),
    /// An object that came from outside.
    Opaque(Opaque),
    /// An Error.
    Failure(Failure),
    /// A record of `warnings$` or of `credentialRefreshed$`.
    Notice {
        /// Its code (auth §10.2), or the mechanism that renewed the credential.
        code: &'static str,
        /// Why a mechanism was not used; empty where that is not what the warning says.
        reason: &'static str,
        /// When the credential ends, where the warning says that.
        expires_at: Option<Millis>,
    },
    /// A record of `call.errors$`.
    CallError {
        /// `media`, `signaling`, `timeout`, `network`, `internal`.
        kind: &'static str,
        /// The call is over.
        fatal: bool,
        /// The error.
        failure: Failure,
    },
    /// Why a call is over.
    EndReason {
        /// One of the public codes.
        code: &'static str,
        /// The cause's name as the space gave it.
        cause: Option<String>,
        /// The cause's number as the space gave it.
        cause_code: Option<i32>,
    },
}
