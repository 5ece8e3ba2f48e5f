//! `webrtc.verto`: invite, bye, modify and their kin (wire-protocol §5).

use serde_json::{Value, json};
use signalwire_wasm::engine::wire::Sym;
use signalwire_wasm::engine::wire::verto::{VertoMessage, VertoRequest};

use super::calls::{Awaiting, Call, Leg};
use super::codes::{self, Cause};
use super::delivery::RpcRefusal;
use super::directory::{Address, Destination};
use super::ids;
use super::io::{Cx, Output};
use super::member::Member;
use super::report::CallState;
use super::sessions::SessionId;
use super::{World, loud, short};

/// What an invite says, beside the leg's id.
struct Invite {
    sdp: String,
    destination: String,
    reattaching: bool,
    extra: bool,
    main_call_id: Option<String>,
}

impl World {
    pub(super) fn verto(
        &mut self,
        session: SessionId,
        request: &str,
        verto: VertoRequest,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let VertoRequest {
            inner_id,
            call_id: leg,
            message,
            ..
        } = verto;
        let answer = match message {
            VertoMessage::Invite {
                sdp,
                destination,
                reattaching,
                extra,
                main_call_id,
            } => {
                let invite = Invite {
                    sdp,
                    destination,
                    reattaching,
                    extra,
                    main_call_id,
                };
                self.invite(session, request, &inner_id, &leg, invite, cx, out);
                return;
            }
            VertoMessage::Modify { action, sdp } => {
                let modify = self.modify(session, request, &inner_id, &leg, &action, sdp, out);
                match modify {
                    Ok(Some(done)) => Ok(done),
                    // The media edge answers.
                    Ok(None) => return,
                    Err(refusal) => Err(refusal),
                }
            }
            VertoMessage::Bye { cause, cause_code } => {
                self.bye(session, &leg, cause, cause_code, cx, out)
            }
            VertoMessage::Info { dtmf } => self.own_call(session, &leg).map(|call| {
                call.digits.push_str(&dtmf);
                json!({ "message": "SENT", "callID": leg })
            }),
            VertoMessage::Pong | VertoMessage::Subscribe => self
                .own_call(session, &leg)
                .map(|_| json!({ "message": "OK", "callID": leg })),
            VertoMessage::Answer { .. } => {
                let why = "there is no inbound call with this id";
                Err(RpcRefusal::new(codes::INVALID_CALL_REFERENCE, why))
            }
            VertoMessage::Unknown(method) => Err(unknown(session, &method, out)),
        };
        self.respond_verto(session, request, &inner_id, answer, out);
    }

    /// Answers `webrtc.verto` with an inner response (layer C of wire-protocol §2.3).
    pub(super) fn respond_verto(
        &self,
        session: SessionId,
        request: &str,
        inner: &str,
        answer: Result<Value, RpcRefusal>,
        out: &mut Vec<Output>,
    ) {
        let inner = match answer {
            Ok(done) => json!({ "jsonrpc": "2.0", "id": inner, "result": done }),
            Err(refusal) => json!({
                "jsonrpc": "2.0",
                "id": inner,
                "error": { "code": refusal.code, "message": refusal.message },
            }),
        };
        let result = json!({ "code": "200", "node_id": self.node_id, "result": inner });
        self.respond(session, request, Ok(result), out);
    }

    /// The session's call that has this leg.
    fn own_call(&mut self, session: SessionId, leg: &str) -> Result<&mut Call, RpcRefusal> {
        self.calls
            .values_mut()
            .find(|call| call.session == session && call.leg(leg).is_some())
            .ok_or_else(no_such_call)
    }

    #[allow(clippy::too_many_arguments)]
    fn invite(
        &mut self,
        session: SessionId,
        request: &str,
        inner: &str,
        leg: &str,
        invite: Invite,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let created = if !is_plausible(leg) {
            let why = "a callID has 1 to 128 visible ASCII characters";
            Err(RpcRefusal::new(codes::INVALID_PARAMS, why))
        } else if invite.extra {
            self.extra_leg(session, leg, &invite, cx)
        } else if self.calls.contains_key(leg) {
            self.invited_again(session, leg, invite.reattaching, cx, out)
        } else if invite.reattaching {
            Err(no_such_call())
        } else {
            self.create(session, leg, &invite.destination, cx)
        };
        let (call_id, member_id) = match created {
            Ok(created) => created,
            Err(refusal) => {
                out.push(loud(format!(
                    "session {}: invite to {:?} refused: {}",
                    session.0,
                    short(&invite.destination),
                    refusal.message
                )));
                self.respond_verto(session, request, inner, Err(refusal), out);
                return;
            }
        };
        let done = json!({ "message": "CALL CREATED", "callID": leg, "memberID": member_id });
        self.respond_verto(session, request, inner, Ok(done), out);
        self.offer(&call_id, leg, invite.sdp, Awaiting::Invite, out);
        self.refuse_after_creation(&call_id, cx, out);
    }

