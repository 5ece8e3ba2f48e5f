//! Time and a bound SAT: sleep, hidden tabs, clocks that are wrong, very long and very often.

use signalwire_wasm::engine::error::ErrorCode;

use super::bound::{
    FIRST, HOUR, MINUTE, NEXT, SECOND, assert_alive, assert_unnoticed, fixed, in_a_call, refreshed,
    scoped,
};
use crate::stage::{Reach, Setup, Stage, play};

const DAY: u64 = 24 * HOUR;

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
fn without_a_date_the_first_ping_tells_the_time() {
    for ahead in [3_600_000, -3_600_000] {
        for forwards in [true, false] {
            let setup = Setup {
                tells_date: false,
                ..scoped(None, forwards)
            };
            play(setup, |stage| {
                stage.clock_ahead = ahead;
                let dialled = in_a_call(stage);
                stage.pass(HOUR);
                assert_unnoticed(stage, dialled);
                assert!(refreshed(stage).len() >= 3);
                assert_eq!(stage.times("authenticate"), 1);
            });
        }
    }
}

#[test]
fn a_clock_that_is_set_during_the_session_makes_no_difference() {
    for by in [-3_600_000, 3_600_000, -86_400_000, 30_000] {
        for cut in [true, false] {
            for tells_date in [true, false] {
                let setup = Setup {
                    tells_date,
                    ..scoped(None, true)
                };
                play(setup, |stage| {
                    let dialled = in_a_call(stage);
                    stage.pass(5 * MINUTE);
                    stage.clock_ahead = by;
                    if cut {
                        stage.cut();
                        stage.pass(MINUTE);
                        assert_alive(stage, dialled);
                    }
                    stage.pass(HOUR);
                    assert_alive(stage, dialled);
                    assert_eq!(stage.client_errors(), [], "{by} {cut}");
                    assert_eq!(stage.times("authenticate"), 1, "{by} {cut}");
                    assert!(refreshed(stage).len() >= 3);
                });
            }
        }
    }
}

#[test]
fn a_clock_that_is_set_just_before_a_rotation_costs_nothing() {
    for by in [-3_600_000, 3_600_000] {
        for before in [0, 100, SECOND, 4 * SECOND] {
            play(scoped(Some(120), true), |stage| {
                let dialled = in_a_call(stage);
                let first = stage.now;
                stage.until(HOUR, "a rotation", |stage| stage.times(NEXT) == 1);
                let life = stage.now - first;
                stage.pass(life - 10 * SECOND - before);
                stage.clock_ahead = by;
                stage.pass(10 * MINUTE);
                assert_alive(stage, dialled);
                assert_eq!(stage.client_errors(), []);
                assert_eq!(stage.reasons(), []);
                assert_eq!(stage.times("authenticate"), 1, "{by} {before}");
            });
        }
    }
}

#[test]
fn a_laptop_that_sleeps_past_its_tokens_goes_on() {
    for runs in [true, false] {
        // Past the end of the Client Bound SAT; past that of the SAT; for days.
        for sleep in [20 * MINUTE, 3 * HOUR, 3 * DAY] {
            for setup in [scoped(None, true), fixed(None)] {
                // A fixed SAT that has ended cannot be had again.
                if sleep > 2 * HOUR && !setup.config.wants_fingerprint {
                    continue;
                }
                play(setup, |stage| {
                    in_a_call(stage);
                    stage.pass(MINUTE);
                    stage.sleep(sleep, runs);
                    stage.woken();
                    stage.pass(MINUTE);
                    assert!(stage.is_ready() && stage.is_registered(), "{sleep}");
                    assert_eq!(stage.client_errors(), []);
                    let asked = 1 + usize::from(sleep > 2 * HOUR);
                    assert_eq!(stage.times("authenticate"), asked, "{sleep}");
                    let again = stage.dial("/public/echo");
                    stage.until_status(again.call, "connected");
                    stage.until_settled(again.reply);
                    let before = refreshed(stage).len();
                    stage.pass(HOUR);
                    assert_alive(stage, again);
                    assert!(refreshed(stage).len() >= before + 3);
                });
            }
        }
    }
}

