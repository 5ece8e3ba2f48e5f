//! The socket is cut, stalls, or the space goes away.

use serde_json::{Value, json};
use signalwire_wasm::engine::error::ErrorCode;
use signalwire_wasm::engine::state::Field;

use crate::stage::{Fate, Reach, Setup, Stage, Way, play};

#[test]
fn a_cut_while_connecting_is_not_noticed() {
    play(Setup::default(), |stage| {
        stage.once(Way::ToPage, "ice_servers", Fate::Cuts);
        let ready = stage.connect();
        let dialled = stage.dial("/public/echo");
        stage.until_status(dialled.call, "connected");
        stage.assert_resolved(ready);
        stage.assert_resolved(dialled.reply);
        assert_eq!(stage.times("open socket"), 2);
        assert_eq!(stage.times("microphone"), 1);
        stage.until(1_000, "joined", |stage| {
            stage.own_member(dialled.call).is_some()
        });
    });
}

#[test]
fn a_call_lives_through_a_cut_and_its_status_stays() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        stage.cut();
        stage.pass(10);
        assert!(!stage.is_ready());
        stage.until(5_000, "ready again", Stage::is_ready);
        let statuses = ["trying", "connecting", "connected"];
        assert_eq!(stage.statuses(dialled.call), statuses);
        let over = stage.hang_up(dialled.call);
        stage.until_settled(over);
        assert_eq!(
            stage.ends_at_space(),
            [("client", "bye")],
            "the same session"
        );
    });
}

#[test]
fn a_session_is_taken_up_with_its_protocol_and_state() {
    play(Setup::default(), |stage| {
        stage.talking("/public/echo");
        for cuts in 1..=3 {
            stage.cut();
            stage.pass(1_000);
            let sessions = stage.sessions();
            assert_eq!(sessions.len(), 1);
            assert_eq!(sessions[0].resumed, cuts);
        }
        assert_eq!(stage.times("subscriber/info"), 1, "who am I is asked once");
    });
}

#[test]
fn what_has_been_heard_is_not_told_again_after_a_cut() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        stage.pass(1_000);
        for _ in 0..3 {
            stage.cut();
            stage.pass(1_000);
        }
        let joined = stage
            .application
            .values(dialled.call, Field::CallCapabilities);
        assert_eq!(joined.len(), 1);
    });
}

#[test]
fn a_cut_that_the_space_has_not_seen_is_mended_as_well() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        stage.cut_unseen_by_space();
        stage.pass(2_000);
        assert!(stage.is_ready());
        stage.cut();
        stage.pass(2_000);
        assert!(stage.is_ready());
        assert_eq!(stage.sessions().len(), 1);
        assert_eq!(stage.status(dialled.call), "connected");
    });
}

#[test]
fn a_cut_while_it_rings_changes_nothing() {
    play(Setup::default(), |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        let dialled = stage.dial("/public/silent");
        stage.until_settled(dialled.reply);
        stage.cut();
        stage.pass(10_000);
        assert_eq!(stage.statuses(dialled.call), ["trying"]);
        assert_eq!(stage.calls_at_space().len(), 1);
    });
}

#[test]
fn what_was_said_during_a_cut_is_heard_after_it() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        let peer = stage.peer_of(dialled.call).expect("a connection");
        stage.setup.reach = Reach::Refused;
        stage.cut();
        stage.far_media_dies(peer);
        stage.pass(40_000);
        assert!(stage.calls_at_space().is_empty());
        assert_eq!(stage.status(dialled.call), "connected");
        stage.setup.reach = Reach::Up;
        stage.pass(5_000);
        let (_, cause, number) = stage.end_reason(dialled.call);
        assert_eq!(
            (cause.as_deref(), number),
            (Some("RECOVERY_ON_TIMER_EXPIRE"), Some(102))
        );
    });
}

