//! Is the socket still of use? A socket may stay open and carry nothing, in one direction or in both.
//!
//! The space pings; a socket on which nothing has come for a while, or on which no request of ours has
//! been answered for a long while, is asked a question with a limit. Without an answer it is replaced, and
//! the session goes on by a resume.

use crate::engine::io::Millis;

/// Nothing has come in for so long: ask.
const SILENCE: Millis = 20_000;
/// Nothing of ours has been answered for so long, while somebody relies on the socket: ask.
const UNPROVEN: Millis = 45_000;
/// How long the answer may take.
pub const PROBE_LIMIT: Millis = 5_000;
/// How long it may take after the machine slept or the page was out of sight.
pub const WAKE_LIMIT: Millis = 2_000;
/// After a wake-up a socket that was heard of so recently is taken for alive.
const FRESH: Millis = 5_000;
/// After a wake-up a registration that is older than this is not claimed before it is verified.
const STALE: Millis = 15_000;

/// What a wake-up asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The socket was heard of just now.
    None,
    /// Ask.
    Ask,
    /// Ask, and claim nothing meanwhile.
    AskAndRetract,
}

/// What is known of the socket in use.
#[derive(Debug, Default)]
pub struct Liveness {
    heard: Millis,
    proven: Millis,
    probing: bool,
    carries_calls: bool,
}

impl Liveness {
    /// A socket was authenticated at `now`.
    pub fn begin(&mut self, now: Millis) {
        *self = Self {
            heard: now,
            proven: now,
            probing: false,
            carries_calls: self.carries_calls,
        };
    }

    /// Are there calls?
    pub fn carries_calls(&mut self, calls: bool) {
        self.carries_calls = calls;
    }

    /// A frame came in.
    pub fn heard(&mut self, now: Millis) {
        self.heard = now;
    }

    /// A request of ours was answered: both directions work.
    pub fn answered(&mut self, now: Millis) {
        self.proven = now;
        self.probing = false;
    }

    /// Was a request that left at `sent` without an answer, while nothing else was answered since?
    pub fn is_suspect(&self, sent: Millis) -> bool {
        self.proven <= sent
    }

    /// A question is on its way.
    pub fn probe(&mut self) {
        self.probing = true;
    }

    /// When a question is due; `registered` while somebody may call here.
    pub fn due(&self, registered: bool) -> Option<Millis> {
        let unproven = self.proven.saturating_add(UNPROVEN);
        let silent = self.heard.saturating_add(SILENCE);
        let due = if registered || self.carries_calls {
            silent.min(unproven)
        } else {
            silent
        };
        (!self.probing).then_some(due)
    }

    /// The page came back, or the machine woke up: it `slept` for certain where its clocks parted, and then
    /// the age of what was heard says nothing.
    pub fn woke(&self, now: Millis, slept: bool) -> Doubt {
        let age = now.saturating_sub(self.heard);
        match age {
            _ if slept => Doubt::AskAndRetract,
            _ if self.probing => Doubt::None,
            _ if age <= FRESH => Doubt::None,
            _ if age <= STALE => Doubt::Ask,
            _ => Doubt::AskAndRetract,
        }
    }
}
