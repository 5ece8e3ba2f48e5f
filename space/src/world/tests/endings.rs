//! How calls end: hang-up, lost sockets, lost media; and how they do not.

use serde_json::{Value, json};

use super::scene::{Client, Scene, invite, resume, verto};
use crate::world::Input;
use crate::world::media::MediaCommand;
use crate::world::report::{CallState, End};

fn close(scene: &mut Scene, client: Client, code: u16) {
    let socket = client.0;
    scene.input(Input::Closed { socket, code });
}

fn end(scene: &Scene) -> Option<End> {
    scene.world.calls().pop().and_then(|call| call.ended)
}

fn how(scene: &Scene) -> Option<(i32, &'static str, &'static str)> {
    end(scene).map(|end| (end.cause.code, end.by, end.how))
}

fn byes(events: &[Value]) -> Vec<Value> {
    let inner = events.iter().map(|event| &event["params"]);
    inner
        .filter(|inner| inner["method"] == "verto.bye")
        .map(|inner| inner["params"].clone())
        .collect()
}

#[test]
fn a_hang_up_is_answered_and_remembered() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.call(client, "c-1", "/public/echo");
    let leg = scene.legs()[0];
    let bye = json!({ "dialogParams": { "callID": "c-1" } });
    let done = scene.verto(client, "c-1", "verto.bye", bye.clone());
    assert_eq!(done["result"]["causeCode"], 16);
    assert_eq!(scene.events(client), Vec::<Value>::new(), "no bye back");
    assert_eq!(scene.media_commands(), [MediaCommand::Stop { leg }]);
    assert_eq!(how(&scene), Some((16, "client", "bye")));
    assert_eq!(scene.world.calls()[0].state, CallState::Ended);
    let again = scene.verto(client, "c-1", "verto.bye", bye);
    assert_eq!(again["error"]["code"], -32002);
}

#[test]
fn the_far_end_hangs_up() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.call(client, "c-1", "/public/echo");
    scene.events(client);
    for call in ["c-0", "c-1", "c-1"] {
        let call = call.to_owned();
        scene.input(Input::FarEndHangsUp { call });
    }
    let byes = byes(&scene.events(client));
    assert_eq!(byes.len(), 1, "{byes:?}");
    assert_eq!(byes[0]["causeCode"], 16);
    assert_eq!(how(&scene), Some((16, "space", "bye")));
}

#[test]
fn the_clients_own_cause_is_kept() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.call(client, "c-1", "/public/echo");
    let bye = json!({
        "dialogParams": { "callID": "c-1" }, "cause": "USER_BUSY", "causeCode": "17",
    });
    scene.verto(client, "c-1", "verto.bye", bye);
    assert_eq!(how(&scene), Some((17, "client", "bye")));
}

#[test]
fn a_hang_up_while_the_media_edge_still_thinks() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.verto(client, "c-1", "verto.invite", invite("c-1", "/public/echo"));
    let offers = scene.media_commands();
    let [MediaCommand::Offer { leg, .. }] = offers[..] else {
        panic!("{offers:?}")
    };
    scene.verto(
        client,
        "c-1",
        "verto.bye",
        json!({ "dialogParams": { "callID": "c-1" } }),
    );
    let sdp = "late".to_owned();
    scene.input(Input::Media(crate::world::media::MediaEvent::Answer {
        leg,
        sdp,
    }));
    scene.input(Input::Media(crate::world::media::MediaEvent::Connected {
        leg,
    }));
    assert_eq!(scene.frames(client), Vec::<Value>::new());
    assert!(scene.warnings().is_empty());
}

#[test]
fn a_close_without_a_code_means_the_user_is_done() {
    for code in [1005, 1000] {
        let mut scene = Scene::new();
        let client = scene.ada();
        scene.call(client, "c-1", "/public/echo");
        close(&mut scene, client, code);
        assert_eq!(how(&scene), Some((16, "client", "socket_closed")));
        assert!(scene.world.sessions().is_empty());
    }
}