#[test]
fn a_call_ends_when_the_cut_outlasts_it_and_the_client_comes_back() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        stage.setup.reach = Reach::Nowhere;
        stage.cut();
        // The space gives the call up after a minute; then its packets stop.
        stage.pass(80_000);
        stage.assert_ended(dialled.call, "media");
        assert!(!stage.browser.records());
        stage.pass(300_000);
        stage.setup.reach = Reach::Up;
        stage.until(14_000, "ready again", Stage::is_ready);
        assert_eq!(stage.sessions().len(), 1);
        assert_eq!(stage.sessions()[0].resumed, 0, "a fresh one");
        let again = stage.dial("/public/echo");
        stage.until_status(again.call, "connected");
    });
}

#[test]
fn a_space_that_restarts_takes_the_call_along() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        stage.space_restarts();
        stage.until_status(dialled.call, "destroyed");
        stage.assert_ended(dialled.call, "network");
        assert_eq!(
            stage.call_errors(dialled.call),
            [(ErrorCode::SessionLost, true)]
        );
        assert!(stage.is_ready(), "a fresh session");
        let again = stage.dial("/public/echo");
        stage.until_status(again.call, "connected");
        assert_eq!(stage.calls_at_space().len(), 1);
    });
}

#[test]
fn a_dial_that_the_space_forgot_does_not_wait_out_its_time() {
    play(Setup::default(), |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        stage.once(Way::ToPage, "CALL CREATED", Fate::Cuts);
        let dialled = stage.dial("/public/silent");
        stage.until_deed("verto.invite");
        stage.pass(stage.setup.latency);
        stage.space_restarts();
        let begun = stage.now;
        stage.until_settled(dialled.reply);
        stage.assert_rejected(dialled.reply, ErrorCode::DialFailed);
        assert!(stage.now - begun < 1_000, "{}", stage.now - begun);
        stage.assert_ended(dialled.call, "network");
        assert_eq!(
            stage.call_errors(dialled.call),
            [(ErrorCode::SessionLost, true)]
        );
    });
}

#[test]
fn a_hang_up_under_way_settles_when_the_session_is_lost() {
    for outage in [0, 10_000] {
        play(Setup::default(), |stage| {
            let dialled = stage.talking("/public/echo");
            stage.setup.reach = Reach::Refused;
            stage.cut();
            stage.pass(100);
            let over = stage.hang_up(dialled.call);
            stage.space_restarts();
            stage.pass(outage);
            stage.setup.reach = Reach::Up;
            stage.until_settled(over);
            stage.assert_ended(dialled.call, "normal");
            stage.until(5_000, "ready", Stage::is_ready);
            stage.pass(1_000);
            assert_eq!(
                stage.times("verto.bye"),
                0,
                "there is nothing to take leave of"
            );
        });
    }
}

#[test]
fn a_dial_that_has_not_left_yet_leaves_on_the_next_session() {
    // The offer is ready while there is no socket, and the session it was made in is lost.
    play(Setup::default(), |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        stage.setup.reach = Reach::Refused;
        let dialled = stage.dial("/public/echo");
        stage.until_deed("offer");
        stage.space_restarts();
        stage.pass(400);
        assert_eq!(stage.times("verto.invite"), 0);
        stage.setup.reach = Reach::Up;
        stage.until_settled(dialled.reply);
        stage.assert_resolved(dialled.reply);
        stage.until_status(dialled.call, "connected");
        assert_eq!(stage.calls_at_space().len(), 1);
    });
}

fn refused_with(code: i64) -> fn(&str) -> String {
    match code {
        -32002 => |text| answer_with_error(text, -32002),
        -32003 => |text| answer_with_error(text, -32003),
        _ => |text| answer_with_error(text, -32602),
    }
}

fn answer_with_error(text: &str, code: i64) -> String {
    let frame: Value = serde_json::from_str(text).expect("JSON");
    let error = json!({ "code": code, "message": "refused" });
    json!({ "jsonrpc": "2.0", "id": frame["id"], "error": error }).to_string()
}

