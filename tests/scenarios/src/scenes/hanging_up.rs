//! Hanging up and giving up: races, and every phase of a dial.

use serde_json::json;
use signalwire_wasm::engine::error::ErrorCode;
use signalwire_wasm::engine::io::Entity;

use crate::stage::{Device, Fate, Provider, Reach, Setup, Stage, Way, play};

#[test]
fn both_sides_hang_up_at_once() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        let id = stage.call_id(dialled.call);
        let cause = json!({ "callID": id, "cause": "NORMAL_CLEARING", "causeCode": 16 });
        stage.space_says_verto("verto.bye", cause);
        let over = stage.hang_up(dialled.call);
        stage.until_settled(over);
        stage.assert_resolved(over);
        stage.assert_ended(dialled.call, "normal");
        stage.pass(10_000);
        assert_eq!(stage.times("verto.bye"), 1);
    });
}

#[test]
fn everybody_who_hangs_up_is_told() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        let all = [1, 2, 3].map(|_| stage.hang_up(dialled.call));
        for over in all {
            stage.until_settled(over);
            stage.assert_resolved(over);
        }
        assert_eq!(stage.times("verto.bye"), 1);
        let late = stage.hang_up(dialled.call);
        stage.assert_resolved(late);
    });
}

#[test]
fn a_hang_up_during_the_invite_ends_the_call_at_the_space_too() {
    play(Setup::default(), |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        let dialled = stage.dial("/public/echo");
        stage.until_deed("verto.invite");
        let over = stage.hang_up(dialled.call);
        stage.until_settled(over);
        stage.assert_rejected(dialled.reply, ErrorCode::DialFailed);
        stage.assert_ended(dialled.call, "cancelled");
        assert_eq!(stage.ends_at_space(), [("client", "bye")]);
        assert_eq!(
            stage.statuses(dialled.call),
            ["disconnecting", "disconnected", "destroyed"]
        );
    });
}

#[test]
fn a_hang_up_without_a_socket_settles_within_five_seconds() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        stage.setup.reach = Reach::Nowhere;
        stage.cut();
        stage.pass(1_000);
        let (begun, over) = (stage.now, stage.hang_up(dialled.call));
        assert!(!stage.browser.records());
        stage.until_settled(over);
        assert!(stage.settled_at(over) <= begun + 5_000);
        stage.assert_ended(dialled.call, "normal");
    });
}

#[test]
fn a_goodbye_that_waited_for_the_socket_is_said() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        stage.cut();
        stage.pass(1);
        let over = stage.hang_up(dialled.call);
        stage.until_settled(over);
        assert!(stage.is_ready());
        assert_eq!(stage.ends_at_space(), [("client", "bye")]);
    });
}

#[test]
fn an_invite_that_never_left_is_taken_back_without_a_word() {
    for hangs_up in [true, false] {
        play(Setup::default(), |stage| {
            let ready = stage.connect();
            stage.until_settled(ready);
            stage.setup.reach = Reach::Refused;
            let dialled = stage.dial("/public/echo");
            stage.until_deed("offer");
            stage.cut();
            stage.pass(400);
            if hangs_up {
                let over = stage.hang_up(dialled.call);
                stage.until_settled(over);
                stage.assert_rejected(dialled.reply, ErrorCode::DialFailed);
            } else {
                stage.abort(dialled);
                stage.assert_rejected(dialled.reply, ErrorCode::DialAborted);
            }
            stage.setup.reach = Reach::Up;
            stage.pass(5_000);
            assert_eq!(stage.times("verto.invite"), 0);
            assert_eq!(stage.times("verto.bye"), 0);
            assert!(stage.ends_at_space().is_empty());
        });
    }
}

