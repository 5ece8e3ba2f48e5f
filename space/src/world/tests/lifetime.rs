//! The end of a session: its SAT expires, is renewed, is revoked; the clock is moved.

use serde_json::{Value, json};

use super::scene::{Client, START, Scene, connect, invite, resume, verto};
use crate::world::Input;
use crate::world::report::CallReport;
use crate::world::revocation::Revocation;

const TWO_HOURS: u64 = 7_200_000;

fn byes(events: &[Value]) -> Vec<Value> {
    let byes = events
        .iter()
        .filter(|event| event["params"]["method"] == "verto.bye");
    byes.map(|event| event["params"]["params"].clone())
        .collect()
}

fn renew(scene: &mut Scene, client: Client, sat: &str) -> Value {
    let authentication = json!({ "project": "", "jwt_token": sat });
    scene.ask(
        client,
        "signalwire.reauthenticate",
        json!({ "authentication": authentication }),
    )
}

fn state_and_protocol(scene: &mut Scene, client: Client, result: &Value) -> (String, String) {
    let events = scene.events(client);
    let state = &events[0]["params"]["authorization_state"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(state), text(&result["protocol"]))
}

fn last_call(scene: &Scene) -> CallReport {
    scene.world.calls().pop().unwrap()
}

/// T-35.
#[test]
fn a_session_and_its_calls_end_when_the_sat_expires() {
    let mut scene = Scene::new();
    let sat = scene.sat("ada@example.test");
    let (client, result) = scene.connected(&sat);
    let (state, protocol) = state_and_protocol(&mut scene, client, &result);
    scene.call(client, "c-1", "/public/echo");
    let before = scene.pass(TWO_HOURS - 1, &[client]);
    assert_eq!(scene.closes(client), []);
    assert_eq!(byes(&before), Vec::<Value>::new());
    scene.media_commands();
    let events = scene.pass(1, &[client]);
    let bye = json!({ "callID": "c-1", "cause": "ALLOTTED_TIMEOUT", "causeCode": 602 });
    assert_eq!(byes(&events), [bye]);
    assert_eq!(scene.closes(client), [(4401, "expired")]);
    assert_eq!(
        scene.media_commands().len(),
        1,
        "the media of the call stops"
    );
    let end = last_call(&scene).ended.unwrap();
    assert_eq!((end.by, end.how), ("space", "session_expired"));
    assert_eq!(scene.world.sessions(), []);
    let again = scene.open();
    let answer = scene.ask(again, "signalwire.connect", resume(&sat, &state, &protocol));
    assert_eq!(answer["error"]["code"], -32003, "the state went along");
    let answer = scene.ask(again, "signalwire.connect", connect(&sat));
    assert_eq!(answer["error"]["code"], -32002);
}

/// T-36.
#[test]
fn a_fresh_sat_extends_the_session_and_the_call_goes_on() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.call(client, "c-1", "/public/echo");
    scene.pass(TWO_HOURS - 1000, &[client]);
    let fresh = scene.sat("ada@example.test");
    let answer = renew(&mut scene, client, &fresh);
    assert_eq!(answer["result"]["code"], "200");
    let events = scene.events(client);
    assert_eq!(events[0]["event_type"], "signalwire.authorization.state");
    let events = scene.pass(TWO_HOURS - 1, &[client]);
    assert_eq!(byes(&events), Vec::<Value>::new());
    assert_eq!(scene.closes(client), []);
    assert!(last_call(&scene).ended.is_none());
    scene.pass(1, &[client]);
    assert_eq!(scene.closes(client), [(4401, "expired")]);
}

#[test]
fn a_sat_that_is_no_better_does_not_extend_and_leaves_the_session_alone() {
    let mut scene = Scene::new();
    let client = scene.ada();
    let old = scene.sat("ada@example.test");
    let guest = scene.guest_sat();
    for (bad, code) in [("x.y.z", -32002), (guest.as_str(), -32003)] {
        assert_eq!(renew(&mut scene, client, bad)["error"]["code"], code);
    }
    scene.pass(3_600_000, &[client]);
    let fresh = scene.sat("ada@example.test");
    renew(&mut scene, client, &fresh);
    scene.pass(3_600_000, &[client]);
    assert_eq!(renew(&mut scene, client, &old)["error"]["code"], -32002);
    assert_eq!(scene.closes(client), []);
    assert_eq!(scene.world.sessions().len(), 1);
}

