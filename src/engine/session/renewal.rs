//! A newer credential, in time, put into force on the live session (auth §7.7): by `refresh()` of the provider (§1.10)
//! or by the client itself (§1.11, `binding`), never by both.
//!
//! All deadlines are absolute and on the space's clock: a sleep delays nothing, and a wrong clock does not
//! matter once the space has said what time it is.

use super::{Change, Session};
use crate::engine::auth::Credential;
use crate::engine::auth::credential::Accepted;
use crate::engine::config::Config;
use crate::engine::error::{ErrorCode, Failure};
use crate::engine::io::{Entity, Millis, Output, Source, Ticket, Value};
use crate::engine::rpc::{self, Purpose};
use crate::engine::state::Field;
use crate::engine::turn::Turn;
use crate::engine::wire::Opaque;

/// How long before its end a credential is renewed: a twentieth of its life, within these bounds and never more
/// than half of it; up to a tenth earlier, so that a fleet of clients does not come at once.
const LEAD: (Millis, Millis) = (30_000, 120_000);
/// How long one `refresh()` may take; what comes later is dropped.
const ATTEMPT_LIMIT: Millis = 30_000;
/// The first pause after a failed attempt; it doubles.
pub(super) const PAUSE: Millis = 1_000;
/// The longest pause, and the pause between the attempts after the fifth.
pub(super) const LONGEST_PAUSE: Millis = 30_000;
/// After so many attempts in a row the application is told, once.
const TOLD_AFTER: u32 = 5;
/// Between two renewals that succeed: a provider whose credentials seem to end at once makes no storm.
const SPACING: Millis = 30_000;
/// The same where its end is not known yet: it may be a short one.
const BRIEF_SPACING: Millis = 5_000;
/// So long the space's time is waited for before the client's own is taken.
const CLOCK_PATIENCE: Millis = 10_000;

/// The socket is refused this credential, which is not the session's (auth §7.9, 11).
const REFUSED: [i32; 2] = [-32002, -32003];

/// By what the credential is renewed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mechanism {
    /// By nothing, or that is not decided yet.
    #[default]
    None,
    /// `refresh()` of the provider.
    Developer,
    /// `authenticate()` of the provider, once, because the client could not (auth §7.7, 7).
    Again,
    /// The client itself, by the key to which the SAT is bound.
    Bound,
}

#[derive(Debug, Default)]
pub(super) enum Stage {
    #[default]
    Idle,
    /// The provider is being asked, until `limit`, or the space, for which the proof or the request has the limit.
    Requesting {
        ticket: Ticket,
        limit: Option<Millis>,
    },
    /// The new credential is in force here, and has to be on the session; `former` is what was before it, where it
    /// was not in force on an earlier socket already.
    Proving {
        former: Option<Accepted>,
        sent: bool,
    },
}

/// The clock of one client's renewals.
#[derive(Debug, Default)]
pub struct Renewal {
    /// The provider has a `refresh()`.
    offers_refresh: bool,
    /// The provider is the application's own: asked again, it may have a newer credential.
    may_be_asked_again: bool,
    pub(super) mechanism: Mechanism,
    /// The mechanism was decided on in this session, since its last socket.
    pub(super) decided: bool,
    /// The session knows the credential in force by its last socket.
    pub(super) known: bool,
    pub(super) stage: Stage,
    /// When it is due, on the space's clock.
    pub(super) due: Option<Millis>,
    /// The credential has ended already, because nobody could act in time: a newer one saves the session.
    saving: bool,
    /// Attempts that failed in a row.
    pub(super) failed: u32,
    /// Refusals that may be the fault of the clock.
    pub(super) untimely: u32,
    /// Nothing is tried before, on the monotonic clock.
    pub(super) not_before: Millis,
    /// A Client Bound SAT is being obtained for the first time, at most until then.
    pub(super) activation: Option<Millis>,
    /// Lifetime of the Client Bound SAT in force, in seconds.
    pub(super) life: u64,
}

impl Renewal {
    /// Nothing is due yet.
    pub fn new(config: &Config) -> Self {
        Self {
            offers_refresh: config.has_refresh,
            may_be_asked_again: config.wants_fingerprint,
            ..Self::default()
        }
    }

    /// The session is over: a late answer of the provider is dropped. The clock is set anew by the next session.
    pub fn stop(&mut self, turn: &mut Turn<'_, '_>) {
        self.abandon(turn);
        *self = Self {
            offers_refresh: self.offers_refresh,
            may_be_asked_again: self.may_be_asked_again,
            life: self.life,
            ..Self::default()
        };
    }

    /// Nobody waits any more for what is being done.
    pub(super) fn abandon(&mut self, turn: &mut Turn<'_, '_>) {
        if let Stage::Requesting { ticket, .. } = self.stage {
            self.stage = Stage::Idle;
            if self.mechanism == Mechanism::Bound {
                turn.emit(Output::CancelFetch { ticket });
            }
        }
    }

