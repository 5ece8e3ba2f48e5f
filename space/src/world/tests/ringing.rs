//! How a person is rung, and the ways in which ringing ends without a conversation.

use serde_json::{Value, json};

use super::scene::{Client, Scene, bye, invite, resume};
use crate::world::media::{FarEnd, LegId, MediaCommand, MediaEvent};
use crate::world::report::{CallReport, CallState, Direction};
use crate::world::ringing::RINGING_LIMIT;
use crate::world::{Input, Unreached};

const ADA: &str = "ada@example.test";
const BOB: &str = "bob@example.test";

/// Ada calls Bob, and the media edge has made what it was asked for.
fn call_bob(scene: &mut Scene, ada: Client, id: &str) {
    let created = scene.verto(ada, id, "verto.invite", invite(id, "/private/bob"));
    assert_eq!(created["result"]["message"], "CALL CREATED");
    scene.answer_media();
}

fn id_of(invite: &Value) -> String {
    invite["callID"].as_str().unwrap().to_owned()
}

fn report(scene: &Scene, id: &str) -> CallReport {
    let mut calls = scene.world.calls().into_iter();
    calls.find(|call| call.id == id).unwrap()
}

/// Cause, who ended it and how.
fn end(scene: &Scene, id: &str) -> (i32, &'static str, &'static str) {
    let end = report(scene, id).ended.unwrap();
    (end.cause.code, end.by, end.how)
}

/// The only verto message that the client got: a bye; its cause and code.
fn bye_of(scene: &mut Scene, client: Client, id: &str) -> (String, i64) {
    let events = scene.verto_events(client);
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["method"], "verto.bye");
    let params = &events[0]["params"];
    assert_eq!(params["callID"], id);
    let cause = params["cause"].as_str().unwrap().to_owned();
    (cause, params["causeCode"].as_i64().unwrap())
}

fn close(scene: &mut Scene, client: Client, code: u16) {
    let socket = client.0;
    scene.input(Input::Closed { socket, code });
}

/// Nothing is left that would ring, or wake the world for it.
fn assert_silence(scene: &Scene) {
    assert!(scene.world.rings.is_empty());
    let live = scene.world.calls();
    assert!(live.iter().all(|call| call.state == CallState::Ended));
}

#[test]
fn the_callee_is_told_who_calls_and_the_caller_that_it_rings() {
    let mut scene = Scene::new();
    let [ada, bob] = [ADA, BOB].map(|who| scene.online(who));
    let mut params = invite("c-1", "/private/bob?channel=audio");
    params["dialogParams"]["userVariables"] =
        json!({ "memberCallId": "c-1", "memberId": "m", "order": 7, "channel": "audio" });
    scene.verto(ada, "c-1", "verto.invite", params);
    assert!(scene.events(ada).is_empty(), "nobody rings yet");
    let commands = scene.media_commands();
    let [
        MediaCommand::Call {
            leg,
            video,
            far_end,
        },
    ] = commands[..]
    else {
        panic!("{commands:?}")
    };
    assert!(!video && matches!(far_end, FarEnd::Peer(_)));
    let sdp = "the offer of the space".to_owned();
    scene.input(Input::Media(MediaEvent::Offered { leg, sdp }));

    let events = scene.events(bob);
    assert_eq!(events.len(), 1);
    assert!(events[0]["node_id"].is_string());
    let invite = &events[0]["params"];
    let id = id_of(&invite["params"]);
    assert_eq!(invite["method"], "verto.invite");
    assert_eq!(
        invite["params"],
        json!({
            "callID": id,
            "sdp": "the offer of the space",
            "caller_id_name": "Ada",
            "caller_id_number": "/private/ada",
            "callee_id_name": "Bob",
            "callee_id_number": "/private/bob",
            "display_direction": "inbound",
            "userVariables": { "order": 7, "channel": "audio" },
        })
    );
    let told = scene.events(ada);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["event_type"], "call.state");
    assert_eq!(told[0]["params"]["call_id"], "c-1");
    assert_eq!(told[0]["params"]["call_state"], "ringing");
    assert_eq!(told[0]["params"]["direction"], "outbound");

    let [caller, callee] = ["c-1", &id].map(|id| report(&scene, id));
    assert_eq!(caller.state, CallState::Ringing);
    assert_eq!(callee.state, CallState::Ringing);
    assert_eq!(caller.direction, Direction::Outbound);
    assert_eq!(callee.direction, Direction::Inbound);
    assert_eq!((caller.peer, callee.peer), (None, None));
}