#[test]
fn two_guest_sats_of_one_resource_are_the_same_guest() {
    let mut scene = Scene::new();
    let sat = scene.guest_sat();
    let (client, _) = scene.connected(&sat);
    let fresh = scene.guest_sat();
    assert_eq!(renew(&mut scene, client, &fresh)["result"]["code"], "200");
    let body = json!({ "token": "c2c_00000000000000000000000000000002" });
    let other = scene.issue(
        |world, body, cx| world.embed_guest_token(body, None, cx).unwrap(),
        body,
    );
    assert_eq!(renew(&mut scene, client, &other)["error"]["code"], -32003);
}

#[test]
fn a_resume_with_a_fresh_sat_puts_it_into_force() {
    let mut scene = Scene::new();
    let sat = scene.sat("ada@example.test");
    let (first, result) = scene.connected(&sat);
    let (state, protocol) = state_and_protocol(&mut scene, first, &result);
    scene.pass(TWO_HOURS - 10_000, &[first]);
    let socket = first.0;
    scene.input(Input::Closed { socket, code: 1006 });
    let fresh = scene.sat("ada@example.test");
    let second = scene.open();
    scene.ask(
        second,
        "signalwire.connect",
        resume(&fresh, &state, &protocol),
    );
    scene.pass(TWO_HOURS - 1, &[second]);
    assert_eq!(scene.closes(second), []);
    scene.pass(1, &[second]);
    assert_eq!(scene.closes(second), [(4401, "expired")]);
}

#[test]
fn a_resume_with_the_sat_from_before_a_renewal_takes_nothing_away() {
    let mut scene = Scene::new();
    let sat = scene.sat("ada@example.test");
    let (first, result) = scene.connected(&sat);
    let (state, protocol) = state_and_protocol(&mut scene, first, &result);
    scene.pass(TWO_HOURS - 10_000, &[first]);
    let fresh = scene.sat("ada@example.test");
    renew(&mut scene, first, &fresh);
    let socket = first.0;
    scene.input(Input::Closed { socket, code: 1006 });
    scene.pass(20_000, &[]);
    let second = scene.open();
    let answer = scene.ask(
        second,
        "signalwire.connect",
        resume(&sat, &state, &protocol),
    );
    assert_eq!(answer["result"]["protocol"], json!(protocol));
    scene.pass(TWO_HOURS - 20_001, &[second]);
    assert_eq!(scene.closes(second), []);
    scene.pass(1, &[second]);
    assert_eq!(scene.closes(second), [(4401, "expired")]);
}

#[test]
fn coming_again_with_an_expired_sat_does_not_begin_its_term_anew() {
    let mut scene = Scene::new();
    let sat = scene.sat("ada@example.test");
    let (mut client, result) = scene.connected(&sat);
    let (state, protocol) = state_and_protocol(&mut scene, client, &result);
    scene.pass(TWO_HOURS - 1000, &[client]);
    for wait in [2_000, 20_000] {
        let socket = client.0;
        scene.input(Input::Closed { socket, code: 1006 });
        scene.pass(wait, &[]);
        client = scene.open();
        let answer = scene.ask(
            client,
            "signalwire.connect",
            resume(&sat, &state, &protocol),
        );
        assert_eq!(answer["result"]["protocol"], json!(protocol));
    }
    scene.pass(9_999, &[client]);
    assert_eq!(scene.closes(client), []);
    scene.pass(1, &[client]);
    assert_eq!(scene.closes(client), [(4401, "expired")]);
}

#[test]
fn a_session_that_was_offline_is_gone_a_minute_after_its_sat() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.pass(TWO_HOURS - 1000, &[client]);
    let socket = client.0;
    scene.input(Input::Closed { socket, code: 1006 });
    scene.pass(60_999, &[]);
    assert_eq!(scene.world.sessions().len(), 1);
    scene.pass(1, &[]);
    assert_eq!(scene.world.sessions(), []);
}

#[test]
fn a_clock_that_is_moved_is_told_and_then_held_to() {
    let mut scene = Scene::new();
    let client = scene.ada();
    let stranger = scene.open();
    scene.advance(TWO_HOURS - 1);
    let frames = scene.frames(client);
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0]["method"], "signalwire.ping");
    let told = (START + TWO_HOURS - 1) as f64 / 1000.0;
    assert_eq!(frames[0]["params"]["timestamp"], json!(told));
    assert_eq!(scene.frames(stranger), Vec::<Value>::new());
    assert_eq!(scene.closes(client), []);
    scene.pass(1, &[client]);
    assert_eq!(scene.closes(client), [(4401, "expired")]);
    assert_eq!(scene.closes(stranger), []);
}

