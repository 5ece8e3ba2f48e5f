//! Calls and their legs: how they live, how they end (wire-protocol §8.4, §8.6, §10.3).

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::codes::Cause;
use super::delivery::RpcRefusal;
use super::directory::{Address, Destination};
use super::io::{Cx, Millis, Output};
use super::media::{FarEnd, LegId, MediaCommand, MediaEvent};
use super::member::Member;
use super::report::{CallReport, CallState, End, LegReport};
use super::sessions::SessionId;
use super::{World, codes, ids, loud, quiet};

/// A call whose media is gone, or never came, ends after.
const WITHOUT_MEDIA_LIMIT: Millis = 30_000;
/// A call with media but without a socket ends after.
const WITHOUT_SOCKET_LIMIT: Millis = 60_000;
/// A call with neither ends after; with room for finding out, so that it is over within 30 s.
const WITHOUT_BOTH_LIMIT: Millis = 25_000;
/// Between two `verto.ping` of a call (wire-protocol §8.3).
const PING_EVERY: Millis = 30_000;

/// What an answer of the media edge is for.
pub(crate) enum Awaiting {
    /// The `verto.answer` of the leg.
    Invite,
    /// The response to a `verto.modify`.
    Modify {
        /// Id of the request.
        request: String,
        /// Id of the inner message.
        inner: String,
    },
}

/// One peer connection of a client.
pub(crate) struct Leg {
    /// The client's leg id; for the main leg it is the call id.
    pub(crate) id: String,
    pub(crate) member: Member,
    /// Its name at the media edge; none where nothing answers, and after its media died.
    pub(crate) media: Option<LegId>,
    pub(crate) connected: bool,
    /// Whether the client has its SDP: a second one would end the call.
    pub(crate) answered: bool,
    pub(crate) awaiting: VecDeque<Awaiting>,
}

impl Leg {
    pub(crate) fn new(id: String, member: Member) -> Self {
        Self {
            id,
            member,
            media: None,
            connected: false,
            answered: false,
            awaiting: VecDeque::new(),
        }
    }

    /// Forgets its media; gives the name by which the media edge knows it.
    fn lose_media(&mut self) -> Option<LegId> {
        self.connected = false;
        self.awaiting.clear();
        self.media.take()
    }

    fn stop(&mut self, out: &mut Vec<Output>) {
        out.extend(
            self.lose_media()
                .map(|leg| Output::Media(MediaCommand::Stop { leg })),
        );
    }
}

/// One call of a client to an address.
pub(crate) struct Call {
    /// The client's call id.
    pub(crate) id: String,
    pub(crate) session: SessionId,
    pub(crate) address: Address,
    pub(crate) state: CallState,
    pub(crate) held: bool,
    pub(crate) digits: String,
    pub(crate) room_session_id: String,
    pub(crate) main: Leg,
    /// Screen shares and further devices.
    pub(crate) extras: Vec<Leg>,
    created_ms: Millis,
    /// Since when its main leg has no media, on the monotonic clock.
    media_lost_at: Option<Millis>,
    next_ping: Millis,
}

impl Call {
    pub(crate) fn new(
        id: String,
        session: SessionId,
        address: Address,
        member: Member,
        cx: &mut Cx<'_>,
    ) -> Self {
        Self {
            main: Leg::new(id.clone(), member),
            id,
            session,
            address,
            state: CallState::Created,
            held: false,
            digits: String::new(),
            room_session_id: ids::uuid(cx),
            extras: Vec::new(),
            created_ms: cx.wall,
            media_lost_at: Some(cx.mono),
            next_ping: cx.mono + PING_EVERY,
        }
    }

    /// What the far end does; none where nothing answers.
    pub(crate) fn far_end(&self) -> Option<FarEnd> {
        match self.address.destination {
            Destination::Echo => Some(FarEnd::Echo),
            Destination::Tone(hertz) => Some(FarEnd::Tone(hertz)),
            Destination::Busy
            | Destination::Silent
            | Destination::Unreachable
            | Destination::Subscriber(_) => None,
        }
    }

    /// The leg with this id of the client.
    pub(crate) fn leg(&self, id: &str) -> Option<&Leg> {
        self.legs().find(|leg| leg.id == id)
    }