#[test]
fn a_refused_resume_leads_to_a_fresh_session() {
    for code in [-32002, -32003, -32602] {
        play(Setup::default(), |stage| {
            let dialled = stage.talking("/public/echo");
            stage.once(
                Way::ToPage,
                "ice_servers",
                Fate::Altered(refused_with(code)),
            );
            stage.cut();
            stage.until_status(dialled.call, "destroyed");
            stage.assert_ended(dialled.call, "network");
            assert!(stage.is_ready());
            assert!(
                stage.client_errors().is_empty(),
                "nothing to do for the application"
            );
        });
    }
}

#[test]
fn a_refusal_that_may_pass_is_told_and_tried_again() {
    play(Setup::default(), |stage| {
        stage.once(
            Way::ToPage,
            "ice_servers",
            Fate::Altered(|text| answer_with_error(text, -32603)),
        );
        let ready = stage.connect();
        stage.until_settled(ready);
        stage.assert_resolved(ready);
        assert_eq!(stage.client_errors(), [ErrorCode::ConnectRefused]);
    });
}

#[test]
fn a_credential_that_ends_ends_the_session_with_goodbyes_and_one_error() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        stage.pass(7_190_000);
        assert_eq!(stage.status(dialled.call), "connected");
        stage.until_status(dialled.call, "destroyed");
        stage.assert_ended(dialled.call, "expired");
        assert_eq!(stage.client_errors(), [ErrorCode::CredentialsExpired]);
        assert_eq!(stage.times("verto.bye"), 1);
        let again = stage.dial("/public/echo");
        stage.assert_rejected(again.reply, ErrorCode::CredentialsExpired);
        let sockets = stage.times("open socket");
        stage.pass(60_000);
        assert_eq!(stage.times("open socket"), sockets, "nothing is tried");
        let ready = stage.connect();
        stage.until_settled(ready);
        stage.assert_resolved(ready);
        assert_eq!(stage.times("authenticate"), 2, "a new credential");
    });
}

#[test]
fn a_stalled_socket_holds_a_hang_up_for_five_seconds_at_most() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        stage.stall();
        let (begun, over) = (stage.now, stage.hang_up(dialled.call));
        assert!(!stage.browser.records(), "the microphone is off at once");
        stage.until_settled(over);
        assert_eq!(stage.settled_at(over), begun + 5_000);
        stage.assert_ended(dialled.call, "normal");
        stage.flow();
        stage.pass(1_000);
        assert_eq!(stage.ends_at_space(), [("client", "bye")]);
    });
}

#[test]
fn a_space_that_announces_its_close_is_found_again() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        let going = json!({ "jsonrpc": "2.0", "id": "x", "method": "signalwire.disconnect" });
        stage.space_sends(&going.to_string());
        stage.pass(100);
        stage.cut();
        stage.pass(2_000);
        assert!(stage.is_ready());
        assert_eq!(stage.status(dialled.call), "connected");
    });
}

#[test]
fn a_call_lives_through_a_train_ride() {
    for seed in 0..40 {
        let setup = Setup {
            seed,
            latency: 150,
            jitter: 200,
            ..Setup::default()
        };
        play(setup, |stage| {
            let dialled = stage.talking("/public/echo");
            let own = stage.own_member(dialled.call).expect("a member");
            for _ in 0..20 {
                stage.setup.reach = Reach::Refused;
                stage.cut();
                let tunnel = stage.below(20_000);
                stage.pass(tunnel);
                stage.setup.reach = Reach::Up;
                let light = 5_000 + stage.below(5_000);
                stage.pass(light);
            }
            stage.until(15_000, "ready", Stage::is_ready);
            let muted = stage.mute(own, true);
            stage.until_settled(muted);
            stage.assert_resolved(muted);
            assert_eq!(
                stage.statuses(dialled.call),
                ["trying", "connecting", "connected"]
            );
            assert_eq!(stage.sessions().len(), 1);
        });
    }
}