#[test]
fn a_guest_calls_by_its_kind() {
    let mut scene = Scene::new();
    let bob = scene.online(BOB);
    let address = scene.world.directory().by_name("/private/bob").unwrap();
    let id = address.id.clone();
    let resource = &mut scene.world.directory_mut().click_to_call[0];
    resource.address_id = id;
    let sat = scene.guest_sat();
    let (guest, _) = scene.connected(&sat);
    call_bob(&mut scene, guest, "c-1");
    let invite = scene.invited(bob);
    assert_eq!(invite["caller_id_name"], "Guest");
    assert_eq!(invite["caller_id_number"], "embed_guest");
}

#[test]
fn video_is_offered_where_the_caller_offers_it() {
    let mut scene = Scene::new();
    let ada = scene.online(ADA);
    scene.online(BOB);
    for (id, section, expected) in [
        (
            "c-1",
            "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendrecv\r\n",
            true,
        ),
        (
            "c-2",
            "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=inactive\r\n",
            false,
        ),
    ] {
        let mut params = invite(id, "/private/bob");
        params["sdp"] = json!(format!(
            "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n{section}"
        ));
        scene.verto(ada, id, "verto.invite", params);
        let commands = scene.media_commands();
        let [MediaCommand::Call { video, .. }] = commands[..] else {
            panic!("{commands:?}")
        };
        assert_eq!(video, expected);
    }
}

#[test]
fn every_registered_client_rings_and_no_other() {
    let mut scene = Scene::new();
    let ada = scene.online(ADA);
    let bobs = [(); 2].map(|()| scene.online(BOB));
    let sat = scene.sat(BOB);
    let (unregistered, _) = scene.connected(&sat);
    scene.ack_all(unregistered);
    let left = scene.online(BOB);
    scene.ask(left, "subscriber.offline", json!({}));
    call_bob(&mut scene, ada, "c-1");
    let ids = bobs.map(|bob| id_of(&scene.invited(bob)));
    assert_ne!(ids[0], ids[1], "each has a call of its own");
    assert!(scene.events(unregistered).is_empty());
    assert!(scene.events(left).is_empty());
    let ringing = scene.events(ada);
    assert_eq!(ringing.len(), 1, "told once: {ringing:?}");
}

#[test]
fn who_calls_oneself_rings_elsewhere() {
    let mut scene = Scene::new();
    let [here, there] = [ADA; 2].map(|who| scene.online(who));
    let to = invite("c-1", "/private/ada");
    scene.verto(here, "c-1", "verto.invite", to);
    scene.answer_media();
    scene.invited(there);
    assert!(scene.verto_events(here).is_empty());
    // Registering again is no new client.
    for client in [here, there] {
        scene.ask(client, "subscriber.online", json!({}));
        scene.answer_media();
        assert!(scene.verto_events(client).is_empty());
    }
}

#[test]
fn alone_one_cannot_be_reached_by_oneself() {
    let mut scene = Scene::new();
    let ada = scene.online(ADA);
    scene.verto(ada, "c-1", "verto.invite", invite("c-1", "/private/ada"));
    assert_eq!(
        bye_of(&mut scene, ada, "c-1"),
        ("USER_NOT_REGISTERED".to_owned(), 606)
    );
    assert_silence(&scene);
}

#[test]
fn a_client_that_registers_while_it_rings_rings_too() {
    let mut scene = Scene::new();
    let ada = scene.online(ADA);
    scene.online(BOB);
    call_bob(&mut scene, ada, "c-1");
    scene.pass(29_000, &[ada]);
    let late = scene.online(BOB);
    scene.answer_media();
    let id = id_of(&scene.invited(late));
    assert_eq!(scene.pick_up(late, &id)["result"]["callID"], json!(id));
}