    /// The same, to be changed.
    pub(crate) fn leg_mut(&mut self, id: &str) -> Option<&mut Leg> {
        self.legs_mut().find(|leg| leg.id == id)
    }

    /// Main leg first.
    pub(crate) fn legs(&self) -> impl Iterator<Item = &Leg> {
        std::iter::once(&self.main).chain(&self.extras)
    }

    /// Main leg first.
    pub(crate) fn legs_mut(&mut self) -> impl Iterator<Item = &mut Leg> {
        std::iter::once(&mut self.main).chain(&mut self.extras)
    }

    pub(crate) fn stop_media(mut self, out: &mut Vec<Output>) {
        self.legs_mut().for_each(|leg| leg.stop(out));
    }

    /// Starts the media of the main leg anew, for a client that lost its page.
    pub(crate) fn restart(&mut self, cx: &Cx<'_>, out: &mut Vec<Output>) {
        self.legs_mut().for_each(|leg| leg.stop(out));
        self.extras.clear();
        self.main.answered = false;
        self.state = CallState::Created;
        self.media_lost_at = Some(cx.mono);
    }

    /// When the call ends, if nothing changes; why, and how the front desk calls it.
    fn end_of(&self, offline_since: Option<Millis>) -> Option<(Millis, Cause, &'static str)> {
        let media_is_expected = self.far_end().is_some();
        let without_media = self
            .media_lost_at
            .filter(|_| media_is_expected)
            .map(|since| {
                (
                    since + WITHOUT_MEDIA_LIMIT,
                    Cause::media_timeout(),
                    "media_lost",
                )
            });
        let without_socket = offline_since.map(|since| {
            let limit = if self.media_lost_at.is_some() {
                WITHOUT_BOTH_LIMIT
            } else {
                WITHOUT_SOCKET_LIMIT
            };
            (since + limit, Cause::client_gone(), "client_lost")
        });
        without_media
            .into_iter()
            .chain(without_socket)
            .min_by_key(|(at, _, _)| *at)
    }

    pub(crate) fn deadline(&self, offline_since: Option<Millis>) -> Option<Millis> {
        let end = self.end_of(offline_since).map(|(at, _, _)| at);
        // Without a socket there is nobody to ping.
        let ping = offline_since.is_none().then_some(self.next_ping);
        end.into_iter().chain(ping).min()
    }

    pub(crate) fn report(&self, ended: Option<End>) -> CallReport {
        let legs = self.legs().map(|leg| LegReport {
            id: leg.id.clone(),
            member_id: leg.member.id.clone(),
            media: leg.media,
            connected: leg.connected && ended.is_none(),
            audio_muted: leg.member.audio_muted,
            video_muted: leg.member.video_muted,
        });
        CallReport {
            id: self.id.clone(),
            address: self.address.name.clone(),
            session: self.session.0,
            state: if ended.is_some() {
                CallState::Ended
            } else {
                self.state
            },
            held: self.held,
            digits: self.digits.clone(),
            legs: legs.collect(),
            created_ms: self.created_ms,
            ended,
        }
    }
}

impl World {
    /// Hands an offer to the media edge; a leg whose media died gets a new one.
    pub(super) fn offer(
        &mut self,
        call_id: &str,
        leg_id: &str,
        sdp: String,
        awaiting: Awaiting,
        out: &mut Vec<Output>,
    ) {
        let fresh = self.new_leg();
        let Some(call) = self.calls.get_mut(call_id) else {
            return;
        };
        let Some(far_end) = call.far_end() else {
            return;
        };
        let Some(leg) = call.leg_mut(leg_id) else {
            return;
        };
        let media = *leg.media.get_or_insert(fresh);
        leg.awaiting.push_back(awaiting);
        out.push(Output::Media(MediaCommand::Offer {
            leg: media,
            sdp,
            far_end,
        }));
    }

    pub(super) fn media_event(
        &mut self,
        event: MediaEvent,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        match event {
            MediaEvent::Answer { leg, sdp } => self.media_answered(leg, sdp, cx, out),
            MediaEvent::Offered { .. } => {
                out.push(loud("the media edge made an offer unasked".to_owned()));
            }
            MediaEvent::Refused { leg, reason } => self.media_refused(leg, &reason, cx, out),
            MediaEvent::Connected { leg } => self.media_connected(leg, cx, out),
            MediaEvent::Dead { leg } => self.media_died(leg, cx, out),
        }
    }