#[test]
fn a_lost_socket_keeps_a_call_with_media_for_a_minute() {
    for code in [1001, 1006] {
        let mut scene = Scene::new();
        let client = scene.ada();
        scene.call(client, "c-1", "/public/echo");
        close(&mut scene, client, code);
        scene.pass(59_999, &[]);
        assert_eq!(how(&scene), None);
        scene.pass(1, &[]);
        assert_eq!(how(&scene), Some((102, "space", "client_lost")));
        assert_eq!(scene.media_commands().len(), 1);
    }
}

#[test]
fn without_socket_and_media_a_call_ends_within_half_a_minute() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.call(client, "c-1", "/public/echo");
    close(&mut scene, client, 1006);
    scene.pass(5_000, &[]);
    scene.kill_media();
    scene.pass(19_999, &[]);
    assert_eq!(how(&scene), None);
    scene.pass(1, &[]);
    assert_eq!(how(&scene), Some((102, "space", "client_lost")));
}

#[test]
fn a_silent_call_does_not_outlive_its_socket_for_long() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.verto(
        client,
        "c-1",
        "verto.invite",
        invite("c-1", "/public/silent"),
    );
    scene.pass(100_000, &[client]);
    close(&mut scene, client, 1006);
    scene.pass(24_999, &[]);
    assert_eq!(how(&scene), None);
    scene.pass(1, &[]);
    assert_eq!(how(&scene), Some((102, "space", "client_lost")));
}

#[test]
fn a_call_whose_media_died_is_ended_with_a_bye() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.call(client, "c-1", "/public/echo");
    scene.pass(50_000, &[client]);
    scene.kill_media();
    assert!(byes(&scene.pass(29_999, &[client])).is_empty());
    let bye = byes(&scene.pass(1, &[client]));
    assert_eq!(
        bye,
        [json!({ "callID": "c-1", "cause": "MEDIA_TIMEOUT", "causeCode": 804 })]
    );
    assert_eq!(how(&scene), Some((804, "space", "media_lost")));
}

#[test]
fn a_call_whose_media_never_comes_is_ended_too() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.verto(client, "c-1", "verto.invite", invite("c-1", "/public/echo"));
    scene.answer_media();
    scene.ack_all(client);
    assert!(byes(&scene.pass(29_999, &[client])).is_empty());
    assert_eq!(byes(&scene.pass(1, &[client])).len(), 1);
}

#[test]
fn a_new_offer_saves_a_call_whose_media_died() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.call(client, "c-1", "/public/echo");
    let old = scene.legs()[0];
    scene.kill_media();
    scene.pass(20_000, &[client]);
    let params = json!({
        "action": "updateMedia", "sdp": "restart", "dialogParams": { "callID": "c-1" },
    });
    scene.request(client, "webrtc.verto", verto("c-1", "verto.modify", params));
    scene.answer_media();
    scene.connect_media();
    assert_ne!(scene.legs()[0], old, "a dead leg is not used again");
    assert_eq!(scene.verto_events(client), Vec::<Value>::new());
    scene.pass(120_000, &[client]);
    assert_eq!(how(&scene), None);
    assert!(scene.world.calls()[0].legs[0].connected);
}

#[test]
fn a_resumed_session_finds_its_call_alive() {
    let mut scene = Scene::new();
    let sat = scene.sat("ada@example.test");
    let (client, result) = scene.connected(&sat);
    let events = scene.events(client);
    let state = events[0]["params"]["authorization_state"]
        .as_str()
        .unwrap()
        .to_owned();
    let protocol = result["protocol"].as_str().unwrap();
    scene.call(client, "c-1", "/public/echo");
    close(&mut scene, client, 1006);
    scene.pass(50_000, &[]);
    let second = scene.open();
    scene.ask(second, "signalwire.connect", resume(&sat, &state, protocol));
    scene.pass(600_000, &[second]);
    assert_eq!(how(&scene), None);
    scene.verto(
        second,
        "c-1",
        "verto.bye",
        json!({ "dialogParams": { "callID": "c-1" } }),
    );
    assert_eq!(how(&scene), Some((16, "client", "bye")));
}

