//! Who may open a session, take it up again, renew its credential (wire-protocol §3, auth §5.1, §5.2).
//!
//! A SAT that is bound to a key is worth nothing without a proof of it: not when a session is opened, not when
//! the SAT is put into force on one, and not when a session that has it is resumed, for what a resume takes
//! besides lies in the storage of the page. A lenient space lets a resume do without; then the session keeps the
//! SAT that it has.

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Value, json};
use signalwire_wasm::engine::wire::Sym;
use signalwire_wasm::proof::{Proof, Purpose};

use super::delivery::RpcRefusal;
use super::io::{Cx, Millis, Output, SocketId};
use super::lifetime::EXPIRED_RESUME_LIMIT;
use super::proofs::Unproven;
use super::sat::Claims;
use super::sessions::{Session, SessionId};
use super::{World, codes, ids};

/// So long after a resume with an expired SAT must the session have shown a valid one (auth §5.1).
const REAUTHENTICATION_LIMIT: Millis = 30_000;

/// What a client shows. Both are secrets.
#[derive(Clone, Copy)]
pub(super) struct Credential<'a> {
    pub(super) sat: &'a str,
    /// `dpop_token`.
    pub(super) proof: Option<&'a str>,
}

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

    /// Takes up a SAT with which the session is resumed, if it may be put into force; false when the session
    /// has been without a valid one for too long.
    fn resume_with(&mut self, claims: Claims, is_proven: bool, cx: &Cx<'_>) -> bool {
        if !claims.expired(cx) && is_proven {
            if claims.expires_at >= self.claims.expires_at {
                self.claims = claims;
                self.reauthenticate_by = None;
            }
            return true;
        }
        if !self.claims.expired(cx) {
            // The client renewed the session and then showed the SAT from before, or it proved nothing.
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
    pub(super) fn admit(
        &mut self,
        credential: Credential<'_>,
        cx: &mut Cx<'_>,
    ) -> Result<SessionId, RpcRefusal> {
        let claims = self.valid(credential.sat, cx)?;
        let proof = self.proven(&claims, Sym::Connect, credential.proof, cx)?;
        self.accept(proof, cx);
        let id = SessionId(self.next_session);
        self.next_session += 1;
        let [a, b, c] = [ids::uuid(cx), ids::uuid(cx), ids::uuid(cx)];
        let session = Session {
            protocol: format!("signalwire_{a}_{b}_{c}"),
            claims,
            socket: None,
            registered: false,
            resumed: 0,
            reauthenticated: 0,
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

    /// The claims of a SAT in force.
    fn valid(&self, sat: &str, cx: &Cx<'_>) -> Result<Claims, RpcRefusal> {
        self.authenticate(sat, cx)
            .map_err(|_| RpcRefusal::new(codes::AUTHENTICATION_FAILED, "Authentication failed"))
    }

    /// The proof that a SAT with these claims needs for this method: none, unless it is bound to a key
    /// (auth §5.1).
    fn proven(
        &mut self,
        claims: &Claims,
        method: Sym,
        proof: Option<&str>,
        cx: &mut Cx<'_>,
    ) -> Result<Option<Proof>, RpcRefusal> {
        match &claims.bound_to {
            Some(jkt) => self.judged(jkt, method, proof, cx).map(Some),
            None => Ok(None),
        }
    }

    fn judged(
        &mut self,
        jkt: &str,
        method: Sym,
        proof: Option<&str>,
        cx: &mut Cx<'_>,
    ) -> Result<Proof, RpcRefusal> {
        let method = method.text();
        self.proofs
            .judge(proof, &Purpose::Rpc { method }, Some(jkt), cx)
            .map_err(|why| unproven(&why))
    }

    fn accept(&mut self, proof: Option<Proof>, cx: &Cx<'_>) {
        if let Some(proof) = proof {
            self.proofs.accept(proof, cx);
        }
    }

    /// The proof that a resume brings, where a key has to do with it: the state is bound to the key of its
    /// session (auth §5.1), and holding the state is no proof of holding the key.
    fn resume_proof(
        &mut self,
        [shown, own]: [Option<String>; 2],
        proof: Option<&str>,
        cx: &mut Cx<'_>,
    ) -> Result<Option<Proof>, RpcRefusal> {
        let (jkt, is_needed) = match (shown, own) {
            (None, None) => return Ok(None),
            (Some(shown), Some(own)) if shown != own => return Err(foreign_state()),
            (Some(jkt), Some(_)) => (jkt, self.proofs.rules.resume),
            (Some(jkt), None) | (None, Some(jkt)) => (jkt, true),
        };
        match proof {
            None if !is_needed => Ok(None),
            _ => self.judged(&jkt, Sym::Connect, proof, cx).map(Some),
        }
    }

    /// The session that the state names (auth §5.1): the state stands in for the validity of the SAT.
    pub(super) fn resume(
        &mut self,
        socket: SocketId,
        Credential { sat, proof }: Credential<'_>,
        [state, protocol]: [&str; 2],
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) -> Result<SessionId, RpcRefusal> {
        let failed = |why: &str| RpcRefusal::new(codes::AUTHENTICATION_FAILED, why);
        let claims = self
            .read_sat(sat)
            .ok_or_else(|| failed("Authentication failed"))?;
        let known = self.sessions.iter().find(|(_, session)| {
            session.protocol == protocol && ids::same_secret(&session.authorization_state, state)
        });
        let (&id, session) = known.ok_or_else(foreign_state)?;
        if !session.is_same_person(&claims) {
            return Err(foreign_state());
        }
        let keys = [claims.bound_to.clone(), session.claims.bound_to.clone()];
        let proof = self.resume_proof(keys, proof, cx)?;
        let is_proven = claims.bound_to.is_none() || proof.is_some();
        let session = self.sessions.get_mut(&id).ok_or_else(foreign_state)?;
        if !session.resume_with(claims, is_proven, cx) {
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
        self.accept(proof, cx);
        Ok(id)
    }

    /// Puts another SAT of the same person into force (auth §5.2). A session whose SAT was bound to a key may
    /// go on with one that is not (auth REQ-65, REQ-68).
    pub(super) fn reauthenticate(
        &mut self,
        id: SessionId,
        credential: Credential<'_>,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) -> Result<Value, RpcRefusal> {
        let claims = self.valid(credential.sat, cx)?;
        let absent = || RpcRefusal::new(codes::NOT_AUTHENTICATED, "Not authenticated");
        let session = self.sessions.get(&id).ok_or_else(absent)?;
        if !session.is_same_person(&claims) {
            let why = "The SAT is another user's";
            return Err(RpcRefusal::new(codes::REQUESTER_REFUSED, why));
        }
        let proof = self.proven(&claims, Sym::Reauthenticate, credential.proof, cx)?;
        self.accept(proof, cx);
        let session = self.sessions.get_mut(&id).ok_or_else(absent)?;
        session.claims = claims;
        session.reauthenticate_by = None;
        session.reauthenticated += 1;
        let state = json!({ "authorization_state": session.authorization_state });
        self.event(id, "signalwire.authorization.state", state, cx, out);
        Ok(json!({ "code": "200", "message": "OK" }))
    }
}

fn foreign_state() -> RpcRefusal {
    RpcRefusal::new(codes::REQUESTER_REFUSED, "Requester validation failed")
}

/// The refusal of a proof; where a nonce is missing, with one (auth §7.9, 5).
fn unproven(why: &Unproven) -> RpcRefusal {
    let message = format!("A proof of the SAT's key is needed: {why}");
    let data = match why {
        Unproven::NeedsNonce(nonce) => Some(json!({ "dpop_nonce": nonce })),
        _ => None,
    };
    RpcRefusal {
        data,
        ..RpcRefusal::new(codes::AUTHENTICATION_FAILED, message)
    }
}
