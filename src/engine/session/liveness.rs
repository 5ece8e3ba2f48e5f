//! Is the socket still of use? A socket may stay open and carry nothing, in one direction or in both.
//!
//! The space pings; a socket on which nothing has come for a while, or on which no request of ours has
//! been answered for a long while, is asked a question with a limit. Without an answer it is replaced, and
//! the session goes on by a resume.

use super::{Change, Session};
use crate::engine::error::{ErrorCode, Failure};
use crate::engine::io::Millis;
use crate::engine::rpc::Purpose;
use crate::engine::turn::Turn;
use crate::engine::wire::session::bare_request;
use crate::engine::wire::words::Sym;

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

impl Session {
    pub(super) fn probe_due(&self) -> Option<Millis> {
        self.liveness.due(self.registration.is_confirmed())
    }

    /// The page came back into sight, or the machine woke up, or a network was found.
    pub fn woke(&mut self, turn: &mut Turn<'_, '_>) {
        let slept = self.clock.look(turn.cx);
        self.wake(slept, turn);
    }

    pub(super) fn wake(&mut self, slept: bool, turn: &mut Turn<'_, '_>) {
        self.link.hurry(turn);
        if !self.ready {
            return;
        }
        if slept {
            // What was asked before says nothing of now.
            turn.rpc
                .forget(|purpose| matches!(purpose, Purpose::Probe { .. }));
        }
        match self.liveness.woke(turn.now(), slept) {
            Doubt::None => return,
            Doubt::Ask => {}
            Doubt::AskAndRetract => self.registration.doubt(turn),
        }
        self.probe(WAKE_LIMIT, turn);
    }

    /// Asks something whose answer proves the socket; for a registered user the registration with it.
    pub(super) fn probe(&mut self, limit: Millis, turn: &mut Turn<'_, '_>) {
        self.liveness.probe();
        let verifies = self.registration.is_desired() && self.can_register() == Some(true);
        let purpose = Purpose::Probe { verifies };
        match verifies {
            true => turn.request(purpose, limit, |id, _| bare_request(id, Sym::Online)),
            false => self.reauthenticate(purpose, limit, turn),
        }
    }

    /// The answer to a probe, or none. Any answer proves the socket.
    pub(super) fn probed(
        &mut self,
        verifies: bool,
        result: &Result<(), Failure>,
        turn: &mut Turn<'_, '_>,
    ) {
        let is_answer = !matches!(result, Err(failure) if failure.code == ErrorCode::RpcTimeout);
        if is_answer && !self.clock.is_sure() {
            self.clock.begin();
        }
        match result {
            Ok(()) if verifies => self.registration.verified(turn),
            Err(_) if verifies && is_answer => {
                self.registration.restore(false, turn);
            }
            _ => {}
        }
    }

    /// A request that left at `sent` got no answer in time: a socket on which nothing of ours has been
    /// answered since carries nothing, and is replaced.
    pub fn suspect(&mut self, sent: Millis, turn: &mut Turn<'_, '_>) -> Change {
        if self.ready && self.liveness.is_suspect(sent) {
            return self.drop_socket(turn);
        }
        Change::None
    }
}