    fn media_answered(
        &mut self,
        media: LegId,
        sdp: String,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let Some((call, leg_id)) = leg_of(&mut self.calls, media) else {
            return;
        };
        let (session, held, is_main) = (call.session, call.held, call.id == leg_id);
        let Some(leg) = call.leg_mut(&leg_id) else {
            return;
        };
        match leg.awaiting.pop_front() {
            None => out.push(loud("the media edge answered without an offer".to_owned())),
            Some(Awaiting::Invite) => {
                let superseded = leg
                    .awaiting
                    .iter()
                    .any(|next| matches!(next, Awaiting::Invite));
                if superseded || std::mem::replace(&mut leg.answered, true) {
                    return;
                }
                if is_main {
                    call.state = CallState::Answered;
                }
                let params = json!({ "callID": leg_id, "sdp": sdp });
                self.verto_event(session, "verto.answer", params, Some(&leg_id), cx, out);
            }
            Some(Awaiting::Modify { request, inner }) => {
                let hold_state = if held { "held" } else { "active" };
                let done = json!({
                    "action": "updateMedia",
                    "callID": leg_id,
                    "holdState": hold_state,
                    "sdp": sdp,
                });
                self.respond_verto(session, &request, &inner, Ok(done), out);
            }
        }
    }

    fn media_refused(
        &mut self,
        media: LegId,
        reason: &str,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let Some((call, leg_id)) = leg_of(&mut self.calls, media) else {
            return;
        };
        let (call_id, session) = (call.id.clone(), call.session);
        let Some(leg) = call.leg_mut(&leg_id) else {
            return;
        };
        let awaiting = leg.awaiting.pop_front();
        out.push(loud(format!("call {call_id}: offer refused: {reason}")));
        match awaiting {
            Some(Awaiting::Modify { request, inner }) => {
                let refusal = RpcRefusal::new(codes::INVALID_PARAMS, reason);
                self.respond_verto(session, &request, &inner, Err(refusal), out);
            }
            // A bye that names an extra leg would end the whole call (wire-protocol §11, 11).
            _ if leg_id != call_id => self.end_extra(&call_id, &leg_id, cx, out),
            _ => self.end_by_space(&call_id, Cause::incompatible(), "refused", cx, out),
        }
    }

    fn media_connected(&mut self, media: LegId, cx: &mut Cx<'_>, out: &mut Vec<Output>) {
        let Some((call, leg_id)) = leg_of(&mut self.calls, media) else {
            return;
        };
        let (call_id, session) = (call.id.clone(), call.session);
        if let Some(leg) = call.leg_mut(&leg_id) {
            leg.connected = true;
        }
        if leg_id != call_id {
            let member = call
                .leg(&leg_id)
                .map(|leg| leg.member.full(call, leg, &self.node_id));
            let params = json!({
                "room_id": call.address.id,
                "room_session_id": call.room_session_id,
                "call_id": call_id,
                "member": member,
            });
            self.event(session, "member.joined", params, cx, out);
            return;
        }
        call.media_lost_at = None;
        if call.state != CallState::Joined {
            call.state = CallState::Joined;
            let params = joined(call, &self.node_id);
            self.event(session, "call.joined", params, cx, out);
        }
    }

    fn media_died(&mut self, media: LegId, cx: &mut Cx<'_>, out: &mut Vec<Output>) {
        let Some((call, leg_id)) = leg_of(&mut self.calls, media) else {
            return;
        };
        let call_id = call.id.clone();
        if leg_id != call_id {
            self.end_extra(&call_id, &leg_id, cx, out);
            return;
        }
        call.main.lose_media();
        call.media_lost_at = Some(cx.mono);
        out.push(quiet(format!("call {call_id}: its media is gone")));
    }

    /// Takes an extra leg out of its call, without a word to the leg.
    pub(super) fn end_extra(
        &mut self,
        call_id: &str,
        leg_id: &str,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let Some(call) = self.calls.get_mut(call_id) else {
            return;
        };
        let Some(at) = call.extras.iter().position(|leg| leg.id == leg_id) else {
            return;
        };
        let mut leg = call.extras.remove(at);
        leg.stop(out);
        let session = call.session;
        let params = json!({
            "room_id": call.address.id,
            "room_session_id": call.room_session_id,
            "call_id": call.id,
            "member": { "member_id": leg.member.id },
        });
        self.event(session, "member.left", params, cx, out);
    }

