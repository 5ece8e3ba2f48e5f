//! What goes back to a client: responses, events with their acknowledgement, pings
//! (wire-protocol §2, §6.1).

use serde_json::{Value, json};

use super::World;
use super::ids;
use super::io::{Cx, Millis, Output};
use super::sessions::SessionId;

/// Events that wait for their acknowledgement.
const UNACKNOWLEDGED_EVENTS: usize = 256;

/// An event on its way.
pub(crate) struct Event {
    id: String,
    frame: String,
    obsolete: Option<Obsolete>,
}

/// What makes it wrong to send an event again.
pub(crate) enum Obsolete {
    /// The leg of this id has media: a second SDP would end the call.
    WithMedia(String),
    /// The call of this id rings no more: an invite would show a call that is over or answered.
    Unrung(String),
}

/// A refusal at the level of JSON-RPC (layer A).
pub(crate) struct RpcRefusal {
    pub(crate) code: i32,
    pub(crate) message: String,
    /// What a program may do about it.
    pub(crate) data: Option<Value>,
}

impl RpcRefusal {
    pub(crate) fn new(code: i32, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
        }
    }
}

impl World {
    /// Answers a request. Without a socket the answer is lost, as the client's time limit expects.
    pub(super) fn respond(
        &self,
        id: SessionId,
        request: &str,
        answer: Result<Value, RpcRefusal>,
        out: &mut Vec<Output>,
    ) {
        let Some(socket) = self.sessions.get(&id).and_then(|session| session.socket) else {
            return;
        };
        let text = match answer {
            Ok(result) => rpc_result(request, &result),
            Err(refusal) => rpc_error(request, &refusal),
        };
        out.push(Output::Send { socket, text });
    }

    /// Sends an event; without a socket it waits for the resume.
    pub(super) fn event(
        &mut self,
        id: SessionId,
        event_type: &str,
        params: Value,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        self.deliver(id, event_type, params, None, cx, out);
    }

    /// Sends an inner verto message (wire-protocol §5.4). One that carries an SDP says when it is obsolete.
    pub(super) fn verto_event(
        &mut self,
        id: SessionId,
        method: &str,
        params: Value,
        obsolete: Option<Obsolete>,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let message =
            json!({ "jsonrpc": "2.0", "id": ids::uuid(cx), "method": method, "params": params });
        self.deliver(id, "webrtc.message", message, obsolete, cx, out);
    }

    fn deliver(
        &mut self,
        id: SessionId,
        event_type: &str,
        params: Value,
        obsolete: Option<Obsolete>,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let event_id = ids::uuid(cx);
        let frame = json!({
            "jsonrpc": "2.0",
            "id": event_id,
            "method": "signalwire.event",
            "params": {
                "event_type": event_type,
                "event_channel": [session.protocol],
                "timestamp": seconds(cx.wall),
                "project_id": session.claims.project_id,
                "node_id": self.node_id,
                "params": params,
            },
        })
        .to_string();
        if let Some(socket) = session.socket {
            out.push(Output::Send {
                socket,
                text: frame.clone(),
            });
        }
        if session.events.len() == UNACKNOWLEDGED_EVENTS {
            session.events.pop_front();
        }
        session.events.push_back(Event {
            id: event_id,
            frame,
            obsolete,
        });
    }

    pub(super) fn acknowledged(&mut self, id: SessionId, event: &str) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.events.retain(|waiting| waiting.id != event);
        }
    }

    /// Sends again, under the same ids, what was not acknowledged before the socket was lost.
    pub(super) fn redeliver(&mut self, id: SessionId, out: &mut Vec<Output>) {
        let calls = &self.calls;
        let is_obsolete = |obsolete: &Obsolete| match obsolete {
            Obsolete::WithMedia(leg) => calls
                .values()
                .any(|call| call.leg(leg).is_some_and(|leg| leg.connected)),
            Obsolete::Unrung(call) => calls.get(call).is_none_or(|call| !call.is_rung()),
        };
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session
            .events
            .retain(|event| !event.obsolete.as_ref().is_some_and(is_obsolete));
        let Some(socket) = session.socket else { return };
        let waiting = session.events.iter();
        out.extend(waiting.map(|event| Output::Send {
            socket,
            text: event.frame.clone(),
        }));
    }
}

pub(crate) fn ping(cx: &mut Cx<'_>) -> String {
    let params = json!({ "timestamp": seconds(cx.wall) });
    let id = ids::uuid(cx);
    json!({ "jsonrpc": "2.0", "id": id, "method": "signalwire.ping", "params": params }).to_string()
}

pub(crate) fn rpc_result(id: &str, result: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string()
}

pub(crate) fn rpc_error(id: &str, refusal: &RpcRefusal) -> String {
    let mut error = json!({ "code": refusal.code, "message": refusal.message });
    if let Some(data) = &refusal.data {
        error["data"] = data.clone();
    }
    json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string()
}

/// Seconds with a fraction. Milliseconds since the epoch are exact in an `f64`.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn seconds(millis: Millis) -> f64 {
    millis as f64 / 1000.0
}