#[test]
fn a_clock_that_jumps_past_the_expiry_ends_the_session_after_it_was_told() {
    let mut scene = Scene::new();
    let client = scene.ada();
    scene.request(
        client,
        "webrtc.verto",
        verto("c-1", "verto.invite", invite("c-1", "/public/silent")),
    );
    scene.ack_all(client);
    scene.advance(3 * TWO_HOURS);
    let frames = scene.frames(client);
    assert_eq!(frames[0]["method"], "signalwire.ping");
    assert_eq!(frames[1]["params"]["params"]["params"]["causeCode"], 602);
    assert_eq!(scene.closes(client), [(4401, "expired")]);
}

#[test]
fn a_revoked_sat_ends_its_session_and_opens_none() {
    let mut scene = Scene::new();
    let sat = scene.sat("ada@example.test");
    let (client, result) = scene.connected(&sat);
    let (state, protocol) = state_and_protocol(&mut scene, client, &result);
    scene.call(client, "c-1", "/public/echo");
    let other = scene.ada();
    let jti = result["authorization"]["jti"].as_str().unwrap().to_owned();
    scene.input(Input::Revoke(Revocation::Sat { jti }));
    let events = scene.events(client);
    assert_eq!(byes(&events)[0]["cause"], "NORMAL_CLEARING");
    assert_eq!(scene.closes(client), [(4401, "revoked")]);
    assert_eq!(last_call(&scene).ended.unwrap().how, "session_revoked");
    assert_eq!(scene.closes(other), [], "another SAT of the same person");
    let again = scene.open();
    for params in [connect(&sat), resume(&sat, &state, &protocol)] {
        let answer = scene.ask(again, "signalwire.connect", params);
        assert_eq!(answer["error"]["code"], -32002);
    }
    assert_eq!(renew(&mut scene, other, &sat)["error"]["code"], -32002);
}

#[test]
fn a_revoked_subscriber_takes_the_invites_along_and_can_come_back() {
    let mut scene = Scene::new();
    let sat = scene.sat("ada@example.test");
    let ada = scene.world.directory().subscribers[0].clone();
    let body = json!({ "address_id": ada.address_id });
    let id = ada.id.clone();
    let invited = scene.issue(
        |world, body, cx| world.invite_by(&id, body, cx).unwrap(),
        body,
    );
    let (client, _) = scene.connected(&sat);
    let (friend, _) = scene.connected(&invited);
    let bob = scene.sat("bob@example.test");
    let (bob, _) = scene.connected(&bob);
    scene.input(Input::Revoke(Revocation::Subscriber { id: ada.id }));
    assert_eq!(scene.closes(client), [(4401, "revoked")]);
    assert_eq!(scene.closes(friend), [(4401, "revoked")]);
    assert_eq!(scene.closes(bob), []);
    let fresh = scene.sat("ada@example.test");
    scene.connected(&fresh);
}

#[test]
fn a_revoked_embed_token_takes_its_guests_along_and_no_others() {
    let mut scene = Scene::new();
    let sat = scene.guest_sat();
    let (client, _) = scene.connected(&sat);
    let body = json!({ "token": "c2t_00000000000000000000000000000001" });
    let other = scene.issue(
        |world, body, cx| world.embed_guest_token(body, None, cx).unwrap(),
        body,
    );
    let (other, _) = scene.connected(&other);
    let token = "c2c_00000000000000000000000000000001".to_owned();
    scene.input(Input::Revoke(Revocation::EmbedToken { token }));
    assert_eq!(scene.closes(client), [(4401, "revoked")]);
    assert_eq!(scene.closes(other), []);
    scene.input(Input::Reset);
    let sat = scene.guest_sat();
    scene.connected(&sat);
}

#[test]
fn the_other_side_of_a_call_is_told_why_it_ended() {
    let mut scene = Scene::new();
    let ada = scene.online("ada@example.test");
    scene.pass(3_600_000, &[ada]);
    let bob = scene.online("bob@example.test");
    scene.verto(ada, "c-1", "verto.invite", invite("c-1", "/private/bob"));
    scene.answer_media();
    let ringing = scene.invited(bob)["callID"].as_str().unwrap().to_owned();
    scene.pick_up(bob, &ringing);
    scene.answer_media();
    scene.connect_media();
    let before = scene.pass(3_599_999, &[ada, bob]);
    assert_eq!(byes(&before), Vec::<Value>::new());
    scene.advance(1);
    let bye = |id: &str| json!({ "callID": id, "cause": "ALLOTTED_TIMEOUT", "causeCode": 602 });
    let told = scene.events(ada);
    assert_eq!(byes(&told), [bye("c-1")]);
    let told = scene.events(bob);
    assert_eq!(byes(&told), [bye(&ringing)]);
    assert_eq!(scene.closes(ada), [(4401, "expired")]);
    assert_eq!(scene.closes(bob), []);
    assert!(scene.legs().is_empty());
}
