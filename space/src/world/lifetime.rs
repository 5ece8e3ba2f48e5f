//! The end of sessions: when their SAT expires or is revoked, and when nobody comes back
//! (auth REQ-43, §5.1).

use super::codes::Cause;
use super::io::{Cx, Millis, Output};
use super::sessions::{Session, SessionId};
use super::{World, quiet};

/// A session without a socket can be resumed for so long; clients keep their records 5 minutes
/// (wire-protocol §9).
const RESUME_LIMIT: Millis = 300_000;
/// So many seconds after the expiry of its SAT may a session that was offline then be resumed (auth §5.1).
pub(super) const EXPIRED_RESUME_LIMIT: u64 = 60;
/// The code of the close frame of a session that lost its credential: one for private use (RFC 6455
/// §7.4.2), after HTTP's 401.
const CREDENTIAL_LOST: u16 = 4401;

impl Session {
    /// When its SAT ends it, on the wall clock. One that was resumed with an expired SAT has a term of its
    /// own.
    fn expires_at_ms(&self) -> Option<Millis> {
        let seconds = match (self.socket, self.reauthenticate_by) {
            (Some(_), Some(_)) => return None,
            (Some(_), None) => self.claims.expires_at,
            (None, _) => self.claims.expires_at.saturating_add(EXPIRED_RESUME_LIMIT),
        };
        Some(seconds.saturating_mul(1000))
    }

    /// When nobody has come back, on the monotonic clock.
    fn abandoned_at(&self) -> Option<Millis> {
        self.offline_since.map(|since| since + RESUME_LIMIT)
    }
}

impl World {
    /// When a session ends, if nothing changes, on the monotonic clock.
    pub(super) fn session_deadline(&self, session: &Session) -> Option<Millis> {
        let expiry = session.expires_at_ms().map(|at| self.on_mono(at));
        let ends = [session.abandoned_at(), session.reauthenticate_by, expiry];
        ends.into_iter().flatten().min()
    }

    /// Ends sessions whose time has come, with their calls.
    pub(super) fn keep_sessions(&mut self, cx: &mut Cx<'_>, out: &mut Vec<Output>) {
        let mut expired = Vec::new();
        let mut abandoned = Vec::new();
        for (id, session) in &self.sessions {
            let is_due = |at: Option<Millis>, now: Millis| at.is_some_and(|at| at <= now);
            if is_due(session.expires_at_ms(), cx.wall)
                || is_due(session.reauthenticate_by, cx.mono)
            {
                expired.push(*id);
            } else if is_due(session.abandoned_at(), cx.mono) {
                abandoned.push(*id);
            }
        }
        for id in expired {
            self.end_session(
                id,
                &Cause::allotted_timeout(),
                ["session_expired", "expired"],
                cx,
                out,
            );
        }
        for id in abandoned {
            self.end_session(
                id,
                &Cause::client_gone(),
                ["session_expired", "abandoned"],
                cx,
                out,
            );
        }
    }

    /// Ends a session: a bye for each of its calls, then its socket, and no way back. `how` is for the
    /// reports of its calls, `reason` for the close frame.
    pub(super) fn end_session(
        &mut self,
        id: SessionId,
        cause: &Cause,
        [how, reason]: [&'static str; 2],
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let own = self.calls.values().filter(|call| call.session == id);
        let own: Vec<String> = own.map(|call| call.id.clone()).collect();
        for call in own {
            self.end_by_space(&call, cause.clone(), how, cx, out);
        }
        out.push(quiet(format!("session {}: over: {reason}", id.0)));
        let socket = self.sessions.remove(&id).and_then(|session| session.socket);
        if let Some(socket) = socket {
            self.close(socket, CREDENTIAL_LOST, reason, out);
        }
    }
}
