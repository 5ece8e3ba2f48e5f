//! A visitor clicks and hears an answer.

use serde_json::json;
use signalwire_wasm::engine::error::ErrorCode;
use signalwire_wasm::engine::state::Field;

use crate::stage::{Provider, Setup, Stage, play};

fn visitor() -> Setup {
    let mut setup = Setup {
        provider: Provider::Embed("c2c_00000000000000000000000000000001"),
        provider_takes: 0,
        ..Setup::default()
    };
    setup.config.outbound_only = true;
    setup
}

#[test]
fn a_visitor_clicks_and_hears_an_echo() {
    play(visitor(), |stage| {
        let ready = stage.connect();
        let dialled = stage.dial("/public/echo");
        stage.until_status(dialled.call, "connected");
        stage.until(100, "it has joined", |stage| {
            stage.own_member(dialled.call).is_some()
        });
        stage.assert_resolved(ready);
        stage.assert_resolved(dialled.reply);
        assert!(stage.browser.records());
        assert_eq!(
            stage
                .application
                .values(dialled.call, Field::CallRemoteStream)
                .len(),
            1
        );

        let over = stage.hang_up(dialled.call);
        stage.until_settled(over);
        stage.assert_resolved(over);
        assert_eq!(
            stage.statuses(dialled.call),
            [
                "trying",
                "connecting",
                "connected",
                "disconnecting",
                "disconnected",
                "destroyed"
            ]
        );
        stage.assert_ended(dialled.call, "normal");
        assert!(!stage.browser.records(), "the microphone is off");
        assert_eq!(stage.ends_at_space(), [("client", "bye")]);
        assert!(stage.client_errors().is_empty());
    });
}

#[test]
fn nothing_is_waited_for_that_can_run_side_by_side() {
    play(visitor(), |stage| {
        stage.connect();
        let dialled = stage.dial("/public/echo");
        stage.until_status(dialled.call, "connected");
        let expected = [
            "authenticate",
            "exchange",
            "microphone",
            "peer",
            "open socket",
            "subscriber/info",
            "signalwire.connect",
            "offer",
            "verto.invite",
            "answer",
        ];
        let acts: Vec<&str> = stage.deeds();
        assert_eq!(acts, expected, "no address lookup, nothing twice");
        // Exchange 1 round trip, socket 1, connect 1, offer made, 60 ms to the relay candidate and 50 of
        // quiet, invite 1, and the media edge's time: 40·4 + 5 + 110 + 2 + 3 + 40.
        assert_eq!(stage.now, 320);
    });
}

#[test]
fn the_address_is_looked_up_when_somebody_asks_and_once() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo?channel=audio");
        assert_eq!(stage.times("addresses"), 0);
        stage.find_address(dialled.call);
        stage.find_address(dialled.call);
        stage.until(100, "it is found", |stage| {
            stage
                .application
                .values(dialled.call, Field::CallAddress)
                .len()
                == 1
        });
        assert_eq!(stage.times("addresses"), 1);
    });
}

#[test]
fn a_busy_line_says_so() {
    play(Setup::default(), |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        let dialled = stage.dial("/public/busy");
        stage.until_status(dialled.call, "destroyed");
        stage.assert_resolved(dialled.reply);
        let reason = ("busy", Some("USER_BUSY".to_owned()), Some(17));
        assert_eq!(stage.end_reason(dialled.call), reason);
        assert_eq!(
            stage.times("verto.bye"),
            0,
            "no goodbye to one who said goodbye"
        );
    });
}

#[test]
fn somebody_who_is_not_there_says_so() {
    play(Setup::default(), |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        let dialled = stage.dial("/private/bob");
        stage.until_status(dialled.call, "destroyed");
        stage.assert_ended(dialled.call, "not_registered");
    });
}

#[test]
fn a_silent_line_rings_on_until_the_caller_has_enough() {
    play(Setup::default(), |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        let dialled = stage.dial("/public/silent");
        stage.until_settled(dialled.reply);
        stage.assert_resolved(dialled.reply);
        stage.pass(60_000);
        assert_eq!(stage.statuses(dialled.call), ["trying"]);
        assert!(stage.times("verto.pong") >= 1, "the call is kept alive");
        let over = stage.hang_up(dialled.call);
        stage.until_settled(over);
        stage.assert_ended(dialled.call, "cancelled");
    });
}

