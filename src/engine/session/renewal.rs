//! Renewal by the application: `refresh()` of the provider, in time, and the new SAT put into force on the live
//! session (auth §1.10, §7.7).
//!
//! All deadlines are absolute and on the space's clock: a sleep delays nothing, and a wrong clock does not
//! matter once the space has said what time it is.

use super::{Change, Session};
use crate::engine::auth::Credential;
use crate::engine::auth::credential::Accepted;
use crate::engine::error::{ErrorCode, Failure};
use crate::engine::io::{Entity, Millis, Output, Source, Ticket, Value};
use crate::engine::rpc::{self, Purpose};
use crate::engine::state::Field;
use crate::engine::turn::Turn;
use crate::engine::wire::Opaque;
use crate::engine::wire::session::reauthenticate;

/// How long before its end a credential is renewed: a twentieth of its life, within these bounds and never more
/// than half of it; up to a tenth earlier, so that a fleet of clients does not come at once.
const LEAD: (Millis, Millis) = (30_000, 120_000);
/// How long one `refresh()` may take; what comes later is dropped.
const ATTEMPT_LIMIT: Millis = 30_000;
/// The first pause after a failed attempt; it doubles.
const PAUSE: Millis = 1_000;
/// The longest pause, and the pause between the attempts after the fifth.
const LONGEST_PAUSE: Millis = 30_000;
/// After so many attempts in a row the application is told, once.
const TOLD_AFTER: u32 = 5;
/// Between two renewals that succeed: a provider whose credentials seem to end at once makes no storm.
const SPACING: Millis = 30_000;
/// So long the space's time is waited for before the client's own is taken.
const CLOCK_PATIENCE: Millis = 10_000;

/// The socket is refused this credential, which is not the session's (auth §7.9, 11).
const REFUSED: [i32; 2] = [-32002, -32003];

#[derive(Debug, Default)]
enum Stage {
    #[default]
    Idle,
    /// The provider is being asked.
    Requesting { ticket: Ticket, limit: Millis },
    /// The new credential is in force here, and has to be on the session; `former` is what was before it.
    Proving { former: Accepted, sent: bool },
}

/// The clock of one client's `refresh()`.
#[derive(Debug)]
pub struct Renewal {
    /// The provider offers it.
    enabled: bool,
    stage: Stage,
    /// When it is due, on the space's clock.
    due: Option<Millis>,
    /// The credential has ended already, because nobody could act in time: a newer one saves the session.
    saving: bool,
    /// Attempts that failed in a row.
    failed: u32,
    /// Nothing is tried before, on the monotonic clock.
    not_before: Millis,
}

impl Renewal {
    /// Nothing is due yet.
    pub fn new(enabled: bool) -> Self {
        Self {
            enabled,
            stage: Stage::Idle,
            due: None,
            saving: false,
            failed: 0,
            not_before: 0,
        }
    }

    /// The session is over: a late answer of the provider is dropped. The clock is set anew by the next session.
    pub fn stop(&mut self) {
        *self = Self::new(self.enabled);
    }

    /// Is a credential looked for that saves a session whose own has ended?
    pub fn is_saving(&self) -> bool {
        self.saving
    }

    /// Is there a newer credential than the one that the session knows?
    pub fn is_unproven(&self) -> bool {
        matches!(self.stage, Stage::Proving { .. })
    }

    /// The socket is gone, and what was said on it with it.
    pub fn lost(&mut self) {
        if let Stage::Proving { sent, .. } = &mut self.stage {
            *sent = false;
        }
    }
}

impl Session {
    /// Sets the clock, once the end of the credential is known, and what time it is.
    fn arm(&mut self, turn: &mut Turn<'_, '_>) {
        if self.renewal.due.is_some() {
            return;
        }
        if let Some(end) = self.standing.end() {
            let life = self.clock.until(end, turn.cx);
            let (least, most) = LEAD;
            let lead = (life / 20).clamp(least, most).min(life / 2);
            let earlier = turn.jittered(lead / 5).saturating_sub(lead / 10);
            self.renewal.due = Some(end.saturating_sub(lead.saturating_add(earlier)));
        }
    }

    /// When [`Self::renew`] is wanted, on the monotonic clock.
    pub(super) fn renewal_deadline(&self, turn: &Turn<'_, '_>) -> Option<Millis> {
        let renewal = &self.renewal;
        match renewal.stage {
            Stage::Requesting { limit, .. } => Some(limit),
            Stage::Proving { sent: false, .. } if self.ready => Some(renewal.not_before),
            Stage::Proving { .. } => None,
            Stage::Idle if renewal.saving => Some(renewal.not_before),
            Stage::Idle => {
                let trusted = self.clock_is_trusted_at().filter(|_| self.renews())?;
                let Some(due) = renewal.due else {
                    return Some(trusted);
                };
                let at = turn.after(self.clock.until(due, turn.cx));
                Some(at.max(renewal.not_before).max(trusted))
            }
        }
    }

