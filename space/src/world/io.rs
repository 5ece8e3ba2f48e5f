//! What goes into the world, what comes out, and the three things it may not make itself: the
//! two clocks and the randomness ([`Cx`]).

use super::media::{MediaCommand, MediaEvent};
use super::revocation::Revocation;

/// Milliseconds: on [`Cx::mono`] since an arbitrary start, on [`Cx::wall`] since the Unix epoch.
pub type Millis = u64;

/// Names one WebSocket connection, for the life of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

/// Clocks and randomness of one step.
pub struct Cx<'a> {
    /// The monotonic clock: durations are measured on it.
    pub mono: Millis,
    /// The wall clock: expiries are measured on it.
    pub wall: Millis,
    /// Fills the buffer with unpredictable bytes.
    pub entropy: &'a mut dyn FnMut(&mut [u8]),
}

impl Cx<'_> {
    /// The wall clock in whole seconds, the unit of every expiry in the protocol.
    pub fn seconds(&self) -> u64 {
        self.wall / 1000
    }
}

/// Something that happened to the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A WebSocket was opened.
    Opened {
        /// Its name, never used before.
        socket: SocketId,
    },
    /// A text message arrived.
    Frame {
        /// The socket.
        socket: SocketId,
        /// The message.
        text: String,
    },
    /// The socket is gone, from whichever side.
    Closed {
        /// The socket.
        socket: SocketId,
        /// The code of the close frame as RFC 6455 §7.1.5 gives it: 1005 without a code, 1006 without a frame.
        code: u16,
    },
    /// The media edge reports.
    Media(MediaEvent),
    /// A deadline may have passed.
    Tick,
    /// The far end of a call hangs up. Without effect where there is no such call.
    FarEndHangsUp {
        /// The client's call id.
        call: String,
    },
    /// A credential is to end before its time.
    Revoke(Revocation),
    /// The wall clock was moved, by more than time goes by.
    ClockMoved,
    /// Back to the seeds: sessions and calls are dropped.
    Reset,
}

/// Something that the edges have to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send a text message.
    Send {
        /// The socket.
        socket: SocketId,
        /// The message.
        text: String,
    },
    /// Close the socket. The world has already forgotten it; a later [`Input::Closed`] is ignored.
    Close {
        /// The socket.
        socket: SocketId,
        /// The code of the close frame.
        code: u16,
        /// Why, for the close frame and the log. Holds no secret.
        reason: &'static str,
    },
    /// For the media edge.
    Media(MediaCommand),
    /// A line for the log. Holds no secret.
    Log {
        /// Whether a person should see it without asking.
        loud: bool,
        /// The line.
        line: String,
    },
}
