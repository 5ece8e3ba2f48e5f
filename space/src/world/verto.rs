//! `webrtc.verto`: answer, bye, modify and their kin (wire-protocol §5).

use serde_json::{Map, Value, json};
use signalwire_wasm::engine::wire::verto::{VertoMessage, VertoRequest};

use super::call::{Awaiting, Call};
use super::codes::{self, Cause};
use super::delivery::RpcRefusal;
use super::invites::Invite;
use super::io::{Cx, Output};
use super::sessions::SessionId;
use super::{World, loud, shape, short};

impl World {
    pub(super) fn verto(
        &mut self,
        session: SessionId,
        request: &str,
        verto: VertoRequest,
        params: &Value,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let VertoRequest {
            inner_id,
            call_id: leg,
            message,
            ..
        } = verto;
        if let Err(refusal) = shape::check(params) {
            out.push(loud(format!("session {}: {}", session.0, refusal.message)));
            self.respond_verto(session, request, &inner_id, Err(refusal), out);
            return;
        }
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
                    variables: own_variables(params),
                };
                self.invite(session, request, &inner_id, &leg, invite, cx, out);
                return;
            }
            VertoMessage::Answer { sdp } => {
                self.answer(session, request, &inner_id, &leg, sdp, cx, out);
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
    pub(super) fn own_call(
        &mut self,
        session: SessionId,
        leg: &str,
    ) -> Result<&mut Call, RpcRefusal> {
        self.calls
            .values_mut()
            .find(|call| call.session == session && call.leg(leg).is_some())
            .ok_or_else(no_such_call)
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
        let call = self.own_call(session, leg)?;
        let (call_id, is_rung) = (call.id.clone(), call.is_rung());
        // A client that goes, its page or its object, says no cause: the person is still called elsewhere.
        let declines = cause.is_some() || code.is_some();
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
        if is_rung && declines {
            self.declined(&call_id, cause, cx, out);
        } else if call_id == leg {
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
            ("updateMedia", Some(sdp)) if call.far_end.is_some() && !call.is_rung() => {
                let call_id = call.id.clone();
                let [request, inner] = [request, inner].map(str::to_owned);
                self.offer(&call_id, leg, sdp, Awaiting::Modify { request, inner }, out);
                Ok(None)
            }
            ("hold" | "unhold", _) if !call.is_rung() => {
                call.held = action == "hold";
                let state = if call.held { "held" } else { "active" };
                let node_id = self.node_id.as_str();
                Ok(Some(json!({
                    "action": action, "callID": leg, "holdState": state, "node_id": node_id
                })))
            }
            _ => {
                let what = format!(
                    "verto.modify: the action {:?} is not possible on this call",
                    short(action)
                );
                out.push(loud(format!("session {}: {what}", session.0)));
                Err(RpcRefusal::new(codes::INVALID_PARAMS, what))
            }
        }
    }
}

pub(super) fn no_such_call() -> RpcRefusal {
    RpcRefusal::new(codes::INVALID_CALL_REFERENCE, "INVALID_CALL_REFERENCE")
}

fn unknown(session: SessionId, method: &str, out: &mut Vec<Output>) -> RpcRefusal {
    let what = format!("unknown verto method {:?}", short(method));
    out.push(loud(format!("session {}: {what}", session.0)));
    RpcRefusal::new(codes::METHOD_NOT_FOUND, what)
}

/// What the application of the caller says to that of the callee; the SDK's own ids are not for others.
fn own_variables(params: &Value) -> Map<String, Value> {
    let all = &params["message"]["params"]["dialogParams"]["userVariables"];
    let mut variables = all.as_object().cloned().unwrap_or_default();
    for own in ["memberCallId", "memberId"] {
        variables.remove(own);
    }
    variables
}