    /// Is there a newer credential than the one that the session knows?
    pub fn is_unproven(&self) -> bool {
        matches!(self.stage, Stage::Proving { .. })
    }

    /// Is a credential looked for that saves a session whose own has ended?
    pub fn is_saving(&self) -> bool {
        self.saving
    }

    /// The socket is gone, and what was said on it with it.
    pub fn lost(&mut self) {
        if let Stage::Proving { sent, .. } = &mut self.stage {
            *sent = false;
        }
    }

    /// A socket is authenticated: the mechanism is decided on anew (REQ-66). `known`: it was begun with the credential
    /// in force.
    pub(super) fn decide_anew(&mut self, known: bool) {
        self.decided = false;
        self.known = known;
    }

    /// By what the credential is renewed where the client does not do it.
    pub(super) fn by_provider(&self) -> Mechanism {
        match self.offers_refresh {
            true => Mechanism::Developer,
            false => Mechanism::None,
        }
    }

    /// The same when a credential has to be had in any way: a provider may be asked as for the first time.
    pub(super) fn by_any_provider(&self) -> Mechanism {
        match self.by_provider() {
            Mechanism::None if self.may_be_asked_again => Mechanism::Again,
            mechanism => mechanism,
        }
    }
}

/// How long before its end a credential that lives so long is renewed, at most.
pub(super) fn lead(life: Millis) -> Millis {
    let (least, most) = LEAD;
    (life / 20).clamp(least, most).min(life / 2)
}

impl Session {
    /// Sets the clock, once the end of the credential is known, and what time it is.
    fn arm(&mut self, turn: &mut Turn<'_, '_>) {
        if self.renewal.due.is_some() {
            return;
        }
        if let Some(end) = self.standing.end() {
            let life = match self.renewal.mechanism {
                Mechanism::Bound => self.renewal.life.saturating_mul(1_000),
                _ => self.clock.until(end, turn.cx),
            };
            let lead = lead(life);
            let earlier = turn.jittered(lead / 5).saturating_sub(lead / 10);
            self.renewal.due = Some(end.saturating_sub(lead.saturating_add(earlier)));
        }
    }

    /// When [`Self::renew`] is wanted, on the monotonic clock.
    pub(super) fn renewal_deadline(&self, turn: &Turn<'_, '_>) -> Option<Millis> {
        let renewal = &self.renewal;
        let at = match renewal.stage {
            Stage::Requesting { limit, .. } => limit,
            Stage::Proving { sent: false, .. } if self.ready => Some(renewal.not_before),
            Stage::Proving { .. } => None,
            Stage::Idle if renewal.saving => Some(renewal.not_before),
            Stage::Idle if renewal.activation.is_some() => {
                Some(renewal.not_before).filter(|_| self.ready)
            }
            Stage::Idle => self.due_at(turn),
        };
        let limit = renewal.activation.filter(|_| self.ready);
        at.into_iter().chain(limit).min()
    }

    fn due_at(&self, turn: &Turn<'_, '_>) -> Option<Millis> {
        let renewal = &self.renewal;
        let trusted = self.clock_is_trusted_at().filter(|_| self.renews())?;
        let Some(due) = renewal.due else {
            return Some(trusted);
        };
        let at = turn.after(self.clock.until(due, turn.cx));
        Some(at.max(renewal.not_before).max(trusted))
    }

    /// A mechanism that is not decided on by the time that renewal is due is the provider's, where it has one: "who am
    /// I" has not been answered for so long.
    fn renews(&self) -> bool {
        let renewal = &self.renewal;
        let can = match renewal.mechanism {
            Mechanism::None => !renewal.decided && renewal.offers_refresh,
            // Its second step needs the socket, and its first one a token that may end meanwhile.
            Mechanism::Bound => self.ready,
            Mechanism::Developer | Mechanism::Again => true,
        };
        can && self.wanted && !self.paused && self.standing.end().is_some()
    }

    /// From when on the clock can be gone by; never, while there has been neither a session nor the space's word.
    fn clock_is_trusted_at(&self) -> Option<Millis> {
        let patience = self.ready_since.saturating_add(CLOCK_PATIENCE);
        let is_bound = self.renewal.mechanism == Mechanism::Bound;
        match self.clock.is_measured() {
            // A token that has ended, or a proof of another time, is refused for good.
            true if is_bound && !self.clock.is_sure() => {
                Some(self.clock.jumped_at().saturating_add(CLOCK_PATIENCE))
            }
            true => Some(0),
            false => (self.ready_since > 0).then_some(patience),
        }
    }

