//! Verto messages as no client should send them: each is answered, the wrong member is named, and an
//! error changes nothing.

use serde_json::{Value, json};

use super::scene::{Client, Scene, answer, bye, invite, verto};
use crate::world::report::CallReport;

/// A megabyte.
const LONG: usize = 1 << 20;

/// A caller with a call that lives, and a call that rings at it.
struct Stage {
    scene: Scene,
    ada: Client,
    rung: String,
}

impl Stage {
    fn new() -> Self {
        let mut scene = Scene::new();
        let ada = scene.online("ada@example.test");
        scene.call(ada, "c-1", "/public/echo");
        let rung = scene
            .call_person("/private/ada", "/public/echo", true)
            .unwrap()
            .remove(0);
        scene.answer_media();
        scene.ack_all(ada);
        Self { scene, ada, rung }
    }

    /// Every message that the space understands, each with everything that it reads.
    fn messages(&self) -> Vec<Value> {
        let short = json!({ "callID": "c-1" });
        let mut extra = invite("s-1", "/public/echo");
        extra["dialogParams"]["screenShare"] = json!(true);
        extra["dialogParams"]["userVariables"] = json!({ "memberCallId": "c-1" });
        let mut back = invite("c-1", "/public/echo");
        back["dialogParams"]["attach"] = json!(true);
        back["dialogParams"]["reattaching"] = json!(true);
        let mut leave = bye("c-1");
        leave["cause"] = json!("USER_BUSY");
        leave["causeCode"] = json!("17");
        let modify = |action| json!({ "action": action, "sdp": "again", "dialogParams": short });
        let rung = self.rung.as_str();
        let mut all = vec![
            verto("c-2", "verto.invite", invite("c-2", "/public/tone")),
            verto("c-3", "verto.invite", invite("c-3", "/private/bob")),
            verto("s-1", "verto.invite", extra),
            verto("c-1", "verto.invite", back),
            verto(rung, "verto.answer", answer(rung)),
            verto(rung, "verto.bye", bye(rung)),
            verto("c-1", "verto.bye", leave),
            verto("c-1", "verto.modify", modify("updateMedia")),
            verto("c-1", "verto.modify", modify("hold")),
            verto(
                "c-1",
                "verto.info",
                json!({ "dtmf": "1", "dialogParams": short }),
            ),
            verto(
                "c-1",
                "verto.pong",
                json!({ "callID": "c-1", "dialogParams": short }),
            ),
            verto(
                "c-1",
                "verto.subscribe",
                json!({ "eventChannel": ["call.play"] }),
            ),
        ];
        for message in &mut all {
            message["subscribe"] = json!(["call.joined"]);
        }
        all
    }

    fn calls(&self) -> Vec<CallReport> {
        self.scene.world.calls()
    }

    /// The error that the space answers, at either level; none for a success.
    fn error_of(&mut self, params: Value) -> Option<(i64, String)> {
        let id = json!(self.scene.request(self.ada, "webrtc.verto", params));
        // Some are answered when the media edge has spoken.
        self.scene.answer_media();
        let mut frames = self.scene.frames(self.ada);
        frames.retain(|frame| frame["id"] == id);
        let [answer] = &frames[..] else {
            panic!("one answer: {frames:?}")
        };
        let error = match &answer["error"] {
            Value::Null => &answer["result"]["result"]["error"],
            outer => outer,
        };
        let code = error["code"].as_i64()?;
        Some((code, error["message"].as_str().unwrap().to_owned()))
    }
}

/// The path of every member, as JSON pointers (RFC 6901).
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let members = value.as_object().into_iter().flatten();
    for (key, member) in members {
        let path = format!("{at}/{key}");
        pointers(member, &path, found);
        found.push(path);
    }
}

fn nested(levels: usize) -> Value {
    (0..levels).fold(json!([]), |inner, _| json!([inner]))
}

/// What is put in a member's place.
fn wrong() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("\u{0}\u{fffd}"),
        json!("x".repeat(LONG)),
        json!([]),
        json!([1, "2"]),
        json!({}),
        nested(100),
    ]
}

/// The members that decide which call is meant, and whether it should be there.
const NAMES_A_CALL: [&str; 8] = [
    "callID",
    "dialogParams",
    "memberCallId",
    "userVariables",
    "attach",
    "reattaching",
    "screenShare",
    "additionalDevice",
];

/// Either the message is as good as before, or its error says what is wrong.
fn check(pointer: &str, wrong: &Value, before: &[CallReport], stage: &mut Stage, params: Value) {
    let shown: String = wrong.to_string().chars().take(40).collect();
    let error = stage.error_of(params);
    let Some((code, message)) = error else { return };
    let context = format!("{pointer} = {shown}: {code} {message}");
    assert_eq!(stage.calls(), before, "an error changes nothing: {context}");
    assert!(message.len() < 300, "an error is short");
    match code {
        -32602 => {
            let member = pointer.rsplit('/').next().unwrap();
            assert!(message.contains(member), "the member is named: {context}");
        }
        // Another method, another call, another destination.
        -32601 => assert!(pointer.ends_with("/method"), "{context}"),
        -32002 => assert!(
            NAMES_A_CALL.contains(&pointer.rsplit('/').next().unwrap()),
            "{context}"
        ),
        -32004 => assert!(pointer.ends_with("/destination_number"), "{context}"),
        _ => panic!("{context}"),
    }
}