#[test]
fn a_client_on_a_lost_socket_finds_the_invite_when_it_comes_back() {
    let mut scene = Scene::new();
    let ada = scene.online(ADA);
    let sat = scene.sat(BOB);
    let (bob, result) = scene.connected(&sat);
    let state = scene.events(bob)[0]["params"]["authorization_state"].clone();
    let [state, protocol] = [&state, &result["protocol"]].map(|one| one.as_str().unwrap());
    scene.ask(bob, "subscriber.online", json!({}));
    close(&mut scene, bob, 1006);
    call_bob(&mut scene, ada, "c-1");
    scene.pass(20_000, &[ada]);
    let back = scene.open();
    scene.request(back, "signalwire.connect", resume(&sat, state, protocol));
    let events = scene.verto_events(back);
    assert_eq!(events.len(), 1, "{events:?}");
    let id = id_of(&events[0]["params"]);

    close(&mut scene, back, 1006);
    let again = scene.open();
    scene.request(again, "signalwire.connect", resume(&sat, state, protocol));
    assert!(scene.verto_events(again).is_empty(), "acknowledged");
    assert_eq!(scene.pick_up(again, &id)["result"]["callID"], json!(id));
}

#[test]
fn an_invite_to_a_call_that_is_over_is_not_sent_again() {
    let mut scene = Scene::new();
    let ada = scene.online(ADA);
    let sat = scene.sat(BOB);
    let (bob, result) = scene.connected(&sat);
    let state = scene.events(bob)[0]["params"]["authorization_state"].clone();
    let [state, protocol] = [&state, &result["protocol"]].map(|one| one.as_str().unwrap());
    scene.ask(bob, "subscriber.online", json!({}));
    close(&mut scene, bob, 1006);
    call_bob(&mut scene, ada, "c-1");
    scene.verto(ada, "c-1", "verto.bye", bye("c-1"));
    let back = scene.open();
    scene.request(back, "signalwire.connect", resume(&sat, state, protocol));
    let events = scene.verto_events(back);
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["method"], "verto.bye");
}

#[test]
fn nobody_answers() {
    let mut scene = Scene::new();
    let [ada, bob] = [ADA, BOB].map(|who| scene.online(who));
    call_bob(&mut scene, ada, "c-1");
    let id = id_of(&scene.invited(bob));
    scene.ack_all(ada);
    let events = scene.pass(RINGING_LIMIT - 1, &[ada, bob]);
    assert!(events.is_empty(), "{events:?}");
    scene.mono += 1;
    scene.input(Input::Tick);
    let no_answer = ("NO_ANSWER".to_owned(), 19);
    assert_eq!(bye_of(&mut scene, bob, &id), no_answer);
    assert_eq!(bye_of(&mut scene, ada, "c-1"), no_answer);
    assert_eq!(end(&scene, "c-1"), (19, "space", "no_answer"));
    assert_eq!(end(&scene, &id), (19, "space", "no_answer"));
    assert_silence(&scene);
    let late = scene.pick_up(bob, &id);
    assert_eq!(late["error"]["code"], -32002);
}

#[test]
fn one_client_declines_for_the_person() {
    let mut scene = Scene::new();
    let ada = scene.online(ADA);
    let [one, other] = [BOB; 2].map(|who| scene.online(who));
    call_bob(&mut scene, ada, "c-1");
    let [one_id, other_id] = [one, other].map(|bob| id_of(&scene.invited(bob)));
    scene.ack_all(ada);
    let mut params = bye(&one_id);
    params["cause"] = json!("USER_BUSY");
    params["causeCode"] = json!("17");
    let done = scene.verto(one, &one_id, "verto.bye", params);
    assert_eq!(done["result"]["causeCode"], 17);
    assert!(scene.verto_events(one).is_empty(), "it knows");
    let rejected = ("CALL_REJECTED".to_owned(), 21);
    assert_eq!(bye_of(&mut scene, ada, "c-1"), rejected);
    assert_eq!(bye_of(&mut scene, other, &other_id), rejected);
    assert_eq!(end(&scene, &one_id), (17, "client", "declined"));
    assert_eq!(end(&scene, "c-1"), (21, "space", "declined"));
    assert_silence(&scene);
}

