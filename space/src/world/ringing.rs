//! Reaching a person: every client of theirs rings, the first to answer has the call
//! (wire-protocol §5.5, media §1.11).
//!
//! Each client that rings has a call of its own, with its own offer of the space; all of them and the
//! caller's call share a room. Until somebody answers, the caller's offer waits here.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::call::{Awaiting, Call};
use super::codes::Cause;
use super::delivery::{Obsolete, RpcRefusal};
use super::directory::{Address, Destination};
use super::io::{Cx, Millis, Output};
use super::media::{FarEnd, LegId, MediaCommand};
use super::report::{CallState, Direction};
use super::sessions::SessionId;
use super::verto::no_such_call;
use super::{World, ids, sdp};

/// How long a person is rung.
pub(crate) const RINGING_LIMIT: Millis = 30_000;

/// An attempt to reach a person.
pub(crate) struct Ring {
    subscriber_id: String,
    /// The person's address.
    address: Address,
    from: Party,
    /// None where the space itself calls.
    caller: Option<Caller>,
    video: bool,
    /// What the caller's application says to the callee's.
    variables: Map<String, Value>,
    until: Millis,
    /// The clients that ring or rang.
    rung: BTreeSet<SessionId>,
}

/// Who calls, as the callee's client shows it.
#[derive(Clone)]
pub(crate) struct Party {
    /// `caller_id_name`.
    pub(crate) name: String,
    /// `caller_id_number`: the name of an address, where the party has one.
    pub(crate) number: String,
}

/// The client that waits for an answer.
struct Caller {
    call_id: String,
    /// Its leg at the media edge, once somebody answers: a limit would run from its offer on.
    leg: LegId,
    offer: String,
    /// Whether it knows that it rings.
    told: bool,
}

/// Why the space could not call a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreached {
    /// Nobody has this address or this reference.
    Unknown,
    /// The person has no registered client.
    NotRegistered,
}

impl Ring {
    pub(crate) fn until(&self) -> Millis {
        self.until
    }

    fn is_of_caller(&self, call_id: &str) -> bool {
        self.caller
            .as_ref()
            .is_some_and(|caller| caller.call_id == call_id)
    }

    fn far_end(&self) -> FarEnd {
        match &self.caller {
            Some(caller) => FarEnd::Peer(caller.leg),
            None => FarEnd::Echo,
        }
    }
}

impl World {
    /// Rings the person whom a call is for; `offer` is its client's.
    pub(super) fn ring_for(
        &mut self,
        call_id: &str,
        subscriber_id: String,
        offer: String,
        variables: Map<String, Value>,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let leg = self.new_leg();
        let Some(from) = self.calls.get(call_id).map(|call| self.party_of(call)) else {
            return;
        };
        let Some(call) = self.calls.get_mut(call_id) else {
            return;
        };
        call.state = CallState::Ringing;
        let room = call.room_session_id.clone();
        let ring = Ring {
            subscriber_id,
            address: call.address.clone(),
            from,
            video: sdp::offers_video(&offer),
            caller: Some(Caller {
                call_id: call_id.to_owned(),
                leg,
                offer,
                told: false,
            }),
            variables,
            until: cx.mono + RINGING_LIMIT,
            rung: BTreeSet::new(),
        };
        if self.ring(room, ring, cx, out).is_empty() {
            self.end_by_space(call_id, Cause::not_registered(), "refused", cx, out);
        }
    }

