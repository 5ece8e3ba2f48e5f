//! Who may open a session, take it up again, renew its credential (wire-protocol §3, auth §5.1, §5.2).

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Value, json};

use super::delivery::RpcRefusal;
use super::io::{Cx, Millis, Output, SocketId};
use super::lifetime::EXPIRED_RESUME_LIMIT;
use super::sat::Claims;
use super::sessions::{Session, SessionId};
use super::{World, codes, ids};

/// So long after a resume with an expired SAT must the session have shown a valid one (auth §5.1).
const REAUTHENTICATION_LIMIT: Millis = 30_000;

impl Session {
    /// Whether another credential acts for the same person (auth §5.2). Who has no name is known by what
    /// he reaches: two Guest SATs of one embed token are the same guest.
    fn is_same_person(&self, claims: &Claims) -> bool {
        let reach = |claims: &Claims| -> Option<BTreeSet<String>> {
            claims
                .allowed_addresses
                .as_ref()
                .map(|ids| ids.iter().cloned().collect())
        };
        let own = reach(&self.claims);
        self.claims.project_id == claims.project_id
            && self.claims.kind == claims.kind
            && (self.claims.subscriber_id == claims.subscriber_id
                || own.is_some() && own == reach(claims))
    }

    /// Takes up a SAT with which the session is resumed; false when the session has been without a valid
    /// one for too long.
    fn resume_with(&mut self, claims: Claims, cx: &Cx<'_>) -> bool {
        if !claims.expired(cx) {
            if claims.expires_at >= self.claims.expires_at {
                self.claims = claims;
                self.reauthenticate_by = None;
            }
            return true;
        }
        if !self.claims.expired(cx) {
            // The client renewed the session, and then showed the SAT from before.
            return true;
        }
        let last = self.claims.expires_at.saturating_add(EXPIRED_RESUME_LIMIT);
        if cx.seconds() >= last {
            return false;
        }
        // Coming again does not begin the time anew.
        self.reauthenticate_by
            .get_or_insert(cx.mono + REAUTHENTICATION_LIMIT);
        true
    }
}

impl World {
    /// A fresh session.
    pub(super) fn admit(&mut self, sat: &str, cx: &mut Cx<'_>) -> Result<SessionId, RpcRefusal> {
        let claims = self.admissible(sat, cx)?;
        let id = SessionId(self.next_session);
        self.next_session += 1;
        let [a, b, c] = [ids::uuid(cx), ids::uuid(cx), ids::uuid(cx)];
        let session = Session {
            protocol: format!("signalwire_{a}_{b}_{c}"),
            claims,
            socket: None,
            registered: false,
            resumed: 0,
            created_ms: cx.wall,
            offline_since: None,
            identity: format!("{}@signalwire", ids::uuid(cx)),
            authorization_state: ids::secret(cx),
            reauthenticate_by: None,
            seen: VecDeque::new(),
            events: VecDeque::new(),
        };
        self.sessions.insert(id, session);
        Ok(id)
    }

    /// The claims of a SAT that opens a session.
    fn admissible(&self, sat: &str, cx: &Cx<'_>) -> Result<Claims, RpcRefusal> {
        let refused = |why: &str| RpcRefusal::new(codes::AUTHENTICATION_FAILED, why);
        let claims = self
            .authenticate(sat, cx)
            .map_err(|_| refused("Authentication failed"))?;
        if claims.bound_to.is_some() {
            // Letting it in unproven would make the binding worthless.
            return Err(refused(
                "The SAT is bound to a key, and this space verifies no proofs yet",
            ));
        }
        Ok(claims)
    }

    /// The session that the state names (auth §5.1): the state stands in for the validity of the SAT.
    pub(super) fn resume(
        &mut self,
        socket: SocketId,
        sat: &str,
        state: &str,
        protocol: &str,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) -> Result<SessionId, RpcRefusal> {
        let failed = |why: &str| RpcRefusal::new(codes::AUTHENTICATION_FAILED, why);
        let refused = || RpcRefusal::new(codes::REQUESTER_REFUSED, "Requester validation failed");
        let claims = self
            .read_sat(sat)
            .ok_or_else(|| failed("Authentication failed"))?;
        let known = self.sessions.iter_mut().find(|(_, session)| {
            session.protocol == protocol && ids::same_secret(&session.authorization_state, state)
        });
        let (&id, session) = known.ok_or_else(refused)?;
        if !session.is_same_person(&claims) || claims.bound_to != session.claims.bound_to {
            return Err(refused());
        }
        if !session.resume_with(claims, cx) {
            return Err(failed("The SAT expired too long ago"));
        }
        session.resumed += 1;
        let replaced = session.socket.replace(socket);
        if let Some(old) = replaced {
            // A copied tab holds the same state. With a new one, the two do not push each other out for ever.
            session.authorization_state = ids::secret(cx);
            self.sockets.remove(&old);
            out.push(Output::Close {
                socket: old,
                code: 1008,
                reason: "resumed on another socket",
            });
        }
        Ok(id)
    }

    /// Puts another SAT of the same person into force (auth §5.2).
    pub(super) fn reauthenticate(
        &mut self,
        id: SessionId,
        sat: &str,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) -> Result<Value, RpcRefusal> {
        let claims = self.admissible(sat, cx)?;
        let Some(session) = self.sessions.get_mut(&id) else {
            let why = "Not authenticated";
            return Err(RpcRefusal::new(codes::NOT_AUTHENTICATED, why));
        };
        if !session.is_same_person(&claims) {
            let why = "The SAT is another user's";
            return Err(RpcRefusal::new(codes::REQUESTER_REFUSED, why));
        }
        session.claims = claims;
        session.reauthenticate_by = None;
        let state = json!({ "authorization_state": session.authorization_state });
        self.event(id, "signalwire.authorization.state", state, cx, out);
        Ok(json!({ "code": "200", "message": "OK" }))
    }
}
