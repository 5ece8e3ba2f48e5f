//! The calls of the space: their offers, their ends, their keep-alive, and what both sides of one
//! are told (wire-protocol §8.4, §8.6, §10.3).

use serde_json::{Value, json};

use super::call::{Awaiting, Call};
use super::codes::Cause;
use super::io::{Cx, Output};
use super::media::{FarEnd, LegId, MediaCommand};
use super::report::End;
use super::sessions::SessionId;
use super::{World, quiet};

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
        let Some(far_end) = call.far_end_of(leg_id) else {
            return;
        };
        let Some(leg) = call.leg_mut(leg_id) else {
            return;
        };
        let replaced = leg.media.is_none();
        let media = *leg.media.get_or_insert(fresh);
        leg.awaiting.push_back(awaiting);
        out.push(Output::Media(MediaCommand::Offer {
            leg: media,
            sdp,
            far_end,
        }));
        if replaced && leg_id == call_id {
            self.lead_peer_to(call_id, media, out);
        }
    }

    /// The other side's packets find the new leg.
    fn lead_peer_to(&mut self, call_id: &str, media: LegId, out: &mut Vec<Output>) {
        let peer = self
            .calls
            .get(call_id)
            .and_then(|call| call.peer.clone())
            .and_then(|peer| self.calls.get_mut(&peer));
        let Some(peer) = peer else { return };
        peer.far_end = Some(FarEnd::Peer(media));
        if let Some(leg) = peer.main.media {
            out.push(Output::Media(MediaCommand::Bridge { leg, peer: media }));
        }
    }

    /// Tells both sides of a call about a change, each under its own call id (wire-protocol §6.1).
    pub(super) fn tell_both(
        &mut self,
        call_id: &str,
        event_type: &str,
        params: &Value,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let Some(call) = self.calls.get(call_id) else {
            return;
        };
        let peer = call.peer.as_ref().and_then(|peer| self.calls.get(peer));
        let told: Vec<(SessionId, Value)> = std::iter::once(call)
            .chain(peer)
            .map(|one| {
                let mut params = params.clone();
                params["room_id"] = json!(one.address.id);
                params["room_session_id"] = json!(one.room_session_id);
                params["call_id"] = json!(one.id);
                (one.session, params)
            })
            .collect();
        for (session, params) in told {
            self.event(session, event_type, params, cx, out);
        }
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
        let params = json!({ "member": { "member_id": leg.member.id } });
        self.tell_both(call_id, "member.left", &params, cx, out);
    }

    /// The far end hangs up; where the call still rings at its client, that is its caller giving up.
    pub(super) fn far_end_hangs_up(
        &mut self,
        call_id: &str,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        if self.calls.get(call_id).is_some_and(Call::is_rung) {
            self.caller_gives_up(call_id, cx, out);
        } else {
            self.end_by_space(call_id, Cause::normal(), "bye", cx, out);
        }
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
        self.end_and_tell(call_id, cause, "space", how, cx, out);
    }

    fn end_and_tell(
        &mut self,
        call_id: &str,
        cause: Cause,
        by: &'static str,
        how: &'static str,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let Some(call) = self.calls.get(call_id) else {
            return;
        };
        let session = call.session;
        // A client that was not invited yet knows nothing of the call.
        let is_known = !call.is_rung() || call.main.has_sdp;
        let params = json!({ "callID": call_id, "cause": cause.name, "causeCode": cause.code });
        self.end_call(call_id, cause, by, how, cx, out);
        if is_known {
            self.verto_event(session, "verto.bye", params, None, cx, out);
        }
    }

    /// Ends a call without a word to its client; the other side is told.
    pub(super) fn end_call(
        &mut self,
        call_id: &str,
        cause: Cause,
        by: &'static str,
        how: &'static str,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let Some(mut call) = self.calls.remove(call_id) else {
            return;
        };
        out.push(quiet(format!(
            "call {call_id}: over, {} by {by} ({how})",
            cause.name
        )));
        self.remember(call.report(Some(End {
            cause: cause.clone(),
            by,
            how,
            ended_ms: cx.wall,
        })));
        call.stop_media(out);
        match call.peer {
            Some(peer) => self.end_and_tell(&peer, cause, "peer", how, cx, out),
            None => self.left_ring(call_id, &call.room_session_id, &cause, cx, out),
        }
    }

    /// Ends every call of a session that is over, without a word to its client.
    pub(super) fn end_calls_of(
        &mut self,
        session: SessionId,
        cause: &Cause,
        by: &'static str,
        how: &'static str,
        cx: &mut Cx<'_>,
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
        call.pinged(cx);
        let session = call.session;
        let params = json!({ "callID": id, "dialogParams": { "callID": id } });
        self.verto_event(session, "verto.ping", params, None, cx, out);
    }
}
