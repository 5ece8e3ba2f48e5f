//! A bound SAT and a network that fails: cuts at every step of activation and rotation, and what is shown to the
//! session that is taken up again.

use super::bound::{
    FIRST, HOUR, MINUTE, NEXT, SECOND, assert_alive, fixed, in_a_call, refreshed, scoped,
};
use crate::stage::{Fate, HttpReply, Reach, Setup, Stage, Way, play};

/// What happens to the network.
type Blow = fn(&mut Stage);

const BLOWS: [(&str, Blow); 4] = [
    ("cut", Stage::cut),
    ("unseen", Stage::cut_unseen_by_space),
    ("away", |stage| {
        stage.setup.reach = Reach::Nowhere;
        stage.cut();
        stage.in_page(5 * SECOND, |stage| stage.setup.reach = Reach::Up);
    }),
    ("down", |stage| {
        stage.setup.reach = Reach::Refused;
        stage.cut();
        stage.in_page(8 * SECOND, |stage| stage.setup.reach = Reach::Up);
    }),
];

/// A browser in which each step takes a while, so that something can happen in it.
fn slow(seconds: u64, forwards: bool) -> Setup {
    let mut setup = Setup {
        rest_takes: 10,
        ..scoped(Some(seconds), forwards)
    };
    setup.keys.sign_takes = 12;
    setup
}

#[test]
fn a_cut_at_every_moment_of_an_activation_costs_nothing() {
    for (name, blow) in BLOWS {
        for moment in 0..34 {
            play(slow(600, moment % 2 == 0), |stage| {
                stage.start();
                stage.until(SECOND, "ready", Stage::is_ready);
                stage.pass(moment * 5);
                blow(stage);
                stage.pass(MINUTE);
                assert!(stage.is_ready() && stage.is_registered(), "{name} {moment}");
                let dialled = stage.dial("/public/echo");
                stage.until_status(dialled.call, "connected");
                stage.pass(20 * MINUTE);
                assert_alive(stage, dialled);
                assert_eq!(stage.client_errors(), [], "{name} {moment}");
                assert_eq!(stage.reasons(), [], "{name} {moment}");
                assert_eq!(stage.times("authenticate"), 1, "{name} {moment}");
                assert!(refreshed(stage).len() >= 2, "{name} {moment}");
            });
        }
    }
}

#[test]
fn a_cut_at_every_moment_of_a_rotation_costs_nothing() {
    for (name, blow) in BLOWS {
        for moment in 0..34 {
            play(slow(300, true), |stage| {
                let dialled = in_a_call(stage);
                let before = stage.times("sign");
                stage.pass(2 * SECOND);
                stage.until(10 * MINUTE, "a rotation", |stage| {
                    stage.times("sign") > before + 1
                });
                stage.pass(moment * 5);
                blow(stage);
                stage.pass(20 * MINUTE);
                assert_alive(stage, dialled);
                assert_eq!(stage.client_errors(), [], "{name} {moment}");
                assert_eq!(stage.reasons(), [], "{name} {moment}");
                assert_eq!(stage.times("authenticate"), 1, "{name} {moment}");
                assert!(refreshed(stage).len() >= 4, "{name} {moment}");
            });
        }
    }
}

#[test]
fn frames_and_answers_that_are_lost_or_late_cost_nothing() {
    let mishaps: [(&str, Blow); 9] = [
        ("reauthenticate lost", |stage| {
            stage.once(Way::ToSpace, "signalwire.reauthenticate", Fate::Lost);
        }),
        ("reauthenticate late", |stage| {
            stage.once(Way::ToSpace, "signalwire.reauthenticate", Fate::Late(3_000));
        }),
        ("reauthenticate twice", |stage| {
            stage.once(Way::ToSpace, "signalwire.reauthenticate", Fate::Twice(700));
        }),
        ("reauthenticate cut", |stage| {
            stage.once(Way::ToSpace, "signalwire.reauthenticate", Fate::Cuts);
        }),
        ("its answer lost", |stage| {
            stage.once(
                Way::ToPage,
                "\"code\":\"200\",\"message\":\"OK\"",
                Fate::Lost,
            );
        }),
        ("its answer cut", |stage| {
            stage.once(Way::ToPage, "authorization_state", Fate::Cuts);
        }),
        ("token lost", |stage| {
            stage.answers(NEXT, HttpReply::Lost, 1);
            stage.answers(FIRST, HttpReply::Lost, 1);
        }),
        ("token late", |stage| {
            stage.answers(NEXT, HttpReply::Slow(9_000), 1);
            stage.answers(FIRST, HttpReply::Slow(9_000), 1);
        }),
        ("token too late", |stage| {
            stage.answers(NEXT, HttpReply::Slow(12_000), 1);
            stage.answers(FIRST, HttpReply::Slow(12_000), 1);
        }),
    ];
    for (name, mishap) in mishaps {
        for early in [true, false] {
            play(scoped(Some(300), true), |stage| {
                if early {
                    mishap(stage);
                }
                let dialled = in_a_call(stage);
                stage.pass(MINUTE);
                if !early {
                    mishap(stage);
                }
                stage.pass(20 * MINUTE);
                assert_alive(stage, dialled);
                assert_eq!(stage.client_errors(), [], "{name} {early}");
                assert_eq!(stage.reasons(), [], "{name} {early}");
                assert_eq!(stage.times("authenticate"), 1, "{name} {early}");
                assert!(refreshed(stage).len() >= 3, "{name} {early}");
            });
        }
    }
}

/// What was asked of the two endpoints.
fn asked(stage: &Stage) -> [usize; 2] {
    [stage.times(FIRST), stage.times(NEXT)]
}

