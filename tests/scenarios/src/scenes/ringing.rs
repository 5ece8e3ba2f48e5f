//! Who is rung, for how long, and by whom: one ring a call, on every registered client, and on no other.

use signalwire_wasm::engine::error::ErrorCode;

use super::people::{BOB, assert_over, both_talk, ring, rings, two, two_as};
use crate::stage::{Device, Fate, Provider, Reach, Setup, Stage, Way, play, unheeded};

#[test]
fn two_callers_at_once_are_two_calls() {
    play(Setup::plain(), |stage| {
        two(stage);
        let first = stage.dial("/private/bob");
        let bobs = rings(stage, BOB);
        let second = stage.dial("/private/bob");
        stage.until(5_000, "both ring", |stage| {
            stage.seen_by(BOB).ringing().len() == 2
        });
        stage.with(BOB, |stage| stage.answer(bobs));
        both_talk(stage, first, bobs);
        let other = stage.seen_by(BOB).ringing();
        assert_eq!(other.len(), 1, "the second rings on");
        stage.with(BOB, |stage| stage.reject(other[0]));
        stage.until_status(second.call, "destroyed");
        stage.assert_ended(second.call, "declined");
        assert_eq!(stage.status(first.call), "connected");
    });
}

#[test]
fn the_first_of_a_persons_clients_to_answer_has_the_call() {
    play(Setup::plain(), |stage| {
        two(stage);
        let desk = stage.enter(Setup::of("bob@example.test"));
        stage.with(desk, |stage| {
            stage.start();
            stage.until(20_000, "registered", Stage::is_registered);
        });
        let dialled = stage.dial("/private/bob");
        let [call, at_desk] = [BOB, desk].map(|who| rings(stage, who));
        stage.with(BOB, |stage| stage.answer(call));
        both_talk(stage, dialled, call);
        stage.with(desk, |stage| {
            let reason = ("cancelled", Some("LOSE_RACE".to_owned()), Some(502));
            assert_eq!(stage.end_reason(at_desk), reason);
            assert!(!stage.browser.records());
        });
    });
}

#[test]
fn two_clients_that_answer_at_once_do_not_both_get_it() {
    for gap in [0, 1, 20, 60, 200] {
        play(Setup::plain(), |stage| {
            two(stage);
            let desk = stage.enter(Setup::of("bob@example.test"));
            stage.with(desk, |stage| {
                stage.start();
                stage.until(20_000, "registered", Stage::is_registered);
            });
            let dialled = stage.dial("/private/bob");
            let [call, at_desk] = [BOB, desk].map(|who| rings(stage, who));
            stage.with(BOB, |stage| stage.answer(call));
            stage.pass(gap);
            stage.with(desk, |stage| stage.answer(at_desk));
            both_talk(stage, dialled, call);
            stage.pass(10_000);
            stage.with(desk, |stage| {
                assert_eq!(stage.status(at_desk), "destroyed");
                assert_eq!(stage.end_reason(at_desk).0, "cancelled");
                assert!(!stage.browser.records());
            });
        });
    }
}

#[test]
fn an_invite_that_is_repeated_rings_once() {
    play(Setup::plain(), |stage| {
        two(stage);
        stage.with(BOB, |stage| {
            stage.always(Way::ToPage, "verto.invite", Fate::Twice(200))
        });
        let dialled = stage.dial("/private/bob");
        let call = rings(stage, BOB);
        stage.pass(1_000);
        stage.with(BOB, |stage| {
            assert_eq!(stage.incoming(), [call]);
            stage.answer(call);
        });
        both_talk(stage, dialled, call);
    });
}

#[test]
fn an_invite_that_comes_after_its_call_is_over_rings_nobody() {
    play(Setup::plain(), |stage| {
        two(stage);
        stage.with(BOB, |stage| {
            stage.once(Way::ToPage, "verto.invite", Fate::Twice(3_000))
        });
        let dialled = stage.dial("/private/bob");
        let call = rings(stage, BOB);
        stage.hang_up(dialled.call);
        stage.pass(10_000);
        stage.with(BOB, |stage| {
            assert_eq!(stage.incoming(), [call]);
            stage.assert_ended(call, "cancelled");
        });
    });
}

#[test]
fn a_client_that_is_not_registered_is_not_rung() {
    let mut embed = Setup::plain();
    embed.provider = Provider::Embed("c2c_00000000000000000000000000000001");
    let mut skips = Setup::of("bob@example.test");
    skips.config.skip_register = true;
    for bob in [embed, skips] {
        play(Setup::plain(), |stage| {
            two_as(stage, bob);
            let dialled = stage.dial("/private/bob");
            stage.until_status(dialled.call, "destroyed");
            let reason = (
                "not_registered",
                Some("USER_NOT_REGISTERED".to_owned()),
                Some(606),
            );
            assert_eq!(stage.end_reason(dialled.call), reason);
            stage.with(BOB, |stage| {
                // Not even if a space rings it all the same.
                stage.space_invites("C9");
                stage.pass(1_000);
                assert!(stage.incoming().is_empty());
            });
        });
    }
}