    /// A new call: the call id and its member id.
    fn create(
        &mut self,
        session: SessionId,
        call_id: &str,
        destination: &str,
        cx: &mut Cx<'_>,
    ) -> Result<(String, String), RpcRefusal> {
        let address = self.dialable(session, destination)?;
        let member = self.member_of(session, cx)?;
        let member_id = member.id.clone();
        let call = Call::new(call_id.to_owned(), session, address, member, cx);
        self.calls.insert(call_id.to_owned(), call);
        Ok((call_id.to_owned(), member_id))
    }

    /// The address behind a destination, if the session's credential reaches it.
    fn dialable(&self, session: SessionId, destination: &str) -> Result<Address, RpcRefusal> {
        let claims = self.sessions.get(&session).map(|one| &one.claims);
        let address = self.directory.by_name(destination);
        // A limited credential learns nothing about what exists beyond its reach.
        let reached = claims.is_some_and(|claims| {
            claims.allowed_addresses.is_none() || address.is_some_and(|one| claims.reaches(&one.id))
        });
        if !reached {
            let why = "This credential does not reach the destination";
            return Err(RpcRefusal::new(codes::DESTINATION_FORBIDDEN, why));
        }
        address.cloned().ok_or_else(|| {
            RpcRefusal::new(
                codes::DESTINATION_NOT_FOUND,
                "Nothing answers to the destination",
            )
        })
    }

    fn member_of(&self, session: SessionId, cx: &mut Cx<'_>) -> Result<Member, RpcRefusal> {
        let claims = self
            .sessions
            .get(&session)
            .map(|one| &one.claims)
            .ok_or_else(no_such_call)?;
        let subscriber = self.directory.subscriber(&claims.subscriber_id);
        let display_name = subscriber.and_then(|one| {
            let own = one.profile.iter().find(|(key, _)| *key == "display_name");
            own.map(|(_, name)| name.clone())
                .or_else(|| Some(one.reference.clone()))
        });
        Ok(Member {
            id: ids::uuid(cx),
            name: display_name.unwrap_or_else(|| "Guest".to_owned()),
            kind: "member",
            subscriber_id: claims.subscriber_id.clone(),
            address_id: subscriber
                .map(|one| one.address_id.clone())
                .unwrap_or_default(),
            parent_id: None,
            audio_muted: false,
            video_muted: false,
        })
    }

    /// An invite with the id of a call that exists: a further offer before the answer (§5.4), or the
    /// return of a client that lost its page (§5.9).
    fn invited_again(
        &mut self,
        session: SessionId,
        call_id: &str,
        reattaching: bool,
        cx: &Cx<'_>,
        out: &mut Vec<Output>,
    ) -> Result<(String, String), RpcRefusal> {
        let person = |id| {
            self.sessions
                .get(&id)
                .map(|one: &super::Session| &one.claims.subscriber_id)
        };
        let owner = self.calls.get(call_id).map(|call| call.session);
        let is_own =
            owner == Some(session) || owner.is_some_and(|owner| person(owner) == person(session));
        let call = self
            .calls
            .get_mut(call_id)
            .filter(|_| is_own)
            .ok_or_else(no_such_call)?;
        if reattaching {
            call.session = session;
            call.restart(cx, out);
        } else if call.session != session || call.state != CallState::Created {
            return Err(no_such_call());
        }
        Ok((call_id.to_owned(), call.main.member.id.clone()))
    }

