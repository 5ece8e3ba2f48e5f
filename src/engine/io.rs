//! What goes into the engine and what comes out: [`Input`], [`Output`], [`Cx`], and the typed ids.
//!
//! An *effect* is an output that carries a [`Ticket`]: the largest browser sequence that holds no
//! decision. Its result comes back as an input with the same ticket; a result whose ticket has died
//! is dropped. Live browser objects never enter the engine: they stay in tables under an id that the
//! engine gave when it asked for them. An object that arrives after its id was released is disposed
//! of by whoever holds the table.

use super::auth::Credential;
use super::call::DialOptions;
use super::error::Failure;
use super::state::Field;
use super::wire::Opaque;
use super::wire::rest::{Body, Expect};
use super::wire::rpc::Incoming;
use super::wire::session::IceServer;

/// Milliseconds: a duration, a point on the monotonic clock, or an instant since the Unix epoch.
pub type Millis = u64;

/// What the engine may not find out by itself.
pub struct Cx<'a> {
    /// The monotonic clock; durations are measured on it.
    pub mono: Millis,
    /// The wall clock; expiries are compared with it.
    pub wall: Millis,
    /// Fills the buffer with random bytes fit for identifiers.
    pub entropy: &'a mut dyn FnMut(&mut [u8]),
}

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident;)*) => {
        $($(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);)*
    };
}

ids! {
    /// Names an effect until its result is in, or until its owner ends.
    Ticket;
    /// Names a promise that JavaScript holds; it is settled exactly once.
    Reply;
    /// One WebSocket; a later one has a higher number.
    SocketId;
    /// One RTCPeerConnection.
    PeerId;
    /// One MediaStream.
    StreamId;
    /// One observable object: the client is 0; calls and members are numbered from 1.
    Entity;
}

impl Entity {
    /// The client itself.
    pub const CLIENT: Self = Self(0);
}

/// Audio or video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Microphone, speaker.
    Audio,
    /// Camera, picture.
    Video,
}

impl Kind {
    /// As the protocol and the browser write it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
        }
    }
}

/// Direction of one transceiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Direction {
    /// Something is sent.
    pub send: bool,
    /// Something is received.
    pub receive: bool,
}

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

/// Which kinds a stream has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tracks {
    /// It has a live audio track.
    pub audio: bool,
    /// It has a live video track.
    pub video: bool,
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

/// The answer to an [`HttpRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct HttpResponse {
    /// HTTP status.
    pub status: u16,
    /// Its reason phrase, possibly empty.
    pub status_text: String,
    /// `Retry-After` in seconds, where given.
    pub retry_after: Option<u32>,
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
    /// [`super::Engine::deadline`] has come. Spurious ones are harmless.
    Tick,
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
    /// A record of `warnings$`.
    Warning {
        /// Its code (auth §10.2).
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