/// What `reject()` says.
fn decline(id: &str) -> Value {
    let mut params = bye(id);
    params["cause"] = json!("USER_BUSY");
    params["causeCode"] = json!("17");
    params
}

#[test]
fn a_client_that_goes_without_a_cause_leaves_the_others_ringing() {
    let mut scene = Scene::new();
    let ada = scene.online(ADA);
    let [one, other] = [BOB; 2].map(|who| scene.online(who));
    call_bob(&mut scene, ada, "c-1");
    let [one_id, other_id] = [one, other].map(|bob| id_of(&scene.invited(bob)));
    scene.ack_all(ada);
    scene.verto(one, &one_id, "verto.bye", bye(&one_id));
    assert!(scene.verto_events(ada).is_empty() && scene.verto_events(other).is_empty());
    scene.verto(other, &other_id, "verto.bye", bye(&other_id));
    assert_eq!(
        bye_of(&mut scene, ada, "c-1"),
        ("USER_NOT_REGISTERED".to_owned(), 606)
    );
}

#[test]
fn the_caller_gives_up_while_it_rings() {
    let mut scene = Scene::new();
    let ada = scene.online(ADA);
    let bobs = [BOB; 2].map(|who| scene.online(who));
    call_bob(&mut scene, ada, "c-1");
    let ids = bobs.map(|bob| id_of(&scene.invited(bob)));
    let legs = scene.legs();
    scene.ack_all(ada);
    scene.verto(ada, "c-1", "verto.bye", bye("c-1"));
    for (bob, id) in bobs.into_iter().zip(ids) {
        let gave_up = ("ORIGINATOR_CANCEL".to_owned(), 487);
        assert_eq!(bye_of(&mut scene, bob, &id), gave_up);
        assert_eq!(end(&scene, &id), (487, "space", "gave_up"));
    }
    assert!(scene.verto_events(ada).is_empty());
    let stops: Vec<MediaCommand> = legs
        .iter()
        .map(|leg| MediaCommand::Stop { leg: *leg })
        .collect();
    let mut stopped = scene.media_commands();
    stopped.sort_by_key(|command| match command {
        MediaCommand::Stop { leg } => *leg,
        other => panic!("{other:?}"),
    });
    assert_eq!(stopped, stops);
    assert_silence(&scene);
}

#[test]
fn the_caller_gives_up_before_the_offer_is_made() {
    let mut scene = Scene::new();
    let [ada, bob] = [ADA, BOB].map(|who| scene.online(who));
    scene.verto(ada, "c-1", "verto.invite", invite("c-1", "/private/bob"));
    let asked = scene.media_commands();
    let [MediaCommand::Call { leg, .. }] = asked[..] else {
        panic!("{asked:?}")
    };
    scene.verto(ada, "c-1", "verto.bye", bye("c-1"));
    assert_eq!(scene.media_commands(), [MediaCommand::Stop { leg }]);
    let sdp = "late".to_owned();
    scene.input(Input::Media(MediaEvent::Offered { leg, sdp }));
    assert!(scene.frames(bob).is_empty(), "it never heard of the call");
    assert_silence(&scene);
}

#[test]
fn a_caller_who_is_gone_gives_up() {
    for (code, wait) in [(1000, 0), (1006, 25_000)] {
        let mut scene = Scene::new();
        let [ada, bob] = [ADA, BOB].map(|who| scene.online(who));
        call_bob(&mut scene, ada, "c-1");
        let id = id_of(&scene.invited(bob));
        close(&mut scene, ada, code);
        let events = scene.pass(wait, &[bob]);
        let byes = if wait == 0 { scene.events(bob) } else { events };
        assert_eq!(byes.len(), 1, "{byes:?}");
        assert_eq!(byes[0]["params"]["params"]["cause"], "ORIGINATOR_CANCEL");
        assert_eq!(end(&scene, &id), (487, "space", "gave_up"));
        assert_silence(&scene);
    }
}

