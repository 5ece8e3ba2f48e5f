//! Frames that are lost, late, repeated or out of order.

use serde_json::json;
use signalwire_wasm::engine::error::ErrorCode;

use crate::stage::{Fate, Setup, Stage, Way, play};

fn ready(stage: &mut Stage) {
    let ready = stage.connect();
    stage.until_settled(ready);
}

#[test]
fn an_answer_may_overtake_the_response_to_the_invite() {
    play(Setup::default(), |stage| {
        ready(stage);
        stage.once(Way::ToPage, "CALL CREATED", Fate::Late(1_000));
        let dialled = stage.dial("/public/echo");
        stage.until_settled(dialled.reply);
        stage.assert_resolved(dialled.reply);
        stage.pass(60_000);
        assert_eq!(stage.statuses(dialled.call), ["connecting", "connected"]);
    });
}

#[test]
fn a_call_whose_creation_was_never_confirmed_goes_on_once_it_has_joined() {
    play(Setup::default(), |stage| {
        ready(stage);
        stage.once(Way::ToPage, "CALL CREATED", Fate::Lost);
        let dialled = stage.dial("/public/echo");
        stage.until_settled(dialled.reply);
        stage.assert_resolved(dialled.reply);
        stage.pass(60_000);
        assert_eq!(stage.statuses(dialled.call), ["connecting", "connected"]);
        assert!(stage.call_errors(dialled.call).is_empty());
    });
}

#[test]
fn a_cut_that_swallows_the_confirmation_does_not_end_an_answered_call() {
    play(Setup::default(), |stage| {
        ready(stage);
        stage.once(Way::ToPage, "CALL CREATED", Fate::Cuts);
        let dialled = stage.dial("/public/echo");
        stage.until_settled(dialled.reply);
        stage.assert_resolved(dialled.reply);
        stage.pass(60_000);
        assert_eq!(stage.statuses(dialled.call), ["connecting", "connected"]);
    });
}

#[test]
fn without_a_response_the_dial_ends_six_seconds_after_the_invite_with_a_goodbye() {
    for fate in [Fate::Lost, Fate::Cuts] {
        play(Setup::default(), |stage| {
            ready(stage);
            stage.once(Way::ToPage, "CALL CREATED", fate);
            let dialled = stage.dial("/public/silent");
            stage.until_settled(dialled.reply);
            stage.assert_rejected(dialled.reply, ErrorCode::DialTimeout);
            let limit = stage.done_at("verto.invite") + 6_000;
            assert_eq!(stage.settled_at(dialled.reply), limit);
            stage.assert_ended(dialled.call, "no_answer");
            assert_eq!(stage.client_errors(), [ErrorCode::DialTimeout]);
            stage.pass(1_000);
            assert_eq!(stage.ends_at_space(), [("client", "bye")]);
        });
    }
}

#[test]
fn a_lost_invite_is_not_sent_again() {
    for fate in [Fate::Lost, Fate::Cuts] {
        play(Setup::default(), |stage| {
            ready(stage);
            stage.once(Way::ToSpace, "verto.invite", fate);
            let dialled = stage.dial("/public/echo");
            stage.until_settled(dialled.reply);
            stage.assert_rejected(dialled.reply, ErrorCode::DialTimeout);
            stage.pass(1_000);
            assert_eq!(stage.times("verto.invite"), 1);
            assert!(stage.ends_at_space().is_empty(), "the space never had it");
        });
    }
}

#[test]
fn early_media_rings_and_the_answer_then_needs_no_sdp() {
    play(Setup::default(), |stage| {
        ready(stage);
        let dialled = stage.dial("/public/silent");
        stage.until_settled(dialled.reply);
        let id = stage.call_id(dialled.call);
        stage.space_says_verto("verto.media", json!({ "callID": id, "sdp": "early" }));
        stage.pass(1_000);
        assert_eq!(stage.statuses(dialled.call), ["trying", "ringing"]);
        stage.space_says_verto("verto.answer", json!({ "callID": id }));
        stage.pass(1_000);
        let expected = ["trying", "ringing", "connecting", "connected"];
        assert_eq!(stage.statuses(dialled.call), expected);
        assert_eq!(stage.times("answer"), 1);
        let over = stage.hang_up(dialled.call);
        stage.until_settled(over);
        stage.assert_ended(dialled.call, "normal");
    });
}

#[test]
fn a_repeated_answer_changes_nothing() {
    play(Setup::default(), |stage| {
        ready(stage);
        stage.once(Way::ToPage, "verto.answer", Fate::Twice(700));
        let dialled = stage.dial("/public/echo");
        stage.until_status(dialled.call, "connected");
        stage.pass(5_000);
        assert_eq!(stage.times("answer"), 1);
        assert_eq!(
            stage.statuses(dialled.call),
            ["trying", "connecting", "connected"]
        );
    });
}

#[test]
fn an_answer_that_comes_after_the_abort_is_nobodys() {
    play(Setup::default(), |stage| {
        ready(stage);
        stage.once(Way::ToPage, "verto.answer", Fate::Late(1_000));
        let dialled = stage.dial("/public/echo");
        stage.until_deed("verto.invite");
        stage.abort(dialled);
        stage.pass(5_000);
        stage.assert_rejected(dialled.reply, ErrorCode::DialAborted);
        stage.assert_ended(dialled.call, "cancelled");
        assert_eq!(stage.times("answer"), 0);
        assert_eq!(stage.ends_at_space(), [("client", "bye")]);
    });
}

#[test]
fn frames_of_another_shape_are_told_and_passed_over() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        for text in [
            "nonsense",
            "[]",
            "7",
            "{\"id\":7,\"method\":\"signalwire.event\"}",
        ] {
            stage.space_sends(text);
        }
        stage.pass(1_000);
        assert_eq!(
            stage.client_errors(),
            [ErrorCode::MessageMalformed],
            "the one that is no JSON"
        );
        assert_eq!(stage.status(dialled.call), "connected");
    });
}
