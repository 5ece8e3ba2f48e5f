//! Authentication, resume, keep-alive, delivery.

use serde_json::{Value, json};

use super::scene::{Client, START, Scene, connect, invite, resume, verto};
use crate::world::Input;

fn state_of(events: &[Value]) -> String {
    let state = events
        .iter()
        .find(|event| event["event_type"] == "signalwire.authorization.state");
    let state = &state.expect("the state follows every connect")["params"]["authorization_state"];
    state.as_str().unwrap().to_owned()
}

/// A session of Ada: its socket, SAT, state and protocol.
fn session(scene: &mut Scene) -> (Client, String, String, String) {
    let sat = scene.sat("ada@example.test");
    let (client, result) = scene.connected(&sat);
    let state = state_of(&scene.events(client));
    let protocol = result["protocol"].as_str().unwrap().to_owned();
    (client, sat, state, protocol)
}

fn lose(scene: &mut Scene, client: Client) {
    let socket = client.0;
    scene.input(Input::Closed { socket, code: 1006 });
}

#[test]
fn a_connect_gets_all_that_a_client_requires_and_then_its_state() {
    let mut scene = Scene::new();
    let sat = scene.sat("ada@example.test");
    let client = scene.open();
    let id = scene.request(client, "signalwire.connect", connect(&sat));
    let frames = scene.frames(client);
    assert_eq!(frames.len(), 2);
    let result = &frames[0]["result"];
    assert_eq!(frames[0]["id"], json!(id));
    assert!(
        result["identity"]
            .as_str()
            .unwrap()
            .ends_with("@signalwire")
    );
    assert!(
        result["protocol"]
            .as_str()
            .unwrap()
            .starts_with("signalwire_")
    );
    let authorization = &result["authorization"];
    assert!(authorization["jti"].is_string());
    assert_eq!(authorization["scope"], json!([]));
    assert_eq!(authorization["project_id"], json!(scene.world.project_id()));
    let subscriber = &authorization["fabric_subscriber"];
    assert_eq!(subscriber["expires_at"], json!(START / 1000 + 7200));
    assert_eq!(subscriber["version"], 1);
    let server = json!({
        "urls": ["turn:127.0.0.1:3478?transport=udp"],
        "username": "u", "credential": "c", "credentialType": "password",
    });
    assert_eq!(result["ice_servers"], json!([server]));

    let event = &frames[1]["params"];
    assert_eq!(event["event_type"], "signalwire.authorization.state");
    assert_eq!(event["event_channel"], json!([result["protocol"]]));
    assert_eq!(event["timestamp"], json!(START as f64 / 1000.0));
}

#[test]
fn a_bad_sat_is_refused_and_the_socket_may_try_again() {
    let mut scene = Scene::new();
    let client = scene.open();
    for bad in ["", "x.y.z"] {
        let answer = scene.ask(client, "signalwire.connect", connect(bad));
        assert_eq!(answer["error"]["code"], -32002);
    }
    let sat = scene.sat("ada@example.test");
    let answer = scene.ask(client, "signalwire.connect", connect(&sat));
    assert!(answer["result"].is_object());
    let again = scene.ask(client, "signalwire.connect", connect(&sat));
    assert_eq!(again["error"]["code"], -32602);
}

#[test]
fn an_expired_sat_and_a_bound_one_open_no_session() {
    let mut scene = Scene::new();
    let print = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
    let body = json!({ "reference": "ada@example.test", "fingerprint": print });
    let bound = scene.issue(
        |world, body, cx| world.subscriber_token(body, cx).unwrap(),
        body,
    );
    let client = scene.open();
    let answer = scene.ask(client, "signalwire.connect", connect(&bound));
    assert_eq!(answer["error"]["code"], -32002);
    let sat = scene.sat("ada@example.test");
    scene.mono += 7_200_000;
    let client = scene.open();
    let answer = scene.ask(client, "signalwire.connect", connect(&sat));
    assert_eq!(answer["error"]["code"], -32002);
}

