//! Thousands of random inputs, sensible and not: nothing panics, and what must always hold holds.

use serde_json::{Value, json};

use super::scene::{Client, Scene, answer, bye, connect, invite, resume, verto};
use crate::world::media::{FarEnd, LegId, MediaEvent};
use crate::world::report::{CallState, Direction, REMEMBERED};
use crate::world::revocation::Revocation;
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

const PEOPLE: [&str; 2] = ["ada@example.test", "bob@example.test"];

const DESTINATIONS: [&str; 9] = [
    "/public/echo",
    "/public/tone?channel=audio",
    "/public/busy",
    "/public/silent",
    "/public/unreachable",
    "/private/ada",
    "/private/bob",
    "/public/nothing",
    "",
];

/// An id of a client, or of any call there is: its own, another's, one that rings or is over.
fn leg_id(dice: &mut Dice, scene: &Scene) -> String {
    let calls = scene.world.calls();
    if calls.is_empty() || dice.roll(2) == 0 {
        format!("c-{}", dice.roll(6))
    } else {
        dice.pick(&calls).id.clone()
    }
}

fn request(dice: &mut Dice, scene: &mut Scene, sats: &[String]) -> (&'static str, Value) {
    let leg = leg_id(dice, scene);
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
            *dice.pick(&[
                "subscriber.online",
                "subscriber.online",
                "subscriber.offline",
            ]),
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
            let method = *dice.pick(&[
                "verto.pong",
                "verto.answer",
                "verto.answer",
                "verto.answer",
                "verto.x",
                "verto.subscribe",
            ]);
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
    match dice.roll(9) {
        0 | 1 => MediaEvent::Answer {
            leg,
            sdp: "answer".into(),
        },
        2..=4 => MediaEvent::Offered {
            leg,
            sdp: "offer".into(),
        },
        5 | 6 => MediaEvent::Connected { leg },
        7 => MediaEvent::Refused {
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
        assert!(!world.is_revoked(&session.claims));
        assert_eq!(session.socket.is_none(), session.offline_since.is_some());
        let socket = session.socket.map(|socket| &world.sockets[&socket]);
        assert!(socket.is_none_or(|socket| socket.session.is_some()));
    }
    assert!(world.over.len() <= REMEMBERED);
    check_pairs(world);
    check_rings(world);
}

/// Two calls that belong together know each other, and so do their legs.
fn check_pairs(world: &World) {
    for call in world.calls.values() {
        let Some(peer) = call.peer.as_ref() else {
            continue;
        };
        let peer = &world.calls[peer];
        assert_eq!(peer.peer.as_ref(), Some(&call.id));
        assert_eq!(peer.room_session_id, call.room_session_id);
        assert_ne!(peer.direction, call.direction);
        assert!(!call.is_rung() && !peer.is_rung());
        if let Some(leg) = peer.main.media {
            assert_eq!(call.far_end, Some(FarEnd::Peer(leg)), "where packets go");
        }
    }
}

/// What rings has a ring, and a ring has something that rings.
fn check_rings(world: &World) {
    let in_room = |room: &str| {
        let calls = world.calls.values();
        calls
            .filter(|call| call.room_session_id == room)
            .map(|call| (call.direction, call.state))
            .collect::<Vec<_>>()
    };
    for room in world.rings.keys() {
        let calls = in_room(room);
        let callees = calls.iter().filter(|(way, _)| *way == Direction::Inbound);
        assert!(callees.count() > 0, "somebody rings");
        assert!(calls.iter().all(|(_, state)| *state == CallState::Ringing));
    }
    let ringing = world
        .calls
        .values()
        .filter(|call| call.state == CallState::Ringing);
    for call in ringing {
        assert!(world.rings.contains_key(&call.room_session_id));
    }
}

/// Of the session that came last.
fn revocation(dice: &mut Dice, scene: &Scene) -> Revocation {
    let sessions = scene.world.sessions();
    let session = sessions.last();
    let [jti, id] = session.map_or_else(Default::default, |one| {
        [one.jti.clone(), one.subscriber_id.clone()]
    });
    match dice.roll(2) {
        0 => Revocation::Sat { jti },
        _ => Revocation::Subscriber { id },
    }
}

/// Two subscribers, a guest and nobody.
fn fresh_sats(scene: &mut Scene) -> Vec<String> {
    let mut sats = PEOPLE.map(|who| scene.sat(who)).to_vec();
    sats.push(scene.guest_sat());
    sats.push("x.y.z".to_owned());
    sats
}

fn is_registered(scene: &Scene, to: &str) -> bool {
    let name = to.trim_start_matches("/private/");
    let sessions = scene.world.sessions();
    let mut online = sessions.iter().filter(|one| one.registered);
    online.any(|one| {
        one.reference
            .as_ref()
            .is_some_and(|own| own.starts_with(name))
    })
}

fn play(seed: u64) -> Seen {
    let mut seen = Seen::default();
    let mut dice = Dice(seed);
    let mut scene = Scene::new();
    let mut sats = fresh_sats(&mut scene);
    let mut clients = vec![scene.open()];
    clients.extend(PEOPLE.map(|who| scene.online(who)));
    for _ in 0..400 {
        let client = *dice.pick(&clients);
        match dice.roll(20) {
            0 => clients.push(scene.open()),
            14 => clients.push(scene.online(dice.pick::<&str>(&PEOPLE))),
            1 => {
                let code = *dice.pick(&[1000, 1001, 1005, 1006]);
                let socket = client.0;
                scene.input(Input::Closed { socket, code });
            }
            2 => {
                let long = [31_000, 70_000, 4_000_000];
                scene.mono += match dice.roll(6) {
                    0 => *dice.pick(&long),
                    _ => *dice.pick(&[1, 900, 4_000]),
                };
                scene.input(Input::Tick);
                sats = fresh_sats(&mut scene);
            }
            // A media edge that works, most of the time.
            3 | 4 => scene.answer_media(),
            5 => scene.connect_media(),
            6 => {
                let legs = scene.legs();
                let event = media_event(&mut dice, &legs);
                scene.input(Input::Media(event));
            }
            7 if dice.roll(40) == 0 => scene.input(Input::Reset),
            7 if dice.roll(20) == 0 => {
                scene.advance(*dice.pick(&[1, 60_000, 7_200_000]));
                sats = fresh_sats(&mut scene);
            }
            7 if dice.roll(20) == 0 => {
                let revocation = revocation(&mut dice, &scene);
                scene.input(Input::Revoke(revocation));
            }
            8 => {
                let text = dice.pick(&["", "[]", "{}", "null", r#"{"id":"x"}"#, "\u{0}"]);
                let text = (*text).to_owned();
                let socket = *dice.pick(&[client.0, SocketId(999)]);
                scene.input(Input::Frame { socket, text });
            }
            9 | 10 => scene.ack_all(client),
            11 => {
                let to = *dice.pick(&["/private/bob", "ada@example.test", "nobody"]);
                let called = scene.call_person(to, "/public/echo", dice.roll(2) == 0);
                assert!(called.is_ok_and(|calls| !calls.is_empty()) || !is_registered(&scene, to));
            }
            12 | 13 => pick_up(&mut dice, &mut scene),
            _ => {
                let (method, params) = request(&mut dice, &mut scene, &sats);
                scene.request(client, method, params);
            }
        }
        check(&scene.world, scene.mono);
        let calls = scene.world.calls.values();
        for call in calls {
            seen.rung |= call.is_rung();
            seen.talked |= call.peer.is_some() && call.state == CallState::Joined;
        }
    }
    seen
}

/// A client that rings answers, now and then declines.
fn pick_up(dice: &mut Dice, scene: &mut Scene) {
    let rung = scene.world.calls.values().filter(|call| call.is_rung());
    let rung: Vec<(String, Option<SocketId>)> = rung
        .map(|call| (call.id.clone(), scene.world.sessions[&call.session].socket))
        .collect();
    if rung.is_empty() {
        return;
    }
    let (id, socket) = dice.pick(&rung).clone();
    let Some(socket) = socket else { return };
    let (method, params) = match dice.roll(4) {
        0 => ("verto.bye", bye(&id)),
        _ => ("verto.answer", answer(&id)),
    };
    scene.request(Client(socket), "webrtc.verto", verto(&id, method, params));
}

/// What a play came to.
#[derive(Default)]
struct Seen {
    rung: bool,
    talked: bool,
}

#[test]
fn what_must_always_hold_holds() {
    let plays: Vec<Seen> = (0..150).map(play).collect();
    // Plays that never get so far would prove nothing about it.
    assert!(plays.iter().filter(|seen| seen.rung).count() > 50);
    assert!(plays.iter().filter(|seen| seen.talked).count() > 10);
}
