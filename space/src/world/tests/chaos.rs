//! Thousands of random inputs, sensible and not: nothing panics, and what must always hold holds.

use serde_json::{Value, json};

use super::scene::{Scene, connect, invite, resume, verto};
use crate::world::media::{LegId, MediaEvent};
use crate::world::report::REMEMBERED;
use crate::world::{Input, SocketId, World};

/// A small generator: the same seed plays the same scene.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let index = self.roll(from.len() as u64);
        &from[usize::try_from(index).unwrap()]
    }
}

const DESTINATIONS: [&str; 7] = [
    "/public/echo",
    "/public/tone?channel=audio",
    "/public/busy",
    "/public/silent",
    "/private/bob",
    "/public/nothing",
    "",
];

fn request(dice: &mut Dice, scene: &mut Scene, sats: &[String]) -> (&'static str, Value) {
    let leg = format!("c-{}", dice.roll(6));
    let short = json!({ "callID": leg });
    match dice.roll(12) {
        0 | 1 => ("signalwire.connect", connect(dice.pick::<String>(sats))),
        2 => {
            let sessions = scene.world.sessions();
            let protocol = sessions.first().map_or("p", |one| one.protocol.as_str());
            let state = scene.world.sessions.values().next();
            let state = state.map_or_else(|| "s".into(), |one| one.authorization_state.clone());
            (
                "signalwire.connect",
                resume(dice.pick::<String>(sats), &state, protocol),
            )
        }
        3 => (
            *dice.pick(&["subscriber.online", "subscriber.offline"]),
            json!({}),
        ),
        4 => {
            let authentication = json!({ "jwt_token": dice.pick(sats) });
            (
                "signalwire.reauthenticate",
                json!({ "authentication": authentication }),
            )
        }
        5..=7 => {
            let mut params = invite(&leg, dice.pick::<&str>(&DESTINATIONS));
            if dice.roll(4) == 0 {
                params["dialogParams"]["reattaching"] = json!(true);
            }
            if dice.roll(4) == 0 {
                params["dialogParams"]["screenShare"] = json!(true);
                params["dialogParams"]["userVariables"] = json!({ "memberCallId": "c-1" });
            }
            ("webrtc.verto", verto(&leg, "verto.invite", params))
        }
        8 => (
            "webrtc.verto",
            verto(&leg, "verto.bye", json!({ "dialogParams": short })),
        ),
        9 => {
            let action = *dice.pick(&["updateMedia", "hold", "unhold", "transfer", "x"]);
            let params = json!({ "action": action, "sdp": "again", "dialogParams": short });
            ("webrtc.verto", verto(&leg, "verto.modify", params))
        }
        10 => {
            let calls = scene.world.calls();
            let member = calls
                .last()
                .map_or("m", |call| call.legs[0].member_id.as_str());
            let target = json!({ "member_id": member });
            let channels = json!([dice.pick(&["audio", "video", "x"])]);
            (
                "call.mute",
                json!({ "channels": channels, "self": target, "target": target }),
            )
        }
        _ => {
            let method = *dice.pick(&["verto.pong", "verto.answer", "verto.x", "verto.subscribe"]);
            (
                "webrtc.verto",
                verto(&leg, method, json!({ "sdp": "x", "dialogParams": short })),
            )
        }
    }
}

fn media_event(dice: &mut Dice, legs: &[LegId]) -> MediaEvent {
    let unknown = LegId(dice.roll(50));
    let leg = if legs.is_empty() || dice.roll(8) == 0 {
        unknown
    } else {
        *dice.pick(legs)
    };
    match dice.roll(6) {
        0 | 1 => MediaEvent::Answer {
            leg,
            sdp: "answer".into(),
        },
        2 | 3 => MediaEvent::Connected { leg },
        4 => MediaEvent::Refused {
            leg,
            reason: "no".into(),
        },
        _ => MediaEvent::Dead { leg },
    }
}

/// What holds after every input.
fn check(world: &World, now: u64) {
    assert!(
        world.deadline().is_none_or(|at| at > now),
        "what is due is done"
    );
    for call in world.calls.values() {
        assert!(
            world.sessions.contains_key(&call.session),
            "a call has an owner"
        );
        assert!(call.extras.iter().all(|leg| leg.id != call.id));
    }
    for (id, socket) in &world.sockets {
        let session = socket.session.map(|session| &world.sessions[&session]);
        assert!(
            session.is_none_or(|session| session.socket == Some(*id)),
            "they know each other"
        );
    }
    for session in world.sessions.values() {
        assert_eq!(session.socket.is_none(), session.offline_since.is_some());
        let socket = session.socket.map(|socket| &world.sockets[&socket]);
        assert!(socket.is_none_or(|socket| socket.session.is_some()));
    }
    assert!(world.over.len() <= REMEMBERED);
}

fn play(seed: u64) {
    let mut dice = Dice(seed);
    let mut scene = Scene::new();
    let mut sats = vec![scene.sat("ada@example.test"), scene.sat("bob@example.test")];
    sats.push(scene.guest_sat());
    sats.push("x.y.z".to_owned());
    let mut clients = vec![scene.open()];
    for _ in 0..400 {
        let client = *dice.pick(&clients);
        match dice.roll(20) {
            0 => clients.push(scene.open()),
            1 => {
                let code = *dice.pick(&[1000, 1001, 1005, 1006]);
                let socket = client.0;
                scene.input(Input::Closed { socket, code });
            }
            2 => {
                scene.mono += *dice.pick(&[1, 4_000, 9_000, 31_000, 70_000, 4_000_000]);
                scene.input(Input::Tick);
            }
            3..=6 => {
                let legs = scene.legs();
                let event = media_event(&mut dice, &legs);
                scene.input(Input::Media(event));
            }
            7 if dice.roll(40) == 0 => scene.input(Input::Reset),
            8 => {
                let text = dice.pick(&["", "[]", "{}", "null", r#"{"id":"x"}"#, "\u{0}"]);
                let text = (*text).to_owned();
                let socket = *dice.pick(&[client.0, SocketId(999)]);
                scene.input(Input::Frame { socket, text });
            }
            9 | 10 => scene.ack_all(client),
            _ => {
                let (method, params) = request(&mut dice, &mut scene, &sats);
                scene.request(client, method, params);
            }
        }
        check(&scene.world, scene.mono);
    }
}

#[test]
fn what_must_always_hold_holds() {
    (0..150).for_each(play);
}
