//! The credential in force: where it comes from, whether it may be used, when it ends.

use super::clock::Clock;
use crate::engine::auth::Credential;
use crate::engine::auth::credential::Accepted;
use crate::engine::config::Config;
use crate::engine::error::{ErrorCode, Failure};
use crate::engine::io::{Cx, Entity, Millis, Output, Source, StoreChange, Ticket, Value};
use crate::engine::state::Field;
use crate::engine::turn::Turn;
use crate::engine::wire::Opaque;

/// The record of a credential that outlives the page (auth §8.1).
const RECORD: &str = "sw:cached_credential";

/// The client leaves so long before the space would throw it out: its goodbyes are still taken.
const EARLY: Millis = 500;

/// Whom the client acts for, and for how long.
#[derive(Debug)]
pub struct Standing {
    config: Config,
    asking: Option<Ticket>,
    accepted: Option<Accepted>,
    /// When the space says that the SAT ends.
    told_end: Option<Millis>,
    /// The same of the credential before, while its successor may be taken back.
    former_end: Option<Millis>,
    /// The SAT of the provider, with when the space says that it ends, while a Client Bound SAT is in force that
    /// came of it.
    sat: Option<(Accepted, Option<Millis>)>,
    /// What this client wrote into local storage.
    written: Option<String>,
    /// A credential was in force and has ended: the next one is a renewal.
    ended: bool,
    warned: bool,
}

