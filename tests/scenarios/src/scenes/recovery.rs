//! A call under which the session is lost: `recovering`, then `recovered` or `failed`, once for each loss,
//! at whatever moment of the call.

use signalwire_wasm::engine::io::{Entity, Value};
use signalwire_wasm::engine::state::Field;

use super::people::{ADA, BOB, rings, two};
use crate::stage::{Reach, Setup, Stage, Who, play};

/// The losses of a call, each with how it went; panics where something else was told.
#[track_caller]
fn losses(stage: &Stage, call: Entity) -> Vec<String> {
    let told = stage.recoveries(call);
    let mut outcomes = Vec::new();
    for pair in told.chunks(2) {
        match pair {
            [
                "call_recovering",
                outcome @ ("call_recovered" | "call_recovery_failed"),
            ] => {
                outcomes.push((*outcome).to_owned());
            }
            // It ended for another reason meanwhile.
            ["call_recovering"] if stage.status(call) == "destroyed" => {}
            other => panic!("{other:?} among {told:?}"),
        }
    }
    let states = stage.application.values(call, Field::CallRecoveryState);
    if let Some(last) = states.last() {
        assert_eq!(**last, Value::Text("idle".to_owned()), "{told:?}");
    }
    outcomes
}

/// Ada calls Bob, who answers as soon as it rings; one of them loses the socket at this moment. Tells
/// whether the two have found each other.
fn loss_in_a_call(stage: &mut Stage, who: Who, moment: u64) -> bool {
    two(stage);
    let dialled = stage.dial("/private/bob");
    for after in (0..1_000).step_by(10) {
        stage.outside(after, |stage| {
            stage.with(BOB, |stage| {
                for call in stage.ringing() {
                    stage.answer(call);
                }
            });
        });
    }
    stage.pass(moment);
    stage.with(who, Stage::cut);
    stage.pass(10_000);
    let bobs = stage.seen_by(BOB).incoming();
    // The invite itself was lost, and is not sent again.
    if stage.statuses(dialled.call) == ["destroyed"] {
        stage.assert_ended(dialled.call, "no_answer");
        assert!(bobs.is_empty() && stage.calls_at_space().is_empty());
        return false;
    }
    for (one, call) in [(ADA, dialled.call), (BOB, bobs[0])] {
        stage.with(one, |stage| {
            let told = losses(stage, call);
            assert!(told.len() <= usize::from(one == who), "{told:?}");
            assert!(told.iter().all(|outcome| outcome == "call_recovered"));
            assert_eq!(stage.status(call), "connected", "{who:?} at {moment}");
        });
    }
    assert_eq!(stage.calls_at_space().len(), 2);
    true
}

#[test]
fn one_loss_is_told_once_at_any_moment_of_a_call() {
    for who in [ADA, BOB] {
        let mut found = 0;
        for moment in (0..700).step_by(10) {
            play(Setup::plain(), |stage| {
                found += u32::from(loss_in_a_call(stage, who, moment));
            });
        }
        assert!(found >= 66, "{found} of 70");
    }
}

#[test]
fn many_losses_are_as_many_recoveries() {
    play(Setup::plain(), |stage| {
        let dialled = stage.talking("/public/echo");
        for round in 1..=5 {
            stage.cut();
            stage.pass(100);
            // Cut again while it is looked for: still one loss.
            stage.cut();
            stage.pass(5_000);
            assert_eq!(losses(stage, dialled.call), vec!["call_recovered"; round]);
        }
    });
}

#[test]
fn a_session_that_is_not_found_again_fails_the_recovery() {
    play(Setup::plain(), |stage| {
        let dialled = stage.talking("/public/echo");
        stage.space_restarts();
        stage.until_status(dialled.call, "destroyed");
        assert_eq!(losses(stage, dialled.call), ["call_recovery_failed"]);
        stage.assert_ended(dialled.call, "network");
    });
}

#[test]
fn who_hangs_up_meanwhile_is_not_told_of_a_failure() {
    play(Setup::plain(), |stage| {
        let dialled = stage.talking("/public/echo");
        stage.setup.reach = Reach::Refused;
        stage.cut();
        stage.pass(1_000);
        let over = stage.hang_up(dialled.call);
        stage.until_settled(over);
        stage.assert_ended(dialled.call, "normal");
        assert_eq!(losses(stage, dialled.call), Vec::<String>::new());
        stage.setup.reach = Reach::Up;
        stage.pass(10_000);
        assert!(stage.calls_at_space().is_empty());
    });
}

#[test]
fn a_call_that_the_space_ended_meanwhile_ends_when_it_is_found_out() {
    play(Setup::plain(), |stage| {
        two(stage);
        let dialled = stage.dial("/private/bob");
        let call = rings(stage, BOB);
        stage.with(BOB, |stage| stage.answer(call));
        stage.until_status(dialled.call, "connected");
        stage.setup.reach = Reach::Refused;
        stage.cut();
        let over = stage.with(BOB, |stage| stage.hang_up(call));
        stage.with(BOB, |stage| stage.until_settled(over));
        stage.pass(1_000);
        stage.setup.reach = Reach::Up;
        stage.until_status(dialled.call, "destroyed");
        stage.assert_ended(dialled.call, "normal");
        losses(stage, dialled.call);
    });
}
