//! A session that outlives its token by itself: a SAT that is bound to the client's key, rotated with the space
//! directly.

use signalwire_wasm::engine::error::ErrorCode;

use super::bound::{
    FALLBACK, FIRST, HOUR, MINUTE, NEXT, SECOND, ada, assert_alive, assert_unnoticed, fixed,
    in_a_call, pauses, refreshed, scoped,
};
use crate::stage::{Fate, HttpReply, Provider, Reach, Setup, Stage, Way, play};

#[test]
fn ten_hours_and_the_provider_is_asked_once() {
    play(scoped(None, true), |stage| {
        let dialled = in_a_call(stage);
        stage.pass(10 * HOUR);
        assert_unnoticed(stage, dialled);
        assert_eq!(stage.times("authenticate"), 1);
        assert_eq!(stage.times(FIRST), 1);
        let times = stage.all_done_at(NEXT);
        assert!((40..=46).contains(&times.len()), "{}", times.len());
        assert_eq!(refreshed(stage), vec!["client-bound"; times.len()]);
        assert_eq!(stage.times("signalwire.reauthenticate"), times.len() + 1);
    });
}

#[test]
fn a_sat_of_a_minute_is_bound_on_first_use_and_lives_on() {
    play(scoped(Some(60), false), |stage| {
        let dialled = in_a_call(stage);
        stage.pass(10 * MINUTE);
        assert!(refreshed(stage).len() >= 17);
        assert_unnoticed(stage, dialled);
        assert_eq!(stage.times("authenticate"), 1);
        for pair in stage.all_done_at(NEXT).windows(2) {
            let apart = pair[1] - pair[0];
            assert!((27 * SECOND..=33 * SECOND).contains(&apart), "{apart}");
        }
    });
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

/// What was asked for as lifetimes, in seconds.
fn lifetimes(stage: &Stage) -> Vec<u64> {
    let life = |body: &serde_json::Value| body["expire_in"].as_u64().expect("seconds");
    stage.posted.iter().map(|(_, body)| life(body)).collect()
}

#[test]
fn each_rotation_asks_for_the_life_of_the_token_before() {
    for (seconds, next) in [(Some(100), 100), (None, 900)] {
        play(scoped(seconds, true), |stage| {
            in_a_call(stage);
            stage.pass(HOUR);
            let asked = lifetimes(stage);
            assert_eq!(asked[0], 900, "the first");
            assert!(asked.len() > 3);
            assert_eq!(asked[1..], vec![next; asked.len() - 1]);
        });
    }
}

#[test]
fn a_rotation_comes_a_twentieth_before_the_end_and_not_for_all_at_once() {
    let mut moments = Vec::new();
    for seed in 1..20 {
        let setup = Setup {
            seed,
            ..scoped(None, true)
        };
        play(setup, |stage| {
            in_a_call(stage);
            stage.pass(HOUR);
            for apart in pauses(stage, NEXT) {
                assert!((849_000..=855_500).contains(&apart), "{apart}");
            }
            moments.push(stage.all_done_at(NEXT)[0]);
        });
    }
    let spread = moments.iter().max().expect("one") - moments.iter().min().expect("one");
    assert!(spread > 2_000, "{spread}");
}

#[test]
fn a_space_that_stumbles_is_asked_again_after_longer_and_longer_pauses() {
    play(scoped(None, true), |stage| {
        let dialled = in_a_call(stage);
        stage.answers(NEXT, HttpReply::Status(500), 4);
        stage.pass(16 * MINUTE);
        let all = pauses(stage, NEXT);
        assert_eq!(all.len(), 4);
        for (pause, longest) in all.iter().zip([1, 2, 4, 8]) {
            let bounds = longest * 500..=longest * SECOND + 50;
            assert!(bounds.contains(pause), "{all:?}");
        }
        assert_unnoticed(stage, dialled);
        assert_eq!(refreshed(stage), ["client-bound"]);
    });
}

#[test]
fn a_pause_that_the_space_asks_for_is_kept() {
    play(scoped(None, true), |stage| {
        let dialled = in_a_call(stage);
        stage.answers(NEXT, HttpReply::Later(429, 20), 1);
        stage.pass(16 * MINUTE);
        let all = pauses(stage, NEXT);
        assert!((20_000..20_100).contains(&all[0]), "{all:?}");
        assert_unnoticed(stage, dialled);
    });
}

/// What the rotation endpoint says for good, and how long until the client believes it.
fn failures() -> Vec<(HttpReply, u64)> {
    let at_once = [400, 401, 403, 422].map(|status| (HttpReply::Status(status), 0));
    let late = [
        HttpReply::Status(500),
        HttpReply::Silence,
        HttpReply::Later(503, 3_600),
    ];
    let texts = ["", "[]", "{}"].map(|text| (HttpReply::Text(text), 0));
    at_once
        .into_iter()
        .chain(late.map(|reply| (reply, 40 * SECOND)))
        .chain(texts)
        .collect()
}

#[test]
fn where_the_client_cannot_renew_any_more_refresh_steps_in() {
    for (reply, within) in failures() {
        let mut setup = scoped(None, true);
        setup.config.has_refresh = true;
        setup.refresh = Provider::Ending {
            reference: "ada@example.test",
            seconds: 900,
            told: true,
        };
        play(setup, |stage| {
            let dialled = in_a_call(stage);
            stage.answers(NEXT, reply, usize::MAX);
            stage.until(HOUR, "a rotation", |stage| stage.times(NEXT) == 1);
            stage.until(within + SECOND, "refresh() steps in", |stage| {
                stage.times("refresh") == 1
            });
            stage.pass(SECOND);
            assert_eq!(stage.reasons(), [(FALLBACK, "endpoint-failed")]);
            let asked = stage.times(NEXT);
            stage.pass(HOUR);
            assert_alive(stage, dialled);
            assert_eq!(stage.client_errors(), [], "{reply:?}");
            assert_eq!(stage.times(NEXT), asked, "{reply:?}");
            assert!(refreshed(stage).iter().all(|one| *one == "developer"));
            assert!(refreshed(stage).len() >= 4);
            assert_eq!(stage.times("open socket"), 1);
            assert_eq!(stage.times("authenticate"), 1);
        });
    }
}

#[test]
fn where_nobody_refreshes_the_provider_is_asked_once_more() {
    for (reply, within) in failures() {
        play(scoped(None, true), |stage| {
            let dialled = in_a_call(stage);
            stage.answers(NEXT, reply, usize::MAX);
            stage.until(HOUR, "a rotation", |stage| stage.times(NEXT) == 1);
            stage.until(within + SECOND, "the provider is asked", |stage| {
                stage.times("authenticate") == 2
            });
            stage.answers_itself();
            stage.pass(2 * HOUR);
            assert_unnoticed(stage, dialled);
            assert_eq!(stage.times("authenticate"), 2, "{reply:?}");
            let told = refreshed(stage);
            assert_eq!(told[0], "developer", "{reply:?}");
            assert!(
                told[1..].iter().all(|one| *one == "client-bound"),
                "{told:?}"
            );
            assert!(told.len() >= 8, "{told:?}");
        });
    }
}

#[test]
fn where_nobody_has_another_the_application_is_told_and_the_sat_is_used_to_its_end() {
    for (reply, within) in failures() {
        play(fixed(Some(3_600)), |stage| {
            let dialled = in_a_call(stage);
            stage.answers(NEXT, reply, usize::MAX);
            stage.until(HOUR, "a rotation", |stage| stage.times(NEXT) == 1);
            stage.until(within + SECOND, "the error", |stage| {
                !stage.client_errors().is_empty()
            });
            let causes = stage.causes();
            assert_eq!(causes.len(), 1);
            assert_eq!(causes[0][0], ErrorCode::RotationFailed);
            assert_eq!(causes[0].len(), 2, "{causes:?}");
            // The SAT that the token came of is good for longer, and leads to the next.
            stage.pass(5 * MINUTE);
            assert_alive(stage, dialled);
            assert_eq!(stage.times(FIRST), 2, "{reply:?}");
            assert_eq!(stage.times("authenticate"), 1);
            stage.answers_itself();
            stage.pass(2 * HOUR);
            assert_alive(stage, dialled);
            assert_eq!(
                stage.client_errors(),
                [ErrorCode::RotationFailed],
                "{reply:?}"
            );
        });
    }
}

#[test]
fn where_there_is_no_other_sat_the_session_ends_with_the_one_right_error() {
    for (reply, _) in failures() {
        play(fixed(Some(300)), |stage| {
            let dialled = in_a_call(stage);
            stage.answers(NEXT, reply, usize::MAX);
            stage.pass(20 * MINUTE);
            let told = [ErrorCode::RotationFailed, ErrorCode::CredentialsExpired];
            assert_eq!(stage.client_errors(), told, "{reply:?}");
            stage.assert_ended(dialled.call, "expired");
            assert!(!stage.is_connected());
        });
    }
}

/// The answer to `signalwire.reauthenticate` is a refusal.
fn refused(text: &str) -> String {
    text.replace("\"jwt_token\":\"", "\"jwt_token\":\"e30.")
}

#[test]
fn a_token_that_the_session_does_not_take_is_not_used() {
    play(scoped(None, true), |stage| {
        let dialled = in_a_call(stage);
        let fate = Fate::Altered(refused);
        stage.pass(MINUTE);
        stage.once(Way::ToSpace, "signalwire.reauthenticate", fate);
        stage.pass(2 * HOUR);
        assert_unnoticed(stage, dialled);
        assert_eq!(stage.times("authenticate"), 2);
        assert_eq!(refreshed(stage)[0], "developer");
    });
}

#[test]
fn an_answer_that_is_lost_asks_for_no_other_token() {
    play(scoped(None, true), |stage| {
        let dialled = in_a_call(stage);
        stage.pass(MINUTE);
        stage.once(Way::ToSpace, "signalwire.reauthenticate", Fate::Lost);
        stage.pass(16 * MINUTE);
        assert_alive(stage, dialled);
        assert_eq!(stage.times(NEXT), 1);
        assert_eq!(refreshed(stage), ["client-bound"]);
        assert_eq!(stage.client_errors(), []);
    });
}

#[test]
fn a_space_that_wants_nonces_gets_them_everywhere() {
    for forwards in [true, false] {
        play(scoped(None, forwards), |stage| {
            stage.space_wants(|rules| rules.nonce = true);
            let dialled = in_a_call(stage);
            stage.pass(3 * HOUR);
            assert_unnoticed(stage, dialled);
            assert_eq!(stage.times("authenticate"), 1);
            assert!(refreshed(stage).len() >= 11);
            // One more of each at most: what is asked for once is given at once.
            assert!(stage.times(FIRST) <= 2, "{}", stage.times(FIRST));
            assert!(stage.times(NEXT) <= 2 * refreshed(stage).len());
            for _ in 0..5 {
                stage.cut();
                stage.pass(10 * SECOND);
                assert_alive(stage, dialled);
            }
            assert_eq!(stage.client_errors(), []);
        });
    }
}

#[test]
fn an_endpoint_that_asks_for_nonces_without_end_is_given_up() {
    let mut setup = scoped(None, true);
    setup.config.has_refresh = true;
    play(setup, |stage| {
        stage.answers(FIRST, HttpReply::Challenge("again"), usize::MAX);
        in_a_call(stage);
        stage.pass(MINUTE);
        assert_eq!(stage.times(FIRST), 2, "one more, with the nonce");
        assert_eq!(stage.reasons(), [(FALLBACK, "endpoint-failed")]);
        let proven = stage.proofs.iter().filter(|one| one["nonce"] == "again");
        assert!(proven.count() >= 1);
    });
}

/// The space refuses, and asks for a nonce, whatever it gets.
fn challenged(text: &str) -> String {
    let frame: serde_json::Value = serde_json::from_str(text).expect("JSON");
    serde_json::json!({
        "jsonrpc": "2.0",
        "id": frame["id"],
        "error": { "code": -32002, "message": "no", "data": { "dpop_nonce": "again" } },
    })
    .to_string()
}

#[test]
fn a_socket_that_asks_for_nonces_without_end_is_given_up() {
    play(scoped(None, true), |stage| {
        for text in ["ice_servers", "\"error\""] {
            stage.always(Way::ToPage, text, Fate::Altered(challenged));
        }
        stage.start();
        stage.pass(MINUTE);
        assert_eq!(stage.client_errors(), [ErrorCode::CredentialsRejected]);
        let greetings = stage.times("signalwire.connect");
        assert!((2..=3).contains(&greetings), "{greetings}");
        assert!(!stage.is_connected());
    });
}

#[test]
fn a_static_sat_that_is_bound_already_is_proven_from_the_first_word() {
    for (takes, greetings) in [(15, 1), (400, 2)] {
        let mut setup = fixed(None);
        setup.keys.stored = true;
        setup.keys.takes = takes;
        play(setup, |stage| {
            let fingerprint = stage.fingerprint();
            let token = stage.scoped_sat("ada@example.test", None, Some(&fingerprint));
            stage.setup.provider = Provider::Given {
                token: Some(token),
                expiry_at: None,
            };
            let dialled = in_a_call(stage);
            assert_eq!(stage.times("signalwire.connect"), greetings);
            assert_eq!(stage.times("ensure key"), 0);
            stage.pass(HOUR);
            assert_unnoticed(stage, dialled);
        });
    }
}

#[test]
fn a_sat_of_another_browser_is_refused_and_says_so() {
    for stored in [true, false] {
        let mut setup = fixed(None);
        setup.keys.stored = stored;
        setup.keys.number = 2;
        play(setup, |stage| {
            stage.setup.keys.number = 1;
            let fingerprint = stage.fingerprint();
            stage.setup.keys.number = 2;
            let token = stage.scoped_sat("ada@example.test", None, Some(&fingerprint));
            stage.setup.provider = Provider::Given {
                token: Some(token),
                expiry_at: None,
            };
            stage.start();
            stage.pass(MINUTE);
            assert_eq!(stage.client_errors(), [ErrorCode::CredentialsRejected]);
            assert!(!stage.is_connected());
            assert!(stage.times("signalwire.connect") <= 2);
        });
    }
}

#[test]
fn a_key_that_does_not_sign_makes_no_storm() {
    // The SAT is bound to the key, and "who am I" does not answer.
    let mut setup = scoped(None, true);
    setup.keys.signs = false;
    setup.who_am_i = vec![500; 40].into();
    play(setup, |stage| {
        stage.start();
        stage.pass(MINUTE);
        let greetings = stage.times("signalwire.connect");
        assert!(greetings <= 3, "{greetings}");
        assert!(!stage.is_ready());
    });
}

#[test]
fn a_provider_of_the_application_waits_for_the_key_and_nobody_else_does() {
    let mut setup = scoped(None, true);
    setup.keys.takes = 3_000;
    play(setup, |stage| {
        stage.start();
        stage.pass(2_999);
        assert_eq!(stage.times("authenticate"), 0);
        stage.pass(2 * SECOND);
        assert!(stage.is_ready());
        assert_eq!(stage.times("signalwire.connect"), 1);
    });
    let mut setup = fixed(None);
    setup.keys.takes = 3_000;
    setup.provider = ada(None, false);
    play(setup, |stage| {
        stage.start();
        stage.until(200, "ready", Stage::is_ready);
        stage.pass(16 * MINUTE);
        assert!(refreshed(stage).len() > 20, "tokens of a minute");
        assert_eq!(stage.times("authenticate"), 1);
    });
}

#[test]
fn after_disconnect_and_connect_it_goes_on_with_what_it_has() {
    play(scoped(None, true), |stage| {
        in_a_call(stage);
        stage.pass(20 * MINUTE);
        for away in [SECOND, 10 * MINUTE, 20 * MINUTE] {
            let gone = stage.disconnect();
            stage.until_settled(gone);
            let before = stage.times(FIRST) + stage.times(NEXT);
            stage.pass(away);
            assert_eq!(
                stage.times(FIRST) + stage.times(NEXT),
                before,
                "nobody needs one"
            );
            let ready = stage.connect();
            stage.until_settled(ready);
            stage.assert_resolved(ready);
            stage.pass(30 * MINUTE);
            assert!(stage.is_ready() && stage.is_registered());
        }
        assert_eq!(stage.times("authenticate"), 1, "two hours are long enough");
        assert_eq!(stage.client_errors(), []);
        assert_eq!(stage.reasons(), []);
        // When both have ended the provider is asked.
        let gone = stage.disconnect();
        stage.until_settled(gone);
        stage.pass(3 * HOUR);
        let ready = stage.connect();
        stage.until_settled(ready);
        stage.assert_resolved(ready);
        assert_eq!(stage.times("authenticate"), 2);
        stage.pass(HOUR);
        assert!(stage.is_ready());
    });
}

#[test]
fn a_new_provider_answer_can_be_of_another_kind() {
    // Asked once more, the provider has a SAT without the scope: the session ends with it, and says so in time.
    play(scoped(None, true), |stage| {
        in_a_call(stage);
        stage.answers(NEXT, HttpReply::Status(403), usize::MAX);
        stage.setup.provider = Provider::Ending {
            reference: "ada@example.test",
            seconds: 1_800,
            told: true,
        };
        stage.pass(20 * MINUTE);
        assert_eq!(stage.times("authenticate"), 2);
        assert_eq!(stage.warnings(), ["credential_no_refresh_handler"]);
        assert_eq!(stage.client_errors(), []);
        stage.pass(HOUR);
        assert_eq!(stage.client_errors(), [ErrorCode::CredentialsExpired]);
        assert_eq!(stage.times("authenticate"), 2);
    });
}

#[test]
fn a_provider_that_fails_when_it_is_asked_again_is_told_of() {
    for provider in [Provider::Rejects, Provider::Nothing, Provider::Text("none")] {
        play(scoped(Some(300), true), |stage| {
            in_a_call(stage);
            stage.answers(NEXT, HttpReply::Status(403), usize::MAX);
            stage.setup.provider = provider.clone();
            stage.pass(20 * MINUTE);
            let told = [ErrorCode::RotationFailed, ErrorCode::CredentialsExpired];
            assert_eq!(stage.client_errors(), told, "{provider:?}");
            assert_eq!(stage.times("authenticate"), 2, "once");
        });
    }
}

#[test]
fn a_provider_that_comes_back_with_the_scope_is_bound_again() {
    play(scoped(Some(300), true), |stage| {
        let dialled = in_a_call(stage);
        stage.answers(NEXT, HttpReply::Status(403), 1);
        stage.setup.provider = ada(Some(7_200), true);
        stage.pass(HOUR);
        assert_unnoticed(stage, dialled);
        assert_eq!(stage.times(FIRST), 2);
        assert_eq!(stage.times("authenticate"), 2);
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
