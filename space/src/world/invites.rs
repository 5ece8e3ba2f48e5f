//! `verto.invite` of a client: a new call, the return to one, a further leg (wire-protocol §5.3, §5.9,
//! §8.6).

use serde_json::{Map, Value, json};

use super::call::{Awaiting, Call, Leg};
use super::codes::{self, Cause};
use super::delivery::RpcRefusal;
use super::directory::{Address, Destination};
use super::io::{Cx, Output};
use super::member::Member;
use super::report::{CallState, Direction};
use super::ringing::Party;
use super::sessions::SessionId;
use super::verto::no_such_call;
use super::{World, ids, loud, short};

/// What an invite says, beside the leg's id.
pub(crate) struct Invite {
    pub(crate) sdp: String,
    pub(crate) destination: String,
    pub(crate) reattaching: bool,
    pub(crate) extra: bool,
    pub(crate) main_call_id: Option<String>,
    /// For the application of who is called.
    pub(crate) variables: Map<String, Value>,
}

impl World {
    #[allow(clippy::too_many_arguments)]
    pub(super) fn invite(
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
        self.begin(&call_id, leg, invite, cx, out);
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
        let (id, room) = (call_id.to_owned(), ids::uuid(cx));
        let call = Call::new(id, session, Direction::Outbound, address, room, member, cx);
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

    pub(super) fn member_of(
        &self,
        session: SessionId,
        cx: &mut Cx<'_>,
    ) -> Result<Member, RpcRefusal> {
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
            .filter(|call| is_own && !call.is_rung())
            .ok_or_else(no_such_call)?;
        if reattaching {
            call.session = session;
            call.restart(cx, out);
        } else if call.session != session
            || !matches!(call.state, CallState::Created | CallState::Ringing)
        {
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
            .filter(|call| call.state != CallState::Ringing)
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

    /// Lets the destination take the call, ring for it, or refuse it.
    fn begin(
        &mut self,
        call_id: &str,
        leg: &str,
        invite: Invite,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        // A caller who still waits has only a better offer.
        let Some(sdp) = self.offer_again(call_id, invite.sdp, cx, out) else {
            return;
        };
        let Some(call) = self.calls.get(call_id) else {
            return;
        };
        if call.far_end.is_some() {
            self.offer(call_id, leg, sdp, Awaiting::Invite, out);
            return;
        }
        let cause = match &call.address.destination {
            Destination::Echo | Destination::Tone(_) | Destination::Silent => return,
            Destination::Busy => Cause::busy(),
            Destination::Unreachable => Cause::out_of_order(),
            Destination::Subscriber(person) => {
                let person = person.clone();
                self.ring_for(call_id, person, sdp, invite.variables, cx, out);
                return;
            }
        };
        self.end_by_space(call_id, cause, "refused", cx, out);
    }

    /// Who the caller is, as the callee's client shows it.
    pub(super) fn party_of(&self, call: &Call) -> Party {
        let member = &call.main.member;
        let own = self.directory.by_id(&member.address_id);
        let session = self.sessions.get(&call.session);
        let kind = session.map_or("", |one| one.claims.kind.text());
        Party {
            name: member.name.clone(),
            number: own.map_or(kind, |address| &address.name).to_owned(),
        }
    }
}

/// Call ids are the client's own; they stand in the log and in the front desk.
fn is_plausible(call_id: &str) -> bool {
    (1..=128).contains(&call_id.len()) && call_id.bytes().all(|byte| byte.is_ascii_graphic())
}