    /// The space refuses the credential of a session that was: it ended while nobody could act, and a newer one
    /// may save the session (auth §7.9, 13). False where there is none to be had, or it was had already.
    pub(super) fn is_saved_from_refusal(&mut self, turn: &mut Turn<'_, '_>) -> bool {
        let renewal = &self.renewal;
        let has_tried = renewal.failed > 0 || renewal.saving || renewal.is_unproven();
        let cannot = renewal.by_any_provider() == Mechanism::None;
        if cannot || has_tried || self.ready_since == 0 {
            return false;
        }
        self.save(turn);
        true
    }

    /// Whoever had the time to renew the credential and did not succeed has had the chance. What nothing renews ends
    /// with its session (REQ-67); one that has lost its socket has to connect afresh (auth §7.9, 13).
    fn is_worth_saving(&self) -> bool {
        let renewal = &self.renewal;
        let had_none = match renewal.mechanism {
            Mechanism::Bound => true,
            Mechanism::None if renewal.decided => !self.ready,
            _ => renewal.failed == 0 && matches!(renewal.stage, Stage::Idle),
        };
        had_none && !self.paused && renewal.by_any_provider() != Mechanism::None
    }

    /// Is something to be done when the credential ends? A page in the back/forward cache does it when it is back.
    pub(super) fn minds_the_end(&self) -> bool {
        self.wanted && !self.paused && !self.renewal.saving
    }

    /// Does what is due: asks for a newer credential, or puts it into force. Ends what cannot be renewed.
    pub(super) fn renew(&mut self, turn: &mut Turn<'_, '_>) -> Change {
        let falls_back = self.standing.falls_back(&self.clock, turn.cx);
        // Where both have ended there is nothing left to decide on.
        if falls_back && !self.standing.has_ended(&self.clock, turn.cx) {
            self.renewal.abandon(turn);
            self.renewal.due = None;
            self.renewal.decided = false;
        }
        self.decide(turn);
        if self.minds_the_end() && self.standing.has_ended(&self.clock, turn.cx) {
            return match self.is_worth_saving() {
                true => self.save(turn),
                false => Change::Expired,
            };
        }
        let limit = self.renewal.activation.filter(|_| self.ready);
        if limit.is_some_and(|limit| limit <= turn.now()) {
            self.give_up_activation(turn);
        }
        let is_due = |session: &Self, turn: &Turn<'_, '_>| {
            let at = session.renewal_deadline(turn);
            at.is_some_and(|at| at <= turn.now())
        };
        if is_due(self, turn) && matches!(self.renewal.stage, Stage::Idle) {
            self.arm(turn);
        }
        if !is_due(self, turn) {
            return Change::None;
        }
        match &mut self.renewal.stage {
            Stage::Requesting { .. } => {
                let failure = Failure::from(ErrorCode::RequestTimeout).count(ATTEMPT_LIMIT);
                self.renewal_failed(failure, turn)
            }
            Stage::Proving { sent, .. } => {
                *sent = true;
                self.reauthenticate(Purpose::Renew, rpc::LIMIT, turn);
                Change::None
            }
            Stage::Idle => {
                self.ask_to_renew(turn);
                Change::None
            }
        }
    }

    /// The space has ended the session by now, or will: the next one begins with the new credential. One that lost its
    /// socket before may still be resumed with it (auth §5.1).
    fn save(&mut self, turn: &mut Turn<'_, '_>) -> Change {
        self.renewal.abandon(turn);
        self.renewal.activation = None;
        self.renewal.saving = true;
        self.renewal.failed = 0;
        self.renewal.mechanism = self.renewal.by_any_provider();
        self.ask_to_renew(turn);
        if self.ready {
            self.resume = super::Resume::default();
        }
        let change = self.drop_socket(turn);
        self.link.close(turn);
        change
    }

    fn ask_to_renew(&mut self, turn: &mut Turn<'_, '_>) {
        let source = match self.renewal.mechanism {
            Mechanism::Bound => return self.request_bound(turn),
            Mechanism::Again => Source::Provider,
            Mechanism::Developer | Mechanism::None => Source::Refresh,
        };
        self.renewal.mechanism = self.renewal.by_any_provider();
        let ticket = turn.ticket();
        self.renewal.stage = Stage::Requesting {
            ticket,
            limit: Some(turn.after(ATTEMPT_LIMIT)),
        };
        turn.emit(Output::Authenticate {
            ticket,
            source,
            fingerprint: self.key.fingerprint().map(str::to_owned),
        });
    }