    /// The space itself calls a person; the far end is an echo. `to` is the name of the person's address
    /// or the person's reference, `from` is what the person sees: the name of an address, or any text.
    ///
    /// Gives the ids of the calls, one for each client that rings.
    ///
    /// # Errors
    /// There is no such person, or none of the person's clients is registered.
    pub fn call_person(
        &mut self,
        to: &str,
        from: &str,
        video: bool,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) -> Result<Vec<String>, Unreached> {
        let mut subscribers = self.directory.subscribers.iter();
        let person = subscribers.find(|one| one.reference == to);
        let address = person.map_or_else(
            || self.directory.by_name(to),
            |person| self.directory.by_id(&person.address_id),
        );
        let address = address.cloned().ok_or(Unreached::Unknown)?;
        let Destination::Subscriber(subscriber_id) = address.destination.clone() else {
            return Err(Unreached::Unknown);
        };
        let shown = self.directory.by_name(from);
        let ring = Ring {
            subscriber_id,
            address,
            from: Party {
                name: shown.map_or(from, |one| &one.display_name).to_owned(),
                number: from.to_owned(),
            },
            caller: None,
            video,
            variables: Map::new(),
            until: cx.mono + RINGING_LIMIT,
            rung: BTreeSet::new(),
        };
        let room = ids::uuid(cx);
        let calls = self.ring(room, ring, cx, out);
        if calls.is_empty() {
            return Err(Unreached::NotRegistered);
        }
        Ok(calls)
    }

    /// Rings every registered client of the person but the caller's own. Without any there is no ring.
    fn ring(
        &mut self,
        room: String,
        ring: Ring,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) -> Vec<String> {
        let own = ring.caller.as_ref();
        let own = own.and_then(|caller| self.calls.get(&caller.call_id));
        let own = own.map(|call| call.session);
        let clients = self.registered(&ring.subscriber_id);
        let clients: Vec<SessionId> = clients.into_iter().filter(|id| Some(*id) != own).collect();
        if clients.is_empty() {
            return Vec::new();
        }
        self.rings.insert(room.clone(), ring);
        clients
            .into_iter()
            .filter_map(|client| self.ring_client(&room, client, cx, out))
            .collect()
    }

    /// Rings a client that registered just now, where its person is being called.
    pub(super) fn ring_newcomer(
        &mut self,
        session: SessionId,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let Some(newcomer) = self.sessions.get(&session).filter(|one| one.registered) else {
            return;
        };
        let subscriber_id = &newcomer.claims.subscriber_id;
        let is_caller = |ring: &Ring| {
            let caller = ring.caller.as_ref();
            caller.is_some_and(|caller| {
                let call = self.calls.get(&caller.call_id);
                call.is_some_and(|call| call.session == session)
            })
        };
        let meant = self
            .rings
            .iter()
            .filter(|(_, ring)| ring.subscriber_id == *subscriber_id && !is_caller(ring));
        let rooms: Vec<String> = meant.map(|(room, _)| room.clone()).collect();
        for room in rooms {
            self.ring_client(&room, session, cx, out);
        }
    }

    /// Asks the media edge for the offer with which this client will ring; gives the id of its call.
    fn ring_client(
        &mut self,
        room: &str,
        session: SessionId,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) -> Option<String> {
        let member = self.member_of(session, cx).ok()?;
        let leg = self.new_leg();
        let ring = self.rings.get_mut(room)?;
        if !ring.rung.insert(session) {
            return None;
        }
        let id = ids::uuid(cx);
        let mut call = Call::new(
            id.clone(),
            session,
            Direction::Inbound,
            ring.address.clone(),
            room.to_owned(),
            member,
            cx,
        );
        call.state = CallState::Ringing;
        call.main.media = Some(leg);
        call.far_end = Some(ring.far_end());
        out.push(Output::Media(MediaCommand::Call {
            leg,
            video: ring.video,
            far_end: ring.far_end(),
        }));
        self.calls.insert(id.clone(), call);
        Some(id)
    }