#[test]
fn a_session_is_resumed_by_its_state_under_the_same_protocol() {
    let mut scene = Scene::new();
    let (first, sat, state, protocol) = session(&mut scene);
    lose(&mut scene, first);
    let second = scene.open();
    let answer = scene.ask(
        second,
        "signalwire.connect",
        resume(&sat, &state, &protocol),
    );
    assert_eq!(answer["result"]["protocol"], json!(protocol));
    assert_eq!(state_of(&scene.events(second)), state);
    assert_eq!(scene.world.sessions().len(), 1);
    assert_eq!(scene.world.sessions()[0].resumed, 1);
}

#[test]
fn a_resume_with_anything_foreign_is_refused() {
    let mut scene = Scene::new();
    let (first, sat, state, protocol) = session(&mut scene);
    lose(&mut scene, first);
    let bob = scene.sat("bob@example.test");
    let guest = scene.guest_sat();
    for (code, params) in [
        (-32003, resume(&sat, "corrupt", &protocol)),
        (-32003, resume(&sat, &state, "signalwire_other")),
        (-32003, resume(&bob, &state, &protocol)),
        (-32003, resume(&guest, &state, &protocol)),
        (-32002, resume("x.y.z", &state, &protocol)),
    ] {
        let client = scene.open();
        let answer = scene.ask(client, "signalwire.connect", params);
        assert_eq!(answer["error"]["code"], code);
    }
}

#[test]
fn a_resume_outlives_its_sat_by_a_minute_and_must_then_show_a_new_one() {
    let mut scene = Scene::new();
    let (first, sat, state, protocol) = session(&mut scene);
    scene.pass(7_190_000, &[first]);
    lose(&mut scene, first);
    scene.pass(69_000, &[]);
    let second = scene.open();
    let answer = scene.ask(
        second,
        "signalwire.connect",
        resume(&sat, &state, &protocol),
    );
    assert_eq!(answer["result"]["protocol"], json!(protocol));
    scene.pass(29_999, &[second]);
    assert_eq!(scene.closes(second), []);
    let fresh = scene.sat("ada@example.test");
    let answer = scene.ask(
        second,
        "signalwire.reauthenticate",
        json!({ "authentication": { "project": "", "jwt_token": fresh } }),
    );
    assert!(answer["result"].is_object());
    scene.pass(60_000, &[second]);
    assert_eq!(scene.closes(second), []);
}

#[test]
fn without_a_new_sat_the_resumed_session_ends() {
    let mut scene = Scene::new();
    let (first, sat, state, protocol) = session(&mut scene);
    scene.pass(7_190_000, &[first]);
    lose(&mut scene, first);
    scene.pass(20_000, &[]);
    let second = scene.open();
    scene.ask(
        second,
        "signalwire.connect",
        resume(&sat, &state, &protocol),
    );
    scene.pass(30_000, &[second]);
    assert_eq!(scene.closes(second), [(4401, "expired")]);
    let third = scene.open();
    let answer = scene.ask(third, "signalwire.connect", resume(&sat, &state, &protocol));
    assert_eq!(answer["error"]["code"], -32003);
    scene.mono += 60_000;
    let answer = scene.ask(third, "signalwire.connect", resume(&sat, &state, &protocol));
    assert_eq!(answer["error"]["code"], -32003);
}

#[test]
fn an_old_sat_resumes_nothing() {
    let mut scene = Scene::new();
    let (first, sat, state, protocol) = session(&mut scene);
    scene.pass(7_190_000, &[first]);
    lose(&mut scene, first);
    scene.mono += 70_000;
    let second = scene.open();
    let answer = scene.ask(
        second,
        "signalwire.connect",
        resume(&sat, &state, &protocol),
    );
    assert_eq!(answer["error"]["code"], -32003, "the session is gone too");
}

#[test]
fn another_users_sat_does_not_reauthenticate() {
    let mut scene = Scene::new();
    let client = scene.ada();
    let bob = scene.sat("bob@example.test");
    let answer = scene.ask(
        client,
        "signalwire.reauthenticate",
        json!({ "authentication": { "project": "", "jwt_token": bob } }),
    );
    assert_eq!(answer["error"]["code"], -32003);
}

