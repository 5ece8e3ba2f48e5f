//! Two people on the stage: one calls the other.

use serde_json::Value;

use super::scene::{Client, Scene, invite};
use crate::world::Input;
use crate::world::media::{FarEnd, LegId, MediaCommand, MediaEvent};
use crate::world::report::CallReport;

pub(super) const ADA: &str = "ada@example.test";
pub(super) const BOB: &str = "bob@example.test";

/// Ada has called Bob; his call, his leg, and hers.
pub(super) struct Talk {
    pub(super) ada: Client,
    pub(super) bob: Client,
    pub(super) bobs_call: String,
    pub(super) adas_leg: LegId,
    pub(super) bobs_leg: LegId,
}

/// Bob rings.
pub(super) fn ringing(scene: &mut Scene) -> Talk {
    let [ada, bob] = [ADA, BOB].map(|who| scene.online(who));
    scene.verto(ada, "c-1", "verto.invite", invite("c-1", "/private/bob"));
    let commands = scene.media_commands();
    let [
        MediaCommand::Call {
            leg,
            far_end: FarEnd::Peer(adas_leg),
            ..
        },
    ] = commands[..]
    else {
        panic!("{commands:?}")
    };
    let sdp = "offer".to_owned();
    scene.input(Input::Media(MediaEvent::Offered { leg, sdp }));
    let bobs_call = scene.invited(bob)["callID"].as_str().unwrap().to_owned();
    scene.ack_all(ada);
    Talk {
        ada,
        bob,
        bobs_call,
        adas_leg,
        bobs_leg: leg,
    }
}

/// Bob has answered, and media flows.
pub(super) fn talking(scene: &mut Scene) -> Talk {
    let talk = ringing(scene);
    scene.pick_up(talk.bob, &talk.bobs_call);
    scene.answer_media();
    scene.connect_media();
    for client in [talk.ada, talk.bob] {
        scene.ack_all(client);
    }
    talk
}

pub(super) fn report(scene: &Scene, id: &str) -> CallReport {
    let mut calls = scene.world.calls().into_iter();
    calls.find(|call| call.id == id).unwrap()
}

pub(super) fn end(scene: &Scene, id: &str) -> (i32, &'static str, &'static str) {
    let end = report(scene, id).ended.unwrap();
    (end.cause.code, end.by, end.how)
}

/// The events by their types, those of verto by the method inside.
pub(super) fn types(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| {
            let inner = event["params"]["method"].as_str();
            inner.unwrap_or_else(|| event["event_type"].as_str().unwrap())
        })
        .collect()
}

pub(super) fn close(scene: &mut Scene, client: Client, code: u16) {
    let socket = client.0;
    scene.input(Input::Closed { socket, code });
}

pub(super) fn types_of(messages: &[Value]) -> Vec<&str> {
    let methods = messages.iter().map(|one| one["method"].as_str().unwrap());
    methods.collect()
}