impl Standing {
    /// Nobody has been asked yet.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            asking: None,
            accepted: None,
            told_end: None,
            former_end: None,
            sat: None,
            written: None,
            ended: false,
            warned: false,
        }
    }

    /// The credential in force.
    pub fn accepted(&self) -> Option<&Accepted> {
        self.accepted.as_ref()
    }

    /// Is there a credential that has not ended?
    pub fn is_usable(&mut self, clock: &Clock, cx: &Cx<'_>) -> bool {
        self.falls_back(clock, cx);
        if self.accepted.is_some() && self.has_ended(clock, cx) {
            self.accepted = None;
            self.told_end = None;
            self.sat = None;
            self.ended = true;
        }
        self.accepted.is_some()
    }

    /// Asks the provider, or the record of an earlier page. Joins who is being asked already.
    ///
    /// Fails with [`ErrorCode::CredentialsNoSource`] where there is neither.
    pub fn ask(
        &mut self,
        fingerprint: Option<&str>,
        turn: &mut Turn<'_, '_>,
    ) -> Result<(), Failure> {
        let source = match (self.config.has_provider, self.config.persist_session) {
            (true, _) if self.ended => Source::Refresh,
            (true, _) => Source::Provider,
            (false, true) => Source::Stored(RECORD),
            (false, false) => return Err(ErrorCode::CredentialsNoSource.into()),
        };
        if self.asking.is_none() {
            let ticket = turn.ticket();
            self.asking = Some(ticket);
            turn.emit(Output::Authenticate {
                ticket,
                source,
                fingerprint: fingerprint.map(str::to_owned),
            });
        }
        Ok(())
    }

    /// What was asked for is not wanted any more: a late answer is dropped (auth §11, W-27).
    pub fn stop_asking(&mut self) {
        self.asking = None;
    }

    /// The answer, checked and put in force; `None` for a late one.
    pub fn answered(
        &mut self,
        ticket: Ticket,
        result: Result<Option<Credential>, Opaque>,
        clock: &Clock,
        turn: &mut Turn<'_, '_>,
    ) -> Option<Result<(), Failure>> {
        self.asking.take_if(|asking| *asking == ticket)?;
        Some(self.accept(result, clock, turn))
    }

    fn accept(
        &mut self,
        result: Result<Option<Credential>, Opaque>,
        clock: &Clock,
        turn: &mut Turn<'_, '_>,
    ) -> Result<(), Failure> {
        self.accepted = Some(self.check(result, clock.judged(turn.cx))?);
        self.told_end = None;
        self.sat = None;
        self.ended = false;
        self.warned = false;
        self.keep(turn);
        Ok(())
    }

    /// A newer credential takes the place of the one in force, which is given back.
    ///
    /// Fails like [`Self::answered`], and with [`ErrorCode::CredentialsNotNewer`] for one that ends no later: a
    /// backend that hands out the same one again would be asked without end (auth §7.7, 1).
    pub fn replace(
        &mut self,
        result: Result<Option<Credential>, Opaque>,
        clock: &Clock,
        turn: &Turn<'_, '_>,
    ) -> Result<Accepted, Failure> {
        let accepted = self.check(result, clock.judged(turn.cx))?;
        let ends_no_later = |at: Millis| self.end().is_some_and(|end| at <= end);
        if accepted.expiry_at.is_some_and(ends_no_later) {
            return Err(ErrorCode::CredentialsNotNewer.into());
        }
        let former = self.accepted.replace(accepted);
        self.former_end = self.told_end.take();
        self.sat = None;
        former.ok_or_else(|| ErrorCode::CredentialsMissing.into())
    }

    /// A Client Bound SAT takes the place of the credential in force, which is given back. The SAT of the provider
    /// is kept: it may outlive the other (auth §11, W-29). Nothing where there is no credential.
    pub fn bind(&mut self, token: String, end: Millis) -> Option<Accepted> {
        let former = self.accepted.clone()?;
        let told_end = self.told_end.take();
        self.sat.get_or_insert_with(|| (former.clone(), told_end));
        self.former_end = told_end;
        self.accepted = Some(Accepted {
            token,
            endpoints: former.endpoints.clone(),
            expiry_at: Some(end),
        });
        Some(former)
    }

    /// Is a Client Bound SAT in force?
    pub fn is_bound(&self) -> bool {
        self.sat.is_some()
    }

    /// The SAT of the provider is in force again where a Client Bound SAT has ended that came of it. True where that
    /// was so.
    pub fn falls_back(&mut self, clock: &Clock, cx: &Cx<'_>) -> bool {
        self.has_ended(clock, cx) && self.gives_up_bound()
    }

    /// The SAT of the provider is in force again in place of a Client Bound SAT. True where there was one.
    pub fn gives_up_bound(&mut self) -> bool {
        let Some((sat, told_end)) = self.sat.take() else {
            return false;
        };
        self.accepted = Some(sat);
        self.told_end = told_end;
        true
    }

    /// The space does not want the newer credential: the former is in force again.
    pub fn take_back(&mut self, former: Accepted) {
        self.sat.take_if(|(sat, _)| *sat == former);
        self.accepted = Some(former);
        self.told_end = self.former_end.take();
    }

    /// Keeps the credential in force for the next page, where the application asked for that.
    pub fn keep(&mut self, turn: &mut Turn<'_, '_>) {
        let record = self.accepted.as_ref().map(Accepted::record);
        if let Some(record) = record.filter(|_| self.config.persist_session) {
            turn.emit(Output::Store {
                key: RECORD,
                change: StoreChange::Write(record.clone()),
            });
            self.written = Some(record);
        }
    }

    fn check(
        &self,
        result: Result<Option<Credential>, Opaque>,
        wall: Millis,
    ) -> Result<Accepted, Failure> {
        let credential = match result {
            Ok(None) if !self.config.has_provider => {
                return Err(ErrorCode::CredentialsNoSource.into());
            }
            Ok(credential) => credential,
            Err(thrown) => return Err(Failure::from(ErrorCode::Thrown).thrown(Some(thrown))),
        };
        let Config {
            scheme,
            allowed_hosts,
            ..
        } = &self.config;
        // A restored one that has ended is put in force, and ends with all that goes with it: its record too
        // (auth §3.4, 4).
        let now = if self.config.has_provider { wall } else { 0 };
        let mut accepted = Credential::validate(credential, *scheme, allowed_hosts, now)?;
        accepted.endpoints = self.config.endpoints(accepted.endpoints);
        Ok(accepted)
    }

    /// The space said when the SAT of the provider ends.
    pub fn learn_end(&mut self, at: Option<Millis>) {
        let told_end = match &mut self.sat {
            Some((_, told_end)) => told_end,
            None => &mut self.told_end,
        };
        *told_end = told_end.iter().copied().chain(at).min();
    }

    /// When the credential ends, as far as anybody has said.
    pub fn end(&self) -> Option<Millis> {
        let given = self.accepted.as_ref().and_then(|one| one.expiry_at);
        given.into_iter().chain(self.told_end).min()
    }

    /// When the client acts on the end, on the space's clock. What the space says of it is in the space's
    /// time, which has to be known first.
    pub fn leaves_at(&self, clock: &Clock) -> Option<Millis> {
        let end = match clock.is_measured() {
            true => self.end(),
            false => self.accepted.as_ref().and_then(|one| one.expiry_at),
        };
        end.map(|end| end.saturating_sub(EARLY))
    }

    /// Has it ended, for certain?
    pub fn has_ended(&self, clock: &Clock, cx: &Cx<'_>) -> bool {
        let is_past = |end| clock.is_past(end, cx);
        self.accepted.is_some() && self.leaves_at(clock).is_some_and(is_past)
    }

    /// The space refused the credential: because it has ended, where that is known.
    pub fn refusal(&self, rejected: Failure, clock: &Clock, cx: &Cx<'_>) -> Failure {
        if self
            .leaves_at(clock)
            .is_none_or(|end| clock.until(end, cx) > 0)
        {
            return rejected;
        }
        let mut expired = Failure::from(ErrorCode::CredentialsExpired);
        expired.cause = rejected.cause;
        expired
    }

    /// The credential is of no use any more, or nobody may use it any more: it is forgotten, with what was
    /// stored of it.
    pub fn drop_credential(&mut self, turn: &mut Turn<'_, '_>) {
        self.ended |= self.accepted.take().is_some();
        self.told_end = None;
        self.sat = None;
        if let Some(record) = self.written.take() {
            turn.emit(Output::Store {
                key: RECORD,
                change: StoreChange::RemoveOwn(record),
            });
        }
    }

    /// Says once, when it is known that the client does not renew the credential by itself, what the application may
    /// want to know of that (auth §7.4, §10.2).
    pub fn warn(&mut self, reason: &'static str, turn: &mut Turn<'_, '_>) {
        let end = self.end();
        let (code, reason, expires_at) = match (self.config.has_refresh, end) {
            // Whoever embeds has no other way, and misses none.
            _ if self.config.outbound_only => return,
            (true, _) => ("credential_refresh_fallback", reason, None),
            (false, Some(_)) => ("credential_no_refresh_handler", "", end),
            (false, None) => return,
        };
        if std::mem::replace(&mut self.warned, true) {
            return;
        }
        let warning = Value::Notice {
            code,
            reason,
            expires_at,
        };
        turn.patch(Entity::CLIENT, Field::ClientWarnings, warning);
    }
}
