//! Two people who talk: how their calls are tied together, and how they end together.

use serde_json::{Value, json};

use super::scene::{Scene, bye, invite, verto};
use super::talk::{ADA, BOB, close, end, report, ringing, talking, types, types_of};
use crate::world::Input;
use crate::world::media::{FarEnd, MediaCommand, MediaEvent};
use crate::world::report::CallState;

#[test]
fn the_callers_offer_is_taken_when_the_callee_answers() {
    let mut scene = Scene::new();
    let talk = ringing(&mut scene);
    let id = scene.request(
        talk.bob,
        "webrtc.verto",
        verto(
            &talk.bobs_call,
            "verto.answer",
            json!({
                "sdp": "bob's answer", "dialogParams": { "callID": talk.bobs_call },
            }),
        ),
    );
    let frames = scene.frames(talk.bob);
    assert_eq!(frames[0]["id"], json!(id), "the response comes first");
    assert_eq!(
        frames[0]["result"]["result"]["result"]["callID"],
        json!(talk.bobs_call)
    );
    assert_eq!(
        scene.media_commands(),
        [
            MediaCommand::Accept {
                leg: talk.bobs_leg,
                sdp: "bob's answer".into()
            },
            MediaCommand::Offer {
                leg: talk.adas_leg,
                sdp: "offer of c-1".into(),
                far_end: FarEnd::Peer(talk.bobs_leg),
            },
        ]
    );
    let sdp = "for ada".to_owned();
    let leg = talk.adas_leg;
    scene.input(Input::Media(MediaEvent::Answer { leg, sdp }));
    let events = scene.verto_events(talk.ada);
    assert_eq!(events[0]["method"], "verto.answer");
    assert_eq!(
        events[0]["params"],
        json!({ "callID": "c-1", "sdp": "for ada" })
    );
    let [ada, bob] = ["c-1", &talk.bobs_call].map(|id| report(&scene, id));
    assert_eq!(
        (ada.state, bob.state),
        (CallState::Answered, CallState::Answered)
    );
    assert_eq!(ada.peer.as_deref(), Some(talk.bobs_call.as_str()));
    assert_eq!(bob.peer.as_deref(), Some("c-1"));
}

#[test]
fn both_join_one_room_each_under_its_own_call_id() {
    let mut scene = Scene::new();
    let talk = ringing(&mut scene);
    scene.pick_up(talk.bob, &talk.bobs_call);
    scene.answer_media();
    for client in [talk.ada, talk.bob] {
        scene.ack_all(client);
    }
    scene.connect_media();
    let [to_ada, to_bob] = [talk.ada, talk.bob].map(|client| scene.events(client));
    assert_eq!(types(&to_ada), ["call.joined"]);
    assert_eq!(types(&to_bob), ["call.joined"]);
    let [ada, bob] = [&to_ada[0]["params"], &to_bob[0]["params"]];
    assert_eq!(ada["room_session_id"], bob["room_session_id"]);
    assert_eq!(ada["room_id"], bob["room_id"]);
    assert_eq!(ada["call_id"], "c-1");
    assert_eq!(bob["call_id"], json!(talk.bobs_call));
    let members = |joined: &Value| -> Vec<(String, String, String)> {
        let all = joined["room_session"]["members"].as_array().unwrap();
        let text = |member: &Value, key: &str| member[key].as_str().unwrap().to_owned();
        all.iter()
            .map(|one| {
                (
                    text(one, "member_id"),
                    text(one, "name"),
                    text(one, "call_id"),
                )
            })
            .collect()
    };
    let (of_ada, mut of_bob) = (members(ada), members(bob));
    assert_eq!(
        ada["member_id"],
        json!(of_ada[0].0),
        "the own member is the first"
    );
    assert_eq!(bob["member_id"], json!(of_bob[0].0));
    let names: Vec<&str> = of_ada.iter().map(|one| one.1.as_str()).collect();
    assert_eq!(names, ["Ada", "Bob"]);
    assert_eq!(of_ada[1].2, talk.bobs_call);
    of_bob.reverse();
    assert_eq!(of_ada, of_bob);
}

#[test]
fn the_first_answer_wins() {
    let mut scene = Scene::new();
    let ada = scene.online(ADA);
    let [one, other] = [BOB; 2].map(|who| scene.online(who));
    scene.verto(ada, "c-1", "verto.invite", invite("c-1", "/private/bob"));
    scene.answer_media();
    let ids = [one, other].map(|bob| scene.invited(bob)["callID"].as_str().unwrap().to_owned());
    let [_, loser] = scene.legs()[..] else {
        panic!()
    };
    scene.pick_up(one, &ids[0]);
    let byes = scene.verto_events(other);
    assert_eq!(
        byes[0]["params"],
        json!({ "callID": ids[1], "cause": "LOSE_RACE", "causeCode": 502 })
    );
    assert!(scene.verto_events(one).is_empty());
    assert_eq!(end(&scene, &ids[1]), (502, "space", "answered_elsewhere"));
    let stopped = MediaCommand::Stop { leg: loser };
    assert!(scene.media_commands().contains(&stopped));
    let late = scene.pick_up(other, &ids[1]);
    assert_eq!(late["error"]["code"], -32002);
    let twice = scene.pick_up(one, &ids[0]);
    assert_eq!(twice["error"]["code"], -32002);
    assert_eq!(
        report(&scene, &ids[0]).state,
        CallState::Answered,
        "and nothing is lost"
    );
}

