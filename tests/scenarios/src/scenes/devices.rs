//! Microphones that are late, denied or missing; media that does not come up.

use serde_json::json;
use signalwire_wasm::engine::error::{Cause, ErrorCode};

use crate::stage::{Device, Dialled, Path, Setup, Stage, play};

fn with_device(device: Device) -> Setup {
    Setup {
        device,
        ..Setup::default()
    }
}

fn ready(stage: &mut Stage) {
    let ready = stage.connect();
    stage.until_settled(ready);
}

/// The code of the failure behind a rejected dial.
#[track_caller]
fn cause_of(stage: &Stage, dialled: Dialled) -> ErrorCode {
    match &stage.rejection(dialled.reply).cause {
        Some(Cause::Failure(cause)) => cause.code,
        other => panic!("a cause: {other:?}"),
    }
}

#[test]
fn a_prompt_may_stay_open_for_a_minute() {
    play(with_device(Device::Open), |stage| {
        ready(stage);
        let dialled = stage.dial("/public/echo");
        stage.pass(60_000);
        assert!(!stage.is_settled(dialled.reply));
        assert!(stage.statuses(dialled.call).is_empty());
        stage.allow();
        stage.until_status(dialled.call, "connected");
        stage.until_settled(dialled.reply);
        stage.assert_resolved(dialled.reply);
        assert!(stage.browser.records());
    });
}

#[test]
fn who_denies_the_microphone_listens_on() {
    for (name, code) in [
        ("NotAllowedError", ErrorCode::MediaDenied),
        ("NotFoundError", ErrorCode::MediaAccess),
        ("NotReadableError", ErrorCode::MediaAccess),
    ] {
        play(with_device(Device::Refused(name)), |stage| {
            ready(stage);
            let dialled = stage.dial("/public/tone");
            stage.until_status(dialled.call, "connected");
            stage.assert_resolved(dialled.reply);
            assert_eq!(stage.call_errors(dialled.call), [(code, false)], "{name}");
            assert!(!stage.browser.records());
            stage.until(100, "joined", |stage| {
                stage.own_member(dialled.call).is_some()
            });
        });
    }
}

#[test]
fn without_microphone_and_nothing_to_hear_there_is_no_call() {
    for options in [
        json!({ "receiveAudio": false }),
        json!({ "fallbackToReceiveOnly": false }),
    ] {
        play(with_device(Device::Refused("NotAllowedError")), |stage| {
            ready(stage);
            let dialled = stage.dial_with("/public/echo", options);
            stage.until_settled(dialled.reply);
            stage.assert_rejected(dialled.reply, ErrorCode::DialFailed);
            assert_eq!(cause_of(stage, dialled), ErrorCode::MediaDenied);
            let cause = &stage.rejection(dialled.reply).cause;
            let is_fatal = matches!(cause, Some(Cause::Failure(cause)) if cause.fatal);
            assert!(is_fatal, "{cause:?}");
            assert_eq!(
                stage.call_errors(dialled.call),
                [(ErrorCode::MediaDenied, true)]
            );
            stage.assert_ended(dialled.call, "media");
            assert_eq!(stage.times("verto.invite"), 0);
        });
    }
}

#[test]
fn a_visitor_who_only_listens_is_not_asked() {
    play(with_device(Device::Open), |stage| {
        ready(stage);
        let dialled = stage.dial_with("/public/tone", json!({ "audio": false }));
        stage.until_status(dialled.call, "connected");
        assert_eq!(stage.times("microphone"), 0);
        stage.until(100, "joined", |stage| {
            stage.own_member(dialled.call).is_some()
        });
    });
}

#[test]
fn an_offer_that_cannot_be_made_ends_the_dial() {
    let setup = Setup {
        offer_fails: true,
        ..Setup::default()
    };
    play(setup, |stage| {
        ready(stage);
        let dialled = stage.dial("/public/echo");
        stage.until_settled(dialled.reply);
        assert_eq!(cause_of(stage, dialled), ErrorCode::OfferFailed);
        stage.assert_ended(dialled.call, "media");
        assert!(!stage.browser.records());
    });
}

#[test]
fn an_answer_that_cannot_be_used_ends_the_call_with_a_goodbye() {
    let setup = Setup {
        answer_fails: true,
        ..Setup::default()
    };
    play(setup, |stage| {
        ready(stage);
        let dialled = stage.dial("/public/echo");
        stage.until_status(dialled.call, "destroyed");
        stage.assert_ended(dialled.call, "media");
        assert_eq!(
            stage.call_errors(dialled.call),
            [(ErrorCode::AnswerFailed, true)]
        );
        stage.pass(1_000);
        assert_eq!(stage.ends_at_space(), [("client", "bye")]);
    });
}

#[test]
fn media_that_fails_ends_the_call() {
    let setup = Setup {
        path: Path::Fails(15_000),
        ..Setup::default()
    };
    play(setup, |stage| {
        ready(stage);
        let dialled = stage.dial("/public/echo");
        stage.until_status(dialled.call, "destroyed");
        stage.assert_ended(dialled.call, "media");
        let expected = ["trying", "connecting", "failed", "destroyed"];
        assert_eq!(stage.statuses(dialled.call), expected);
        let code = ErrorCode::MediaConnectionFailed;
        assert_eq!(stage.call_errors(dialled.call), [(code, true)]);
    });
}

#[test]
fn media_that_never_comes_is_ended_by_the_space() {
    let setup = Setup {
        path: Path::Silent,
        ..Setup::default()
    };
    play(setup, |stage| {
        ready(stage);
        let dialled = stage.dial("/public/echo");
        stage.until_status(dialled.call, "destroyed");
        let reason = ("media", Some("MEDIA_TIMEOUT".to_owned()), Some(804));
        assert_eq!(stage.end_reason(dialled.call), reason);
        assert!(
            !stage
                .statuses(dialled.call)
                .contains(&"connected".to_owned())
        );
    });
}

#[test]
fn packets_that_stop_show_and_packets_that_come_back_too() {
    use signalwire_wasm::engine::io::{Input, PeerState};
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        let peer = stage.peer_of(dialled.call).expect("a connection");
        for state in [PeerState::Disconnected, PeerState::Connected] {
            stage.of_peer(0, peer, move |_| Input::PeerChanged { peer, state });
        }
        stage.pass(1);
        let expected = [
            "trying",
            "connecting",
            "connected",
            "disconnected",
            "connected",
        ];
        assert_eq!(stage.statuses(dialled.call), expected);
    });
}