#[test]
fn a_copied_tab_takes_the_session_over_once_and_not_for_ever() {
    let mut scene = Scene::new();
    let (first, sat, state, protocol) = session(&mut scene);
    let second = scene.open();
    let answer = scene.ask(
        second,
        "signalwire.connect",
        resume(&sat, &state, &protocol),
    );
    assert_eq!(answer["result"]["protocol"], json!(protocol));
    assert_eq!(scene.closes(first), [(1008, "resumed on another socket")]);
    assert_ne!(state_of(&scene.events(second)), state);
    let third = scene.open();
    let answer = scene.ask(third, "signalwire.connect", resume(&sat, &state, &protocol));
    assert_eq!(answer["error"]["code"], -32003);
}

#[test]
fn frames_ahead_of_the_connect_wait_for_it() {
    let mut scene = Scene::new();
    let sat = scene.sat("ada@example.test");
    let client = scene.open();
    let early = scene.request(client, "subscriber.online", json!({}));
    assert_eq!(scene.frames(client), Vec::<Value>::new());
    let id = scene.request(client, "signalwire.connect", connect(&sat));
    let ids: Vec<Value> = scene
        .frames(client)
        .iter()
        .map(|one| one["id"].clone())
        .collect();
    assert_eq!(ids.first(), Some(&json!(id)));
    assert_eq!(ids.last(), Some(&json!(early)));
    assert!(scene.world.sessions()[0].registered);
}

#[test]
fn a_stranger_who_talks_too_much_is_shown_the_door() {
    let mut scene = Scene::new();
    let client = scene.open();
    for _ in 0..65 {
        scene.request(client, "subscriber.online", json!({}));
    }
    assert_eq!(scene.closes(client).len(), 1);
}

#[test]
fn the_same_request_is_carried_out_once() {
    let mut scene = Scene::new();
    let client = scene.ada();
    let frame = json!({
        "jsonrpc": "2.0", "id": "twice", "method": "webrtc.verto",
        "params": verto("c-1", "verto.invite", invite("c-1", "/public/echo")),
    });
    scene.raw(client, &frame);
    scene.raw(client, &frame);
    assert_eq!(scene.frames(client).len(), 1);
    assert_eq!(scene.media_commands().len(), 1);
}

#[test]
fn a_socket_that_does_not_say_who_it_is_is_closed_after_10_s() {
    let mut scene = Scene::new();
    let client = scene.open();
    scene.pass(9_999, &[client]);
    assert_eq!(scene.closes(client), []);
    assert_eq!(scene.world.strangers().len(), 1);
    scene.pass(1, &[]);
    assert_eq!(
        scene.closes(client),
        [(1008, "not authenticated within 10 s")]
    );
    assert_eq!(scene.world.strangers().len(), 0);
}

#[test]
fn a_silent_socket_is_pinged_at_5_s_and_closed_at_10_s() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.pass(5_000, &[]);
    let frames = scene.frames(client);
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0]["method"], "signalwire.ping");
    assert!(frames[0]["params"]["timestamp"].is_f64());
    scene.pass(4_999, &[]);
    assert_eq!(scene.closes(client), []);
    scene.pass(1, &[]);
    assert_eq!(scene.closes(client), [(1008, "no frame within 10 s")]);
    assert_eq!(scene.world.sessions()[0].socket, None);
    scene.pass(299_999, &[]);
    assert_eq!(scene.world.sessions().len(), 1);
    scene.pass(1, &[]);
    assert_eq!(scene.world.sessions().len(), 0);
}

#[test]
fn a_client_that_answers_pings_stays_as_long_as_its_sat() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.pass(7_199_999, &[client]);
    assert_eq!(scene.closes(client), []);
    assert!(scene.world.sessions()[0].socket.is_some());
}

