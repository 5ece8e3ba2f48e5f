//! The end of a credential: on the space's clock, whatever the page's clock says, told once.

use signalwire_wasm::engine::error::ErrorCode;
use signalwire_wasm::engine::io::Entity;

use crate::stage::{Provider, Reach, Setup, Stage, play};

const SECOND: u64 = 1_000;
const HOUR: u64 = 3_600 * SECOND;
const DAY: u64 = 24 * HOUR;

/// A client of Ada whose SAT ends after so many seconds; `told` where the application says so.
fn ending(seconds: u64, told: bool) -> Setup {
    Setup {
        provider: Provider::Ending {
            reference: "ada@example.test",
            seconds,
            told,
        },
        ..Setup::plain()
    }
}

fn registered(stage: &mut Stage) {
    stage.start();
    stage.until(20_000, "registered", Stage::is_registered);
}

/// What an application sees at the end of its credential (REQ-95).
#[track_caller]
fn assert_ended(stage: &Stage) {
    assert_eq!(stage.client_errors(), [ErrorCode::CredentialsExpired]);
    assert!(!stage.is_connected() && !stage.is_ready() && !stage.is_registered());
    assert_eq!(stage.network.open(), 0);
    assert!(!stage.browser.records());
}

/// Until the client is not connected any more; it takes until `at`, give or take a second.
#[track_caller]
fn until_ended(stage: &mut Stage, at: u64) {
    let limit = at.saturating_sub(stage.now) + 5_000;
    stage.until(limit, "the end", |stage| !stage.is_connected());
    let off = stage.now.abs_diff(at);
    assert!(off <= 1_000, "it ended {off} ms off");
}

#[test]
fn at_its_end_the_client_says_goodbye_goes_offline_and_stays_away() {
    // The application's word comes before the space's, so that the client is first.
    let setup = Setup {
        latency: 0,
        ..ending(60, true)
    };
    play(setup, |stage| {
        registered(stage);
        let dialled = stage.dial("/public/echo");
        stage.until_status(dialled.call, "connected");
        let before = stage.deeds().len();
        until_ended(stage, 60 * SECOND);
        let deeds = stage.deeds();
        let own = deeds[before..].iter().filter(|one| **one != "verto.pong");
        let last = [
            "verto.bye",
            "close peer",
            "subscriber.offline",
            "close socket",
        ];
        assert!(own.eq(&last), "{:?}", stage.deeds());
        stage.assert_ended(dialled.call, "expired");
        assert_eq!(stage.call_errors(dialled.call), []);
        assert_ended(stage);
        let after = stage.deeds().len();
        stage.pass(10 * 60 * SECOND);
        assert_eq!(stage.deeds().len(), after, "it does not reconnect");
        assert_ended(stage);
        // What is asked for without a credential says why it cannot be had.
        let dialled = stage.dial("/public/echo");
        stage.assert_rejected(dialled.reply, ErrorCode::CredentialsExpired);
        let online = stage.register();
        stage.assert_rejected(online, ErrorCode::CredentialsExpired);
        assert_ended(stage);
    });
}

#[test]
fn whoever_is_first_the_application_sees_the_same() {
    // Where only the space knows the end, it may be ahead of the client, by a part of a second.
    for told in [true, false] {
        for latency in [0, 20, 300] {
            let setup = Setup {
                latency,
                ..ending(60, told)
            };
            play(setup, |stage| {
                registered(stage);
                let dialled = stage.dial("/public/echo");
                stage.until_status(dialled.call, "connected");
                until_ended(stage, 60 * SECOND);
                stage.pass(30 * SECOND);
                assert_ended(stage);
                stage.assert_ended(dialled.call, "expired");
                assert!(stage.calls_at_space().is_empty());
                assert!(stage.sessions().is_empty());
            });
        }
    }
}

#[test]
fn the_next_connect_has_a_new_credential() {
    for refreshes in [true, false] {
        let mut setup = ending(60, true);
        setup.config.has_refresh = refreshes;
        play(setup, |stage| {
            registered(stage);
            // Not in time, that is.
            stage.setup.refresh = Provider::Rejects;
            until_ended(stage, 60 * SECOND);
            let refused = stage.times("refresh");
            stage.setup.refresh = Provider::Subscriber("ada@example.test");
            stage.pass(SECOND);
            let ready = stage.connect();
            stage.until_settled(ready);
            stage.assert_resolved(ready);
            assert_eq!(stage.times("refresh") - refused, usize::from(refreshes));
            assert_eq!(stage.times("authenticate"), 1 + usize::from(!refreshes));
            stage.until(5_000, "registered again", Stage::is_registered);
        });
    }
}

