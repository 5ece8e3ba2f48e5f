//! Calls as they should go, and as destinations refuse them.

use serde_json::{Value, json};

use super::scene::{Client, Scene, invite, verto};
use crate::world::media::{FarEnd, MediaCommand, MediaEvent};
use crate::world::report::CallState;
use crate::world::{Input, seeds};

fn mute(member: &str, channels: &[&str]) -> Value {
    json!({
        "channels": channels,
        "self": { "node_id": "n", "call_id": "c-1", "member_id": member },
        "target": { "node_id": "n", "call_id": "c-1", "member_id": member },
    })
}

fn kinds(events: &[Value]) -> Vec<String> {
    let name = |event: &Value| match event["params"]["method"].as_str() {
        Some(inner) => inner.to_owned(),
        None => event["event_type"].as_str().unwrap().to_owned(),
    };
    events.iter().map(name).collect()
}

/// The self member has every field that an application may read (wire-protocol §10.1).
fn check_self(own: &Value, member: &Value, node: &Value) {
    assert_eq!(&own["member_id"], member);
    assert_eq!(&own["node_id"], node);
    assert_eq!(own["name"], "Ada");
    assert_eq!(own["type"], "member");
    for flag in [
        "handraised",
        "visible",
        "audio_muted",
        "video_muted",
        "deaf",
        "echo_cancellation",
        "auto_gain",
        "noise_suppression",
        "lowbitrate",
        "denoise",
    ] {
        assert!(own[flag].is_boolean(), "{flag}");
    }
    for number in ["input_volume", "output_volume", "input_sensitivity"] {
        assert!(own[number].is_number(), "{number}");
    }
    assert!(own["meta"].is_object() && own["subscriber_id"].is_string());
}

#[test]
fn a_call_is_created_answered_connected_and_joined_in_this_order() {
    let mut scene = Scene::new();
    let client = scene.ada();
    let answer = scene.ask(
        client,
        "webrtc.verto",
        verto(
            "c-1",
            "verto.invite",
            invite("c-1", "/public/tone?channel=audio"),
        ),
    );
    let node = answer["result"]["node_id"].clone();
    let created = &answer["result"]["result"]["result"];
    assert_eq!(created["message"], "CALL CREATED");
    assert_eq!(created["callID"], "c-1");
    let member = created["memberID"].clone();
    assert!(member.is_string() && node.is_string());

    let commands = scene.media_commands();
    let [MediaCommand::Offer { leg, sdp, far_end }] = &commands[..] else {
        panic!("{commands:?}")
    };
    assert_eq!(
        (sdp.as_str(), *far_end),
        ("offer of c-1", FarEnd::Tone(seeds::TONE_HZ))
    );
    let sdp = "the answer".to_owned();
    scene.input(Input::Media(MediaEvent::Answer { leg: *leg, sdp }));
    let answers = scene.verto_events(client);
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0]["method"], "verto.answer");
    assert_eq!(
        answers[0]["params"],
        json!({ "callID": "c-1", "sdp": "the answer" })
    );
    assert_eq!(scene.world.calls()[0].state, CallState::Answered);

    scene.input(Input::Media(MediaEvent::Connected { leg: *leg }));
    let events = scene.events(client);
    assert_eq!(kinds(&events), ["call.joined"]);
    let joined = &events[0]["params"];
    assert_eq!(joined["call_id"], "c-1");
    assert_eq!(joined["origin_call_id"], "c-1");
    assert_eq!(joined["member_id"], member);
    assert_eq!(joined["capabilities"], json!(["self", "digit", "end"]));
    let room = &joined["room_session"];
    assert_eq!(room["room_session_id"], joined["room_session_id"]);
    assert_eq!(room["locked"], false);
    check_self(&room["members"][0], &member, &node);
    assert_eq!(scene.world.calls()[0].state, CallState::Joined);

    scene.input(Input::Media(MediaEvent::Connected { leg: *leg }));
    assert_eq!(scene.events(client), Vec::<Value>::new(), "joined once");
}

#[test]
fn busy_and_unreachable_are_created_and_then_refused() {
    for (to, cause, code) in [
        ("/public/busy", "USER_BUSY", 17),
        ("/public/unreachable", "DESTINATION_OUT_OF_ORDER", 27),
    ] {
        refused_after_creation(to, cause, code);
    }
}