    /// Ends a call and tells its client.
    pub(super) fn end_by_space(
        &mut self,
        call_id: &str,
        cause: Cause,
        how: &'static str,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let Some(session) = self.calls.get(call_id).map(|call| call.session) else {
            return;
        };
        let params = json!({ "callID": call_id, "cause": cause.name, "causeCode": cause.code });
        self.end_call(call_id, cause, "space", how, cx, out);
        self.verto_event(session, "verto.bye", params, None, cx, out);
    }

    /// Ends a call without a word to its client.
    pub(super) fn end_call(
        &mut self,
        call_id: &str,
        cause: Cause,
        by: &'static str,
        how: &'static str,
        cx: &Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let Some(call) = self.calls.remove(call_id) else {
            return;
        };
        out.push(quiet(format!(
            "call {call_id}: over, {} by {by} ({how})",
            cause.name
        )));
        self.remember(call.report(Some(End {
            cause,
            by,
            how,
            ended_ms: cx.wall,
        })));
        call.stop_media(out);
    }

    /// Ends every call of a session that is over, without a word to its client.
    pub(super) fn end_calls_of(
        &mut self,
        session: SessionId,
        cause: &Cause,
        by: &'static str,
        how: &'static str,
        cx: &Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let own = self.calls.values().filter(|call| call.session == session);
        let own: Vec<String> = own.map(|call| call.id.clone()).collect();
        for call in own {
            self.end_call(&call, cause.clone(), by, how, cx, out);
        }
    }

    /// Pings what is due and ends what is dead.
    pub(super) fn keep_calls(&mut self, cx: &mut Cx<'_>, out: &mut Vec<Output>) {
        let due: Vec<String> = self
            .calls
            .values()
            .filter(|call| {
                call.deadline(self.offline_since(call))
                    .is_some_and(|at| at <= cx.mono)
            })
            .map(|call| call.id.clone())
            .collect();
        for id in due {
            let Some(call) = self.calls.get(&id) else {
                continue;
            };
            match call.end_of(self.offline_since(call)) {
                Some((at, cause, how)) if at <= cx.mono => {
                    self.end_by_space(&id, cause, how, cx, out);
                }
                _ => self.ping_call(&id, cx, out),
            }
        }
    }

    fn ping_call(&mut self, id: &str, cx: &mut Cx<'_>, out: &mut Vec<Output>) {
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        call.next_ping = cx.mono + PING_EVERY;
        let session = call.session;
        let params = json!({ "callID": id, "dialogParams": { "callID": id } });
        self.verto_event(session, "verto.ping", params, None, cx, out);
    }
}

/// The call and the leg that the media edge means.
fn leg_of(calls: &mut BTreeMap<String, Call>, media: LegId) -> Option<(&mut Call, String)> {
    calls.values_mut().find_map(|call| {
        let leg = call.legs().find(|leg| leg.media == Some(media))?.id.clone();
        Some((call, leg))
    })
}

/// The params of `call.joined` (wire-protocol §6.3).
fn joined(call: &Call, node_id: &str) -> Value {
    let room = call.address.short_name();
    let members: Vec<Value> = call
        .legs()
        .map(|leg| leg.member.full(call, leg, node_id))
        .collect();
    json!({
        "room_session_id": call.room_session_id,
        "room_id": call.address.id,
        "call_id": call.id,
        "origin_call_id": call.id,
        "member_id": call.main.member.id,
        "capabilities": ["self", "digit", "end"],
        "room_session": {
            "room_session_id": call.room_session_id,
            "room_id": call.address.id,
            "event_channel": call.room_session_id,
            "name": room,
            "display_name": call.address.display_name,
            "layout_name": "",
            "recording": false,
            "streaming": false,
            "prioritize_handraise": false,
            "hide_video_muted": false,
            "locked": false,
            "meta": {},
            "recordings": [],
            "streams": [],
            "playbacks": [],
            "members": members,
        },
    })
}
