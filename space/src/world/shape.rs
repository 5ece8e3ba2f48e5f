//! What is wrong with the params of a request, by the member's name: of `webrtc.verto` (wire-protocol
//! §5.1–§5.8), and of the methods of a session (§3, auth §5).
//!
//! Unknown members pass: clients of other versions send more. A known one of a wrong type is an error,
//! also an optional one: to read it as absent would do something else than the client meant.

use serde_json::Value;
use signalwire_wasm::engine::wire::Sym;

use super::codes;
use super::delivery::RpcRefusal;

/// The most characters that one `verto.info` may carry.
const LONGEST_DTMF: usize = 1024;

/// What a member is.
#[derive(Clone, Copy)]
enum Shape {
    Text,
    Object,
    Flag,
    /// A number, or the text of one (wire-protocol §5.7).
    Code,
    Texts,
    Digits,
}

impl Shape {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Object => value.is_object(),
            Self::Flag => value.is_boolean(),
            Self::Code => {
                let number = value.as_i64().and_then(|code| i32::try_from(code).ok());
                let text = value.as_str().and_then(|code| code.parse().ok());
                number.or(text).is_some()
            }
            Self::Texts => value
                .as_array()
                .is_some_and(|all| all.iter().all(Value::is_string)),
            Self::Digits => value
                .as_str()
                .is_some_and(|text| (1..=LONGEST_DTMF).contains(&text.len())),
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Object => "an object",
            Self::Flag => "true or false",
            Self::Code => "a number of 32 bits, or its text",
            Self::Texts => "an array of strings",
            Self::Digits => "a string of 1 to 1024 characters",
        }
    }
}

/// What a member must be. Null is the same as absent.
struct Rule {
    /// From the params of `webrtc.verto`.
    path: &'static str,
    shape: Shape,
    needed: bool,
}

const fn needs(path: &'static str, shape: Shape) -> Rule {
    Rule {
        path,
        shape,
        needed: true,
    }
}

const fn may_have(path: &'static str, shape: Shape) -> Rule {
    Rule {
        path,
        shape,
        needed: false,
    }
}

const ENVELOPE: &[Rule] = &[
    needs("message", Shape::Object),
    needs("message.method", Shape::Text),
    needs("message.params", Shape::Object),
];

const EVERY_MESSAGE: &[Rule] = &[
    may_have("callID", Shape::Text),
    may_have("node_id", Shape::Text),
    may_have("subscribe", Shape::Texts),
    may_have("message.id", Shape::Text),
    may_have("message.params.callID", Shape::Text),
    may_have("message.params.dialogParams", Shape::Object),
    may_have("message.params.dialogParams.callID", Shape::Text),
    may_have("message.params.dialogParams.userVariables", Shape::Object),
];

const INVITE: &[Rule] = &[
    needs("message.params.sdp", Shape::Text),
    needs("message.params.dialogParams", Shape::Object),
    needs(
        "message.params.dialogParams.destination_number",
        Shape::Text,
    ),
    may_have("message.params.dialogParams.attach", Shape::Flag),
    may_have("message.params.dialogParams.reattaching", Shape::Flag),
    may_have("message.params.dialogParams.screenShare", Shape::Flag),
    may_have("message.params.dialogParams.additionalDevice", Shape::Flag),
    may_have(
        "message.params.dialogParams.userVariables.memberCallId",
        Shape::Text,
    ),
];

const ANSWER: &[Rule] = &[needs("message.params.sdp", Shape::Text)];

const BYE: &[Rule] = &[
    may_have("message.params.cause", Shape::Text),
    may_have("message.params.causeCode", Shape::Code),
];

const INFO: &[Rule] = &[needs("message.params.dtmf", Shape::Digits)];

const MODIFY: &[Rule] = &[
    needs("message.params.action", Shape::Text),
    may_have("message.params.sdp", Shape::Text),
];

const UPDATE_MEDIA: &[Rule] = &[needs("message.params.sdp", Shape::Text)];

const SUBSCRIBE: &[Rule] = &[may_have("message.params.eventChannel", Shape::Texts)];

const CONNECT: &[Rule] = &[
    needs("authentication", Shape::Object),
    needs("authentication.jwt_token", Shape::Text),
    may_have("authorization_state", Shape::Text),
    may_have("protocol", Shape::Text),
    may_have("dpop_token", Shape::Text),
];

const REAUTHENTICATE: &[Rule] = &[
    needs("authentication", Shape::Object),
    needs("authentication.jwt_token", Shape::Text),
    may_have("authentication.project", Shape::Text),
    may_have("dpop_token", Shape::Text),
];

/// Whether the params have what a method of the session needs; a method of anything else passes.
pub(super) fn check_session(method: &str, params: &Value) -> Result<(), RpcRefusal> {
    let rules = match Sym::parse(method) {
        Some(Sym::Connect) => CONNECT,
        Some(Sym::Reauthenticate) => REAUTHENTICATE,
        Some(Sym::Online | Sym::Offline) => &[],
        _ => return Ok(()),
    };
    if !params.is_object() {
        let what = "params must be an object";
        return Err(RpcRefusal::new(codes::INVALID_PARAMS, what));
    }
    meet(params, rules)
}

/// Whether the inner message has what its method needs.
pub(super) fn check(params: &Value) -> Result<(), RpcRefusal> {
    let text = |path| member(params, path).as_str().unwrap_or_default();
    let own = match text("message.method") {
        "verto.invite" => INVITE,
        "verto.answer" => ANSWER,
        "verto.bye" => BYE,
        "verto.info" => INFO,
        "verto.modify" => MODIFY,
        "verto.subscribe" => SUBSCRIBE,
        _ => &[],
    };
    let further = match text("message.params.action") {
        "updateMedia" => UPDATE_MEDIA,
        _ => &[],
    };
    for rules in [EVERY_MESSAGE, own, further] {
        meet(params, rules)?;
    }
    Ok(())
}

/// The refusal of params that hold no message about a call.
pub(super) fn refuse_envelope(params: &Value) -> RpcRefusal {
    match meet(params, ENVELOPE).and_then(|()| meet(params, EVERY_MESSAGE)) {
        Err(refusal) => refusal,
        Ok(()) => RpcRefusal::new(codes::INVALID_PARAMS, "callID is missing"),
    }
}

fn meet(params: &Value, rules: &[Rule]) -> Result<(), RpcRefusal> {
    for Rule {
        path,
        shape,
        needed,
    } in rules
    {
        let value = member(params, path);
        let fits = if value.is_null() {
            !needed
        } else {
            shape.fits(value)
        };
        if !fits {
            let what = format!("{path} must be {}", shape.text());
            return Err(RpcRefusal::new(codes::INVALID_PARAMS, what));
        }
    }
    Ok(())
}

/// The member at the path; null where there is none.
fn member<'a>(params: &'a Value, path: &str) -> &'a Value {
    path.split('.')
        .fold(params, |value, key| value.get(key).unwrap_or(&Value::Null))
}
