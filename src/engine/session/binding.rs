//! Renewal by the client itself: a Client Bound SAT, obtained and rotated with proofs by the client's key
//! (auth §1.11, §4.8, §4.9, §7.4 – §7.7).
//!
//! Whether it is this or the provider's `refresh()` is decided on when the session is ready and the space has said what
//! the SAT allows, and again after each reconnect (REQ-64 – REQ-67).

use super::key::{State, Use};
use super::renewal::{LONGEST_PAUSE, Mechanism, PAUSE, Stage, lead};
use super::{Change, Session};
use crate::engine::auth::dpop;
use crate::engine::error::{ErrorCode, Failure};
use crate::engine::io::{FetchFailure, HttpRequest, HttpResponse, Millis, Output, Ticket};
use crate::engine::turn::Turn;
use crate::engine::wire::rest::{self, Body, Expect, IssuedToken};

/// How long activation may take, and never more than half of what the SAT has left.
const ACTIVATION_LIMIT: Millis = 30_000;
/// A Client Bound SAT that has more than this left is shown to a resumed session as it is.
const WORTH_SHOWING: Millis = 30_000;
/// Time limit of one request.
const LIMIT: Millis = 10_000;
/// So many refusals may be the clock's fault.
const UNTIMELY: u32 = 8;
/// The lifetime that is asked for at first, in seconds, and the one of a token that says nothing.
const LIFE: u64 = 900;

impl Session {
    /// Decides by what the credential is renewed, once everything is known that it depends on.
    pub(super) fn decide(&mut self, turn: &mut Turn<'_, '_>) {
        let is_idle = matches!(self.renewal.stage, Stage::Idle) && !self.renewal.is_saving();
        if !self.ready || self.renewal.decided || !is_idle {
            return;
        }
        let Some(facts) = self.user.settled_facts() else {
            return;
        };
        if self.outbound_only || !facts.scoped {
            return self.decline("no-scope", turn);
        }
        match self.key.state() {
            State::Asked { .. } => {}
            State::Unknown | State::Absent => self.key.ensure(true, turn),
            State::Impossible => self.decline("no-dpop-support", turn),
            State::Held(own) if facts.bound_to.as_ref().is_some_and(|key| key != own) => {
                self.decline("fingerprint-mismatch", turn);
            }
            State::Held(_) => self.activate(turn),
        }
    }

    fn activate(&mut self, turn: &mut Turn<'_, '_>) {
        let end = self.standing.end().filter(|_| self.clock.is_told());
        let left = end.map(|end| self.clock.until(end, turn.cx));
        let renewal = &mut self.renewal;
        renewal.decided = true;
        renewal.mechanism = Mechanism::Bound;
        renewal.failed = 0;
        renewal.due = None;
        renewal.not_before = turn.now();
        if !self.standing.is_bound() {
            let limit = left.map_or(ACTIVATION_LIMIT, |left| ACTIVATION_LIMIT.min(left / 2));
            renewal.activation = Some(turn.after(limit));
        } else if !renewal.known && left.is_none_or(|left| left > WORTH_SHOWING) {
            renewal.stage = Stage::Proving {
                former: None,
                sent: false,
            };
        }
    }

    /// A session is there again whose activation ran out of time without it: it begins anew.
    pub(super) fn restart_activation(&mut self, turn: &mut Turn<'_, '_>) {
        let limit = self.renewal.activation;
        if limit.is_some_and(|limit| limit <= turn.now()) {
            self.take_back();
            self.renewal.abandon(turn);
            self.renewal.activation = None;
            self.renewal.mechanism = Mechanism::None;
        }
    }

    /// The client does not renew the credential: the provider does, or nobody.
    fn decline(&mut self, reason: &'static str, turn: &mut Turn<'_, '_>) {
        self.take_back();
        let renewal = &mut self.renewal;
        renewal.abandon(turn);
        renewal.activation = None;
        renewal.decided = true;
        let mechanism = renewal.by_provider();
        if std::mem::replace(&mut renewal.mechanism, mechanism) == Mechanism::Bound {
            renewal.failed = 0;
            renewal.due = None;
            renewal.not_before = turn.now();
        }
        self.standing.warn(reason, turn);
    }