    /// A screen share or a further device of a call (wire-protocol §8.6).
    fn extra_leg(
        &mut self,
        session: SessionId,
        leg: &str,
        invite: &Invite,
        cx: &mut Cx<'_>,
    ) -> Result<(String, String), RpcRefusal> {
        let id = ids::uuid(cx);
        let main = invite.main_call_id.as_deref().ok_or_else(no_such_call)?;
        if self.calls.values().any(|call| call.leg(leg).is_some()) {
            return Err(no_such_call());
        }
        let call = self
            .calls
            .get_mut(main)
            .filter(|call| call.session == session && !invite.reattaching)
            .ok_or_else(no_such_call)?;
        let main = &call.main.member;
        let member = Member {
            id: id.clone(),
            kind: "screen",
            parent_id: Some(main.id.clone()),
            audio_muted: false,
            video_muted: false,
            ..main.clone()
        };
        call.extras.push(Leg::new(leg.to_owned(), member));
        Ok((call.id.clone(), id))
    }

    /// Ends the call at once where the destination refuses.
    fn refuse_after_creation(&mut self, call_id: &str, cx: &mut Cx<'_>, out: &mut Vec<Output>) {
        let Some(call) = self.calls.get(call_id) else {
            return;
        };
        let cause = match &call.address.destination {
            Destination::Echo | Destination::Tone(_) | Destination::Silent => return,
            Destination::Busy => Cause::busy(),
            Destination::Unreachable => Cause::out_of_order(),
            Destination::Subscriber(id) if !self.is_registered(id) => Cause::not_registered(),
            Destination::Subscriber(_) => {
                let name = &call.address.name;
                out.push(loud(format!(
                    "call to {name}: this space cannot ring a client yet"
                )));
                Cause::not_implemented()
            }
        };
        self.end_by_space(call_id, cause, "refused", cx, out);
    }

    fn bye(
        &mut self,
        session: SessionId,
        leg: &str,
        cause: Option<String>,
        code: Option<i32>,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) -> Result<Value, RpcRefusal> {
        let call_id = self.own_call(session, leg)?.id.clone();
        let cause = match (cause, code) {
            (Some(name), Some(code)) => Cause { name, code },
            _ => Cause::normal(),
        };
        let done = json!({
            "callID": leg,
            "message": "CALL ENDED",
            "cause": cause.name,
            "causeCode": cause.code,
        });
        // The inner id names the leg (wire-protocol §5.7).
        if call_id == leg {
            self.end_call(&call_id, cause, "client", "bye", cx, out);
        } else {
            self.end_extra(&call_id, leg, cx, out);
        }
        Ok(done)
    }

    /// `None` when the answer comes from the media edge.
    #[allow(clippy::too_many_arguments)]
    fn modify(
        &mut self,
        session: SessionId,
        request: &str,
        inner: &str,
        leg: &str,
        action: &str,
        sdp: Option<String>,
        out: &mut Vec<Output>,
    ) -> Result<Option<Value>, RpcRefusal> {
        let call = self.own_call(session, leg)?;
        match (action, sdp) {
            ("updateMedia", Some(sdp)) if call.far_end().is_some() => {
                let call_id = call.id.clone();
                let [request, inner] = [request, inner].map(str::to_owned);
                self.offer(&call_id, leg, sdp, Awaiting::Modify { request, inner }, out);
                Ok(None)
            }
            ("hold" | "unhold", _) => {
                call.held = action == "hold";
                let state = if call.held { "held" } else { "active" };
                let node_id = self.node_id.as_str();
                Ok(Some(json!({
                    "action": action, "callID": leg, "holdState": state, "node_id": node_id
                })))
            }
            _ => {
                let what = format!(
                    "verto.modify {:?} is not possible on this call",
                    short(action)
                );
                out.push(loud(format!("session {}: {what}", session.0)));
                Err(RpcRefusal::new(codes::INVALID_PARAMS, what))
            }
        }
    }
}

/// Call ids are the client's own; they stand in the log and in the front desk.
fn is_plausible(call_id: &str) -> bool {
    (1..=128).contains(&call_id.len()) && call_id.bytes().all(|byte| byte.is_ascii_graphic())
}

fn no_such_call() -> RpcRefusal {
    RpcRefusal::new(codes::INVALID_CALL_REFERENCE, "INVALID_CALL_REFERENCE")
}

/// A method that does not exist, or a known one that lacks what it needs.
fn unknown(session: SessionId, method: &str, out: &mut Vec<Output>) -> RpcRefusal {
    let (code, what) = match Sym::parse(method) {
        Some(_) => (codes::INVALID_PARAMS, "misshapen verto message"),
        None => (codes::METHOD_NOT_FOUND, "unknown verto method"),
    };
    let method = short(method);
    out.push(loud(format!("session {}: {what} {method:?}", session.0)));
    RpcRefusal::new(code, format!("{what} {method:?}"))
}