#[test]
fn a_session_that_is_resumed_is_shown_the_token_again_without_a_request() {
    play(scoped(None, true), |stage| {
        let dialled = in_a_call(stage);
        stage.pass(10 * MINUTE);
        assert_eq!(asked(stage), [1, 0]);
        let shown = stage.times("signalwire.reauthenticate");
        stage.cut();
        stage.pass(20 * SECOND);
        assert_alive(stage, dialled);
        assert_eq!(asked(stage), [1, 0]);
        assert_eq!(stage.times("signalwire.reauthenticate"), shown + 1);
        assert_eq!(refreshed(stage), [""; 0]);
    });
}

#[test]
fn a_token_that_is_about_to_end_is_rotated_instead() {
    for left in [35, 25, 15] {
        play(scoped(None, true), |stage| {
            let dialled = in_a_call(stage);
            stage.pass((840 - 10) * SECOND);
            stage.setup.reach = Reach::Refused;
            stage.cut();
            stage.pass((900 - left) * SECOND - stage.now);
            stage.setup.reach = Reach::Up;
            let shown = stage.times("signalwire.reauthenticate");
            stage.pass(10 * SECOND);
            assert_alive(stage, dialled);
            assert_eq!(stage.client_errors(), []);
            let [first, next] = asked(stage);
            assert_eq!(first + next, 2, "{left}");
            let shown = stage.times("signalwire.reauthenticate") - shown;
            assert_eq!(shown, if left > 32 { 2 } else { 1 }, "{left}");
            assert_eq!(stage.times("authenticate"), 1);
        });
    }
}

#[test]
fn after_a_refused_resume_the_token_opens_a_fresh_session() {
    for setup in [scoped(None, true), fixed(None)] {
        play(setup, |stage| {
            let dialled = in_a_call(stage);
            stage.pass(20 * MINUTE);
            stage.space_restarts();
            stage.cut();
            stage.pass(MINUTE);
            stage.assert_ended(dialled.call, "network");
            assert!(stage.is_ready() && stage.is_registered());
            stage.pass(HOUR);
            assert!(stage.is_ready() && stage.is_registered());
            assert_eq!(stage.client_errors(), []);
            assert_eq!(stage.times("authenticate"), 1);
            assert_eq!(stage.times(FIRST), 1);
        });
    }
}

#[test]
fn offline_over_the_end_of_the_token_the_sat_leads_to_another() {
    for setup in [scoped(None, true), fixed(None)] {
        // The space keeps a call without a socket for a minute, and the session for a minute after the end of its token.
        for (away, lives) in [(57, true), (400, false)] {
            play(setup.clone(), |stage| {
                let dialled = in_a_call(stage);
                stage.pass(848 * SECOND - stage.now);
                stage.setup.reach = Reach::Nowhere;
                stage.cut_unseen_by_space();
                stage.pass(away * SECOND);
                stage.setup.reach = Reach::Up;
                stage.woken();
                stage.pass(MINUTE);
                assert!(stage.is_ready() && stage.is_registered());
                assert_eq!(stage.client_errors(), []);
                assert_eq!(
                    stage.times("authenticate"),
                    1,
                    "the SAT is good for two hours"
                );
                assert_eq!(stage.times(FIRST), 2);
                let status = stage.status(dialled.call);
                assert_eq!(status, if lives { "connected" } else { "destroyed" });
                stage.pass(HOUR);
                assert!(stage.is_ready() && stage.is_registered());
            });
        }
    }
}

#[test]
fn a_client_that_is_destroyed_at_any_moment_leaves_nothing() {
    for seconds in [Some(60), None] {
        for moment in 0..80 {
            play(slow(seconds.unwrap_or(7_200), true), |stage| {
                stage.start();
                stage.pass(moment * 5);
            });
        }
    }
    for moment in 0..40 {
        play(slow(60, true), |stage| {
            in_a_call(stage);
            let before = stage.times("sign");
            stage.pass(2 * SECOND);
            stage.until(MINUTE, "a rotation", |stage| {
                stage.times("sign") > before + 1
            });
            stage.pass(moment * 5);
        });
    }
}

#[test]
fn a_client_that_leaves_and_comes_back_at_any_moment_goes_on() {
    for moment in 0..40 {
        play(slow(300, true), |stage| {
            stage.start();
            stage.pass(moment * 7);
            let gone = stage.disconnect();
            stage.until_settled(gone);
            stage.pass(moment * 3);
            let ready = stage.connect();
            stage.until_settled(ready);
            stage.assert_resolved(ready);
            stage.pass(20 * MINUTE);
            assert!(stage.is_ready() && stage.is_registered(), "{moment}");
            assert_eq!(stage.client_errors(), [], "{moment}");
            assert!(refreshed(stage).len() >= 4, "{moment}");
        });
    }
}

#[test]
fn a_page_that_comes_back_from_the_cache_goes_on() {
    for away in [SECOND, 10 * MINUTE, 20 * MINUTE] {
        for moment in [0, 30, 60, 90, 120, 150, 10 * MINUTE] {
            play(slow(7_200, true), |stage| {
                stage.start();
                stage.until(SECOND, "ready", Stage::is_ready);
                stage.pass(moment);
                stage.page_hides(true);
                let before = asked(stage);
                // Nothing of it runs meanwhile.
                stage.sleep(away, true);
                stage.page_shows();
                stage.pass(2 * MINUTE);
                assert!(stage.is_ready() && stage.is_registered(), "{away} {moment}");
                assert_eq!(stage.client_errors(), [], "{away} {moment}");
                let now = asked(stage);
                assert!(
                    now[0] - before[0] + now[1] - before[1] <= 2,
                    "{away} {moment}"
                );
                stage.pass(HOUR);
                assert!(stage.is_ready() && stage.is_registered(), "{away} {moment}");
            });
        }
    }
}