#[test]
fn only_the_client_that_rings_can_answer() {
    let mut scene = Scene::new();
    let talk = ringing(&mut scene);
    let other = scene.online(BOB);
    for thief in [talk.ada, other] {
        for call in [talk.bobs_call.as_str(), "c-1", "nothing"] {
            let refused = scene.pick_up(thief, call);
            assert_eq!(refused["error"]["code"], -32002);
        }
        let id = &talk.bobs_call;
        let refused = scene.verto(thief, id, "verto.bye", bye(id));
        assert_eq!(refused["error"]["code"], -32002);
    }
    let own = scene.pick_up(talk.bob, "c-1");
    assert_eq!(own["error"]["code"], -32002, "the caller's call");
    assert_eq!(report(&scene, &talk.bobs_call).state, CallState::Ringing);
    let done = scene.pick_up(talk.bob, &talk.bobs_call);
    assert_eq!(done["result"]["callID"], json!(talk.bobs_call));
}

#[test]
fn whoever_hangs_up_ends_both() {
    for by_ada in [true, false] {
        let mut scene = Scene::new();
        let talk = talking(&mut scene);
        let [(who, own), (whom, other)] = if by_ada {
            [(talk.ada, "c-1"), (talk.bob, talk.bobs_call.as_str())]
        } else {
            [(talk.bob, talk.bobs_call.as_str()), (talk.ada, "c-1")]
        };
        scene.verto(who, own, "verto.bye", bye(own));
        let events = scene.verto_events(whom);
        assert_eq!(events.len(), 1);
        assert_eq!(
            events[0]["params"],
            json!({ "callID": other, "cause": "NORMAL_CLEARING", "causeCode": 16 })
        );
        assert!(scene.verto_events(who).is_empty());
        assert_eq!(end(&scene, own), (16, "client", "bye"));
        assert_eq!(end(&scene, other), (16, "peer", "bye"));
        assert!(scene.world.calls.is_empty() && scene.legs().is_empty());
        assert_eq!(scene.media_commands().len(), 2, "both legs are stopped");
    }
}

#[test]
fn the_caller_hangs_up_between_answer_and_media() {
    let mut scene = Scene::new();
    let talk = ringing(&mut scene);
    scene.pick_up(talk.bob, &talk.bobs_call);
    scene.verto(talk.ada, "c-1", "verto.bye", bye("c-1"));
    let events = scene.verto_events(talk.bob);
    assert_eq!(types_of(&events), ["verto.bye"]);
    assert_eq!(events[0]["params"]["causeCode"], 16);
    for leg in [talk.adas_leg, talk.bobs_leg] {
        scene.input(Input::Media(MediaEvent::Connected { leg }));
    }
    assert!(scene.events(talk.ada).is_empty() && scene.events(talk.bob).is_empty());
}

#[test]
fn sdps_that_cannot_be_taken_end_both() {
    for adas in [true, false] {
        let mut scene = Scene::new();
        let talk = ringing(&mut scene);
        scene.pick_up(talk.bob, &talk.bobs_call);
        scene.media_commands();
        let leg = if adas { talk.adas_leg } else { talk.bobs_leg };
        let reason = "no codec".to_owned();
        scene.input(Input::Media(MediaEvent::Refused { leg, reason }));
        for client in [talk.ada, talk.bob] {
            let events = scene.verto_events(client);
            assert_eq!(types_of(&events), ["verto.bye"]);
            assert_eq!(events[0]["params"]["cause"], "INCOMPATIBLE_DESTINATION");
        }
        assert!(scene.world.calls.is_empty());
    }
}