fn refused_after_creation(to: &str, cause: &str, code: i32) {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.request(
        client,
        "webrtc.verto",
        verto("c-1", "verto.invite", invite("c-1", to)),
    );
    let frames = scene.frames(client);
    assert_eq!(
        frames[0]["result"]["result"]["result"]["message"],
        "CALL CREATED"
    );
    let bye = &frames[1]["params"]["params"];
    assert_eq!(bye["method"], "verto.bye");
    assert_eq!(
        bye["params"],
        json!({ "callID": "c-1", "cause": cause, "causeCode": code })
    );
    assert!(scene.media_commands().is_empty());
    let calls = scene.world.calls();
    let end = calls[0].ended.as_ref().unwrap();
    assert_eq!(
        (end.cause.code, end.by, end.how),
        (code, "space", "refused")
    );
}

#[test]
fn silent_is_created_and_then_nothing() {
    let mut scene = Scene::new();
    let client = scene.ada();
    let created = scene.verto(
        client,
        "c-1",
        "verto.invite",
        invite("c-1", "/public/silent"),
    );
    assert_eq!(created["result"]["message"], "CALL CREATED");
    assert!(scene.media_commands().is_empty());
    let events = scene.pass(600_000, &[client]);
    assert!(
        kinds(&events).iter().all(|kind| kind == "verto.ping"),
        "{events:?}"
    );
    assert_eq!(scene.world.calls()[0].state, CallState::Created);
}

#[test]
fn a_destination_that_does_not_exist_and_one_out_of_reach_have_their_own_numbers() {
    let mut scene = Scene::new();
    let ada = scene.ada();
    let refused = scene.verto(ada, "c-1", "verto.invite", invite("c-1", "/public/nothing"));
    assert_eq!(refused["error"]["code"], -32004);
    let sat = scene.guest_sat();
    let (guest, _) = scene.connected(&sat);
    for forbidden in ["/public/tone", "/private/ada", "/public/nothing", ""] {
        let refused = scene.verto(guest, "c-2", "verto.invite", invite("c-2", forbidden));
        assert_eq!(refused["error"]["code"], -32001, "{forbidden}");
    }
    assert!(scene.world.calls().is_empty());
    let created = scene.verto(
        guest,
        "c-2",
        "verto.invite",
        invite("c-2", "/public/echo?channel=video"),
    );
    assert_eq!(created["result"]["message"], "CALL CREATED");
}

#[test]
fn a_person_who_is_not_online_cannot_be_reached() {
    let mut scene = Scene::new();
    let ada = scene.ada();
    scene.verto(ada, "c-1", "verto.invite", invite("c-1", "/private/bob"));
    let end = scene.world.calls()[0].ended.clone().unwrap();
    assert_eq!(end.cause.name, "USER_NOT_REGISTERED");
}

#[test]
fn mute_is_answered_and_shown() {
    let mut scene = Scene::new();
    let client = scene.ada();
    let member = scene.call(client, "c-1", "/public/echo");
    for (method, channels, muted) in [
        ("call.mute", &["audio"][..], [true, false]),
        ("call.mute", &["audio", "video"], [true, true]),
        ("call.unmute", &["video"], [true, false]),
        ("call.unmute", &["audio"], [false, false]),
    ] {
        scene.request(client, method, mute(&member, channels));
        let frames = scene.frames(client);
        assert_eq!(frames.len(), 2);
        let event = &frames[0]["params"];
        assert_eq!(event["event_type"], "member.updated");
        let updated = &event["params"]["member"];
        assert_eq!(updated["member_id"], json!(member));
        assert!(updated["room_session_id"].is_string());
        let names: Vec<String> = channels.iter().map(|one| format!("{one}_muted")).collect();
        assert_eq!(updated["updated"], json!(names));
        for name in names {
            assert_eq!(updated[name], json!(method == "call.mute"));
        }
        assert_eq!(
            frames[1]["result"],
            json!({ "code": "200", "message": "OK" })
        );
        let leg = &scene.world.calls()[0].legs[0];
        assert_eq!([leg.audio_muted, leg.video_muted], muted);
    }
    let answer = scene.ask(client, "call.mute", mute("nobody", &["audio"]));
    assert_eq!(answer["result"]["code"], "404");
    let answer = scene.ask(client, "call.mute", mute(&member, &["smell"]));
    assert_eq!(answer["result"]["code"], "422");
    let sat = scene.sat("bob@example.test");
    let (bob, _) = scene.connected(&sat);
    let answer = scene.ask(bob, "call.mute", mute(&member, &["audio"]));
    assert_eq!(answer["result"]["code"], "404", "another session's member");
}

