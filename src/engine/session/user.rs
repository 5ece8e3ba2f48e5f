//! "Who am I" (auth §4.10): asked beside the socket, off the critical path.

use crate::engine::auth::credential::Accepted;
use crate::engine::error::{ErrorCode, Failure};
use crate::engine::io::{
    Entity, FetchFailure, HttpRequest, HttpResponse, Millis, Output, Ticket, Value,
};
use crate::engine::state::Field;
use crate::engine::turn::Turn;
use crate::engine::wire::rest::{self, Body, Expect};

/// Time limit of one request.
const LIMIT: Millis = 30_000;
/// Pauses before the second, third and fourth attempt (auth §9).
const PAUSES: [Millis; 3] = [500, 1_000, 2_000];

/// The scope of a SAT that its client renews by itself (auth §3.3).
const REFRESH_SCOPE: &str = "sat:refresh";

#[derive(Debug, Default, PartialEq)]
enum State {
    #[default]
    Idle,
    Asking(Ticket),
    Waiting(Millis),
}

/// What the answer decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The credential cannot register; `None` where the space does not say (REQ-85).
    pub outbound_only: Option<bool>,
    /// When the SAT ends, in milliseconds since the epoch.
    pub expires_at: Option<Millis>,
    /// The SAT has the scope by which a client renews it itself.
    pub scoped: bool,
    /// Thumbprint of the key that it is bound to, where it is.
    pub bound_to: Option<String>,
}

/// The lookup of the user's profile.
#[derive(Debug, Default)]
pub struct UserLookup {
    state: State,
    failed: usize,
    /// What is known, once the question is answered, or given up.
    facts: Option<Facts>,
}

impl UserLookup {
    /// Asks for the first time.
    pub fn start(&mut self, accepted: &Accepted, turn: &mut Turn<'_, '_>) {
        self.failed = 0;
        self.facts = None;
        self.ask(accepted, turn);
    }

    /// Asks again, with a renewed credential; what is known stays known meanwhile, but for its end.
    pub fn ask_again(&mut self, accepted: &Accepted, turn: &mut Turn<'_, '_>) {
        self.cancel(turn);
        self.forget_end();
        self.failed = 0;
        self.ask(accepted, turn);
    }

    /// A newer credential is in force: the end of the former is not its end.
    pub fn forget_end(&mut self) {
        if let Some(facts) = &mut self.facts {
            facts.expires_at = None;
        }
    }

    /// What the space said; `None` while the question is open.
    pub fn facts(&self) -> Option<&Facts> {
        self.facts.as_ref()
    }

    /// The same, once no answer is awaited that may say otherwise.
    pub fn settled_facts(&self) -> Option<&Facts> {
        self.facts.as_ref().filter(|_| self.state == State::Idle)
    }

    fn ask(&mut self, accepted: &Accepted, turn: &mut Turn<'_, '_>) {
        let ticket = turn.ticket();
        self.state = State::Asking(ticket);
        let request = HttpRequest {
            url: String::from_iter([accepted.endpoints.rest.as_str(), rest::WHO_AM_I]),
            body: None,
            bearer: Some(accepted.token.clone()),
            timeout: LIMIT,
            expect: Expect::User,
        };
        turn.emit(Output::Fetch { ticket, request });
    }

    /// The answer. An error that only a new credential can mend ends the session; another one is
    /// for `errors$`.
    pub fn fetched(
        &mut self,
        ticket: Ticket,
        result: &Result<HttpResponse, FetchFailure>,
        turn: &mut Turn<'_, '_>,
    ) -> Result<(), Failure> {
        if self.state != State::Asking(ticket) {
            return Ok(());
        }
        self.state = State::Idle;
        let cause = match result {
            Ok(HttpResponse {
                status: 200..=299,
                body: Some(Body::User(user)),
                ..
            }) => {
                self.facts = Some(Facts {
                    outbound_only: user.token_kind.as_deref().map(|kind| kind != "subscriber"),
                    expires_at: user.expires_at.map(|at| at.saturating_mul(1_000)),
                    scoped: user.scope.iter().any(|scope| scope == REFRESH_SCOPE),
                    bound_to: user.jkt.clone(),
                });
                let profile = Value::Opaque(user.profile.clone());
                turn.patch(Entity::CLIENT, Field::ClientUser, profile);
                return Ok(());
            }
            Ok(HttpResponse {
                status: 401 | 403, ..
            }) => {
                return Err(ErrorCode::CredentialsRejected.into());
            }
            Ok(HttpResponse {
                status: 429 | 500..,
                ..
            }) => Failure::from(ErrorCode::RequestFailed),
            Ok(_) => {
                self.facts = Some(Facts::default());
                let cause = Failure::from(ErrorCode::UnexpectedBody);
                return Err(Failure::from(ErrorCode::UserFetchFailed).because(cause));
            }
            Err(failure) => failure.told(LIMIT),
        };
        let Some(&pause) = PAUSES.get(self.failed) else {
            self.facts = Some(Facts::default());
            return Err(Failure::from(ErrorCode::UserFetchFailed).because(cause));
        };
        self.failed = self.failed.saturating_add(1);
        let pause = turn.jittered(pause);
        self.state = State::Waiting(turn.after(pause));
        Ok(())
    }

    /// Asks again when its time has come.
    pub fn tick(&mut self, accepted: &Accepted, turn: &mut Turn<'_, '_>) {
        if matches!(self.state, State::Waiting(at) if at <= turn.now()) {
            self.ask(accepted, turn);
        }
    }

    /// When [`Self::tick`] is wanted.
    pub fn deadline(&self) -> Option<Millis> {
        match self.state {
            State::Waiting(at) => Some(at),
            State::Idle | State::Asking(_) => None,
        }
    }

    /// Another credential is in force: what was known belongs to the former.
    pub fn forget(&mut self, turn: &mut Turn<'_, '_>) {
        self.cancel(turn);
        self.facts = None;
    }

    /// Nobody wants to know any more.
    pub fn cancel(&mut self, turn: &mut Turn<'_, '_>) {
        if let State::Asking(ticket) = std::mem::take(&mut self.state) {
            turn.emit(Output::CancelFetch { ticket });
        }
    }
}
