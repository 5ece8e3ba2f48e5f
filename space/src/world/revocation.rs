//! What was revoked before its time: one SAT with its family, all of a subscriber, all that an embed token gave
//! (auth §7.9, 14; RFC 7009 in spirit). Lives until the reset.

use std::collections::BTreeMap;

use super::World;
use super::codes::Cause;
use super::io::{Cx, Output};
use super::sat::Claims;
use super::sessions::SessionId;

/// What is to be revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// One SAT, by its id, with all that came and will come of it: its refresh tokens, the SATs that it was
    /// renewed by, and those that it renewed.
    Sat {
        /// `jti` of the claims.
        jti: String,
    },
    /// Every SAT and refresh token that the subscriber, or the guest, has by now, with the invites that the
    /// subscriber made.
    /// One that is issued later is in force.
    Subscriber {
        /// `subscriber_id` of the claims.
        id: String,
    },
    /// A C2C or embed token, with every Guest SAT that was got for it.
    EmbedToken {
        /// `c2c_…` or `c2t_…`.
        token: String,
    },
}

/// The SATs that are revoked, but for families.
#[derive(Default)]
pub(crate) struct Revoked {
    /// By subscriber id: the serial number of the last SAT that is revoked.
    subscribers: BTreeMap<String, u64>,
}

impl World {
    /// Whether a SAT with these claims is revoked.
    pub(super) fn is_revoked(&self, claims: &Claims) -> bool {
        let people = [Some(&claims.subscriber_id), claims.inviter.as_ref()];
        let by_person = people.into_iter().flatten().any(|id| {
            let last = self.revoked.subscribers.get(id);
            last.is_some_and(|last| claims.serial <= *last)
        });
        // A resource that is gone has taken its guests along.
        let by_resource = claims.embed_token.as_ref().is_some_and(|token| {
            let resource = self.directory.resource(token);
            resource.is_none_or(|resource| resource.has_revoked(token))
        });
        by_person || by_resource || self.families.is_revoked(claims)
    }

    /// Revokes, and ends the sessions that this concerns.
    pub(super) fn revoke(
        &mut self,
        revocation: Revocation,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        match revocation {
            Revocation::Sat { jti } => self.families.revoke(jti),
            Revocation::Subscriber { id } => {
                self.revoked.subscribers.insert(id, self.last_serial);
            }
            Revocation::EmbedToken { token } => {
                if let Some(resource) = self.directory.resource_mut(&token) {
                    resource.revoke(token);
                }
            }
        }
        self.end_revoked(cx, out);
    }

    /// Ends the sessions whose SAT is revoked.
    pub(super) fn end_revoked(&mut self, cx: &mut Cx<'_>, out: &mut Vec<Output>) {
        self.revoked_at = None;
        let concerned = self
            .sessions
            .iter()
            .filter(|(_, session)| self.is_revoked(&session.claims));
        let concerned: Vec<SessionId> = concerned.map(|(id, _)| *id).collect();
        for id in concerned {
            self.end_session(
                id,
                &Cause::normal(),
                ["session_revoked", "revoked"],
                cx,
                out,
            );
        }
    }
}
