//! What goes into the engine and what comes out: [`Input`], [`Output`], [`Cx`], and the typed ids.
//!
//! An *effect* is an output that carries a [`Ticket`]: the largest browser sequence that holds no
//! decision. Its result comes back as an input with the same ticket; a result whose ticket has died
//! is dropped. Live browser objects never enter the engine: they stay in tables under an id that the
//! engine gave when it asked for them. An object that arrives after its id was released is disposed
//! of by whoever holds the table.

mod input;
mod output;

pub use input::{CandidateType, FetchFailure, HttpResponse, Input, MediaFailure, PeerState};
pub use output::{
    Constraint, HttpRequest, Output, ProofClaims, RECONNECTING, Source, StoreChange, Value,
};

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

/// Which kinds a stream has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tracks {
    /// It has a live audio track.
    pub audio: bool,
    /// It has a live video track.
    pub video: bool,
}
