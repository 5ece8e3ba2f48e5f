//! Requests that show the credential, and the proofs that go with them (auth §5, §6.5).
//!
//! A client that has a key proves each of them. A proof takes the browser a moment, so that the request leaves when
//! it is there; for the greeting it is made while the socket opens.

use super::key::{State, Use};
use super::{Change, Session};
use crate::engine::auth::dpop;
use crate::engine::error::{ErrorCode, Failure};
use crate::engine::io::{Millis, Ticket};
use crate::engine::rpc::{self, Purpose};
use crate::engine::turn::Turn;
use crate::engine::wire::Opaque;
use crate::engine::wire::session::reauthenticate;
use crate::engine::wire::words::Sym;

impl Session {
    /// Shows the credential in force to the session. The answer is for `purpose`.
    pub(super) fn reauthenticate(
        &mut self,
        purpose: Purpose,
        limit: Millis,
        turn: &mut Turn<'_, '_>,
    ) {
        if self.key.fingerprint().is_none() {
            return self.show(purpose, limit, None, turn);
        }
        let of = Use::Reauthentication(purpose, limit);
        self.key.sign(of, &self.clock, turn, |mark| {
            dpop::of_request(Sym::Reauthenticate, mark)
        });
    }

    fn show(&self, purpose: Purpose, limit: Millis, proof: Option<&str>, turn: &mut Turn<'_, '_>) {
        if let Some(accepted) = self.standing.accepted() {
            let (project_id, token) = (&self.project_id, &accepted.token);
            turn.request(purpose, limit, |id, _| {
                reauthenticate(id, project_id, token, proof)
            });
        }
    }

    /// Has the proof for the greeting made while the socket opens.
    pub(super) fn prepare_greeting(&mut self, turn: &mut Turn<'_, '_>) {
        let is_known = self.key.is_prepared() || self.key.is_signing(Use::Greeting);
        if self.key.fingerprint().is_some() && !is_known {
            self.key.sign(Use::Greeting, &self.clock, turn, |mark| {
                dpop::of_request(Sym::Connect, mark)
            });
        }
    }

    /// The origin's key was looked for.
    pub(super) fn key_found(
        &mut self,
        ticket: Ticket,
        fingerprint: Option<&str>,
        turn: &mut Turn<'_, '_>,
    ) -> Change {
        if !self.key.found(ticket, fingerprint) {
            return Change::None;
        }
        if std::mem::take(&mut self.awaits_key) {
            return self.ask(turn);
        }
        if let Some((error, greeting)) = self.unproven.take() {
            return self.refused(&error, &greeting, turn);
        }
        self.decide(turn);
        Change::None
    }

    /// A proof was made, or could not be.
    pub(super) fn proof_signed(
        &mut self,
        ticket: Ticket,
        result: &Result<String, Opaque>,
        turn: &mut Turn<'_, '_>,
    ) -> Change {
        let Some(of) = self.key.signed(ticket, turn.now()) else {
            return Change::None;
        };
        // A session that is bound to the key is nothing without it.
        let must_prove = self.standing.is_bound() || self.bound_to().is_some();
        let proof = match result {
            Ok(proof) => Some(proof.clone()),
            Err(thrown) if must_prove || of == Use::Binding => {
                let failure = Failure::from(ErrorCode::ProofFailed).thrown(Some(thrown.clone()));
                return self.unprovable(of, failure, turn);
            }
            Err(_) => None,
        };
        match of {
            Use::Greeting => {
                self.key.prepare(proof);
                self.greet(turn);
                Change::None
            }
            Use::Reauthentication(purpose, limit) => {
                self.show(purpose, limit, proof.as_deref(), turn);
                Change::None
            }
            Use::Binding => {
                self.fetch_bound(&proof.unwrap_or_default(), turn);
                Change::None
            }
        }
    }

    fn unprovable(&mut self, of: Use, failure: Failure, turn: &mut Turn<'_, '_>) -> Change {
        match of {
            Use::Greeting => self.fail(failure, turn),
            // Any answer proves the socket, a refusal too.
            Use::Reauthentication(purpose @ Purpose::Probe { .. }, limit) => {
                self.show(purpose, limit, None, turn);
                Change::None
            }
            Use::Reauthentication(purpose, _) => self.answered(purpose, Err(failure), turn),
            Use::Binding => self.bound_failed(failure, false, 0, turn),
        }
    }

    /// Gives up the proofs that take too long: the machine slept, or the browser is stuck.
    pub(super) fn give_up_proofs(&mut self, turn: &mut Turn<'_, '_>) -> Change {
        while let Some(of) = self.key.overdue(turn.now()) {
            let too_late = Failure::from(ErrorCode::RequestTimeout).count(rpc::LIMIT);
            let change = match of {
                Use::Greeting => self.drop_socket(turn),
                Use::Binding => self.unprovable(of, too_late, turn),
                Use::Reauthentication(..) => {
                    let failure = Failure::from(ErrorCode::RpcTimeout).because(too_late);
                    self.unprovable(of, failure.arg("").count(rpc::LIMIT), turn)
                }
            };
            if change != Change::None {
                return change;
            }
        }
        Change::None
    }

    /// An answer to a request of the session, or none in time.
    pub fn answered(
        &mut self,
        purpose: Purpose,
        result: Result<(), Failure>,
        turn: &mut Turn<'_, '_>,
    ) -> Change {
        if result.is_ok() {
            self.key.satisfied();
        }
        match purpose {
            Purpose::Register => self.registered(result, turn),
            Purpose::Renew => return self.proven_anew(result, turn),
            Purpose::Probe { verifies } => self.probed(verifies, &result, turn),
            _ => {}
        }
        Change::None
    }

    /// The space asks for a proof with this nonce instead of the one that it got (auth §7.9, 5). True when it is
    /// given one.
    pub fn is_challenged(
        &mut self,
        purpose: Purpose,
        nonce: Option<&str>,
        turn: &mut Turn<'_, '_>,
    ) -> bool {
        let again = self.key.is_challenged(nonce);
        if again {
            self.reauthenticate(purpose, rpc::LIMIT, turn);
        }
        again
    }

    /// Is a key on its way, or there already, that the space has not been shown?
    pub(super) fn key_may_help(&self) -> bool {
        matches!(self.key.state(), State::Held(_) | State::Asked { .. })
    }

    /// Thumbprint of the key to which the space says that the SAT is bound.
    pub(super) fn bound_to(&self) -> Option<&str> {
        self.user.facts()?.bound_to.as_deref()
    }
}