#[test]
fn a_fixed_sat_that_ended_in_the_sleep_ends_with_the_one_right_error() {
    for runs in [true, false] {
        play(fixed(Some(900)), |stage| {
            in_a_call(stage);
            stage.sleep(3 * HOUR, runs);
            stage.woken();
            stage.pass(2 * MINUTE);
            assert!(!stage.is_connected());
            assert_eq!(stage.client_errors(), [ErrorCode::CredentialsExpired]);
        });
    }
}

#[test]
fn a_nap_over_the_end_of_a_token_costs_no_call() {
    for runs in [true, false] {
        for nap in [20, 40, 55] {
            play(scoped(Some(60), true), |stage| {
                let dialled = in_a_call(stage);
                stage.pass(20 * SECOND - stage.now % SECOND);
                stage.sleep(nap * SECOND, runs);
                stage.woken();
                stage.pass(2 * MINUTE);
                assert!(stage.is_ready() && stage.is_registered(), "{nap}");
                assert_eq!(stage.client_errors(), [], "{nap}");
                let lives = stage.calls_at_space().len();
                assert_eq!(
                    lives,
                    usize::from(stage.status(dialled.call) == "connected")
                );
            });
        }
    }
}

#[test]
fn a_hidden_tab_renews_in_time() {
    for minutes in [1, 2] {
        for seconds in [None, Some(1_800)] {
            play(scoped(seconds, true), |stage| {
                let dialled = in_a_call(stage);
                stage.timers_every = minutes * MINUTE;
                stage.pass(3 * HOUR);
                assert_alive(stage, dialled);
                assert_eq!(stage.client_errors(), []);
                assert_eq!(stage.times("authenticate"), 1);
                assert!(refreshed(stage).len() >= 10);
            });
        }
    }
}

#[test]
fn a_thousand_in_a_row() {
    play(scoped(Some(60), true), |stage| {
        let dialled = in_a_call(stage);
        stage.until(12 * HOUR, "a thousand", |stage| stage.times(NEXT) == 1_000);
        stage.pass(SECOND);
        assert_unnoticed(stage, dialled);
        assert_eq!(refreshed(stage), vec!["client-bound"; 1_000]);
        assert_eq!(stage.times(FIRST), 1);
        assert_eq!(stage.times("authenticate"), 1);
        assert_eq!(stage.proofs.len(), 1 + 2 + 2 * 1_000);
    });
}

#[test]
fn thirty_days_of_short_tokens_and_a_closed_lid_every_night() {
    play(scoped(None, true), |stage| {
        stage.start();
        stage.until(20_000, "registered", Stage::is_registered);
        for day in 0..30 {
            stage.pass(16 * HOUR);
            assert!(stage.is_ready() && stage.is_registered(), "day {day}");
            stage.sleep(8 * HOUR, day % 2 == 0);
            stage.woken();
            stage.pass(MINUTE);
            assert!(stage.is_ready() && stage.is_registered(), "day {day}");
        }
        assert_eq!(stage.client_errors(), []);
        assert!(stage.times("authenticate") <= 31);
    });
}

#[test]
fn a_sat_of_thirty_days_is_rotated_all_the_same() {
    play(scoped(Some(30 * 86_400), true), |stage| {
        let dialled = in_a_call(stage);
        stage.pass(DAY);
        assert_unnoticed(stage, dialled);
        let rotations = refreshed(stage).len();
        assert!((95..=105).contains(&rotations), "{rotations}");
    });
}

#[test]
fn offline_over_the_end_of_a_sat_of_forty_seconds_the_call_lives() {
    for forwards in [true, false] {
        for reach in [Reach::Refused, Reach::Nowhere] {
            play(scoped(Some(40), forwards), |stage| {
                let dialled = in_a_call(stage);
                stage.pass(10 * SECOND - stage.now);
                stage.setup.reach = reach;
                stage.cut();
                stage.pass(50 * SECOND);
                stage.setup.reach = Reach::Up;
                stage.woken();
                stage.pass(2 * MINUTE);
                assert_alive(stage, dialled);
                assert_eq!(stage.client_errors(), []);
                assert_eq!(stage.sessions().len(), 1);
                assert_eq!(stage.sessions()[0].resumed, 1);
            });
        }
    }
}