#[test]
fn a_callee_who_leaves_is_not_registered_and_one_who_may_return_still_rings() {
    let mut scene = Scene::new();
    let ada = scene.online(ADA);
    let bobs = [BOB; 2].map(|who| scene.online(who));
    call_bob(&mut scene, ada, "c-1");
    scene.ack_all(ada);
    close(&mut scene, bobs[0], 1000);
    assert!(scene.verto_events(ada).is_empty(), "another still rings");
    close(&mut scene, bobs[1], 1001);
    assert!(scene.pass(29_999, &[ada]).is_empty(), "it may return");
    let events = scene.pass(1, &[ada]);
    assert_eq!(events[0]["params"]["params"]["cause"], "NO_ANSWER");

    let mut scene = Scene::new();
    let [ada, bob] = [ADA, BOB].map(|who| scene.online(who));
    call_bob(&mut scene, ada, "c-1");
    scene.ack_all(ada);
    close(&mut scene, bob, 1000);
    let unreachable = ("USER_NOT_REGISTERED".to_owned(), 606);
    assert_eq!(bye_of(&mut scene, ada, "c-1"), unreachable);
    assert_silence(&scene);
}

#[test]
fn a_media_edge_without_an_offer_makes_the_person_unreachable() {
    let unreachable = ("DESTINATION_OUT_OF_ORDER".to_owned(), 27);
    for dead in [false, true] {
        let mut scene = Scene::new();
        let ada = scene.online(ADA);
        let [one, other] = [BOB; 2].map(|who| scene.online(who));
        scene.verto(ada, "c-1", "verto.invite", invite("c-1", "/private/bob"));
        for leg in scene.legs() {
            assert!(scene.verto_events(ada).is_empty(), "another may ring");
            let reason = "no socket".to_owned();
            scene.input(Input::Media(if dead {
                MediaEvent::Dead { leg }
            } else {
                MediaEvent::Refused { leg, reason }
            }));
        }
        assert_eq!(bye_of(&mut scene, ada, "c-1"), unreachable);
        assert!(scene.verto_events(one).is_empty() && scene.verto_events(other).is_empty());
        assert_silence(&scene);
    }
}

#[test]
fn a_ringing_client_can_only_answer_or_decline() {
    let mut scene = Scene::new();
    let [ada, bob] = [ADA, BOB].map(|who| scene.online(who));
    call_bob(&mut scene, ada, "c-1");
    let id = id_of(&scene.invited(bob));
    let attach = {
        let mut params = invite(&id, "/private/ada");
        params["dialogParams"]["reattaching"] = json!(true);
        params
    };
    let again = invite(&id, "/private/ada");
    for params in [attach, again] {
        let refused = scene.verto(bob, &id, "verto.invite", params);
        assert_eq!(refused["error"]["code"], -32002);
    }
    for action in ["updateMedia", "hold"] {
        let params = json!({ "action": action, "sdp": "x", "dialogParams": { "callID": id } });
        let refused = scene.verto(bob, &id, "verto.modify", params);
        assert_eq!(refused["error"]["code"], -32602, "{action}");
    }
    let leg = scene.legs()[0];
    scene.input(Input::Media(MediaEvent::Connected { leg }));
    assert!(scene.verto_events(bob).is_empty());
    assert_eq!(report(&scene, &id).state, CallState::Ringing);
}