#[test]
fn who_is_disconnected_at_the_end_shows_a_new_one_when_it_connects() {
    for told in [true, false] {
        play(ending(60, told), |stage| {
            registered(stage);
            stage.pass(30 * SECOND);
            let away = stage.disconnect();
            stage.until_settled(away);
            stage.pass(60 * SECOND);
            assert_eq!(stage.client_errors(), [], "nobody needed it");
            let ready = stage.connect();
            stage.until_settled(ready);
            stage.assert_resolved(ready);
            assert_eq!(stage.times("authenticate"), 2);
            assert_eq!(stage.client_errors(), []);
        });
    }
}

#[test]
fn without_a_new_credential_connecting_says_that_the_old_one_has_ended() {
    play(ending(60, true), |stage| {
        registered(stage);
        until_ended(stage, 60 * SECOND);
        let stale = stage.sat("ada@example.test", None);
        let expiry_at = Some(stage.wall() - SECOND);
        let token = Some(stale);
        stage.setup.provider = Provider::Given { token, expiry_at };
        let ready = stage.connect();
        stage.until_settled(ready);
        stage.assert_rejected(ready, ErrorCode::CredentialsExpired);
        assert_eq!(stage.times("open socket"), 1);
    });
}

#[test]
fn a_wrong_clock_does_not_move_the_end() {
    for ahead in [HOUR, 5 * 60 * SECOND] {
        for sign in [1, -1] {
            // Nobody tells the client but the space: what it says is in its own time.
            play(ending(600, false), |stage| {
                stage.clock_ahead = sign * i64::try_from(ahead).expect("an hour");
                registered(stage);
                stage.talking("/public/echo");
                stage.pass(580 * SECOND - stage.now);
                assert!(stage.is_registered(), "ended too early");
                until_ended(stage, 600 * SECOND);
                stage.pass(30 * SECOND);
                assert_ended(stage);
            });
        }
    }
}

#[test]
fn a_clock_that_is_set_during_the_session_does_not_move_the_end() {
    for by in [-2, -1, 1, 3] {
        play(ending(600, true), |stage| {
            registered(stage);
            stage.talking("/public/echo");
            stage.pass(100 * SECOND);
            stage.clock_ahead = by * i64::try_from(HOUR).expect("an hour");
            stage.pass(480 * SECOND - 10 * SECOND);
            assert!(stage.is_registered(), "ended too early");
            assert_eq!(stage.client_errors(), []);
            until_ended(stage, 600 * SECOND);
            stage.pass(30 * SECOND);
            assert_ended(stage);
        });
    }
}

#[test]
fn a_space_that_says_it_is_later_ends_it_sooner() {
    play(ending(3_600, true), |stage| {
        registered(stage);
        let dialled = stage.dial("/public/echo");
        stage.until_status(dialled.call, "connected");
        stage.advance_space_clock(1_000 * SECOND);
        stage.pass(10 * SECOND);
        assert!(stage.is_registered(), "it has not ended yet");
        stage.advance_space_clock(HOUR);
        stage.pass(2 * SECOND);
        assert_ended(stage);
        stage.assert_ended(dialled.call, "expired");
        // A credential of the space's new time is good.
        let ready = stage.connect();
        stage.until_settled(ready);
        stage.assert_resolved(ready);
    });
}

#[test]
fn a_sleep_past_the_end_is_told_once() {
    for runs in [true, false] {
        for told in [true, false] {
            // Short: the space has only just ended the session. Long: it has forgotten it.
            for sleep in [60 * SECOND, HOUR, 2 * DAY] {
                play(ending(90, told), |stage| {
                    registered(stage);
                    let dialled = stage.dial("/public/echo");
                    stage.until_status(dialled.call, "connected");
                    stage.pass(50 * SECOND - stage.now);
                    stage.sleep(sleep, runs);
                    stage.woken();
                    assert!(!stage.is_registered(), "nobody was reached in the sleep");
                    stage.pass(30 * SECOND);
                    assert_ended(stage);
                    assert_eq!(stage.status(dialled.call), "destroyed");
                    let ready = stage.connect();
                    stage.until_settled(ready);
                    stage.assert_resolved(ready);
                });
            }
        }
    }
}

#[test]
fn a_sleep_that_ends_before_the_credential_ends_nothing() {
    for runs in [true, false] {
        play(ending(7_200, true), |stage| {
            registered(stage);
            stage.sleep(HOUR, runs);
            stage.woken();
            stage.until(20_000, "registered again", Stage::is_registered);
            assert_eq!(stage.client_errors(), []);
            until_ended(stage, 2 * HOUR);
            stage.pass(30 * SECOND);
            assert_ended(stage);
        });
    }
}

