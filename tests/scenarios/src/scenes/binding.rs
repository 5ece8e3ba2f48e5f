//! A session that outlives its token by itself: a SAT that is bound to the client's key, rotated with the space
//! directly.

use signalwire_wasm::engine::io::{Entity, Value};
use signalwire_wasm::engine::state::Field;

use crate::stage::{Dialled, Provider, Reach, Setup, Stage, play};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// A client whose application asks for SATs that the client renews itself; they live so many seconds, or two hours.
fn scoped(seconds: Option<u64>, forwards: bool) -> Setup {
    let mut setup = Setup {
        provider: Provider::Scoped {
            reference: "ada@example.test",
            seconds,
            forwards,
        },
        ..Setup::plain()
    };
    setup.config.wants_fingerprint = true;
    setup
}

/// In a call, registered, with the first SAT.
fn in_a_call(stage: &mut Stage) -> Dialled {
    stage.start();
    stage.until(20_000, "registered", Stage::is_registered);
    let dialled = stage.dial("/public/echo");
    stage.until_status(dialled.call, "connected");
    stage.until_settled(dialled.reply);
    dialled
}

/// The mechanisms by which credentials came into force.
fn refreshed(stage: &Stage) -> Vec<&'static str> {
    let values = stage
        .application
        .values(Entity::CLIENT, Field::ClientCredentialRefreshed);
    let mechanism = |value: &Value| match value {
        Value::Notice { code, .. } => *code,
        other => panic!("a refresh: {other:?}"),
    };
    values.into_iter().map(mechanism).collect()
}

/// Nobody noticed anything.
#[track_caller]
fn assert_unnoticed(stage: &Stage, dialled: Dialled) {
    assert_eq!(stage.status(dialled.call), "connected");
    assert_eq!(stage.client_errors(), []);
    assert_eq!(stage.warnings(), [""; 0]);
    assert_eq!(stage.call_errors(dialled.call), []);
    assert!(stage.is_ready() && stage.is_registered());
    assert_eq!(stage.times("open socket"), 1);
    assert_eq!(stage.registrations(), [true], "it was never offline");
}

#[test]
fn ten_hours_and_the_provider_is_asked_once() {
    play(scoped(None, true), |stage| {
        let dialled = in_a_call(stage);
        stage.pass(10 * HOUR);
        assert_unnoticed(stage, dialled);
        assert_eq!(stage.times("authenticate"), 1);
        assert_eq!(stage.times("subscriber/devices/token"), 1);
        let times = stage.all_done_at("subscriber/devices/refresh");
        assert!((40..=46).contains(&times.len()), "{}", times.len());
        assert_eq!(refreshed(stage), vec!["client-bound"; times.len()]);
        assert_eq!(stage.times("signalwire.reauthenticate"), times.len() + 1);
    });
}

#[test]
fn a_sat_of_a_minute_is_bound_on_first_use_and_lives_on() {
    play(scoped(None, false), |stage| {
        let dialled = in_a_call(stage);
        stage.pass(10 * MINUTE);
        assert_unnoticed(stage, dialled);
        assert_eq!(stage.times("authenticate"), 1);
        for pair in stage.all_done_at("subscriber/devices/refresh").windows(2) {
            let apart = pair[1] - pair[0];
            assert!((27 * SECOND..=33 * SECOND).contains(&apart), "{apart}");
        }
    });
}

#[test]
fn a_clock_an_hour_wrong_makes_no_difference() {
    for ahead in [3_600_000, -3_600_000, 400_000_000_000] {
        play(scoped(None, true), |stage| {
            stage.clock_ahead = ahead;
            let dialled = in_a_call(stage);
            stage.pass(3 * HOUR);
            assert_unnoticed(stage, dialled);
            assert_eq!(stage.times("authenticate"), 1, "{ahead}");
        });
    }
}

#[test]
fn a_key_that_is_found_late_proves_the_second_greeting() {
    let mut setup = scoped(None, true);
    setup.config.wants_fingerprint = false;
    setup.keys.stored = true;
    setup.keys.takes = 400;
    play(setup, |stage| {
        let fingerprint = stage.fingerprint();
        let token = stage.scoped_sat("ada@example.test", None, Some(&fingerprint));
        stage.setup.provider = Provider::Given {
            token: Some(token),
            expiry_at: None,
        };
        let dialled = in_a_call(stage);
        assert_eq!(stage.times("signalwire.connect"), 2);
        stage.pass(3 * HOUR);
        assert_unnoticed(stage, dialled);
    });
}

#[test]
fn who_is_away_at_the_end_resumes_the_session_with_one_more_sat() {
    for forwards in [true, false] {
        play(scoped(Some(40), forwards), |stage| {
            stage.start();
            stage.until(20_000, "registered", Stage::is_registered);
            stage.pass(2 * SECOND);
            assert_eq!(stage.times("subscriber/devices/token"), 1);
            stage.setup.reach = Reach::Refused;
            stage.cut();
            stage.pass(50 * SECOND);
            stage.setup.reach = Reach::Up;
            stage.until(40_000, "ready again", Stage::is_ready);
            stage.pass(10 * SECOND);
            assert_eq!(stage.times("authenticate"), 2);
            assert_eq!(stage.times("subscriber/devices/token"), 2);
            let sessions = stage.sessions();
            assert_eq!(sessions.len(), 1);
            assert_eq!(sessions[0].resumed, 1);
            assert_eq!(sessions[0].jkt, Some(stage.fingerprint()));
            assert_eq!(stage.client_errors(), []);
            assert!(stage.is_registered());
        });
    }
}