#[test]
fn the_space_itself_calls() {
    let mut scene = Scene::new();
    assert_eq!(
        scene.call_person("/private/bob", "/public/echo", false),
        Err(Unreached::NotRegistered)
    );
    for nobody in ["/private/nobody", "/public/echo", "", "carol@example.test"] {
        let called = scene.call_person(nobody, "/public/echo", false);
        assert_eq!(called, Err(Unreached::Unknown), "{nobody}");
    }
    let bob = scene.online(BOB);
    for (to, from, name, video) in [
        (
            BOB,
            "/public/echo",
            "Echo: sends back what it receives",
            false,
        ),
        ("/private/bob", "The shop", "The shop", true),
    ] {
        let ids = scene.call_person(to, from, video).unwrap();
        let commands = scene.media_commands();
        let [
            MediaCommand::Call {
                leg,
                video: asked,
                far_end,
            },
        ] = commands[..]
        else {
            panic!("{commands:?}")
        };
        assert_eq!((asked, far_end), (video, FarEnd::Echo));
        let sdp = "an offer".to_owned();
        scene.input(Input::Media(MediaEvent::Offered { leg, sdp }));
        let invite = scene.invited(bob);
        assert_eq!(invite["callID"], json!(ids[0]));
        assert_eq!(invite["caller_id_name"], name);
        assert_eq!(invite["caller_id_number"], from);
        assert_eq!(invite["callee_id_number"], "/private/bob");
        scene.pick_up(bob, &ids[0]);
        let sdp = format!("answer of {}", ids[0]);
        assert_eq!(scene.media_commands(), [MediaCommand::Accept { leg, sdp }]);
        scene.input(Input::Media(MediaEvent::Connected { leg }));
        let events = scene.events(bob);
        assert_eq!(events[0]["event_type"], "call.joined");
        assert_eq!(events[0]["params"]["call_id"], json!(ids[0]));
        assert_eq!(report(&scene, &ids[0]).state, CallState::Joined);
        let call = ids[0].clone();
        scene.input(Input::FarEndHangsUp { call });
        assert_eq!(end(&scene, &ids[0]), (16, "space", "bye"));
        scene.ack_all(bob);
        scene.media_commands();
    }
}

#[test]
fn the_space_gives_up_and_is_declined() {
    let mut scene = Scene::new();
    let bobs = [BOB; 2].map(|who| scene.online(who));
    let ids = scene.call_person(BOB, "/public/echo", false).unwrap();
    scene.answer_media();
    let [one, _] = bobs.map(|bob| id_of(&scene.invited(bob)));
    assert_eq!(ids.len(), 2);
    let call = one.clone();
    scene.input(Input::FarEndHangsUp { call });
    for id in &ids {
        assert_eq!(end(&scene, id), (487, "space", "gave_up"));
    }
    for client in bobs {
        scene.ack_all(client);
    }

    let ids = scene.call_person(BOB, "/public/echo", false).unwrap();
    scene.answer_media();
    let own = bobs.map(|bob| id_of(&scene.invited(bob)));
    scene.verto(bobs[0], &own[0], "verto.bye", decline(&own[0]));
    assert_eq!(
        bye_of(&mut scene, bobs[1], &own[1]),
        ("CALL_REJECTED".to_owned(), 21)
    );
    assert_eq!(ids.len(), 2);
    assert_silence(&scene);
}

#[test]
fn two_callers_at_once_are_two_calls() {
    let mut scene = Scene::new();
    let ada = scene.online(ADA);
    let carol = scene.online("carol@example.test");
    let bob = scene.online(BOB);
    call_bob(&mut scene, ada, "c-1");
    let from_ada = id_of(&scene.invited(bob));
    call_bob(&mut scene, carol, "d-1");
    let invite = scene.invited(bob);
    assert_eq!(invite["caller_id_number"], "/private/carol");
    let from_carol = id_of(&invite);
    for client in [ada, carol] {
        scene.ack_all(client);
    }
    scene.pick_up(bob, &from_carol);
    assert!(scene.verto_events(ada).is_empty(), "hers still rings");
    scene.verto(bob, &from_ada, "verto.bye", decline(&from_ada));
    assert_eq!(bye_of(&mut scene, ada, "c-1").1, 21);
    assert_eq!(report(&scene, &from_carol).state, CallState::Answered);
    assert_eq!(report(&scene, "d-1").peer, Some(from_carol));
}

#[test]
fn a_reset_silences_what_rings() {
    let mut scene = Scene::new();
    let ada = scene.online(ADA);
    scene.online(BOB);
    call_bob(&mut scene, ada, "c-1");
    let leg: LegId = scene.legs()[0];
    scene.input(Input::Reset);
    assert_eq!(scene.media_commands(), [MediaCommand::Stop { leg }]);
    assert_silence(&scene);
    assert_eq!(scene.world.deadline(), None);
}