    /// The offer is there: the client rings, and the caller hears of it.
    pub(super) fn invite_client(
        &mut self,
        call_id: &str,
        sdp: &str,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let Some(call) = self.calls.get_mut(call_id) else {
            return;
        };
        let Some(ring) = self.rings.get(&call.room_session_id) else {
            return;
        };
        if std::mem::replace(&mut call.main.has_sdp, true) {
            return;
        }
        let (session, room) = (call.session, call.room_session_id.clone());
        let params = json!({
            "callID": call_id,
            "sdp": sdp,
            "caller_id_name": ring.from.name,
            "caller_id_number": ring.from.number,
            "callee_id_name": ring.address.display_name,
            "callee_id_number": ring.address.name,
            "display_direction": "inbound",
            "userVariables": ring.variables,
        });
        let obsolete = Some(Obsolete::Unrung(call_id.to_owned()));
        self.verto_event(session, "verto.invite", params, obsolete, cx, out);
        self.tell_ringing(&room, cx, out);
    }

    /// `call.state` for the caller, once (wire-protocol §6.3).
    fn tell_ringing(&mut self, room: &str, cx: &mut Cx<'_>, out: &mut Vec<Output>) {
        let Some(ring) = self.rings.get_mut(room) else {
            return;
        };
        let Some(caller) = ring.caller.as_mut().filter(|caller| !caller.told) else {
            return;
        };
        caller.told = true;
        let Some(call) = self.calls.get(&caller.call_id) else {
            return;
        };
        let session = call.session;
        let params = json!({
            "call_id": call.id,
            "node_id": self.node_id,
            "segment_id": call.id,
            "call_state": "ringing",
            "direction": call.direction.text(),
            "device": {
                "type": "webrtc",
                "params": { "from": ring.from.number, "to": ring.address.name },
            },
            "room_session_id": room,
        });
        self.event(session, "call.state", params, cx, out);
    }

    /// A further offer of a caller who still waits (wire-protocol §5.4), perhaps of a page that was loaded
    /// again and does not know yet that it rings. Gives the offer back where nobody is being rung for
    /// this call.
    pub(super) fn offer_again(
        &mut self,
        call_id: &str,
        sdp: String,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) -> Option<String> {
        let room = self.calls.get(call_id).map(|call| &call.room_session_id);
        let Some(room) = room.filter(|room| self.rings.contains_key(*room)) else {
            return Some(sdp);
        };
        let room = room.clone();
        let caller = self
            .rings
            .get_mut(&room)
            .and_then(|ring| ring.caller.as_mut());
        let Some(caller) = caller.filter(|caller| caller.call_id == call_id) else {
            return Some(sdp);
        };
        caller.offer = sdp;
        if std::mem::take(&mut caller.told) {
            self.tell_ringing(&room, cx, out);
        }
        None
    }