#[test]
fn lost_media_and_lost_clients_end_both() {
    for of_bob in [true, false] {
        let mut scene = Scene::new();
        let talk = talking(&mut scene);
        let leg = if of_bob { talk.bobs_leg } else { talk.adas_leg };
        scene.input(Input::Media(MediaEvent::Dead { leg }));
        assert!(scene.pass(29_999, &[talk.ada, talk.bob]).is_empty());
        let mut byes = scene.pass(1, &[talk.ada, talk.bob]);
        byes.retain(|event| event["params"]["method"] != "verto.ping");
        assert_eq!(types(&byes), ["verto.bye", "verto.bye"]);
        assert!(
            byes.iter()
                .all(|bye| bye["params"]["params"]["cause"] == "MEDIA_TIMEOUT")
        );
    }
    for code in [1000, 1006] {
        let mut scene = Scene::new();
        let talk = talking(&mut scene);
        close(&mut scene, talk.bob, code);
        let lost = code == 1006;
        let waited = scene.pass(if lost { 60_000 } else { 0 }, &[talk.ada]);
        let told = if lost { waited } else { scene.events(talk.ada) };
        let told = types(&told);
        assert_eq!(told.last(), Some(&"verto.bye"), "{told:?}");
        let expected = if lost {
            (102, "peer", "client_lost")
        } else {
            (16, "peer", "socket_closed")
        };
        assert_eq!(end(&scene, "c-1"), expected);
        assert!(scene.world.calls.is_empty());
    }
}

#[test]
fn an_answered_call_without_media_ends() {
    let mut scene = Scene::new();
    let talk = ringing(&mut scene);
    scene.pass(20_000, &[talk.ada, talk.bob]);
    scene.pick_up(talk.bob, &talk.bobs_call);
    scene.answer_media();
    for client in [talk.ada, talk.bob] {
        scene.ack_all(client);
    }
    let events = scene.pass(29_999, &[talk.ada, talk.bob]);
    assert!(
        events.is_empty(),
        "the limit runs from the answer: {events:?}"
    );
    let byes = scene.pass(1, &[talk.ada, talk.bob]);
    assert_eq!(types(&byes), ["verto.bye", "verto.bye"]);
}

#[test]
fn a_mute_is_shown_to_both() {
    let mut scene = Scene::new();
    let talk = talking(&mut scene);
    let member = report(&scene, &talk.bobs_call).legs[0].member_id.clone();
    let target = json!({ "node_id": "n", "call_id": talk.bobs_call, "member_id": member });
    let params = json!({ "channels": ["audio"], "self": target, "target": target });
    let answer = scene.ask(talk.bob, "call.mute", params.clone());
    assert_eq!(answer["result"]["code"], "200");
    for (client, call) in [(talk.ada, "c-1"), (talk.bob, talk.bobs_call.as_str())] {
        let events = scene.events(client);
        assert_eq!(types(&events), ["member.updated"]);
        assert_eq!(events[0]["params"]["call_id"], call);
        let updated = &events[0]["params"]["member"];
        assert_eq!(updated["member_id"], json!(member));
        assert_eq!(updated["audio_muted"], true);
        assert_eq!(updated["updated"], json!(["audio_muted"]));
    }
    let answer = scene.ask(talk.ada, "call.mute", params);
    assert_eq!(answer["result"]["code"], "404", "of oneself alone");
}

#[test]
fn digits_and_hold_belong_to_the_side_that_sends_them() {
    let mut scene = Scene::new();
    let talk = talking(&mut scene);
    let id = talk.bobs_call.as_str();
    let short = json!({ "callID": id });
    scene.verto(
        talk.bob,
        id,
        "verto.info",
        json!({ "dtmf": "7#", "dialogParams": short }),
    );
    let hold = json!({ "action": "hold", "dialogParams": short });
    let done = scene.verto(talk.bob, id, "verto.modify", hold);
    assert_eq!(done["result"]["holdState"], "held");
    let [ada, bob] = ["c-1", id].map(|id| report(&scene, id));
    assert_eq!((bob.digits.as_str(), bob.held), ("7#", true));
    assert_eq!((ada.digits.as_str(), ada.held), ("", false));
}

#[test]
fn a_screen_share_is_announced_to_both_and_not_forwarded() {
    let mut scene = Scene::new();
    let talk = talking(&mut scene);
    let id = talk.bobs_call.as_str();
    let mut params = invite("s-1", "/private/ada");
    params["dialogParams"]["screenShare"] = json!(true);
    params["dialogParams"]["userVariables"] = json!({ "memberCallId": id });
    let created = scene.verto(talk.bob, "s-1", "verto.invite", params);
    let member = created["result"]["memberID"].clone();
    let commands = scene.media_commands();
    let [
        MediaCommand::Offer {
            leg,
            far_end: FarEnd::Echo,
            ..
        },
    ] = commands[..]
    else {
        panic!("{commands:?}")
    };
    scene.input(Input::Media(MediaEvent::Connected { leg }));
    scene.verto(talk.bob, "s-1", "verto.bye", bye("s-1"));
    for (client, call) in [(talk.ada, "c-1"), (talk.bob, id)] {
        let events = scene.events(client);
        assert_eq!(types(&events), ["member.joined", "member.left"]);
        for event in events {
            assert_eq!(event["params"]["member"]["member_id"], member);
            assert_eq!(event["params"]["call_id"], call);
        }
    }
    assert_eq!(report(&scene, id).state, CallState::Joined);
}
