//! Somebody calls: what the two of them see, from the first ring to the last word.

use serde_json::json;
use signalwire_wasm::engine::error::ErrorCode;
use signalwire_wasm::engine::io::Entity;
use signalwire_wasm::engine::state::Field;

use super::people::{ADA, BOB, assert_over, both_talk, ring, rings, talk, two, two_as};
use crate::stage::{Device, Fate, Setup, Stage, Way, play, unheeded};

#[test]
fn both_see_who_calls_whom_and_that_it_rings() {
    play(Setup::plain(), |stage| {
        two(stage);
        let options = json!({ "userVariables": { "order": 7 } });
        let dialled = stage.dial_with("/private/bob", options);
        let call = rings(stage, BOB);
        stage.pass(1_000);
        assert_eq!(stage.statuses(dialled.call), ["trying", "ringing"]);
        assert!(stage.is_settled(dialled.reply), "the call exists");
        assert_eq!(stage.text(dialled.call, Field::CallDirection), "outbound");
        stage.with(BOB, |stage| {
            assert_eq!(stage.statuses(call), ["ringing"]);
            for (field, expected) in [
                (Field::CallFrom, "/private/ada"),
                (Field::CallFromName, "Ada"),
                (Field::CallTo, "/private/bob"),
                (Field::CallToName, "Bob"),
                (Field::CallDirection, "inbound"),
            ] {
                assert_eq!(stage.text(call, field), expected, "{field:?}");
            }
            assert!(!stage.browser.records(), "nobody has decided");
            assert_eq!(stage.peer_of(call), None);
        });
    });
}

#[test]
fn an_answered_call_has_sound_and_picture_both_ways() {
    for video in [false, true] {
        play(Setup::plain(), |stage| {
            two(stage);
            let dialled = stage.dial_with("/private/bob", json!({ "video": video }));
            let call = rings(stage, BOB);
            stage.with(BOB, |stage| {
                stage.answer_with(call, json!({ "video": video }));
                assert_eq!(stage.decisions(call), [true]);
            });
            both_talk(stage, dialled, call);
            let statuses = ["trying", "ringing", "connecting", "connected"];
            assert_eq!(stage.statuses(dialled.call), statuses);
            assert_eq!(stage.browser.films(), video);
            stage.with(BOB, |stage| {
                assert_eq!(stage.statuses(call), ["ringing", "connecting", "connected"]);
                assert!(stage.browser.records());
                assert_eq!(stage.browser.films(), video);
                assert!(stage.own_member(call).is_some());
            });
            assert_eq!(stage.calls_at_space().len(), 2);
            // Whoever hangs up, it is over for both.
            match video {
                true => unheeded(stage.hang_up(dialled.call)),
                false => stage.with(BOB, |stage| unheeded(stage.hang_up(call))),
            }
            stage.pass(2_000);
            assert_over(stage, dialled, call, "normal", "normal");
        });
    }
}

#[test]
fn whoever_answers_decides_what_is_sent() {
    // What the caller sends, what the answer says, and whether a camera goes on.
    let rows = [
        (false, json!({}), false),
        (false, json!({ "video": true }), false),
        (true, json!({}), true),
        (true, json!({ "video": false }), false),
        (true, json!({ "audio": false, "video": true }), true),
        (
            true,
            json!({ "video": false, "receiveVideo": false }),
            false,
        ),
        (false, json!({ "audio": false, "video": false }), false),
    ];
    for (video, options, films) in rows {
        play(Setup::plain(), |stage| {
            two(stage);
            let dialled = stage.dial_with("/private/bob", json!({ "video": video }));
            let call = rings(stage, BOB);
            stage.with(BOB, |stage| stage.answer_with(call, options.clone()));
            both_talk(stage, dialled, call);
            let sends_sound = options["audio"] != json!(false);
            stage.with(BOB, |stage| {
                assert_eq!(stage.browser.films(), films, "{video} {options}");
                assert_eq!(stage.browser.records(), sends_sound || films, "{options}");
            });
        });
    }
}