    /// `verto.answer` of a client that rings. Whoever rings beside it has lost the race.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn answer(
        &mut self,
        session: SessionId,
        request: &str,
        inner: &str,
        leg_id: &str,
        sdp: String,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let answered = self.take_ring(session, leg_id);
        let (room, ring, leg) = match answered {
            Ok(answered) => answered,
            Err(refusal) => {
                self.respond_verto(session, request, inner, Err(refusal), out);
                return;
            }
        };
        let done = json!({ "message": "CALL ANSWERED", "callID": leg_id });
        self.respond_verto(session, request, inner, Ok(done), out);
        out.push(Output::Media(MediaCommand::Accept { leg, sdp }));
        self.connect_sides(leg_id, leg, ring, cx, out);
        for loser in self.ringing_in(&room) {
            let cause = Cause::answered_elsewhere();
            self.end_by_space(&loser, cause, "answered_elsewhere", cx, out);
        }
    }

    /// The ring of a call that this session may answer, with its room and the leg of the answer. It rings
    /// no more.
    fn take_ring(
        &mut self,
        session: SessionId,
        leg_id: &str,
    ) -> Result<(String, Ring, LegId), RpcRefusal> {
        let call = self
            .calls
            .get(leg_id)
            .filter(|call| call.session == session && call.is_rung() && call.main.has_sdp)
            .ok_or_else(no_such_call)?;
        let leg = call.main.media.ok_or_else(no_such_call)?;
        let room = call.room_session_id.clone();
        let ring = self.rings.remove(&room).ok_or_else(no_such_call)?;
        Ok((room, ring, leg))
    }

    /// The call is answered: now the caller's offer is taken.
    fn connect_sides(
        &mut self,
        call_id: &str,
        leg: LegId,
        ring: Ring,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let Some(call) = self.calls.get_mut(call_id) else {
            return;
        };
        call.state = CallState::Answered;
        call.expect_media(ring.far_end(), cx);
        let Some(caller) = ring.caller else { return };
        call.peer = Some(caller.call_id.clone());
        let Some(other) = self.calls.get_mut(&caller.call_id) else {
            return;
        };
        other.peer = Some(call_id.to_owned());
        other.state = CallState::Created;
        other.main.media = Some(caller.leg);
        other.expect_media(FarEnd::Peer(leg), cx);
        let id = &caller.call_id;
        self.offer(id, id, caller.offer, Awaiting::Invite, out);
    }

    /// `verto.bye` of a client that rings, with a cause: the person declines, on all clients (media §1.11, 3).
    pub(super) fn declined(
        &mut self,
        call_id: &str,
        cause: Cause,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let room = self.calls.get(call_id).map(|call| &call.room_session_id);
        let Some((room, ring)) = room.and_then(|room| self.rings.remove_entry(&room.clone()))
        else {
            return;
        };
        self.end_call(call_id, cause, "client", "declined", cx, out);
        self.ring_is_over(&room, ring, &Cause::rejected(), "declined", cx, out);
    }

    /// A call that belonged to a ring is over: its caller's, or one of those that rang.
    pub(super) fn left_ring(
        &mut self,
        call_id: &str,
        room: &str,
        cause: &Cause,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let Some(ring) = self.rings.get(room) else {
            return;
        };
        let is_caller = ring.is_of_caller(call_id);
        if !is_caller && !self.ringing_in(room).is_empty() {
            return;
        }
        let Some(ring) = self.rings.remove(room) else {
            return;
        };
        let (cause, how) = if is_caller {
            (Cause::caller_gave_up(), "gave_up")
        } else if *cause == Cause::out_of_order() {
            (cause.clone(), "refused")
        } else {
            // The last client that rang is gone.
            (Cause::not_registered(), "refused")
        };
        self.ring_is_over(room, ring, &cause, how, cx, out);
    }

    /// Nobody answered in time.
    pub(super) fn keep_rings(&mut self, cx: &mut Cx<'_>, out: &mut Vec<Output>) {
        let due = self.rings.iter().filter(|(_, ring)| ring.until <= cx.mono);
        let due: Vec<String> = due.map(|(room, _)| room.clone()).collect();
        for room in due {
            let Some(ring) = self.rings.remove(&room) else {
                continue;
            };
            self.ring_is_over(&room, ring, &Cause::no_answer(), "no_answer", cx, out);
        }
    }

    /// The caller of a call that still rings gives up.
    pub(super) fn caller_gives_up(
        &mut self,
        call_id: &str,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let room = self.calls.get(call_id).map(|call| &call.room_session_id);
        let Some((room, ring)) = room.and_then(|room| self.rings.remove_entry(&room.clone()))
        else {
            return;
        };
        self.ring_is_over(&room, ring, &Cause::caller_gave_up(), "gave_up", cx, out);
    }

    /// Ends what still rings in the room, and the caller's call.
    fn ring_is_over(
        &mut self,
        room: &str,
        ring: Ring,
        cause: &Cause,
        how: &'static str,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        for call in self.ringing_in(room) {
            self.end_by_space(&call, cause.clone(), how, cx, out);
        }
        if let Some(caller) = ring.caller {
            self.end_by_space(&caller.call_id, cause.clone(), how, cx, out);
        }
    }

    /// The calls that ring at clients in this room.
    fn ringing_in(&self, room: &str) -> Vec<String> {
        let rung = self
            .calls
            .values()
            .filter(|call| call.is_rung() && call.room_session_id == room);
        rung.map(|call| call.id.clone()).collect()
    }
}