fn refused_destination(setup: Setup, to: &str, code: ErrorCode, reason: &str) {
    play(setup, |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        let dialled = stage.dial(to);
        stage.until_settled(dialled.reply);
        stage.assert_rejected(dialled.reply, code);
        stage.assert_ended(dialled.call, reason);
        assert_eq!(stage.statuses(dialled.call), ["failed", "destroyed"]);
        assert_eq!(
            stage.call_errors(dialled.call),
            [(ErrorCode::RpcRefused, true)]
        );
        assert_eq!(stage.client_errors(), [code]);
        assert_eq!(stage.times("verto.bye"), 0, "the space has no such call");
        assert!(stage.is_ready(), "the session lives on");
    });
}

#[test]
fn an_unknown_destination_is_told_apart() {
    let code = ErrorCode::DialUnknown;
    refused_destination(Setup::default(), "/public/nothing", code, "unreachable");
}

#[test]
fn a_guest_may_dial_its_own_address_alone() {
    refused_destination(
        visitor(),
        "/public/busy",
        ErrorCode::DialForbidden,
        "forbidden",
    );
}

#[test]
fn two_calls_at_once_do_not_touch_each_other() {
    play(Setup::default(), |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        let first = stage.dial("/public/echo");
        let second = stage.dial("/public/tone");
        stage.until_status(first.call, "connected");
        stage.until_status(second.call, "connected");
        let over = stage.hang_up(first.call);
        stage.until_settled(over);
        stage.pass(30_000);
        assert_eq!(stage.status(second.call), "connected");
        assert!(stage.browser.records(), "the second call still sends");
        assert_eq!(stage.calls_at_space().len(), 1);
    });
}

#[test]
fn a_destination_and_something_to_do_are_needed() {
    play(Setup::default(), |stage| {
        let empty = stage.dial(" ");
        assert_eq!(stage.rejection(empty.reply).code, ErrorCode::DialFailed);
        stage.connect();
        let idle = stage.dial_with(
            "/public/echo",
            json!({ "audio": false, "receiveAudio": false }),
        );
        assert_eq!(stage.rejection(idle.reply).code, ErrorCode::DialFailed);
        stage.assert_ended(idle.call, "media");
        stage.until(1_000, "ready", Stage::is_ready);
    });
}

#[test]
fn streams_of_the_application_are_sent_and_never_stopped() {
    play(Setup::default(), |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        let options = json!({ "inputAudioStream": { "id": "mine" }, "video": true });
        let dialled = stage.dial_with("/public/echo", options);
        stage.until_status(dialled.call, "connected");
        stage.until(100, "joined", |stage| {
            stage.own_member(dialled.call).is_some()
        });
        assert_eq!(stage.times("microphone"), 1, "for the camera alone");
        let own = stage.own_member(dialled.call).expect("a member");
        let muted = stage.mute(own, true);
        stage.until_settled(muted);
        let over = stage.hang_up(dialled.call);
        stage.until_settled(over);
    });
}

#[test]
fn a_slow_network_is_slow_and_works() {
    // A response may take five seconds, the one to an invite six.
    for (latency, works) in [(1_000, true), (2_400, true), (2_900, true), (3_100, false)] {
        play(Setup::default(), |stage| {
            stage.setup.latency = latency.min(2_400);
            let ready = stage.connect();
            stage.until_settled(ready);
            stage.assert_resolved(ready);
            stage.setup.latency = latency;
            let dialled = stage.dial("/public/echo");
            stage.until_settled(dialled.reply);
            if works {
                stage.assert_resolved(dialled.reply);
                stage.until_status(dialled.call, "connected");
            } else {
                stage.assert_rejected(dialled.reply, ErrorCode::DialTimeout);
            }
            stage.pass(20_000);
        });
    }
}