#[test]
fn the_end_of_a_call_waits_for_the_client_that_comes_back() {
    let mut scene = Scene::new();
    let sat = scene.sat("ada@example.test");
    let (client, result) = scene.connected(&sat);
    let events = scene.events(client);
    let state = events[0]["params"]["authorization_state"]
        .as_str()
        .unwrap()
        .to_owned();
    let protocol = result["protocol"].as_str().unwrap();
    scene.call(client, "c-1", "/public/echo");
    close(&mut scene, client, 1006);
    scene.pass(60_000, &[]);
    let second = scene.open();
    scene.request(second, "signalwire.connect", resume(&sat, &state, protocol));
    let bye = byes(&scene.events(second));
    assert_eq!(bye[0]["cause"], "RECOVERY_ON_TIMER_EXPIRE");
}

fn reattach(id: &str) -> Value {
    let mut params = invite(id, "/public/echo");
    params["dialogParams"]["attach"] = json!(true);
    params["dialogParams"]["reattaching"] = json!(true);
    params
}

#[test]
fn a_page_that_was_loaded_again_gets_its_call_back() {
    let mut scene = Scene::new();
    let client = scene.ada();
    let member = scene.call(client, "c-1", "/public/echo");
    let old = scene.legs()[0];
    close(&mut scene, client, 1001);
    scene.pass(10_000, &[]);
    let again = scene.ada();
    let created = scene.verto(again, "c-1", "verto.invite", reattach("c-1"));
    assert_eq!(created["result"]["message"], "CALL CREATED");
    assert_eq!(created["result"]["memberID"], json!(member));
    let commands = scene.media_commands();
    assert_eq!(commands[0], MediaCommand::Stop { leg: old });
    let MediaCommand::Offer { leg, .. } = commands[1] else {
        panic!("{commands:?}")
    };
    assert_ne!(leg, old);
    let sdp = "new".to_owned();
    scene.input(Input::Media(crate::world::media::MediaEvent::Answer {
        leg,
        sdp,
    }));
    scene.input(Input::Media(crate::world::media::MediaEvent::Connected {
        leg,
    }));
    let events = scene.events(again);
    assert_eq!(events[0]["params"]["method"], "verto.answer");
    assert_eq!(events[1]["event_type"], "call.joined");
    scene.pass(400_000, &[again]);
    assert_eq!(
        how(&scene),
        None,
        "the end of the old session does not touch it"
    );
    assert_eq!(scene.world.sessions().len(), 1);
}

#[test]
fn nobody_else_gets_the_call() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.call(client, "c-1", "/public/echo");
    let sat = scene.sat("bob@example.test");
    let (bob, _) = scene.connected(&sat);
    let [taken, stolen] = [reattach("c-1"), invite("c-1", "/public/echo")]
        .map(|params| scene.verto(bob, "c-1", "verto.invite", params));
    assert_eq!(taken["error"]["code"], -32002);
    assert_eq!(stolen["error"]["code"], -32002);
    let unknown = scene.verto(bob, "c-2", "verto.invite", reattach("c-2"));
    assert_eq!(unknown["error"]["code"], -32002);
    let bye = json!({ "dialogParams": { "callID": "c-1" } });
    assert_eq!(
        scene.verto(bob, "c-1", "verto.bye", bye)["error"]["code"],
        -32002
    );
}

#[test]
fn calls_are_pinged_every_30_s_while_there_is_a_socket() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.call(client, "c-1", "/public/echo");
    let events = scene.pass(95_000, &[client]);
    let pings: Vec<&Value> = events.iter().map(|event| &event["params"]).collect();
    assert_eq!(pings.len(), 3);
    for ping in pings {
        assert_eq!(ping["method"], "verto.ping");
        assert_eq!(
            ping["params"],
            json!({ "callID": "c-1", "dialogParams": { "callID": "c-1" } })
        );
    }
}

#[test]
fn a_hundred_ends_are_remembered() {
    let mut scene = Scene::new();
    let client = scene.ada();
    for number in 0..105 {
        let id = format!("c-{number}");
        scene.verto(client, &id, "verto.invite", invite(&id, "/public/busy"));
    }
    let calls = scene.world.calls();
    assert_eq!(calls.len(), 100);
    assert_eq!(calls[0].id, "c-5");
}