    fn renews(&self) -> bool {
        let is_to_be = self.renewal.enabled && self.wanted && !self.paused;
        is_to_be && self.standing.end().is_some()
    }

    /// From when on the clock can be gone by; never, while there has been neither a session nor the space's word.
    fn clock_is_trusted_at(&self) -> Option<Millis> {
        let patience = self.ready_since.saturating_add(CLOCK_PATIENCE);
        match self.clock.is_measured() {
            true => Some(0),
            false => (self.ready_since > 0).then_some(patience),
        }
    }

    /// The space refuses the credential of a session that was: it ended while nobody could act, and a newer one
    /// may save the session (auth §7.9, 13). False where there is none to be had, or it was had already.
    pub(super) fn is_saved_from_refusal(&mut self, turn: &mut Turn<'_, '_>) -> bool {
        let renewal = &self.renewal;
        let has_tried = renewal.failed > 0 || renewal.saving || renewal.is_unproven();
        if !renewal.enabled || has_tried || self.ready_since == 0 {
            return false;
        }
        self.save(turn);
        true
    }

    /// Does what is due: asks the provider, or puts its credential into force.
    pub(super) fn renew(&mut self, turn: &mut Turn<'_, '_>) -> Change {
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
                let failure = Failure::from(ErrorCode::RequestTimeout).arg(ATTEMPT_LIMIT);
                self.renewal_failed(failure, turn)
            }
            Stage::Proving { sent, .. } => {
                *sent = true;
                self.prove(turn);
                Change::None
            }
            Stage::Idle => self.request_renewal(turn),
        }
    }

    fn request_renewal(&mut self, turn: &mut Turn<'_, '_>) -> Change {
        if !self.renewal.saving && self.standing.has_ended(&self.clock, turn.cx) {
            // Whoever had the time and did not succeed has had the chance.
            return match self.renewal.failed {
                0 => self.save(turn),
                _ => Change::None,
            };
        }
        self.ask_to_renew(turn);
        Change::None
    }

    /// The space has ended the session by now, or will: the next one begins with the new credential.
    fn save(&mut self, turn: &mut Turn<'_, '_>) -> Change {
        self.renewal.saving = true;
        self.ask_to_renew(turn);
        self.resume = super::Resume::default();
        let change = self.drop_socket(turn);
        self.link.close(turn);
        change
    }

    fn ask_to_renew(&mut self, turn: &mut Turn<'_, '_>) {
        let ticket = turn.ticket();
        self.renewal.stage = Stage::Requesting {
            ticket,
            limit: turn.after(ATTEMPT_LIMIT),
        };
        turn.emit(Output::Authenticate {
            ticket,
            source: Source::Refresh,
            fingerprint: None,
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
        Some(match self.standing.replace(result.clone(), turn) {
            Err(failure) => self.renewal_failed(failure, turn),
            Ok(former) => {
                self.renewal.stage = Stage::Proving {
                    former,
                    sent: false,
                };
                self.renewal.not_before = turn.now();
                if let Some(accepted) = self.standing.accepted().filter(|_| self.renewal.saving) {
                    self.link.open(&accepted.endpoints.websocket, turn);
                }
                Change::None
            }
        })
    }

    fn prove(&mut self, turn: &mut Turn<'_, '_>) {
        if let Some(accepted) = self.standing.accepted() {
            let (project_id, token) = (&self.project_id, &accepted.token);
            turn.request(Purpose::Renew, rpc::LIMIT, |id, _| {
                reauthenticate(id, project_id, token, None)
            });
        }
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
            Err(failure) if REFUSED.contains(&failure.number) => {
                if let Stage::Proving { former, .. } = std::mem::take(&mut self.renewal.stage) {
                    self.standing.take_back(former);
                }
                return self.renewal_failed(failure, turn);
            }
            _ => self.renewal_done(turn),
        }
        Change::None
    }

    /// The renewed credential is in force: the session began with it, or took it.
    pub(super) fn renewal_done(&mut self, turn: &mut Turn<'_, '_>) {
        let renewal = &mut self.renewal;
        renewal.stage = Stage::Idle;
        renewal.saving = false;
        renewal.failed = 0;
        renewal.due = None;
        self.standing.keep(turn);
        let end = self.standing.end();
        let life = end.map_or(0, |end| self.clock.until(end, turn.cx));
        let spacing = match life {
            0 => SPACING,
            life => SPACING.min(life / 2),
        };
        self.renewal.not_before = turn.after(spacing);
        let refreshed = Value::Notice {
            code: "developer",
            reason: "",
            expires_at: end,
        };
        turn.patch(Entity::CLIENT, Field::ClientCredentialRefreshed, refreshed);
        if let Some(accepted) = self.standing.accepted() {
            self.user.ask_again(accepted, turn);
        }
    }

    fn renewal_failed(&mut self, failure: Failure, turn: &mut Turn<'_, '_>) -> Change {
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
        self.renewal.stage = Stage::Idle;
        self.renewal.not_before = turn.after(pause.min(LONGEST_PAUSE));
        Change::None
    }
}
