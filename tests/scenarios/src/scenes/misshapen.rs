//! Frames of any shape, at any side of a living call: they harm nobody.

use serde_json::Value;

use crate::frames;
use crate::stage::{Setup, Stage, play};

/// The golden frames speak of the call `C1` and of their own time; here they are about the call at hand,
/// and of now: a space that is months ahead has every right to call a credential expired.
fn about(frame: &Value, call_id: &str, seconds: u64) -> String {
    frame
        .to_string()
        .replace("\"C1\"", &format!("\"{call_id}\""))
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
                let seconds = stage.wall() / 1_000;
                stage.space_sends(&about(frame, &id, seconds));
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
                let seconds = stage.wall() / 1_000;
                stage.page_sends(&about(frame, &id, seconds));
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