    /// The provider's answer to a renewal; `None` when the ticket is another's.
    pub(super) fn renewed(
        &mut self,
        ticket: Ticket,
        result: &Result<Option<Credential>, Opaque>,
        turn: &mut Turn<'_, '_>,
    ) -> Option<Change> {
        match self.renewal.stage {
            Stage::Requesting { ticket: own, .. } if own == ticket => {}
            _ => return None,
        }
        Some(
            match self.standing.replace(result.clone(), &self.clock, turn) {
                Err(failure) => self.renewal_failed(failure, turn),
                Ok(former) => {
                    self.user.forget_end();
                    self.renewal.stage = Stage::Proving {
                        former: Some(former),
                        sent: false,
                    };
                    self.renewal.not_before = turn.now();
                    // A session that was saved once and refused what saved it still has its socket.
                    let is_cut_off = self.renewal.saving && self.link.is_down();
                    if let Some(accepted) = self.standing.accepted().filter(|_| is_cut_off) {
                        self.link.open(&accepted.endpoints.websocket, turn);
                    }
                    Change::None
                }
            },
        )
    }

    /// The answer to `signalwire.reauthenticate` of a renewal. Only a refusal of the credential itself takes it
    /// back: the public service has never been seen to take this request (REQ-48).
    pub fn proven_anew(&mut self, result: Result<(), Failure>, turn: &mut Turn<'_, '_>) -> Change {
        if !self.renewal.is_unproven() {
            return Change::None;
        }
        match result {
            Err(failure) if failure.code == ErrorCode::RpcTimeout => {
                self.renewal.lost();
                self.renewal.not_before = turn.after(PAUSE);
            }
            Err(failure) if REFUSED.contains(&failure.number) && self.may_be_the_clock() => {
                self.renewal.lost();
                self.renewal.not_before = turn.after(PAUSE);
            }
            Err(failure) if self.renewal.mechanism == Mechanism::Bound => {
                self.take_back();
                let failure = Failure::from(ErrorCode::ReauthenticationFailed).because(failure);
                return self.bound_failed(failure, true, 0, turn);
            }
            Err(failure) if REFUSED.contains(&failure.number) => {
                self.take_back();
                return self.renewal_failed(failure, turn);
            }
            _ => self.renewal_done(turn),
        }
        Change::None
    }

    /// The credential before the one that is being proven is in force again.
    pub(super) fn take_back(&mut self) {
        if let Stage::Proving { former, .. } = &mut self.renewal.stage {
            let former = former.take();
            self.renewal.stage = Stage::Idle;
            if let Some(former) = former {
                self.standing.take_back(former);
            }
        }
    }

    /// The renewed credential is in force: the session began with it, or took it.
    pub(super) fn renewal_done(&mut self, turn: &mut Turn<'_, '_>) {
        let end = self.standing.end();
        let life = end.map(|end| self.clock.until(end, turn.cx));
        let spacing = match life {
            None => BRIEF_SPACING,
            Some(0) => SPACING,
            Some(life) => SPACING.min(life / 2),
        };
        let renewal = &mut self.renewal;
        let is_new = !matches!(
            std::mem::take(&mut renewal.stage),
            Stage::Proving { former: None, .. }
        );
        let is_first = renewal.activation.take().is_some();
        renewal.saving = false;
        renewal.known = true;
        renewal.failed = 0;
        renewal.untimely = 0;
        renewal.due = None;
        if is_new {
            renewal.not_before = turn.after(spacing);
        }
        let is_bound = renewal.mechanism == Mechanism::Bound;
        if renewal.mechanism == Mechanism::Again {
            // The new SAT may be one that the client renews again.
            renewal.mechanism = Mechanism::None;
            renewal.decided = false;
        }
        if is_new && !is_first {
            let refreshed = Value::Notice {
                code: if is_bound {
                    "client-bound"
                } else {
                    "developer"
                },
                reason: "",
                expires_at: end,
            };
            turn.patch(Entity::CLIENT, Field::ClientCredentialRefreshed, refreshed);
        }
        if is_bound {
            return;
        }
        self.standing.keep(turn);
        if let Some(accepted) = self.standing.accepted() {
            self.user.ask_again(accepted, turn);
        }
    }

    fn renewal_failed(&mut self, failure: Failure, turn: &mut Turn<'_, '_>) -> Change {
        self.renewal.stage = Stage::Idle;
        if self.renewal.mechanism == Mechanism::Again && !self.renewal.saving {
            self.renewal.mechanism = Mechanism::None;
            turn.client_error(Failure::from(ErrorCode::RotationFailed).because(failure));
            return Change::None;
        }
        let failed = self.renewal.failed.saturating_add(1);
        if failed == TOLD_AFTER && self.renewal.saving {
            return Change::Expired;
        }
        if failed == TOLD_AFTER {
            let refusal = Failure::from(ErrorCode::RefreshFailed).because(failure);
            turn.client_error(refusal);
        }
        let pause = match failed {
            TOLD_AFTER.. => LONGEST_PAUSE,
            _ => turn.jittered(PAUSE.wrapping_shl(failed)),
        };
        self.renewal.failed = failed;
        self.renewal.not_before = turn.after(pause.min(LONGEST_PAUSE));
        Change::None
    }
}