#[test]
fn the_first_decision_stands() {
    type Act = fn(&mut Stage, Entity);
    let acts: [(bool, Act); 3] = [
        (true, |stage, call| stage.answer(call)),
        (false, |stage, call| stage.reject(call)),
        (false, |stage, call| unheeded(stage.hang_up(call))),
    ];
    for (answered, first) in acts {
        for (_, second) in acts {
            play(Setup::plain(), |stage| {
                let (dialled, call) = ring(stage);
                stage.with(BOB, |stage| {
                    first(stage, call);
                    second(stage, call);
                    assert_eq!(stage.decisions(call), [answered]);
                });
                stage.pass(10_000);
                if !answered {
                    assert_over(stage, dialled, call, "declined", "declined");
                }
            });
        }
    }
}

#[test]
fn a_rejected_call_is_declined_for_the_caller() {
    play(Setup::plain(), |stage| {
        let (dialled, call) = ring(stage);
        stage.with(BOB, |stage| stage.reject(call));
        stage.until_status(dialled.call, "destroyed");
        let reason = ("declined", Some("CALL_REJECTED".to_owned()), Some(21));
        assert_eq!(stage.end_reason(dialled.call), reason);
        stage.pass(1_000);
        assert_over(stage, dialled, call, "declined", "declined");
        stage.with(BOB, |stage| {
            assert!(stage.is_registered());
            assert_eq!(stage.call_errors(call), []);
        });
    });
}

#[test]
fn the_caller_gives_up_at_every_step() {
    for moment in (0..1_000).step_by(10) {
        for answering in [false, true] {
            play(Setup::plain(), |stage| {
                two(stage);
                let dialled = stage.dial("/private/bob");
                if answering {
                    let call = rings(stage, BOB);
                    stage.with(BOB, |stage| stage.answer(call));
                }
                stage.pass(moment);
                let over = stage.hang_up(dialled.call);
                stage.until_settled(over);
                stage.pass(10_000);
                let bobs = stage.seen_by(BOB).incoming();
                if let Some(call) = bobs.first() {
                    let (code, ..) = stage.seen_by(BOB).end_reason(*call);
                    assert!(["cancelled", "normal"].contains(&code), "{code}");
                    if !answering {
                        assert_eq!(code, "cancelled");
                    }
                }
                assert!(bobs.len() <= 1);
                assert!(!stage.seen_by(BOB).browser.records());
                assert!(stage.calls_at_space().is_empty());
            });
        }
    }
}

#[test]
fn an_answer_that_is_lost_with_its_socket_is_said_again() {
    type Lose = fn(&mut Stage);
    let ways: [Lose; 3] = [
        |stage| stage.once(Way::ToSpace, "verto.answer", Fate::Cuts),
        |stage| stage.once(Way::ToPage, "CALL ANSWERED", Fate::Cuts),
        |stage| stage.once(Way::ToSpace, "verto.answer", Fate::Twice(300)),
    ];
    for lose in ways {
        play(Setup::plain(), |stage| {
            let (dialled, call) = ring(stage);
            stage.with(BOB, |stage| {
                lose(stage);
                stage.answer(call);
            });
            both_talk(stage, dialled, call);
            assert_eq!(stage.calls_at_space().len(), 2);
        });
    }
}

#[test]
fn a_refused_microphone_leaves_a_listener_or_a_caller_who_is_told() {
    let setup = || {
        let mut bob = Setup::of("bob@example.test");
        bob.device = Device::Refused("NotAllowedError");
        bob
    };
    // Receive-only, by default.
    play(Setup::plain(), |stage| {
        two_as(stage, setup());
        let dialled = stage.dial("/private/bob");
        let call = rings(stage, BOB);
        stage.with(BOB, |stage| stage.answer(call));
        both_talk(stage, dialled, call);
        stage.with(BOB, |stage| {
            assert!(!stage.browser.records());
            assert_eq!(stage.call_errors(call), [(ErrorCode::MediaDenied, false)]);
        });
    });
    // Or not at all.
    play(Setup::plain(), |stage| {
        two_as(stage, setup());
        let dialled = stage.dial("/private/bob");
        let call = rings(stage, BOB);
        stage.with(BOB, |stage| {
            stage.answer_with(call, json!({ "fallbackToReceiveOnly": false }));
        });
        stage.pass(5_000);
        stage.with(BOB, |stage| {
            stage.assert_ended(call, "media");
            assert_eq!(stage.call_errors(call), [(ErrorCode::MediaDenied, true)]);
        });
        assert_eq!(stage.status(dialled.call), "destroyed", "nobody rings on");
    });
}