#[test]
fn digits_hold_pong_and_subscribe_are_answered() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.call(client, "c-1", "/public/echo");
    let short = json!({ "callID": "c-1" });
    for dtmf in ["12", "w#"] {
        let info = json!({ "sessid": "c-1", "dialogParams": short, "dtmf": dtmf });
        assert!(scene.verto(client, "c-1", "verto.info", info)["result"].is_object());
    }
    assert_eq!(scene.world.calls()[0].digits, "12w#");
    for (action, state) in [("hold", "held"), ("unhold", "active")] {
        let modify = json!({ "sessid": "c-1", "dialogParams": short, "action": action });
        let done = scene.verto(client, "c-1", "verto.modify", modify);
        assert_eq!(done["result"]["holdState"], state);
        assert_eq!(scene.world.calls()[0].held, action == "hold");
    }
    let pong = json!({ "callID": "c-1", "dialogParams": short });
    assert!(scene.verto(client, "c-1", "verto.pong", pong)["result"].is_object());
    let subscribe = json!({ "sessid": "c-1", "eventChannel": ["call.play"] });
    assert!(scene.verto(client, "c-1", "verto.subscribe", subscribe)["result"].is_object());
    let transfer =
        json!({ "action": "transfer", "destination": "/public/tone", "dialogParams": short });
    let refused = scene.verto(client, "c-1", "verto.modify", transfer);
    assert_eq!(refused["error"]["code"], -32602);
    assert!(
        refused["error"]["message"]
            .as_str()
            .unwrap()
            .contains("transfer")
    );
    let nobodys = scene.verto(client, "c-9", "verto.pong", json!({ "callID": "c-9" }));
    assert_eq!(nobodys["error"]["code"], -32002);
}

fn update(scene: &mut Scene, client: Client, sdp: &str) -> String {
    let params = json!({
        "action": "updateMedia", "sdp": sdp,
        "dialogParams": { "callID": "c-1", "destination_number": "/public/echo" },
    });
    scene.request(client, "webrtc.verto", verto("c-1", "verto.modify", params))
}

#[test]
fn a_new_offer_is_answered_in_the_response() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.call(client, "c-1", "/public/echo");
    let legs = scene.legs();
    let [one, two] = ["restart", "again"].map(|sdp| update(&mut scene, client, sdp));
    scene.answer_media();
    let frames = scene.frames(client);
    for (frame, (id, sdp)) in frames
        .iter()
        .zip([(&one, "answer to restart"), (&two, "answer to again")])
    {
        assert_eq!(frame["id"], json!(id));
        let done = &frame["result"]["result"]["result"];
        assert_eq!(done["action"], "updateMedia");
        assert_eq!(done["sdp"], sdp);
        assert_eq!(done["holdState"], "active");
    }
    assert_eq!(frames.len(), 2);
    assert_eq!(scene.legs(), legs, "the same peer connection");
}

#[test]
fn a_new_offer_that_cannot_be_taken_does_not_end_the_call() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.call(client, "c-1", "/public/echo");
    let id = update(&mut scene, client, "nonsense");
    let leg = scene.legs()[0];
    let reason = "no codec".to_owned();
    scene.input(Input::Media(MediaEvent::Refused { leg, reason }));
    let frames = scene.frames(client);
    assert_eq!(frames[0]["id"], json!(id));
    assert_eq!(frames[0]["result"]["result"]["error"]["code"], -32602);
    assert_eq!(scene.world.calls()[0].state, CallState::Joined);
}

#[test]
fn a_first_offer_that_cannot_be_taken_ends_the_call() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.verto(client, "c-1", "verto.invite", invite("c-1", "/public/echo"));
    let leg = scene.legs()[0];
    let reason = "no BUNDLE".to_owned();
    scene.input(Input::Media(MediaEvent::Refused { leg, reason }));
    let events = scene.verto_events(client);
    assert_eq!(events[0]["method"], "verto.bye");
    assert_eq!(events[0]["params"]["causeCode"], 88);
    assert!(scene.warnings().concat().contains("no BUNDLE"));
}

