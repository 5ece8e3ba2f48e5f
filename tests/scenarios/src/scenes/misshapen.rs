//! Frames of any shape, at any side of a living call, in any state of a client that can be called: they
//! harm nobody.

use serde_json::{Value, json};
use signalwire_wasm::engine::io::Entity;

use crate::frames;
use crate::stage::{Fate, Setup, Stage, Way, play, unheeded};

/// The golden frames speak of the calls `C1` and `C9`, of a session of their own and of their own time; here
/// they are about what is at hand, and of now: a space that is months ahead has every right to call a
/// credential expired.
fn about(stage: &Stage, frame: &Value, call_id: &str) -> String {
    let seconds = stage.wall() / 1_000;
    let call_id = format!("\"{call_id}\"");
    let sessions = stage.sessions();
    let protocol = sessions.first().map_or("", |one| one.protocol.as_str());
    frame
        .to_string()
        .replace("\"C1\"", &call_id)
        .replace("\"C9\"", &call_id)
        .replace("signalwire_p", protocol)
        .replace("1718299953.1", &format!("{seconds}.1"))
}

#[test]
fn the_client_bears_every_mutation_of_every_frame() {
    let all = frames::mutations(&frames::to_client());
    for some in all.chunks(40) {
        play(Setup::default(), |stage| {
            let dialled = stage.talking("/public/echo");
            let id = stage.call_id(dialled.call);
            for frame in some {
                // A goodbye among them may end the call, and so may a refusal.
                let text = about(stage, frame, &id);
                stage.space_sends(&text);
                stage.pass(5);
            }
            stage.pass(1_000);
            assert!(stage.is_ready());
            let again = stage.dial("/public/echo");
            stage.until_status(again.call, "connected");
            stage.until_settled(again.reply);
            stage.space_restarts();
            stage.until(30_000, "nothing left", |stage| {
                stage.application.live_calls().is_empty()
            });
        });
    }
}

#[test]
fn the_space_bears_every_mutation_of_every_frame() {
    let all = frames::mutations(&frames::to_space());
    for some in all.chunks(100) {
        play(Setup::default(), |stage| {
            let dialled = stage.talking("/public/echo");
            let id = stage.call_id(dialled.call);
            for frame in some {
                let text = about(stage, frame, &id);
                stage.page_sends(&text);
                stage.pass(5);
            }
            stage.until(20_000, "the client is well", Stage::is_ready);
            stage.space_restarts();
            stage.pass(20_000);
            let again = stage.dial("/public/echo");
            stage.until_status(again.call, "connected");
            stage.until_settled(again.reply);
        });
    }
}

/// A state of a client that can be called, and the call that it has there.
type State = (&'static str, fn(&mut Stage) -> Option<Entity>);

const STATES: &[State] = &[
    ("connecting", |stage| {
        stage.start();
        stage.pass(45);
        None
    }),
    ("registered", |stage| {
        registered(stage);
        None
    }),
    ("ringing", |stage| Some(rung(stage))),
    ("asking for the devices", |stage| {
        stage.setup.device_takes = 60_000;
        let call = rung(stage);
        stage.answer(call);
        Some(call)
    }),
    ("answering", |stage| {
        let call = rung(stage);
        stage.answer(call);
        stage.until_deed("verto.answer");
        Some(call)
    }),
    ("talking", |stage| {
        let call = rung(stage);
        stage.answer(call);
        stage.until_status(call, "connected");
        Some(call)
    }),
    ("hanging up", |stage| {
        let call = rung(stage);
        stage.answer(call);
        stage.until_status(call, "connected");
        stage.always(Way::ToSpace, "verto.bye", Fate::Lost);
        unheeded(stage.hang_up(call));
        Some(call)
    }),
];

fn registered(stage: &mut Stage) {
    stage.start();
    stage.until(20_000, "registered", Stage::is_registered);
}

/// The space calls, and it rings.
fn rung(stage: &mut Stage) -> Entity {
    registered(stage);
    assert_eq!(stage.space_calls("ada@example.test", "/public/echo"), 1);
    stage.until(5_000, "it rings", |stage| !stage.ringing().is_empty());
    stage.ringing()[0]
}

/// Whatever was said, the client can be called again.
fn can_be_called(stage: &mut Stage) {
    stage.network.rules.clear();
    stage.setup.device_takes = 30;
    stage.pass(1_000);
    stage.until(30_000, "ready", Stage::is_ready);
    stage.space_restarts();
    stage.until(30_000, "nothing left", |stage| {
        stage.application.live_calls().is_empty()
    });
    stage.until(30_000, "registered again", Stage::is_registered);
    stage.pass(10_000);
    stage.space_calls("ada@example.test", "/public/echo");
    stage.until(5_000, "it rings", |stage| !stage.ringing().is_empty());
    let call = stage.ringing()[0];
    stage.answer(call);
    stage.until_status(call, "connected");
}

/// Says these frames to a client in this state. How many calls it was made to believe in.
fn say(state: &State, frames: &[Value]) -> usize {
    let (_, enter) = state;
    let mut rung = 0;
    play(Setup::plain(), |stage| {
        let call = enter(stage);
        let id = call.map_or_else(|| "C9".to_owned(), |call| stage.call_id(call));
        for frame in frames {
            if !stage.network.has_open() {
                stage.until(20_000, "a socket", |stage| stage.network.has_open());
            }
            let text = about(stage, frame, &id);
            stage.space_sends(&text);
            stage.pass(5);
        }
        rung = stage.incoming().len() - usize::from(call.is_some());
        can_be_called(stage);
    });
    rung
}

#[test]
fn a_client_that_can_be_called_bears_every_mutation_in_every_state() {
    let all = frames::mutations(&frames::to_client());
    // Each mutation in one of the states; neighbours, which differ least, in different ones.
    let shares = STATES.len();
    for (share, state) in STATES.iter().enumerate() {
        let own: Vec<Value> = all.iter().skip(share).step_by(shares).cloned().collect();
        assert!(own.len() > 500, "{} frames", own.len());
        for some in own.chunks(50) {
            say(state, some);
        }
    }
}

#[test]
fn a_client_that_can_be_called_bears_every_frame_twice_and_too_early() {
    let twice: Vec<Value> = frames::to_client()
        .into_iter()
        .flat_map(|frame| [frame.clone(), frame])
        .collect();
    for state in STATES {
        let rung = say(state, &twice);
        let (name, _) = state;
        // One id, one call, however often it is said.
        let expected = usize::from(["connecting", "registered"].contains(name));
        assert_eq!(rung, expected, "{name}");
    }
}

#[test]
fn what_is_huge_or_deep_is_borne() {
    let huge = "x".repeat(1 << 20);
    let deep = (0..100).fold(json!("x"), |inner, _| json!({ "x": [inner] }));
    let values = [json!(huge), deep];
    let mut frames = Vec::new();
    for frame in frames::to_client() {
        // One place of each frame at a time would take long; its params and its result as a whole do.
        for place in [
            "/params",
            "/params/params",
            "/params/params/params",
            "/result",
        ] {
            for value in &values {
                let mut changed = frame.clone();
                if let Some(members) = changed.pointer_mut(place).and_then(Value::as_object_mut) {
                    let keys: Vec<String> = members.keys().cloned().collect();
                    for key in keys.into_iter().filter(|key| key != "callID") {
                        members.insert(key, value.clone());
                    }
                    frames.push(changed);
                }
            }
        }
    }
    assert!(frames.len() > 100, "{} frames", frames.len());
    for (index, some) in frames.chunks(30).enumerate() {
        say(&STATES[index % STATES.len()], some);
    }
}