#[test]
fn before_there_is_a_session_nobody_is_rung() {
    play(Setup::plain(), |stage| {
        stage.start();
        // The socket is open, and the space has not said who the client is.
        stage.until_deed("signalwire.connect");
        stage.space_invites("C9");
        stage.pass(10_000);
        assert!(stage.is_registered());
        assert!(stage.incoming().is_empty());
    });
}

#[test]
fn who_unregisters_is_not_rung_from_then_on() {
    play(Setup::plain(), |stage| {
        two(stage);
        let offline = stage.with(BOB, Stage::unregister);
        // From the wish on: what the space still sends is nobody's.
        stage.with(BOB, |stage| stage.space_invites("C9"));
        stage.pass(1_000);
        assert!(stage.with(BOB, |stage| stage.is_settled(offline)));
        assert!(stage.seen_by(BOB).incoming().is_empty());
        let dialled = stage.dial("/private/bob");
        stage.until_status(dialled.call, "destroyed");
        stage.assert_ended(dialled.call, "not_registered");
        // And again, once he is back.
        let online = stage.with(BOB, Stage::register);
        stage.with(BOB, |stage| stage.until_settled(online));
        stage.dial("/private/bob");
        rings(stage, BOB);
    });
}

#[test]
fn who_rings_already_rings_on_when_the_person_goes_offline() {
    play(Setup::plain(), |stage| {
        let (dialled, call) = ring(stage);
        let offline = stage.with(BOB, Stage::unregister);
        stage.pass(2_000);
        assert!(stage.with(BOB, |stage| stage.is_settled(offline)));
        stage.with(BOB, |stage| stage.answer(call));
        both_talk(stage, dialled, call);
    });
}

#[test]
fn a_session_that_is_lost_while_it_rings_rings_on_when_it_is_back() {
    play(Setup::plain(), |stage| {
        let (dialled, call) = ring(stage);
        stage.with(BOB, |stage| {
            stage.setup.reach = Reach::Refused;
            stage.cut();
        });
        stage.pass(2_000);
        stage.with(BOB, |stage| {
            assert_eq!(stage.status(call), "ringing");
            stage.setup.reach = Reach::Up;
            stage.until(5_000, "ready again", Stage::is_ready);
            assert_eq!(
                stage.recoveries(call),
                ["call_recovering", "call_recovered"]
            );
            stage.answer(call);
        });
        both_talk(stage, dialled, call);
    });
}

#[test]
fn a_caller_who_gives_up_while_the_callee_is_away_rings_nobody() {
    play(Setup::plain(), |stage| {
        let (dialled, call) = ring(stage);
        stage.with(BOB, |stage| {
            stage.setup.reach = Reach::Refused;
            stage.cut();
        });
        let over = stage.hang_up(dialled.call);
        stage.until_settled(over);
        stage.with(BOB, |stage| {
            stage.setup.reach = Reach::Up;
            stage.until_status(call, "destroyed");
            stage.assert_ended(call, "cancelled");
        });
    });
}

#[test]
fn a_space_that_forgot_the_session_rings_no_more() {
    play(Setup::plain(), |stage| {
        let (dialled, call) = ring(stage);
        stage.space_restarts();
        stage.with(BOB, |stage| {
            stage.until_status(call, "destroyed");
            stage.assert_ended(call, "network");
            assert_eq!(stage.call_errors(call), [(ErrorCode::SessionLost, true)]);
            stage.until(20_000, "registered again", Stage::is_registered);
        });
        stage.until_status(dialled.call, "destroyed");
        stage.assert_ended(dialled.call, "network");
    });
}

#[test]
fn a_client_that_goes_while_it_rings_tells_the_caller() {
    type Leave = fn(&mut Stage);
    let ways: [(Leave, &str); 3] = [
        (|stage| unheeded(stage.disconnect()), "cancelled"),
        (Stage::destroy, "cancelled"),
        (|stage| stage.page_hides(false), "cancelled"),
    ];
    for (leave, at_bob) in ways {
        play(Setup::plain(), |stage| {
            let (dialled, call) = ring(stage);
            stage.with(BOB, leave);
            stage.with(BOB, |stage| stage.assert_ended(call, at_bob));
            stage.until_status(dialled.call, "destroyed");
            let (code, ..) = stage.end_reason(dialled.call);
            assert!(["declined", "not_registered"].contains(&code), "{code}");
        });
    }
}

