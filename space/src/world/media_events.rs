//! What the media edge reports, and what it means for a call (wire-protocol §5.4, §5.5).

use std::collections::BTreeMap;

use serde_json::json;

use super::call::{Awaiting, Call};
use super::codes::Cause;
use super::delivery::{Obsolete, RpcRefusal};
use super::io::{Cx, Output};
use super::media::{LegId, MediaEvent};
use super::report::CallState;
use super::{World, codes, loud, quiet};

impl World {
    pub(super) fn media_event(
        &mut self,
        event: MediaEvent,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        match event {
            MediaEvent::Answer { leg, sdp } => self.media_answered(leg, sdp, cx, out),
            MediaEvent::Offered { leg, sdp } => self.media_offered(leg, &sdp, cx, out),
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
                if superseded || std::mem::replace(&mut leg.has_sdp, true) {
                    return;
                }
                if is_main {
                    call.state = CallState::Answered;
                }
                let params = json!({ "callID": leg_id, "sdp": sdp });
                let obsolete = Some(Obsolete::WithMedia(leg_id));
                self.verto_event(session, "verto.answer", params, obsolete, cx, out);
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

    fn media_offered(&mut self, media: LegId, sdp: &str, cx: &mut Cx<'_>, out: &mut Vec<Output>) {
        let rung = leg_of(&mut self.calls, media).filter(|(call, _)| call.is_rung());
        let Some((_, call_id)) = rung else { return };
        self.invite_client(&call_id, sdp, cx, out);
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
        let is_rung = call.is_rung();
        let Some(leg) = call.leg_mut(&leg_id) else {
            return;
        };
        let awaiting = leg.awaiting.pop_front();
        out.push(loud(format!("call {call_id}: media refused: {reason}")));
        match awaiting {
            Some(Awaiting::Modify { request, inner }) => {
                let refusal = RpcRefusal::new(codes::INVALID_PARAMS, reason);
                self.respond_verto(session, &request, &inner, Err(refusal), out);
            }
            // A bye that names an extra leg would end the whole call (wire-protocol §11, 11).
            _ if leg_id != call_id => self.end_extra(&call_id, &leg_id, cx, out),
            _ if is_rung => {
                self.end_by_space(&call_id, Cause::out_of_order(), "refused", cx, out);
            }
            _ => self.end_by_space(&call_id, Cause::incompatible(), "refused", cx, out),
        }
    }

    fn media_connected(&mut self, media: LegId, cx: &mut Cx<'_>, out: &mut Vec<Output>) {
        let Some((call, leg_id)) = leg_of(&mut self.calls, media) else {
            return;
        };
        // Nothing connects before it is answered.
        if call.is_rung() {
            return;
        }
        let (call_id, session) = (call.id.clone(), call.session);
        if let Some(leg) = call.leg_mut(&leg_id) {
            leg.connected = true;
        }
        if leg_id != call_id {
            let member = call
                .leg(&leg_id)
                .map(|leg| leg.member.full(call, leg, &self.node_id));
            let params = json!({ "member": member });
            self.tell_both(&call_id, "member.joined", &params, cx, out);
            return;
        }
        call.media_lost_at = None;
        if call.state == CallState::Joined {
            return;
        }
        call.state = CallState::Joined;
        let Some(call) = self.calls.get(&call_id) else {
            return;
        };
        let peer = call.peer.as_ref().and_then(|peer| self.calls.get(peer));
        let params = call.joined(peer, &self.node_id);
        self.event(session, "call.joined", params, cx, out);
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
        let is_rung = call.is_rung();
        out.push(quiet(format!("call {call_id}: its media is gone")));
        if is_rung {
            self.end_by_space(&call_id, Cause::out_of_order(), "refused", cx, out);
        }
    }
}

/// The call and the leg that the media edge means.
fn leg_of(calls: &mut BTreeMap<String, Call>, media: LegId) -> Option<(&mut Call, String)> {
    calls.values_mut().find_map(|call| {
        let leg = call.legs().find(|leg| leg.media == Some(media))?.id.clone();
        Some((call, leg))
    })
}
