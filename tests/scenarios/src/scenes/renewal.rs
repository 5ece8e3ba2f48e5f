//! A session that outlives its token: the provider's `refresh()`, in time, and the new SAT in force on the live
//! session.

use signalwire_wasm::engine::error::ErrorCode;
use signalwire_wasm::engine::io::{Entity, Value};
use signalwire_wasm::engine::state::Field;

use crate::stage::{Dialled, Fate, Provider, Reach, Setup, Stage, Way, play};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

fn ada(seconds: u64, told: bool) -> Provider {
    Provider::Ending {
        reference: "ada@example.test",
        seconds,
        told,
    }
}

/// A client of Ada whose SATs live so many seconds each, and whose application can refresh them.
fn renewing(seconds: u64, told: bool) -> Setup {
    let mut setup = Setup {
        provider: ada(seconds, told),
        refresh: ada(seconds, told),
        ..Setup::plain()
    };
    setup.config.has_refresh = true;
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

/// Until the provider is asked once more.
fn until_refresh(stage: &mut Stage) {
    let before = stage.times("refresh");
    stage.until(2 * HOUR, "a refresh", |stage| {
        stage.times("refresh") > before
    });
}

/// When the credentials that came into force end, as far as the application said.
fn refreshed(stage: &Stage) -> Vec<Option<u64>> {
    let values = stage
        .application
        .values(Entity::CLIENT, Field::ClientCredentialRefreshed);
    values
        .into_iter()
        .map(|value| match value {
            Value::Notice {
                code: "developer",
                expires_at,
                ..
            } => *expires_at,
            other => panic!("a refresh: {other:?}"),
        })
        .collect()
}

/// Nobody noticed anything.
#[track_caller]
fn assert_unnoticed(stage: &Stage, dialled: Dialled) {
    assert_eq!(stage.status(dialled.call), "connected");
    assert_eq!(stage.statuses(dialled.call).last().unwrap(), "connected");
    assert_eq!(stage.client_errors(), []);
    assert_eq!(stage.call_errors(dialled.call), []);
    assert!(stage.is_ready() && stage.is_registered());
    assert_eq!(stage.times("open socket"), 1);
    assert_eq!(stage.registrations(), [true], "it was never offline");
}

#[test]
fn ten_hours_on_tokens_of_two() {
    for told in [true, false] {
        play(renewing(7_200, told), |stage| {
            let dialled = in_a_call(stage);
            stage.pass(10 * HOUR);
            assert_unnoticed(stage, dialled);
            let times = stage.all_done_at("refresh");
            assert!((5..=6).contains(&times.len()), "{times:?}");
            for pair in times.windows(2) {
                let apart = pair[1] - pair[0];
                assert!(
                    (7_068 * SECOND..=7_082 * SECOND).contains(&apart),
                    "{apart}"
                );
            }
            assert_eq!(refreshed(stage).len(), times.len());
            assert_eq!(stage.times("signalwire.reauthenticate"), times.len());
            assert_eq!(stage.times("authenticate"), 1);
        });
    }
}

#[test]
fn a_short_token_is_renewed_in_the_second_half_of_its_life() {
    play(renewing(40, true), |stage| {
        let dialled = in_a_call(stage);
        stage.pass(10 * MINUTE);
        assert_unnoticed(stage, dialled);
        for pair in stage.all_done_at("refresh").windows(2) {
            let apart = pair[1] - pair[0];
            assert!((17 * SECOND..=23 * SECOND).contains(&apart), "{apart}");
        }
    });
}

#[test]
fn a_thousand_in_a_row() {
    play(renewing(60, true), |stage| {
        let dialled = in_a_call(stage);
        stage.until(10 * HOUR, "a thousand", |stage| {
            stage.times("refresh") == 1_000
        });
        stage.pass(SECOND);
        assert_unnoticed(stage, dialled);
        assert_eq!(refreshed(stage).len(), 1_000);
    });
}

#[test]
fn an_expiry_in_thirty_days_makes_no_storm() {
    play(renewing(30 * 86_400, true), |stage| {
        let dialled = in_a_call(stage);
        stage.pass(24 * HOUR);
        assert_eq!(stage.times("refresh"), 0);
        assert_unnoticed(stage, dialled);
    });
}

#[test]
fn a_refresh_that_fails_is_tried_until_the_end_and_told_once() {
    play(renewing(3_600, true), |stage| {
        in_a_call(stage);
        stage.setup.refresh = Provider::Rejects;
        until_refresh(stage);
        stage.pass(40 * SECOND);
        let times = stage.all_done_at("refresh");
        let pauses: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        for (pause, longest) in pauses.iter().zip([2, 4, 8, 16]) {
            let bounds = longest * SECOND / 2..=longest * SECOND + 5;
            assert!(bounds.contains(pause), "{pauses:?}");
        }
        assert_eq!(stage.client_errors(), [ErrorCode::RefreshFailed]);
        let told = stage.times("refresh");
        stage.pass(60 * SECOND);
        assert_eq!(stage.times("refresh"), told + 2, "every 30 s");
        assert!(stage.is_registered(), "the session lives until the end");
        stage.pass(10 * MINUTE);
        let errors = [ErrorCode::RefreshFailed, ErrorCode::CredentialsExpired];
        assert_eq!(stage.client_errors(), errors);
        assert!(!stage.is_connected());
    });
}

#[test]
fn a_refresh_that_works_again_saves_the_session() {
    play(renewing(3_600, true), |stage| {
        let dialled = in_a_call(stage);
        for bad in [Provider::Rejects, Provider::Nothing, Provider::Text("none")] {
            stage.setup.refresh = bad;
            until_refresh(stage);
        }
        stage.setup.refresh = ada(3_600, true);
        stage.pass(3 * HOUR);
        assert_unnoticed(stage, dialled);
        assert!(refreshed(stage).len() >= 2);
    });
}

#[test]
fn a_refresh_that_hangs_is_given_up_and_its_late_answer_dropped() {
    play(renewing(3_600, true), |stage| {
        let dialled = in_a_call(stage);
        stage.setup.refresh = Provider::Hangs;
        until_refresh(stage);
        until_refresh(stage);
        let times = stage.all_done_at("refresh");
        let apart = times[1] - times[0];
        assert!((31 * SECOND..=33 * SECOND).contains(&apart), "{apart}");
        stage.setup.refresh = ada(3_600, true);
        stage.pass(2 * HOUR);
        assert_unnoticed(stage, dialled);
    });
}

#[test]
fn a_backend_that_hands_out_the_same_token_again_makes_no_storm() {
    play(renewing(3_600, true), |stage| {
        in_a_call(stage);
        let expiry_at = Some(stage.wall() / SECOND * SECOND + 3_590 * SECOND);
        let token = Some(stage.sat("ada@example.test", None));
        stage.setup.refresh = Provider::Given { token, expiry_at };
        stage.pass(2 * HOUR);
        assert!(stage.times("refresh") < 12, "{}", stage.times("refresh"));
        let errors = [ErrorCode::RefreshFailed, ErrorCode::CredentialsExpired];
        assert_eq!(stage.client_errors(), errors);
    });
}

#[test]
fn a_token_of_somebody_else_changes_nothing() {
    play(renewing(3_600, true), |stage| {
        let dialled = in_a_call(stage);
        stage.setup.refresh = Provider::Ending {
            reference: "bob@example.test",
            seconds: 3_600,
            told: true,
        };
        until_refresh(stage);
        stage.pass(500);
        assert!(refreshed(stage).is_empty());
        stage.setup.refresh = ada(3_600, true);
        stage.pass(3 * HOUR);
        assert_unnoticed(stage, dialled);
    });
}

#[test]
fn a_space_that_does_not_know_the_request_gets_the_new_token_at_the_next_connect() {
    play(renewing(3_600, true), |stage| {
        let dialled = in_a_call(stage);
        stage.once(
            Way::ToSpace,
            "signalwire.reauthenticate",
            Fate::Altered(|text| text.replace("signalwire.reauthenticate", "signalwire.later")),
        );
        until_refresh(stage);
        stage.pass(SECOND);
        assert_eq!(refreshed(stage).len(), 1, "it is in force");
        assert_eq!(stage.client_errors(), []);
        stage.cut();
        stage.pass(20 * SECOND);
        assert!(stage.is_ready());
        assert_eq!(stage.status(dialled.call), "connected");
    });
}

#[test]
fn a_cut_at_every_moment_of_a_renewal_costs_nothing() {
    for moment in 0..40 {
        let setup = Setup {
            provider_takes: 30,
            ..renewing(600, true)
        };
        play(setup, |stage| {
            let dialled = in_a_call(stage);
            until_refresh(stage);
            stage.pass(moment * 4);
            stage.cut();
            stage.pass(30 * MINUTE);
            assert_eq!(stage.status(dialled.call), "connected", "{moment}");
            assert!(stage.is_ready() && stage.is_registered());
            assert_eq!(stage.client_errors(), []);
            assert!(refreshed(stage).len() >= 3);
        });
    }
}

#[test]
fn an_answer_that_is_lost_asks_for_the_same_again_and_not_for_another_token() {
    play(renewing(600, true), |stage| {
        let dialled = in_a_call(stage);
        stage.once(Way::ToSpace, "signalwire.reauthenticate", Fate::Lost);
        until_refresh(stage);
        stage.pass(30 * SECOND);
        assert_eq!(stage.times("refresh"), 1);
        assert_eq!(refreshed(stage).len(), 1);
        stage.pass(20 * MINUTE);
        assert_eq!(stage.status(dialled.call), "connected");
        assert_eq!(stage.client_errors(), []);
    });
}

#[test]
fn a_network_that_is_away_while_it_is_due() {
    play(renewing(600, true), |stage| {
        in_a_call(stage);
        stage.pass(540 * SECOND);
        stage.setup.reach = Reach::Refused;
        stage.cut();
        stage.pass(20 * SECOND);
        stage.setup.reach = Reach::Up;
        stage.pass(20 * MINUTE);
        assert!(stage.is_ready() && stage.is_registered());
        assert_eq!(stage.client_errors(), []);
    });
}

#[test]
fn a_laptop_that_sleeps_past_the_end_goes_on_with_a_new_token() {
    for runs in [true, false] {
        for sleep in [11 * MINUTE, HOUR, 48 * HOUR] {
            for told in [true, false] {
                play(renewing(600, told), |stage| {
                    in_a_call(stage);
                    stage.sleep(sleep, runs);
                    stage.pass(MINUTE);
                    assert!(stage.is_ready() && stage.is_registered(), "{runs} {sleep}");
                    assert_eq!(stage.client_errors(), []);
                    let again = stage.dial("/public/echo");
                    stage.until_status(again.call, "connected");
                    stage.until_settled(again.reply);
                });
            }
        }
    }
}

#[test]
fn a_sleep_past_the_end_without_a_new_token_ends_with_the_one_error() {
    for runs in [true, false] {
        play(renewing(600, true), |stage| {
            in_a_call(stage);
            stage.setup.refresh = Provider::Rejects;
            stage.sleep(HOUR, runs);
            stage.pass(5 * SECOND);
            assert_eq!(
                stage.client_errors(),
                [],
                "the network may just be coming back"
            );
            stage.pass(MINUTE);
            assert!(!stage.is_connected());
            assert_eq!(stage.times("refresh"), 5);
            assert_eq!(stage.client_errors(), [ErrorCode::CredentialsExpired]);
        });
    }
}

#[test]
fn clocks_that_are_wrong_cost_at_most_one_renewal() {
    for ahead in [-3_600_000, 3_600_000] {
        play(renewing(1_800, false), |stage| {
            stage.clock_ahead = ahead;
            let dialled = in_a_call(stage);
            stage.pass(2 * HOUR);
            assert_unnoticed(stage, dialled);
            let times = stage.times("refresh");
            assert!((4..=6).contains(&times), "{times}");
        });
    }
}

#[test]
fn after_disconnect_and_connect_the_clock_runs_again() {
    play(renewing(3_600, true), |stage| {
        in_a_call(stage);
        let gone = stage.disconnect();
        stage.until_settled(gone);
        stage.pass(10 * MINUTE);
        let ready = stage.connect();
        stage.until_settled(ready);
        assert_eq!(stage.times("authenticate"), 1, "the credential was kept");
        stage.pass(3 * HOUR);
        assert!(stage.is_ready() && stage.is_registered());
        assert!(refreshed(stage).len() >= 2);
        let gone = stage.disconnect();
        stage.until_settled(gone);
        let before = stage.times("refresh");
        stage.pass(3 * HOUR);
        assert_eq!(stage.times("refresh"), before, "nobody needs one");
        let ready = stage.connect();
        stage.until_settled(ready);
        stage.assert_resolved(ready);
        assert_eq!(stage.times("refresh"), before + 1, "it had ended");
    });
}

#[test]
fn an_embed_token_is_exchanged_again() {
    let mut setup = Setup {
        provider: Provider::Embed("c2t_00000000000000000000000000000001"),
        refresh: Provider::Embed("c2t_00000000000000000000000000000001"),
        ..Setup::plain()
    };
    setup.config.has_refresh = true;
    setup.config.outbound_only = true;
    play(setup, |stage| {
        let dialled = stage.talking("/public/echo");
        stage.pass(5 * HOUR);
        assert_eq!(stage.status(dialled.call), "connected");
        assert_eq!(stage.client_errors(), []);
        assert_eq!(refreshed(stage).len(), 2);
        assert_eq!(
            stage.warnings(),
            Vec::<&str>::new(),
            "whoever embeds has no other way"
        );
    });
}

#[test]
fn the_way_of_renewal_is_told_once() {
    play(renewing(600, true), |stage| {
        in_a_call(stage);
        stage.pass(HOUR);
        assert_eq!(stage.warnings(), ["credential_refresh_fallback"]);
    });
    let mut alone = renewing(600, true);
    alone.config.has_refresh = false;
    play(alone, |stage| {
        in_a_call(stage);
        stage.pass(MINUTE);
        assert_eq!(stage.warnings(), ["credential_no_refresh_handler"]);
    });
}
