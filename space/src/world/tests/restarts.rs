//! New offers in a call between two people: restarts, lost media, pages that were loaded again.

use serde_json::json;

use super::scene::{Scene, invite, verto};
use super::talk::{ADA, BOB, close, report, ringing, talking, types, types_of};
use crate::world::Input;
use crate::world::media::{FarEnd, LegId, MediaCommand, MediaEvent};
use crate::world::report::CallState;

#[test]
fn each_side_restarts_its_own_media() {
    let mut scene = Scene::new();
    let talk = talking(&mut scene);
    for (client, id, leg) in [
        (talk.ada, "c-1", talk.adas_leg),
        (talk.bob, talk.bobs_call.as_str(), talk.bobs_leg),
    ] {
        let params = json!({
            "action": "updateMedia", "sdp": "restart", "dialogParams": { "callID": id },
        });
        scene.request(client, "webrtc.verto", verto(id, "verto.modify", params));
        let commands = scene.media_commands();
        assert!(matches!(&commands[..], [MediaCommand::Offer { leg: own, .. }] if *own == leg));
        let sdp = "restarted".to_owned();
        scene.input(Input::Media(MediaEvent::Answer { leg, sdp }));
        let done = &scene.frames(client)[0]["result"]["result"]["result"];
        assert_eq!(done["sdp"], "restarted");
        assert_eq!(done["callID"], json!(id));
    }
}

/// The offers since the last look with their far ends, and where legs were led to.
fn led(scene: &mut Scene) -> Vec<(LegId, LegId)> {
    let commands = scene.media_commands();
    commands
        .into_iter()
        .filter_map(|command| match command {
            MediaCommand::Offer {
                leg,
                far_end: FarEnd::Peer(peer),
                ..
            }
            | MediaCommand::Bridge { leg, peer } => Some((leg, peer)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_side_that_needs_a_new_leg_is_found_by_the_other() {
    for of_bob in [true, false] {
        let mut scene = Scene::new();
        let talk = talking(&mut scene);
        let (client, id, dead, other) = if of_bob {
            (
                talk.bob,
                talk.bobs_call.as_str(),
                talk.bobs_leg,
                talk.adas_leg,
            )
        } else {
            (talk.ada, "c-1", talk.adas_leg, talk.bobs_leg)
        };
        scene.input(Input::Media(MediaEvent::Dead { leg: dead }));
        let params = json!({
            "action": "updateMedia", "sdp": "anew", "dialogParams": { "callID": id },
        });
        scene.request(client, "webrtc.verto", verto(id, "verto.modify", params));
        let fresh = scene.world.calls[id].main.media.unwrap();
        assert_ne!(fresh, dead);
        assert_eq!(led(&mut scene), [(fresh, other), (other, fresh)]);
    }
}

#[test]
fn a_page_that_was_loaded_again_gets_its_side_back() {
    for of_bob in [true, false] {
        let mut scene = Scene::new();
        let talk = talking(&mut scene);
        let (client, who, id, old, other) = if of_bob {
            (
                talk.bob,
                BOB,
                talk.bobs_call.clone(),
                talk.bobs_leg,
                talk.adas_leg,
            )
        } else {
            (
                talk.ada,
                ADA,
                "c-1".to_owned(),
                talk.adas_leg,
                talk.bobs_leg,
            )
        };
        close(&mut scene, client, 1001);
        let again = scene.online(who);
        let mut params = invite(&id, "/private/ada");
        params["dialogParams"]["attach"] = json!(true);
        let created = scene.verto(again, &id, "verto.invite", params);
        assert_eq!(created["result"]["message"], "CALL CREATED");
        let fresh = scene.world.calls[&id].main.media.unwrap();
        assert_ne!(fresh, old);
        assert_eq!(led(&mut scene), [(fresh, other), (other, fresh)]);
        let sdp = "again".to_owned();
        scene.input(Input::Media(MediaEvent::Answer { leg: fresh, sdp }));
        scene.input(Input::Media(MediaEvent::Connected { leg: fresh }));
        let events = scene.events(again);
        assert_eq!(types(&events), ["verto.answer", "call.joined"]);
        let members = &events[1]["params"]["room_session"]["members"];
        assert_eq!(members.as_array().unwrap().len(), 2);
        assert_eq!(report(&scene, &id).state, CallState::Joined);
    }
}

#[test]
fn both_sides_reload() {
    let mut scene = Scene::new();
    let talk = talking(&mut scene);
    let mut legs = Vec::new();
    for (client, who, id) in [
        (talk.ada, ADA, "c-1"),
        (talk.bob, BOB, talk.bobs_call.as_str()),
    ] {
        close(&mut scene, client, 1001);
        let again = scene.online(who);
        let mut params = invite(id, "/private/x");
        params["dialogParams"]["attach"] = json!(true);
        scene.verto(again, id, "verto.invite", params);
        legs.push(scene.world.calls[id].main.media.unwrap());
    }
    let ways = led(&mut scene);
    assert!(
        ways.ends_with(&[(legs[1], legs[0]), (legs[0], legs[1])]),
        "{ways:?}"
    );
}

#[test]
fn a_caller_whose_page_was_loaded_again_still_waits_and_knows_that_it_rings() {
    let mut scene = Scene::new();
    let talk = ringing(&mut scene);
    close(&mut scene, talk.ada, 1001);
    let again = scene.online(ADA);
    let mut params = invite("c-1", "/private/bob");
    params["dialogParams"]["reattaching"] = json!(true);
    params["sdp"] = json!("of the new page");
    let created = scene.verto(again, "c-1", "verto.invite", params);
    assert_eq!(created["result"]["message"], "CALL CREATED");
    let told = scene.events(again);
    assert_eq!(types(&told), ["call.state"]);
    assert_eq!(told[0]["params"]["call_state"], "ringing");
    assert!(scene.events(talk.bob).is_empty(), "it rings once");
    scene.pick_up(talk.bob, &talk.bobs_call);
    scene.answer_media();
    let answers = scene.verto_events(again);
    assert_eq!(types_of(&answers), ["verto.answer"]);
    assert_eq!(answers[0]["params"]["sdp"], "answer to of the new page");
}

#[test]
fn a_better_offer_of_a_caller_who_waits_is_the_one_that_is_taken() {
    let mut scene = Scene::new();
    let talk = ringing(&mut scene);
    let mut params = invite("c-1", "/private/bob");
    params["sdp"] = json!("better");
    let created = scene.verto(talk.ada, "c-1", "verto.invite", params);
    assert_eq!(created["result"]["message"], "CALL CREATED");
    assert!(scene.events(talk.bob).is_empty(), "it rings once");
    let mut extra = invite("s-1", "/private/bob");
    extra["dialogParams"]["screenShare"] = json!(true);
    extra["dialogParams"]["userVariables"] = json!({ "memberCallId": "c-1" });
    let refused = scene.verto(talk.ada, "s-1", "verto.invite", extra);
    assert_eq!(
        refused["error"]["code"], -32002,
        "nobody is there to see it"
    );
    scene.pick_up(talk.bob, &talk.bobs_call);
    let commands = scene.media_commands();
    assert!(
        commands
            .iter()
            .any(|command| matches!(command, MediaCommand::Offer { sdp, .. } if sdp == "better"))
    );
}