    /// Activation takes too long.
    pub(super) fn give_up_activation(&mut self, turn: &mut Turn<'_, '_>) {
        self.decline("activation-timeout", turn);
    }

    /// Asks for the proof of the next request.
    pub(super) fn request_bound(&mut self, turn: &mut Turn<'_, '_>) {
        let Some(accepted) = self.standing.accepted() else {
            return;
        };
        let (path, token) = match self.renewal.activation {
            Some(_) => (rest::DEVICE_TOKEN, None),
            None => (rest::DEVICE_REFRESH, Some(accepted.token.as_str())),
        };
        let ticket = self.key.sign(Use::Binding, &self.clock, turn, |mark| {
            dpop::of_post(path, token, mark)
        });
        self.renewal.stage = Stage::Requesting {
            ticket,
            limit: None,
        };
    }

    /// Sends the request with its proof.
    pub(super) fn fetch_bound(&mut self, proof: &str, turn: &mut Turn<'_, '_>) {
        let Stage::Requesting { .. } = self.renewal.stage else {
            return;
        };
        let Some(accepted) = self.standing.accepted() else {
            return;
        };
        let (path, life) = match self.renewal.activation {
            Some(_) => (rest::DEVICE_TOKEN, LIFE),
            None => (rest::DEVICE_REFRESH, self.renewal.life),
        };
        // Activation has a limit of its own, which is told as such.
        let until = self.tries_until(turn);
        let until = until.filter(|_| self.renewal.activation.is_none());
        let left = until.map(|at| at.saturating_sub(turn.now()));
        let request = HttpRequest {
            url: String::from_iter([accepted.endpoints.rest.as_str(), path]),
            body: Some(rest::device_token(proof, life)),
            bearer: Some(accepted.token.clone()),
            timeout: left.map_or(LIMIT, |left| left.clamp(PAUSE, LIMIT)),
            expect: Expect::Token,
        };
        let ticket = turn.ticket();
        self.renewal.stage = Stage::Requesting {
            ticket,
            limit: None,
        };
        turn.emit(Output::Fetch { ticket, request });
    }

    /// Is this the ticket of the request?
    pub(super) fn is_binding(&self, ticket: Ticket) -> bool {
        let is_own =
            matches!(self.renewal.stage, Stage::Requesting { ticket: own, .. } if own == ticket);
        is_own && self.renewal.mechanism == Mechanism::Bound
    }

    /// The answer to the request.
    pub(super) fn bound_answered(
        &mut self,
        result: &Result<HttpResponse, FetchFailure>,
        turn: &mut Turn<'_, '_>,
    ) -> Change {
        self.renewal.stage = Stage::Idle;
        let (refused, missing) = match self.renewal.activation {
            Some(_) => (ErrorCode::DeviceTokenRefused, ErrorCode::DeviceTokenMissing),
            None => (ErrorCode::RotationRefused, ErrorCode::RotationMissing),
        };
        match result {
            Ok(response) if matches!(response.status, 200..=299) => {
                self.key.satisfied();
                match &response.body {
                    Some(Body::Token(issued)) => self.take_bound(issued, turn),
                    _ => self.bound_failed(missing.into(), true, 0, turn),
                }
            }
            Ok(response)
                if response.status == 401 && self.key.is_challenged(response.nonce.as_deref()) =>
            {
                self.request_bound(turn);
                Change::None
            }
            Ok(response) => {
                let failure = Failure::from(refused)
                    .count(response.status)
                    .arg(&response.status_text);
                let is_final = match response.status {
                    408 | 429 | 500.. => false,
                    401 => !self.may_be_the_clock(),
                    _ => true,
                };
                let pause = response.retry_after.unwrap_or_default();
                self.bound_failed(failure, is_final, pause, turn)
            }
            Err(failure) => self.bound_failed(failure.told(LIMIT), false, 0, turn),
        }
    }