#[test]
fn every_member_may_be_anything() {
    // The stages are equal, down to the id of the call that rings.
    for message in Stage::new().messages() {
        let mut found = Vec::new();
        pointers(&message, "", &mut found);
        for pointer in &found {
            for wrong in wrong() {
                let mut stage = Stage::new();
                let before = stage.calls();
                let mut params = message.clone();
                *params.pointer_mut(pointer).unwrap() = wrong.clone();
                check(pointer, &wrong, &before, &mut stage, params);
            }
        }
    }
}

#[test]
fn a_member_of_a_wrong_type_is_an_error() {
    for (method, path) in [
        ("verto.invite", "sdp"),
        ("verto.invite", "dialogParams"),
        ("verto.invite", "dialogParams/destination_number"),
        ("verto.invite", "dialogParams/screenShare"),
        ("verto.invite", "dialogParams/userVariables"),
        ("verto.answer", "sdp"),
        ("verto.bye", "dialogParams"),
        ("verto.bye", "cause"),
        ("verto.bye", "causeCode"),
        ("verto.modify", "action"),
        ("verto.modify", "sdp"),
        ("verto.info", "dtmf"),
        ("verto.subscribe", "eventChannel"),
    ] {
        let mut stage = Stage::new();
        let mut messages = stage.messages();
        messages.retain(|one| one["message"]["method"] == method);
        let mut tried = 0;
        for mut params in messages {
            let pointer = format!("/message/params/{path}");
            let Some(member) = params.pointer_mut(&pointer) else {
                continue;
            };
            *member = json!([{}]);
            let (code, message) = stage.error_of(params).expect("an error");
            assert_eq!(code, -32602, "{method} {path}");
            assert!(message.contains(&path.replace('/', ".")), "{message}");
            tried += 1;
        }
        assert!(tried > 0, "{method} has {path}");
    }
}

#[test]
fn a_member_that_is_missing_is_named() {
    let call = json!({ "callID": "c-1", "dialogParams": { "callID": "c-1" } });
    for (params, named) in [
        (json!({}), "message"),
        (json!({ "message": {} }), "message.method"),
        (
            json!({ "message": { "method": "verto.bye" } }),
            "message.params",
        ),
        (
            json!({ "message": { "method": "verto.bye", "params": {} } }),
            "callID",
        ),
        (verto("c-9", "verto.invite", call.clone()), "sdp"),
        (
            verto("c-9", "verto.invite", json!({ "sdp": "x" })),
            "dialogParams",
        ),
        (
            verto(
                "c-9",
                "verto.invite",
                json!({ "sdp": "x", "dialogParams": {} }),
            ),
            "destination_number",
        ),
        (verto("c-1", "verto.answer", call.clone()), "sdp"),
        (verto("c-1", "verto.info", call.clone()), "dtmf"),
        (verto("c-1", "verto.modify", call.clone()), "action"),
        (
            verto("c-1", "verto.modify", json!({ "action": "updateMedia" })),
            "sdp",
        ),
    ] {
        let mut stage = Stage::new();
        let before = stage.calls();
        let (code, message) = stage.error_of(params).expect("an error");
        assert_eq!(code, -32602, "{message}");
        assert!(message.contains(named), "{named}: {message}");
        assert_eq!(stage.calls(), before);
    }
}

#[test]
fn messages_about_no_call_of_ones_own_are_refused() {
    let mut stage = Stage::new();
    let bob = stage.scene.online("bob@example.test");
    stage.ada = bob;
    let before = stage.calls();
    let mut refused = 0;
    for params in stage.messages() {
        let id = params["callID"].as_str().unwrap().to_owned();
        if ["c-2", "c-3"].contains(&id.as_str()) {
            continue;
        }
        let method = params["message"]["method"].clone();
        let (code, _) = stage.error_of(params).expect("an error");
        assert_eq!(code, -32002, "{method} of {id}");
        refused += 1;
    }
    assert_eq!(refused, 10);
    assert_eq!(stage.calls(), before);
}

#[test]
fn frames_too_early_wait_and_the_same_frame_counts_once() {
    let mut scene = Scene::new();
    let ada = scene.online("ada@example.test");
    scene.call_person("/private/ada", "x", false).unwrap();
    scene.answer_media();
    let rung = scene.invited(ada)["callID"].as_str().unwrap().to_owned();
    let frame = json!({
        "jsonrpc": "2.0", "id": "same", "method": "webrtc.verto",
        "params": verto(&rung, "verto.answer", answer(&rung)),
    });
    scene.raw(ada, &frame);
    scene.raw(ada, &frame);
    assert_eq!(scene.frames(ada).len(), 1, "one answer");
    let stranger = scene.open();
    scene.raw(stranger, &frame);
    assert!(
        scene.frames(stranger).is_empty(),
        "not before it says who it is"
    );
}
