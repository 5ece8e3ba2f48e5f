//! The computer sleeps for an hour, in every state of a client.

use signalwire_wasm::engine::error::ErrorCode;

use crate::stage::{Device, Setup, Stage, play};

const HOUR: u64 = 3_600_000;

/// Plays with a monotonic clock that runs on in a sleep, and with one that stands still.
fn with_both_clocks(setup: &Setup, scene: impl Fn(&mut Stage, bool)) {
    for runs in [true, false] {
        play(setup.clone(), |stage| scene(stage, runs));
    }
}

/// After the sleep the client finds back by itself and can call.
fn works_again(stage: &mut Stage) {
    stage.until(20_000, "ready again", Stage::is_ready);
    let again = stage.dial("/public/echo");
    stage.until_status(again.call, "connected");
    assert_eq!(stage.sessions().len(), 1);
}

#[test]
fn an_idle_client_is_ready_again_after_an_hour() {
    with_both_clocks(&Setup::default(), |stage, runs| {
        let ready = stage.connect();
        stage.until_settled(ready);
        stage.sleep(HOUR, runs);
        works_again(stage);
    });
}

#[test]
fn a_call_does_not_outlive_an_hour_of_sleep() {
    with_both_clocks(&Setup::default(), |stage, runs| {
        let dialled = stage.talking("/public/echo");
        stage.sleep(HOUR, runs);
        stage.until_status(dialled.call, "destroyed");
        assert!(["media", "network"].contains(&stage.end_reason(dialled.call).0));
        works_again(stage);
    });
}

#[test]
fn a_call_lives_through_a_nap() {
    with_both_clocks(&Setup::default(), |stage, runs| {
        let dialled = stage.talking("/public/echo");
        stage.sleep(25_000, runs);
        stage.until(20_000, "ready again", Stage::is_ready);
        stage.pass(5_000);
        assert_eq!(
            stage.statuses(dialled.call),
            ["trying", "connecting", "connected"]
        );
    });
}

#[test]
fn a_dial_at_any_stage_settles_after_the_sleep() {
    for moment in (0..400).step_by(10) {
        with_both_clocks(&Setup::default(), |stage, runs| {
            let ready = stage.connect();
            let dialled = stage.dial("/public/echo");
            stage.pass(moment);
            stage.sleep(HOUR, runs);
            stage.until_settled(ready);
            stage.until_settled(dialled.reply);
            stage.until(60_000, "the call is decided", |stage| {
                ["connected", "destroyed"].contains(&stage.status(dialled.call).as_str())
            });
            works_again(stage);
        });
    }
}

#[test]
fn a_prompt_sleeps_as_well() {
    let setup = Setup {
        device: Device::Open,
        ..Setup::default()
    };
    with_both_clocks(&setup, |stage, runs| {
        let ready = stage.connect();
        stage.until_settled(ready);
        let dialled = stage.dial("/public/echo");
        stage.sleep(HOUR, runs);
        stage.until(20_000, "ready again", Stage::is_ready);
        assert!(!stage.is_settled(dialled.reply));
        stage.allow();
        stage.until_status(dialled.call, "connected");
        stage.until_settled(dialled.reply);
        stage.assert_resolved(dialled.reply);
    });
}

#[test]
fn a_hang_up_under_way_settles_after_the_sleep() {
    with_both_clocks(&Setup::default(), |stage, runs| {
        let dialled = stage.talking("/public/echo");
        let over = stage.hang_up(dialled.call);
        stage.sleep(HOUR, runs);
        stage.until_settled(over);
        stage.assert_resolved(over);
        works_again(stage);
    });
}

#[test]
fn a_sleep_past_the_credential_says_so_once() {
    with_both_clocks(&Setup::default(), |stage, runs| {
        stage.talking("/public/echo");
        stage.sleep(24 * HOUR, runs);
        stage.pass(20_000);
        assert_eq!(stage.client_errors(), [ErrorCode::CredentialsRejected]);
        assert!(!stage.browser.records());
        let again = stage.connect();
        stage.until_settled(again);
        stage.assert_resolved(again);
    });
}