#[test]
fn a_goodbye_that_went_down_with_its_socket_is_repeated_at_once() {
    play(Setup::default(), |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        let dialled = stage.dial("/public/silent");
        stage.until_settled(dialled.reply);
        stage.once(Way::ToSpace, "verto.bye", Fate::Cuts);
        let (begun, over) = (stage.now, stage.hang_up(dialled.call));
        stage.until_settled(over);
        assert!(stage.now - begun < 500, "{}", stage.now - begun);
        assert_eq!(stage.ends_at_space(), [("client", "bye")]);
    });
}

#[test]
fn a_far_end_does_not_ring_on_because_the_goodbye_found_no_socket() {
    // The client knows of the cut, learns of it later, or learns of it after it has stopped to wait.
    for heard_of_it in [-1, 1, 7_000] {
        play(Setup::default(), |stage| {
            let ready = stage.connect();
            stage.until_settled(ready);
            let dialled = stage.dial("/public/silent");
            stage.until_settled(dialled.reply);
            stage.setup.reach = Reach::Nowhere;
            match u64::try_from(heard_of_it) {
                Ok(later) => {
                    stage.stall();
                    stage.outside(later, Stage::cut);
                }
                Err(_) => {
                    stage.cut();
                    stage.pass(10);
                }
            }
            let over = stage.hang_up(dialled.call);
            stage.until_settled(over);
            stage.pass(10_000);
            stage.setup.reach = Reach::Up;
            stage.until(20_000, "ready again", Stage::is_ready);
            stage.pass(1_000);
            assert_eq!(stage.sessions()[0].resumed, 1);
            assert_eq!(stage.ends_at_space(), [("client", "bye")]);
        });
    }
}

/// Aborts a dial as soon as `phase` is reached.
fn abort_when(setup: Setup, phase: &str, reached: impl Fn(&Stage) -> bool) {
    play(setup, |stage| {
        stage.connect();
        let dialled = stage.dial("/public/echo");
        stage.until(10_000, phase, reached);
        let begun = stage.now;
        stage.abort(dialled);
        stage.assert_rejected(dialled.reply, ErrorCode::DialAborted);
        assert_eq!(stage.settled_at(dialled.reply), begun, "{phase}: at once");
        stage.assert_ended(dialled.call, "cancelled");
        assert!(!stage.browser.records(), "{phase}");
        stage.abort(dialled);
        stage.until(20_000, "ready", Stage::is_ready);
        stage.pass(1_000);
        assert!(stage.calls_at_space().is_empty(), "{phase}");
        assert!(!stage.browser.records(), "{phase}: it stays off");
    });
}

#[test]
fn a_dial_can_be_aborted_in_every_phase() {
    let exchange = Setup {
        provider: Provider::Embed("c2c_00000000000000000000000000000001"),
        ..Setup::default()
    };
    abort_when(exchange, "the exchange", |stage| {
        stage.times("exchange") == 1
    });
    let prompt = Setup {
        device_takes: 1_000,
        ..Setup::default()
    };
    abort_when(prompt, "the prompt", |stage| stage.is_ready());
    for deed in [
        "microphone",
        "open socket",
        "signalwire.connect",
        "offer",
        "verto.invite",
    ] {
        abort_when(Setup::default(), deed, |stage| stage.times(deed) == 1);
    }
    let gathering = |stage: &Stage| stage.times("offer") == 1 && stage.now >= 160;
    abort_when(Setup::default(), "gathering", gathering);
}

#[test]
fn an_abort_after_the_call_exists_is_too_late() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        stage.abort(dialled);
        stage.pass(1_000);
        assert_eq!(stage.status(dialled.call), "connected");
    });
}

#[test]
fn a_microphone_that_is_granted_after_the_hang_up_is_given_back() {
    let setup = Setup {
        device: Device::Open,
        ..Setup::default()
    };
    play(setup, |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        let dialled = stage.dial("/public/echo");
        stage.pass(1_000);
        let over = stage.hang_up(dialled.call);
        stage.assert_resolved(over);
        stage.assert_rejected(dialled.reply, ErrorCode::DialFailed);
        stage.allow();
        stage.pass(100);
        assert!(!stage.browser.records());
        assert_eq!(stage.browser.disposed, 1);
        assert_eq!(stage.times("verto.invite"), 0);
    });
}