    /// A proof that was made before the space had told its time may be refused for that alone; the time will come
    /// with a ping. Counts such refusals.
    pub(super) fn may_be_the_clock(&mut self) -> bool {
        let renewal = &mut self.renewal;
        let may_be = renewal.mechanism == Mechanism::Bound && !self.key.is_clocked();
        renewal.untimely = renewal.untimely.saturating_add(u32::from(may_be));
        may_be && renewal.untimely < UNTIMELY
    }

    /// A token was issued. What the space says of its end is in the space's time; a lifetime is true on any clock.
    fn take_bound(&mut self, issued: &IssuedToken, turn: &mut Turn<'_, '_>) -> Change {
        let is_first = self.renewal.activation.is_some();
        let in_millis = |seconds: u64| seconds.saturating_mul(1_000);
        if let (Some(at), Some(life)) = (issued.expires_at, issued.expires_in) {
            let said_at = in_millis(at.saturating_sub(life));
            self.clock.measured(said_at, turn.cx);
        }
        let now = self.clock.now(turn.cx);
        let of_the_sat = self.user.facts().and_then(|facts| facts.expires_at);
        let end = issued
            .expires_at
            .map(in_millis)
            .or(issued
                .expires_in
                .map(|life| now.saturating_add(in_millis(life))))
            .or(of_the_sat.filter(|_| is_first))
            .unwrap_or(now.saturating_add(in_millis(LIFE)));
        let is_no_later = !is_first && self.standing.end().is_some_and(|present| end <= present);
        if end <= now || is_no_later {
            return self.bound_failed(ErrorCode::CredentialsNotNewer.into(), false, 0, turn);
        }
        let left = end.saturating_sub(now) / 1_000;
        self.renewal.life = issued.expires_in.unwrap_or(left).max(1);
        self.renewal.stage = Stage::Proving {
            former: self.standing.bind(issued.token.clone(), end),
            sent: false,
        };
        self.renewal.not_before = turn.now();
        Change::None
    }

    /// When the client has had the time for it, on the monotonic clock: a quarter of the lead is the provider's.
    fn tries_until(&self, turn: &Turn<'_, '_>) -> Option<Millis> {
        let renewal = &self.renewal;
        renewal.activation.or_else(|| {
            let end = self.standing.end()?;
            let rest = lead(renewal.life.saturating_mul(1_000)) / 4;
            Some(turn.after(self.clock.until(end.saturating_sub(rest), turn.cx)))
        })
    }

    /// An attempt failed; `pause` in seconds is what the space asked for.
    pub(super) fn bound_failed(
        &mut self,
        failure: Failure,
        is_final: bool,
        pause: u32,
        turn: &mut Turn<'_, '_>,
    ) -> Change {
        let own = PAUSE
            .wrapping_shl(self.renewal.failed.min(5))
            .min(LONGEST_PAUSE);
        let asked = Millis::from(pause).saturating_mul(1_000);
        let next = turn.jittered(own).max(asked);
        let next = turn.after(next);
        let renewal = &mut self.renewal;
        renewal.stage = Stage::Idle;
        renewal.failed = renewal.failed.saturating_add(1);
        renewal.not_before = next;
        let until = self.tries_until(turn);
        // Without a session there is time: activation begins anew with the next.
        let waits = self.renewal.activation.is_some() && !self.ready;
        if !is_final && (waits || until.is_none_or(|until| next < until)) {
            return Change::None;
        }
        if self.renewal.activation.is_some() {
            turn.client_error(Failure::from(ErrorCode::ActivationFailed).because(failure));
            self.decline("endpoint-failed", turn);
        } else {
            self.step_in(failure, turn);
        }
        Change::None
    }

    /// The client cannot renew the credential any more: the provider steps in, at once (REQ-68).
    fn step_in(&mut self, failure: Failure, turn: &mut Turn<'_, '_>) {
        let renewal = &mut self.renewal;
        renewal.mechanism = renewal.by_any_provider();
        renewal.failed = 0;
        renewal.due = Some(0);
        renewal.not_before = turn.now();
        match renewal.mechanism {
            Mechanism::Developer => self.standing.warn("endpoint-failed", turn),
            Mechanism::None => {
                turn.client_error(Failure::from(ErrorCode::RotationFailed).because(failure));
            }
            Mechanism::Again | Mechanism::Bound => {}
        }
    }
}