#[test]
fn a_second_invite_before_the_answer_still_gets_one_sdp() {
    let mut scene = Scene::new();
    let client = scene.ada();
    let first = scene.verto(client, "c-1", "verto.invite", invite("c-1", "/public/echo"));
    let second = scene.verto(client, "c-1", "verto.invite", invite("c-1", "/public/echo"));
    assert_eq!(first["result"]["memberID"], second["result"]["memberID"]);
    scene.answer_media();
    assert_eq!(scene.verto_events(client).len(), 1);
    let late = scene.verto(client, "c-1", "verto.invite", invite("c-1", "/public/echo"));
    assert_eq!(late["error"]["code"], -32002);
}

fn screen(scene: &mut Scene, client: Client) -> String {
    let mut params = invite("s-1", "/public/echo");
    params["dialogParams"]["screenShare"] = json!(true);
    params["dialogParams"]["userVariables"] = json!({ "memberCallId": "c-1" });
    let created = scene.verto(client, "s-1", "verto.invite", params);
    assert_eq!(created["result"]["message"], "CALL CREATED");
    assert_eq!(created["result"]["callID"], "s-1");
    created["result"]["memberID"].as_str().unwrap().to_owned()
}

#[test]
fn a_screen_share_has_its_own_leg_and_member() {
    let mut scene = Scene::new();
    let client = scene.ada();
    let main = scene.call(client, "c-1", "/public/echo");
    let member = screen(&mut scene, client);
    assert_ne!(member, main);
    scene.answer_media();
    let events = scene.events(client);
    assert_eq!(kinds(&events), ["verto.answer"]);
    assert_eq!(events[0]["params"]["params"]["callID"], "s-1");
    let leg = scene.legs()[1];
    scene.input(Input::Media(MediaEvent::Connected { leg }));
    let events = scene.events(client);
    assert_eq!(kinds(&events), ["member.joined"]);
    let joined = &events[0]["params"]["member"];
    assert_eq!(joined["type"], "screen");
    assert_eq!(joined["parent_id"], json!(main));

    let bye = json!({ "dialogParams": { "callID": "s-1" } });
    let params = json!({
        "callID": "c-1", "node_id": "n",
        "message": { "jsonrpc": "2.0", "id": "inner", "method": "verto.bye", "params": bye },
    });
    scene.request(client, "webrtc.verto", params);
    let events = scene.events(client);
    assert_eq!(kinds(&events), ["member.left"], "and no bye");
    assert_eq!(events[0]["params"]["member"]["member_id"], json!(member));
    assert_eq!(scene.media_commands(), [MediaCommand::Stop { leg }]);
    assert_eq!(scene.world.calls()[0].state, CallState::Joined);
}

#[test]
fn an_extra_leg_that_fails_takes_nothing_with_it() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.call(client, "c-1", "/public/echo");
    screen(&mut scene, client);
    let leg = scene.legs()[1];
    let reason = "no video codec".to_owned();
    scene.input(Input::Media(MediaEvent::Refused { leg, reason }));
    assert_eq!(kinds(&scene.events(client)), ["member.left"]);
    screen(&mut scene, client);
    scene.answer_media();
    let leg = scene.legs()[1];
    scene.input(Input::Media(MediaEvent::Dead { leg }));
    assert_eq!(
        kinds(&scene.events(client)),
        ["verto.answer", "member.left"]
    );
    assert_eq!(scene.world.calls()[0].legs.len(), 1);
    let mut orphan = invite("s-2", "/public/echo");
    orphan["dialogParams"]["screenShare"] = json!(true);
    orphan["dialogParams"]["userVariables"] = json!({ "memberCallId": "nothing" });
    let refused = scene.verto(client, "s-2", "verto.invite", orphan);
    assert_eq!(refused["error"]["code"], -32002);
}

#[test]
fn the_same_play_ends_the_same_way() {
    let play = || {
        let mut scene = Scene::new();
        let client = scene.ada();
        scene.call(client, "c-1", "/public/echo");
        let events = scene.pass(100_000, &[client]);
        (events, scene.world.calls(), scene.world.sessions())
    };
    assert_eq!(play(), play());
}