#[test]
fn the_page_goes_away_with_a_goodbye() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        stage.page_hides(false);
        stage.assert_ended(dialled.call, "normal");
        stage.pass(100);
        assert_eq!(stage.ends_at_space(), [("client", "bye")]);
    });
}

#[test]
fn a_page_that_may_come_back_keeps_its_call() {
    let mut attached = Setup::default();
    attached.config.reconnect_attached_calls = true;
    for (setup, persisted) in [(Setup::default(), true), (attached, false)] {
        play(setup, |stage| {
            let dialled = stage.talking("/public/echo");
            stage.page_hides(persisted);
            stage.pass(100);
            assert_eq!(stage.status(dialled.call), "connected");
            assert_eq!(stage.times("verto.bye"), 0);
        });
    }
}

#[test]
fn a_destroyed_call_ends_without_signalling() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        stage.destroy_call(dialled.call);
        stage.assert_ended(dialled.call, "normal");
        stage.pass(1_000);
        assert_eq!(stage.times("verto.bye"), 0);
        // The space misses the media.
        stage.pass(31_000);
        assert_eq!(stage.ends_at_space(), [("space", "media_lost")]);
    });
}

#[test]
fn a_lost_goodbye_costs_five_seconds() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        stage.once(Way::ToSpace, "verto.bye", Fate::Lost);
        let (begun, over) = (stage.now, stage.hang_up(dialled.call));
        stage.until_settled(over);
        assert_eq!(stage.settled_at(over), begun + 5_000);
        stage.assert_resolved(over);
    });
}

#[test]
fn after_destroy_every_command_is_refused() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        let member = stage.own_member(dialled.call).expect("a member");
        stage.destroy();
        stage.check_gone();
        let commands = [
            stage.connect(),
            stage.disconnect(),
            stage.hang_up(dialled.call),
            stage.mute(member, true),
            stage.dial("/public/echo").reply,
        ];
        for reply in commands {
            stage.assert_rejected(reply, ErrorCode::ClientDestroyed);
        }
        assert_eq!(stage.dial("/public/echo").call, Entity::CLIENT);
    });
}

#[test]
fn a_dial_that_waits_for_connect_can_be_given_up() {
    play(Setup::default(), |stage| {
        let aborted = stage.dial("/public/echo");
        stage.abort(aborted);
        stage.assert_rejected(aborted.reply, ErrorCode::DialAborted);
        let hung_up = stage.dial("/public/echo");
        let over = stage.hang_up(hung_up.call);
        stage.assert_resolved(over);
        stage.assert_rejected(hung_up.reply, ErrorCode::DialFailed);
        let gone = stage.dial("/public/echo");
        let disconnected = stage.disconnect();
        stage.assert_resolved(disconnected);
        stage.assert_rejected(gone.reply, ErrorCode::ClientDisconnected);
        assert!(stage.deeds().is_empty());
    });
}

#[test]
fn a_space_that_has_forgotten_the_call_does_not_keep_a_hang_up_waiting() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        let id = stage.call_id(dialled.call);
        // Somebody else's goodbye for the same call, which the client has not heard of.
        stage.page_sends(&bye(&id));
        stage.once(Way::ToPage, "CALL ENDED", Fate::Lost);
        stage.pass(100);
        let over = stage.hang_up(dialled.call);
        stage.until_settled(over);
        stage.assert_resolved(over);
        stage.assert_ended(dialled.call, "normal");
    });
}

fn bye(call_id: &str) -> String {
    let inner = json!({ "dialogParams": { "callID": call_id } });
    let message = json!({ "jsonrpc": "2.0", "id": "i", "method": "verto.bye", "params": inner });
    let params = json!({ "callID": call_id, "node_id": "", "message": message });
    let id = "somebody else";
    json!({ "jsonrpc": "2.0", "id": id, "method": "webrtc.verto", "params": params }).to_string()
}