#[test]
fn a_credential_of_a_month_lives_a_month() {
    play(ending(30 * 86_400, true), |stage| {
        registered(stage);
        // Browsers cut longer timers short.
        for _ in 0..29 {
            stage.sleep(DAY, true);
            stage.woken();
            stage.until(20_000, "registered again", Stage::is_registered);
            assert_eq!(stage.client_errors(), []);
        }
        let left = 30 * DAY - stage.now;
        stage.sleep(left - 60 * SECOND, true);
        stage.woken();
        stage.until(20_000, "registered again", Stage::is_registered);
        until_ended(stage, 30 * DAY);
        stage.pass(30 * SECOND);
        assert_ended(stage);
    });
}

#[test]
fn an_expiry_in_seconds_is_refused_by_its_name() {
    let mut setup = Setup::plain();
    setup.provider = Provider::Given {
        token: Some("eyJjaCI6InB1Yy5sb2NhbGhvc3Q6ODA4MCJ9.a.b.c.d".to_owned()),
        expiry_at: Some(1_704_067_200),
    };
    play(setup, |stage| {
        stage.start();
        let ready = stage.connect();
        stage.until_settled(ready);
        stage.assert_rejected(ready, ErrorCode::CredentialsExpiryUnit);
        assert_eq!(stage.client_errors(), [ErrorCode::CredentialsExpiryUnit]);
        assert_eq!(stage.times("open socket"), 0);
    });
}

#[test]
fn coming_back_does_not_prolong_it() {
    // Cut again and again: each new socket resumes the session, and none past the end.
    for told in [true, false] {
        play(ending(120, told), |stage| {
            registered(stage);
            let dialled = stage.dial("/public/echo");
            stage.until_status(dialled.call, "connected");
            while stage.now < 110 * SECOND {
                stage.cut();
                stage.pass(7 * SECOND);
                assert!(stage.is_registered());
            }
            until_ended(stage, 120 * SECOND);
            stage.pass(90 * SECOND);
            assert_ended(stage);
            assert!(stage.sessions().is_empty());
        });
    }
}

#[test]
fn who_is_away_at_the_end_is_told_without_a_socket() {
    for told in [true, false] {
        for reach in [Reach::Refused, Reach::Nowhere] {
            play(ending(120, told), |stage| {
                registered(stage);
                let dialled = stage.dial("/public/echo");
                stage.until_status(dialled.call, "connected");
                stage.pass(100 * SECOND - stage.now);
                stage.setup.reach = reach;
                stage.cut();
                until_ended(stage, 120 * SECOND);
                assert_ended(stage);
                stage.assert_ended(dialled.call, "expired");
                let sockets = stage.times("open socket");
                stage.pass(60 * SECOND);
                assert_eq!(stage.times("open socket"), sockets);
                assert_ended(stage);
            });
        }
    }
}

#[test]
fn who_waits_at_the_end_is_told() {
    type Wait = fn(&mut Stage) -> signalwire_wasm::engine::io::Reply;
    let waits: [(&str, Wait); 4] = [
        ("connect", Stage::connect),
        ("register", Stage::register),
        ("unregister", Stage::unregister),
        ("dial", |stage| stage.dial("/public/echo").reply),
    ];
    for (what, wait) in waits {
        play(ending(60, true), |stage| {
            registered(stage);
            stage.setup.reach = Reach::Nowhere;
            stage.cut();
            stage.pass(59_000 - stage.now);
            let reply = wait(stage);
            stage.pass(2 * SECOND);
            assert!(stage.is_settled(reply), "{what}");
            stage.assert_rejected(reply, ErrorCode::CredentialsExpired);
        });
    }
}

#[test]
fn a_call_that_rings_at_the_end_rings_no_more() {
    play(ending(60, true), |stage| {
        registered(stage);
        stage.pass(50 * SECOND);
        assert_eq!(stage.space_calls("ada@example.test", "/public/echo"), 1);
        stage.until(SECOND, "it rings", |stage| !stage.ringing().is_empty());
        let call: Entity = stage.ringing()[0];
        until_ended(stage, 60 * SECOND);
        stage.pass(SECOND);
        stage.assert_ended(call, "expired");
        assert!(stage.calls_at_space().is_empty());
        assert_ended(stage);
    });
}

#[test]
fn a_credential_that_nothing_renews_is_warned_of_once() {
    // The application says the end, or only the space does.
    for told in [true, false] {
        for refreshes in [true, false] {
            let mut setup = ending(3_600, told);
            setup.config.has_refresh = refreshes;
            play(setup, |stage| {
                registered(stage);
                stage.cut();
                stage.pass(60 * SECOND);
                let warned: &[&str] = match refreshes {
                    true => &["credential_refresh_fallback"],
                    false => &["credential_no_refresh_handler"],
                };
                assert_eq!(stage.warnings(), warned);
                assert_eq!(stage.client_errors(), []);
            });
        }
    }
}
