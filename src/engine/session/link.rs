//! The socket and its life: opening, backoff, opening again (wire-protocol §8.1).

use crate::engine::io::{Millis, Output, SocketId};
use crate::engine::turn::Turn;

/// How long one socket may take to open.
const OPEN_LIMIT: Millis = 10_000;
/// First pause before another socket.
const DELAY_MIN: Millis = 100;
/// Longest pause before another socket.
const DELAY_MAX: Millis = 3_000;

#[derive(Debug, Default, PartialEq)]
enum State {
    /// Not wanted.
    #[default]
    Down,
    /// The next socket is opened at this time.
    Waiting { at: Millis },
    /// Until this time.
    Opening { socket: SocketId, limit: Millis },
    /// Open, or authenticated.
    Open { socket: SocketId },
}

/// What a tick found.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing to tell.
    None,
    /// The socket did not open in time and was closed.
    Lost,
}

/// The socket of a session. At most one is alive; an event of another one is stale.
#[derive(Debug, Default)]
pub struct Link {
    state: State,
    delay: Millis,
}

impl Link {
    /// Opens a socket now.
    pub fn open(&mut self, url: &str, turn: &mut Turn<'_, '_>) {
        let socket = turn.socket();
        self.state = State::Opening {
            socket,
            limit: turn.after(OPEN_LIMIT),
        };
        turn.emit(Output::OpenSocket {
            socket,
            url: url.to_owned(),
        });
    }

    /// True when it is the socket that was waited for.
    pub fn opened(&mut self, socket: SocketId) -> bool {
        let awaited = matches!(self.state, State::Opening { socket: own, .. } if own == socket);
        if awaited {
            self.state = State::Open { socket };
        }
        awaited
    }

    /// Is this the socket in use?
    pub fn is(&self, socket: SocketId) -> bool {
        self.socket() == Some(socket)
    }

    /// The socket, once it is open.
    pub fn open_socket(&self) -> Option<SocketId> {
        match self.state {
            State::Open { socket } => Some(socket),
            _ => None,
        }
    }

    /// Is no socket wanted?
    pub fn is_down(&self) -> bool {
        self.state == State::Down
    }

    /// Is a socket opening?
    pub fn is_opening(&self) -> bool {
        matches!(self.state, State::Opening { .. })
    }

    fn socket(&self) -> Option<SocketId> {
        match self.state {
            State::Opening { socket, .. } | State::Open { socket } => Some(socket),
            State::Down | State::Waiting { .. } => None,
        }
    }

    /// The session is authenticated: the next loss starts with the shortest pause again.
    pub fn authenticated(&mut self) -> Option<SocketId> {
        self.delay = 0;
        self.socket()
    }

    /// The socket is gone: another one after a pause. Without effect once it is not wanted.
    pub fn lost(&mut self, turn: &mut Turn<'_, '_>) {
        let delay = self.delay.saturating_mul(2).clamp(DELAY_MIN, DELAY_MAX);
        self.delay = delay;
        let pause = turn.jittered(delay);
        self.state = State::Waiting {
            at: turn.after(pause),
        };
    }

    /// A pause that runs is over: there is reason to think that a socket can be had now.
    pub fn hurry(&mut self, turn: &Turn<'_, '_>) {
        if let State::Waiting { at } = &mut self.state {
            *at = turn.now();
        }
    }

    /// Closes the socket; no further one is opened.
    pub fn close(&mut self, turn: &mut Turn<'_, '_>) {
        self.shut(false, turn);
    }

    /// Closes the socket, which another one will replace.
    pub fn discard(&mut self, turn: &mut Turn<'_, '_>) {
        self.shut(true, turn);
    }

    fn shut(&mut self, again: bool, turn: &mut Turn<'_, '_>) {
        if let Some(socket) = self.socket() {
            turn.emit(Output::CloseSocket { socket, again });
        }
        self.state = State::Down;
    }

    /// Opens the next socket when its time has come, closes one that does not open.
    pub fn tick(&mut self, url: &str, turn: &mut Turn<'_, '_>) -> Step {
        match self.state {
            State::Waiting { at } if at <= turn.now() => {
                self.open(url, turn);
                Step::None
            }
            State::Opening { limit, .. } if limit <= turn.now() => {
                self.discard(turn);
                Step::Lost
            }
            _ => Step::None,
        }
    }

    /// When [`Self::tick`] is wanted.
    pub fn deadline(&self) -> Option<Millis> {
        match self.state {
            State::Waiting { at } => Some(at),
            State::Opening { limit, .. } => Some(limit),
            State::Down | State::Open { .. } => None,
        }
    }
}