#[test]
fn what_the_space_does_not_know_is_named_to_the_client_and_in_the_log() {
    let mut scene = Scene::new();
    let client = scene.ada();
    let answer = scene.ask(client, "call.layout.list", json!({}));
    assert_eq!(answer["error"]["code"], -32601);
    assert!(
        answer["error"]["message"]
            .as_str()
            .unwrap()
            .contains("call.layout.list")
    );
    assert!(scene.warnings().concat().contains("call.layout.list"));
    let inner = scene.verto(client, "c-1", "verto.broadcast", json!({}));
    assert_eq!(inner["error"]["code"], -32601);
    assert!(
        inner["error"]["message"]
            .as_str()
            .unwrap()
            .contains("verto.broadcast")
    );
    assert!(scene.warnings().concat().contains("verto.broadcast"));
    let inner = scene.verto(client, "c-1", "verto.invite", json!({}));
    assert_eq!(inner["error"]["code"], -32602);
    let answer = scene.ask(client, "webrtc.verto", json!({ "message": {} }));
    assert_eq!(answer["error"]["code"], -32602);
    scene.warnings();
    scene.input(Input::Frame {
        socket: client.0,
        text: "{".into(),
    });
    scene.input(Input::Frame {
        socket: client.0,
        text: r#"{"id":7,"method":"x"}"#.into(),
    });
    assert_eq!(scene.warnings().len(), 2);
}

#[test]
fn registration_is_for_subscribers() {
    let mut scene = Scene::new();
    let ada = scene.ada();
    for (method, registered) in [("subscriber.online", true), ("subscriber.offline", false)] {
        assert!(scene.ask(ada, method, json!({}))["result"].is_object());
        assert_eq!(scene.world.sessions()[0].registered, registered);
    }
    let sat = scene.guest_sat();
    let (guest, _) = scene.connected(&sat);
    assert!(scene.ask(guest, "subscriber.online", json!({}))["result"].is_object());
    assert!(!scene.world.sessions()[1].registered);
}

#[test]
fn what_a_client_missed_is_sent_again_under_the_same_id() {
    let mut scene = Scene::new();
    let (first, sat, state, protocol) = session(&mut scene);
    let member = scene.call(first, "c-1", "/public/echo");
    let mute = json!({
        "channels": ["audio"],
        "self": { "node_id": "", "call_id": "c-1", "member_id": member },
        "target": { "node_id": "", "call_id": "c-1", "member_id": member },
    });
    scene.request(first, "call.mute", mute);
    let unseen: Vec<Value> = scene
        .frames(first)
        .into_iter()
        .filter(|frame| frame["method"] == "signalwire.event")
        .collect();
    assert_eq!(unseen.len(), 1);
    lose(&mut scene, first);
    let second = scene.open();
    scene.request(
        second,
        "signalwire.connect",
        resume(&sat, &state, &protocol),
    );
    let again = scene.frames(second);
    assert_eq!(again[0]["result"]["protocol"], json!(protocol));
    assert_eq!(again[1], unseen[0]);
    assert_eq!(again.len(), 3);
}

#[test]
fn an_sdp_is_sent_again_only_while_its_leg_has_no_media() {
    for media_is_up in [false, true] {
        let mut scene = Scene::new();
        let (first, sat, state, protocol) = session(&mut scene);
        scene.request(
            first,
            "webrtc.verto",
            verto("c-1", "verto.invite", invite("c-1", "/public/echo")),
        );
        lose(&mut scene, first);
        scene.answer_media();
        if media_is_up {
            scene.connect_media();
        }
        let second = scene.open();
        scene.request(
            second,
            "signalwire.connect",
            resume(&sat, &state, &protocol),
        );
        let answers = scene.verto_events(second);
        assert_eq!(answers.len(), usize::from(!media_is_up));
    }
}

#[test]
fn a_reset_leaves_the_seeds() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.call(client, "c-1", "/public/echo");
    let sat = scene.sat("new@example.test");
    scene.input(Input::Reset);
    assert_eq!(scene.closes(client), [(1012, "reset")]);
    assert_eq!(scene.media_commands().len(), 1);
    assert!(scene.world.sessions().is_empty() && scene.world.calls().is_empty());
    assert_eq!(*scene.world.directory(), crate::world::seeds::directory());
    let client = scene.open();
    let answer = scene.ask(client, "signalwire.connect", connect(&sat));
    assert_eq!(answer["error"]["code"], -32002, "the subscriber is gone");
}
