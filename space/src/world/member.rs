//! Members of a call and what can be changed about them (wire-protocol §6.2, §7).

use serde_json::{Map, Value, json};
use signalwire_wasm::engine::wire::Sym;
use signalwire_wasm::engine::wire::call::MemberRequest;

use super::World;
use super::call::{Call, Leg};
use super::io::{Cx, Output};
use super::sessions::SessionId;

/// One participant, as the client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `member`, `screen`.
    pub(crate) kind: &'static str,
    pub(crate) subscriber_id: String,
    /// The member's own address; empty for guests.
    pub(crate) address_id: String,
    /// The main member, for the member of an extra leg.
    pub(crate) parent_id: Option<String>,
    pub(crate) audio_muted: bool,
    pub(crate) video_muted: bool,
}

impl Member {
    /// The whole object.
    pub(crate) fn full(&self, call: &Call, leg: &Leg, node_id: &str) -> Value {
        let mut member = json!({
            "room_session_id": call.room_session_id,
            "room_id": call.address.id,
            "member_id": self.id,
            "call_id": leg.id,
            "node_id": node_id,
            "name": self.name,
            "type": self.kind,
            "handraised": false,
            "visible": true,
            "audio_muted": self.audio_muted,
            "video_muted": self.video_muted,
            "deaf": false,
            "input_volume": 0,
            "output_volume": 0,
            "input_sensitivity": 44,
            "echo_cancellation": true,
            "auto_gain": true,
            "noise_suppression": true,
            "lowbitrate": false,
            "denoise": false,
            "meta": {},
            "subscriber_id": self.subscriber_id,
            "address_id": self.address_id,
        });
        if let Some(parent) = &self.parent_id {
            member["parent_id"] = json!(parent);
        }
        member
    }

    /// Mutes or unmutes the channels; gives the members of the object that this sets.
    fn mute(&mut self, channels: &[String], muted: bool) -> Map<String, Value> {
        let mut set = Map::new();
        for channel in channels {
            match channel.as_str() {
                "audio" => self.audio_muted = muted,
                "video" => self.video_muted = muted,
                _ => continue,
            }
            set.insert(format!("{channel}_muted"), json!(muted));
        }
        set
    }
}

impl World {
    /// `call.mute`, `call.unmute`; gives the result (layer B of wire-protocol §2.3).
    pub(super) fn member_request(
        &mut self,
        session: SessionId,
        request: &MemberRequest,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) -> Value {
        let mut own = self
            .calls
            .values_mut()
            .filter(|call| call.session == session);
        // The member id alone names the target (wire-protocol §7.1).
        let Some((call, at)) = own.find_map(|call| {
            let at = call
                .legs()
                .position(|leg| leg.member.id == request.target)?;
            Some((call, at))
        }) else {
            return json!({ "code": "404", "message": "Member not found" });
        };
        let known = |channel: &String| channel == "audio" || channel == "video";
        if request.channels.is_empty() || !request.channels.iter().all(known) {
            return json!({ "code": "422", "message": "channels must hold audio, video or both" });
        }
        let Some(leg) = call.legs_mut().nth(at) else {
            return json!({ "code": "404", "message": "Member not found" });
        };
        let mut member = leg
            .member
            .mute(&request.channels, request.method == Sym::Mute);
        let updated: Vec<&String> = member.keys().collect();
        let updated = json!(updated);
        for (key, value) in [
            ("member_id", json!(request.target)),
            ("call_id", json!(leg.id)),
            ("node_id", json!(self.node_id)),
            ("type", json!(leg.member.kind)),
            ("room_session_id", json!(call.room_session_id)),
            ("room_id", json!(call.address.id)),
            ("updated", updated),
        ] {
            member.insert(key.to_owned(), value);
        }
        let call_id = call.id.clone();
        let params = json!({ "member": member });
        self.tell_both(&call_id, "member.updated", &params, cx, out);
        json!({ "code": "200", "message": "OK" })
    }
}