#[test]
fn every_reason_has_its_name_at_the_caller() {
    play(Setup::plain(), |stage| {
        stage.start();
        stage.until(20_000, "registered", Stage::is_registered);
        for (to, code, cause) in [
            ("/public/busy", "busy", Some(("USER_BUSY", 17))),
            (
                "/public/unreachable",
                "unreachable",
                Some(("DESTINATION_OUT_OF_ORDER", 27)),
            ),
            (
                "/private/bob",
                "not_registered",
                Some(("USER_NOT_REGISTERED", 606)),
            ),
            ("/public/nobody", "unreachable", None),
        ] {
            let dialled = stage.dial(to);
            stage.until_status(dialled.call, "destroyed");
            stage.until_settled(dialled.reply);
            let (found, name, number) = stage.end_reason(dialled.call);
            assert_eq!(found, code, "{to}");
            let cause = cause.map(|(name, number)| (name.to_owned(), number));
            assert_eq!(name.zip(number), cause, "{to}");
        }
    });
}

#[test]
fn the_space_itself_calls() {
    play(Setup::plain(), |stage| {
        assert_eq!(stage.space_calls("ada@example.test", "/public/echo"), 0);
        stage.start();
        stage.until(20_000, "registered", Stage::is_registered);
        assert_eq!(stage.space_calls("ada@example.test", "/public/echo"), 1);
        let call = rings(stage, ADA);
        assert_eq!(stage.text(call, Field::CallFrom), "/public/echo");
        stage.answer(call);
        stage.until_status(call, "connected");
        assert!(stage.browser.records());
        let over = stage.hang_up(call);
        stage.until_settled(over);
        stage.assert_ended(call, "normal");
    });
}

#[test]
fn an_answer_is_applied_before_the_candidates_of_ten_seconds() {
    // Gathering never ends; the answer leaves as soon as it is good enough, like an offer.
    let mut bob = Setup::of("bob@example.test");
    bob.gathered = None;
    play(Setup::plain(), |stage| {
        two_as(stage, bob);
        let dialled = stage.dial("/private/bob");
        let call = rings(stage, BOB);
        let begun = stage.now;
        stage.with(BOB, |stage| {
            stage.answer(call);
            stage.until_deed("verto.answer");
        });
        assert!(stage.now - begun < 700, "{}", stage.now - begun);
        both_talk(stage, dialled, call);
    });
}

#[test]
fn two_who_talk_survive_the_loss_of_either_socket() {
    for who in [ADA, BOB] {
        for unseen in [false, true] {
            play(Setup::plain(), |stage| {
                let (dialled, call) = talk(stage);
                stage.with(who, |stage| match unseen {
                    true => stage.cut_unseen_by_space(),
                    false => stage.cut(),
                });
                stage.pass(5_000);
                assert_eq!(stage.status(dialled.call), "connected");
                let own = [(ADA, dialled.call), (BOB, call)];
                for (one, call) in own {
                    let seen = stage.seen_by(one).recoveries(call);
                    let expected: &[&str] = match one == who {
                        true => &["call_recovering", "call_recovered"],
                        false => &[],
                    };
                    assert_eq!(seen, expected);
                }
                stage.with(BOB, |stage| unheeded(stage.hang_up(call)));
                stage.pass(2_000);
                assert_over(stage, dialled, call, "normal", "normal");
            });
        }
    }
}
