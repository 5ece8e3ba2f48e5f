//! `signalwire.connect`: fresh, or as a resume, and what the space answers (wire-protocol §3.1 – §3.4).

use super::{AUTHENTICATION_LIMIT, Change, Resume, Session};
use crate::engine::error::{ErrorCode, Failure};
use crate::engine::io::{Entity, Millis, Output, Value};
use crate::engine::rpc;
use crate::engine::state::Field;
use crate::engine::turn::Turn;
use crate::engine::wire::rpc::{Outcome, RpcError};
use crate::engine::wire::session::{ConnectRequest, ConnectResult};

/// So long the space's time is waited for before a refusal counts: it pings every five seconds.
const CLOCK_PATIENCE: Millis = 7_000;
/// So often a socket is tried with one credential: without a proof, with one, with one on the space's time.
const GREETINGS: u32 = 3;

/// The `signalwire.connect` that waits for its response.
#[derive(Clone, Debug)]
pub(super) struct Greeting {
    id: String,
    resumed: bool,
    /// It carried a proof.
    proven: bool,
    /// The space had said what time it is when the proof was made.
    clocked: bool,
    /// It showed a renewed credential that the session does not know yet.
    renewed: bool,
    pub(super) deadline: Millis,
}

impl Session {
    /// Says `signalwire.connect` on a socket that is open, once the proof is there, where there is a key.
    pub(super) fn greet(&mut self, turn: &mut Turn<'_, '_>) {
        let Some(socket) = self.link.open_socket() else {
            return;
        };
        if self.ready || self.greeting.is_some() || self.unproven.is_some() {
            return;
        }
        if self.key.fingerprint().is_some() && !self.key.is_prepared() {
            self.prepare_greeting(turn);
            self.limit_authentication(turn);
            return;
        }
        let (dpop_token, clocked) = self.key.take_prepared();
        let Some(accepted) = self.standing.accepted() else {
            return;
        };
        let id = turn.uuid();
        let both = self.resume.protocol.is_some() && self.resume.authorization_state.is_some();
        let request = ConnectRequest {
            jwt_token: accepted.token.clone(),
            authorization_state: self.resume.authorization_state.clone().filter(|_| both),
            protocol: self.resume.protocol.clone().filter(|_| both),
            dpop_token,
        };
        let proven = request.dpop_token.is_some();
        turn.emit(Output::Send {
            socket,
            text: request.write(&id),
        });
        let deadline = turn.after(rpc::LIMIT);
        self.greetings = self.greetings.saturating_add(1);
        self.greeting = Some(Greeting {
            id,
            resumed: both,
            proven,
            clocked,
            renewed: self.renewal.is_unproven(),
            deadline,
        });
        self.limit_authentication(turn);
    }

    fn limit_authentication(&mut self, turn: &Turn<'_, '_>) {
        if self.attempt.running
            && self
                .attempt
                .limit
                .is_none_or(|(_, code, _)| code == ErrorCode::ConnectTimeout)
        {
            let limit = turn.after(AUTHENTICATION_LIMIT);
            self.attempt.limit = Some((
                limit,
                ErrorCode::AuthenticationTimeout,
                AUTHENTICATION_LIMIT,
            ));
        }
    }

    /// The response to `signalwire.connect`; `None` when the id is not its id.
    pub fn greeted(
        &mut self,
        id: &str,
        outcome: &Result<Outcome, RpcError>,
        turn: &mut Turn<'_, '_>,
    ) -> Option<Change> {
        let greeting = self.greeting.take_if(|greeting| greeting.id == id)?;
        Some(match outcome {
            Ok(Outcome::Connected(result)) => self.begin(result.clone(), &greeting, turn),
            Ok(_) => {
                turn.client_error(ErrorCode::ConnectMalformed.into());
                self.drop_socket(turn)
            }
            Err(error) => self.refused(error, &greeting, turn),
        })
    }