#[test]
fn nobody_is_rung_for_longer_than_half_a_minute() {
    play(Setup::plain(), |stage| {
        let (dialled, call) = ring(stage);
        stage.pass(29_000);
        assert_eq!(stage.status(dialled.call), "ringing");
        stage.pass(2_000);
        assert_over(stage, dialled, call, "no_answer", "no_answer");
    });
}

#[test]
fn who_decides_without_a_socket_is_heard_when_it_is_back() {
    for answers in [true, false] {
        play(Setup::plain(), |stage| {
            let (dialled, call) = ring(stage);
            stage.with(BOB, |stage| {
                stage.setup.reach = Reach::Refused;
                stage.cut();
                stage.until(1_000, "the loss is noticed", |stage| !stage.is_ready());
                match answers {
                    true => stage.answer(call),
                    false => stage.reject(call),
                }
            });
            stage.pass(3_000);
            stage.with(BOB, |stage| stage.setup.reach = Reach::Up);
            if answers {
                both_talk(stage, dialled, call);
            } else {
                stage.pass(5_000);
                assert_over(stage, dialled, call, "declined", "declined");
            }
        });
    }
}

#[test]
fn who_answers_and_is_not_heard_for_a_minute_does_not_wait_any_longer() {
    play(Setup::plain(), |stage| {
        let (dialled, call) = ring(stage);
        stage.with(BOB, |stage| {
            stage.setup.reach = Reach::Refused;
            stage.cut();
            stage.answer(call);
        });
        stage.pass(50_000);
        stage.assert_ended(dialled.call, "no_answer");
        stage.pass(11_000);
        stage.with(BOB, |stage| {
            stage.assert_ended(call, "network");
            assert_eq!(stage.call_errors(call), [(ErrorCode::SocketFailed, true)]);
            assert!(!stage.browser.records());
            stage.setup.reach = Reach::Up;
            stage.until(10_000, "registered again", Stage::is_registered);
        });
        assert!(stage.calls_at_space().is_empty());
    });
}

#[test]
fn a_device_that_comes_after_the_caller_has_gone_is_given_back() {
    let mut bob = Setup::of("bob@example.test");
    bob.device = Device::Open;
    play(Setup::plain(), |stage| {
        two_as(stage, bob);
        let dialled = stage.dial("/private/bob");
        let call = rings(stage, BOB);
        stage.with(BOB, |stage| stage.answer(call));
        stage.pass(10_000);
        let over = stage.hang_up(dialled.call);
        stage.until_settled(over);
        stage.pass(1_000);
        stage.with(BOB, |stage| {
            stage.assert_ended(call, "cancelled");
            stage.allow();
            stage.pass(100);
            assert!(!stage.browser.records());
            assert_eq!(stage.browser.disposed, 1);
        });
    });
}

#[test]
fn a_page_that_comes_out_of_the_cache_in_time_rings() {
    play(Setup::plain(), |stage| {
        two(stage);
        stage.with(BOB, |stage| stage.page_hides(true));
        stage.pass(5_000);
        let dialled = stage.dial("/private/bob");
        stage.pass(10_000);
        assert!(stage.seen_by(BOB).incoming().is_empty());
        stage.with(BOB, Stage::page_shows);
        let call = rings(stage, BOB);
        stage.with(BOB, |stage| stage.answer(call));
        both_talk(stage, dialled, call);
    });
}

#[test]
fn who_sleeps_through_a_call_wakes_up_to_silence() {
    // Longer than it rings; longer than the space keeps the session.
    for sleep in [40_000, 3_600_000] {
        for runs in [true, false] {
            play(Setup::plain(), |stage| {
                let (dialled, call) = ring(stage);
                stage.with(BOB, |stage| {
                    stage.sleep(sleep, runs);
                    stage.woken();
                    stage.until_status(call, "destroyed");
                    assert!(stage.decisions(call).is_empty());
                    stage.until(20_000, "registered again", Stage::is_registered);
                });
                assert_eq!(stage.status(dialled.call), "destroyed");
                assert!(stage.calls_at_space().is_empty());
            });
        }
    }
}

#[test]
fn who_wakes_up_while_it_rings_may_answer() {
    for runs in [true, false] {
        play(Setup::plain(), |stage| {
            let (dialled, call) = ring(stage);
            stage.with(BOB, |stage| {
                stage.sleep(12_000, runs);
                stage.woken();
                assert_eq!(stage.status(call), "ringing");
                stage.answer(call);
            });
            both_talk(stage, dialled, call);
        });
    }
}
