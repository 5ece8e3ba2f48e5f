//! The client's key as the engine knows it, by its thumbprint, and the proofs that it is asked for (auth §6).

use super::clock::Clock;
use crate::engine::auth::dpop::Mark;
use crate::engine::io::{Millis, Output, ProofClaims, Ticket};
use crate::engine::rpc::{self, Purpose};
use crate::engine::turn::Turn;

/// What a proof is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// `signalwire.connect`.
    Greeting,
    /// `signalwire.reauthenticate` for this purpose, whose answer may take so long.
    Reauthentication(Purpose, Millis),
    /// A request to one of the endpoints of §4.8 and §4.9.
    Binding,
}

/// Is there a key?
#[derive(Debug, Default, PartialEq)]
pub enum State {
    /// Nobody has looked.
    #[default]
    Unknown,
    /// It is being looked for, or made.
    Asked {
        /// Of the question.
        ticket: Ticket,
        /// One is made where there is none.
        create: bool,
    },
    /// The origin had none when it was looked for.
    Absent,
    /// None can be made here (REQ-61).
    Impossible,
    /// There is one, with this thumbprint.
    Held(String),
}

#[derive(Debug)]
struct Wanted {
    ticket: Ticket,
    of: Use,
    limit: Millis,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Key {
    state: State,
    wanted: Vec<Wanted>,
    /// The latest that the space asked for.
    nonce: Option<String>,
    /// A proof was made anew because of a nonce, and the space has not been content since.
    challenged: bool,
    /// A proof for the next `signalwire.connect`, made while the socket opens; inside, none where it failed.
    prepared: Option<Option<String>>,
    /// The space had said what time it is when the latest proof was asked for.
    clocked: bool,
}

impl Key {
    /// Is there a key?
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Its thumbprint, where there is one.
    pub fn fingerprint(&self) -> Option<&str> {
        match &self.state {
            State::Held(fingerprint) => Some(fingerprint),
            _ => None,
        }
    }

    /// Looks for the key; makes it where there is none and `create` is given.
    pub fn ensure(&mut self, create: bool, turn: &mut Turn<'_, '_>) {
        let ticket = turn.ticket();
        self.state = State::Asked { ticket, create };
        turn.emit(Output::EnsureKey { ticket, create });
    }

    /// The answer to [`Self::ensure`]; false for a late one.
    pub fn found(&mut self, ticket: Ticket, fingerprint: Option<&str>) -> bool {
        let State::Asked {
            ticket: own,
            create,
        } = self.state
        else {
            return false;
        };
        if own != ticket {
            return false;
        }
        self.state = match (fingerprint, create) {
            (Some(fingerprint), _) => State::Held(fingerprint.to_owned()),
            (None, true) => State::Impossible,
            (None, false) => State::Absent,
        };
        true
    }

    /// Asks for a proof of what `claims` makes of its mark.
    pub fn sign(
        &mut self,
        of: Use,
        clock: &Clock,
        turn: &mut Turn<'_, '_>,
        claims: impl FnOnce(&Mark<'_>) -> ProofClaims,
    ) -> Ticket {
        let (ticket, jti) = (turn.ticket(), turn.uuid());
        self.clocked = clock.is_told();
        let claims = claims(&Mark {
            jti: &jti,
            at: clock.now(turn.cx),
            nonce: self.nonce.as_deref(),
        });
        self.wanted.push(Wanted {
            ticket,
            of,
            limit: turn.after(rpc::LIMIT),
        });
        turn.emit(Output::SignProof { ticket, claims });
        ticket
    }

    /// What the proof of this ticket is for; nothing once it is not wanted any more, or is stale.
    pub fn signed(&mut self, ticket: Ticket, now: Millis) -> Option<Use> {
        self.take(|wanted| wanted.ticket == ticket && now < wanted.limit)
    }

    /// Was the latest proof made on the space's time?
    pub fn is_clocked(&self) -> bool {
        self.clocked
    }

    /// What a proof was wanted for that did not come in time.
    pub fn overdue(&mut self, now: Millis) -> Option<Use> {
        self.take(|wanted| wanted.limit <= now)
    }

    fn take(&mut self, is: impl Fn(&Wanted) -> bool) -> Option<Use> {
        let index = self.wanted.iter().position(is)?;
        Some(self.wanted.remove(index).of)
    }

    /// Is a proof for this on its way?
    pub fn is_signing(&self, of: Use) -> bool {
        self.wanted.iter().any(|wanted| wanted.of == of)
    }

    /// When the next proof runs out of time.
    pub fn deadline(&self) -> Option<Millis> {
        self.wanted.iter().map(|wanted| wanted.limit).min()
    }

    /// The socket is gone, and with it what was to be said on it.
    pub fn lost(&mut self) {
        self.prepared = None;
        self.wanted.retain(|wanted| wanted.of == Use::Binding);
    }

    /// Nothing is to be proven any more; the key stays known.
    pub fn stop(&mut self) {
        self.prepared = None;
        self.wanted.clear();
        self.challenged = false;
        if matches!(self.state, State::Asked { .. }) {
            self.state = State::Unknown;
        }
    }

    /// A proof for the next greeting is there, or there is none to be had.
    pub fn prepare(&mut self, proof: Option<String>) {
        self.prepared = Some(proof);
    }

    /// Is it known what the next greeting is proven by?
    pub fn is_prepared(&self) -> bool {
        self.prepared.is_some()
    }

    /// What the next greeting is proven by, and whether that was made on the space's time.
    pub fn take_prepared(&mut self) -> (Option<String>, bool) {
        (self.prepared.take().flatten(), self.clocked)
    }

    /// The space asks for proofs with this nonce. True when it is worth while to prove once more.
    pub fn is_challenged(&mut self, nonce: Option<&str>) -> bool {
        let Some(nonce) = nonce else {
            return false;
        };
        self.nonce = Some(nonce.to_owned());
        self.fingerprint().is_some() && !std::mem::replace(&mut self.challenged, true)
    }

    /// The space took a proof.
    pub fn satisfied(&mut self) {
        self.challenged = false;
    }
}
