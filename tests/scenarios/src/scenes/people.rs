//! Ada and Bob: what the scenes between two people share.

use signalwire_wasm::engine::io::Entity;

use crate::stage::{Dialled, Setup, Stage, Who};

pub const ADA: Who = Who(0);
pub const BOB: Who = Who(1);

/// Ada's page; Bob, registered, in another.
pub fn two(stage: &mut Stage) {
    two_as(stage, Setup::of("bob@example.test"));
}

pub fn two_as(stage: &mut Stage, bob: Setup) {
    stage.enter(bob);
    for who in [ADA, BOB] {
        stage.with(who, |stage| {
            stage.start();
            stage.until(20_000, "ready", Stage::is_ready);
        });
    }
    stage.pass(10_000);
}

/// What Bob's page shows of a call.
pub fn rings(stage: &mut Stage, who: Who) -> Entity {
    stage.until(5_000, "it rings", |stage| {
        !stage.seen_by(who).ringing().is_empty()
    });
    stage.seen_by(who).ringing()[0]
}

/// Ada calls Bob, and his page rings.
pub fn ring(stage: &mut Stage) -> (Dialled, Entity) {
    two(stage);
    let dialled = stage.dial("/private/bob");
    let call = rings(stage, BOB);
    (dialled, call)
}

/// Ada and Bob talk.
pub fn talk(stage: &mut Stage) -> (Dialled, Entity) {
    let (dialled, call) = ring(stage);
    stage.with(BOB, |stage| stage.answer(call));
    both_talk(stage, dialled, call);
    (dialled, call)
}

pub fn both_talk(stage: &mut Stage, dialled: Dialled, call: Entity) {
    stage.until_status(dialled.call, "connected");
    stage.with(BOB, |stage| stage.until_status(call, "connected"));
    stage.until_settled(dialled.reply);
    stage.assert_resolved(dialled.reply);
    stage.pass(2_000);
}

/// Both ends of a call that is over: why, in the eyes of the one who called and of the one who was called.
#[track_caller]
pub fn assert_over(stage: &mut Stage, dialled: Dialled, call: Entity, at_ada: &str, at_bob: &str) {
    stage.assert_ended(dialled.call, at_ada);
    stage.with(BOB, |stage| {
        stage.assert_ended(call, at_bob);
        assert!(!stage.browser.records());
    });
    assert!(!stage.browser.records());
    assert!(stage.calls_at_space().is_empty());
}