    fn begin(
        &mut self,
        result: ConnectResult,
        greeting: &Greeting,
        turn: &mut Turn<'_, '_>,
    ) -> Change {
        let Some(socket) = self.link.authenticated() else {
            return Change::None;
        };
        let fresh = !greeting.resumed;
        self.resume.protocol = Some(result.protocol);
        self.ice_servers = result.ice_servers;
        self.project_id = result.project_id;
        // A resumed session speaks of the SAT that it knows, which a newer one replaces in a moment.
        let is_of_ours = fresh || !self.renewal.is_unproven();
        if is_of_ours && !self.standing.is_bound() {
            self.standing
                .learn_end(result.expires_at.map(|at| at.saturating_mul(1_000)));
        }
        self.key.satisfied();
        self.renewal.decide_anew(fresh);
        self.restart_activation(turn);
        self.ready = true;
        self.ready_since = turn.now();
        self.liveness.begin(turn.now());
        self.clock.begin();
        if fresh {
            turn.rpc.forget_session();
        }
        turn.rpc.attach(socket, turn.cx.mono, turn.out);
        turn.patch(Entity::CLIENT, Field::ClientConnected, Value::Bool(true));
        turn.patch(Entity::CLIENT, Field::ClientReady, Value::Bool(true));
        let attempt = std::mem::take(&mut self.attempt);
        for reply in attempt.replies {
            turn.settle(reply, Ok(Value::Nothing));
        }
        self.registration.restore(fresh, turn);
        if fresh && greeting.renewed {
            self.renewal_done(turn);
        }
        self.learn(turn);
        Change::Ready { fresh }
    }

    pub(super) fn refused(
        &mut self,
        error: &RpcError,
        greeting: &Greeting,
        turn: &mut Turn<'_, '_>,
    ) -> Change {
        let refusal = |code| {
            Failure::from(code)
                .arg(&error.message)
                .arg(&greeting.id)
                .number(error.code)
        };
        if self.key.is_challenged(error.nonce.as_deref()) {
            self.greet(turn);
            return Change::None;
        }
        match error.code {
            -32002 if self.greets_again(error, greeting, turn) => Change::None,
            -32002 | -32003 | -32602 if greeting.resumed => {
                self.resume = Resume::default();
                self.drop_socket(turn)
            }
            -32002 if self.is_saved_from_refusal(turn) => Change::None,
            -32002 => {
                let cause = refusal(ErrorCode::RpcRefused);
                let rejected = Failure::from(ErrorCode::CredentialsRejected).because(cause);
                let failure = self.standing.refusal(rejected, &self.clock, turn.cx);
                self.fail(failure, turn)
            }
            -32003 | -32602 => self.fail(refusal(ErrorCode::RpcRefused), turn),
            _ => {
                turn.client_error(refusal(ErrorCode::ConnectRefused));
                self.drop_socket(turn)
            }
        }
    }

    /// A refusal may be of the proof alone: because there was none, or because the client's clock is wrong, which a
    /// ping or the date of an answer tells. Then the same credential is shown once more on the same socket. A Client
    /// Bound SAT that does not open a session is given up for the SAT that it came of.
    fn greets_again(
        &mut self,
        error: &RpcError,
        greeting: &Greeting,
        turn: &mut Turn<'_, '_>,
    ) -> bool {
        let (may_help, is_known) = match greeting.proven {
            false => (
                self.key_may_help() && !greeting.resumed,
                self.key.fingerprint().is_some(),
            ),
            true => (!greeting.clocked, self.clock.is_told()),
        };
        if may_help && self.greetings < GREETINGS {
            if !is_known {
                let deadline = turn.after(CLOCK_PATIENCE);
                let greeting = greeting.clone();
                self.unproven = Some((
                    error.clone(),
                    Greeting {
                        deadline,
                        ..greeting
                    },
                ));
            }
        } else if greeting.resumed || !self.standing.gives_up_bound() {
            return false;
        }
        self.greet(turn);
        true
    }

    /// Goes on with a refusal that was waiting for the space's time: that is known, or does not come.
    pub(super) fn weigh_refusal(&mut self, turn: &mut Turn<'_, '_>) -> Change {
        let (is_told, now) = (self.clock.is_told(), turn.now());
        let is_over =
            |greeting: &Greeting| greeting.proven && (is_told || greeting.deadline <= now);
        match self.unproven.take_if(|(_, greeting)| is_over(greeting)) {
            Some((error, mut greeting)) => {
                // On the space's time another proof is worth a try; without it nothing more can be hoped for.
                greeting.clocked = !is_told;
                self.refused(&error, &greeting, turn)
            }
            None => Change::None,
        }
    }

    /// Until when a refusal waits for the space's time.
    pub(super) fn refusal_deadline(&self) -> Option<Millis> {
        let (_, greeting) = self.unproven.as_ref().filter(|(_, one)| one.proven)?;
        Some(greeting.deadline)
    }

    /// `signalwire.authorization.state`; an empty state is none.
    pub fn authorization_state(&mut self, state: &str) {
        self.resume.authorization_state = Some(state.to_owned()).filter(|state| !state.is_empty());
    }
}
