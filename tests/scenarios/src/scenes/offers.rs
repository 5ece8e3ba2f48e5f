//! When the offer leaves, in the course of a whole dial.

use serde_json::json;
use signalwire_wasm::engine::error::{Cause, ErrorCode};
use signalwire_wasm::engine::io::{CandidateType, Millis};

use crate::stage::{Setup, play};
use CandidateType::{Host, Relay, Routed};

fn gathering(candidates: &[(Millis, CandidateType)], gathered: Option<Millis>) -> Setup {
    Setup {
        candidates: candidates.to_vec(),
        gathered,
        ..Setup::default()
    }
}

/// From the local description to the invite.
fn waited(setup: Setup, options: serde_json::Value) -> Millis {
    let mut waited = 0;
    play(setup, |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        let dialled = stage.dial_with("/public/echo", options);
        stage.until_status(dialled.call, "connected");
        let described = stage.done_at("offer") + stage.setup.offer_takes;
        waited = stage.done_at("verto.invite") - described;
    });
    waited
}

#[test]
fn the_offer_leaves_as_soon_as_it_is_good_enough() {
    let rows = [
        ("all gathered", gathering(&[(1, Host)], Some(40)), 40),
        (
            "routed, then quiet",
            gathering(&[(1, Host), (25, Routed)], None),
            75,
        ),
        (
            "quiet begins anew",
            gathering(&[(25, Routed), (60, Relay)], None),
            110,
        ),
        (
            "gathered within the quiet",
            gathering(&[(25, Routed)], Some(30)),
            30,
        ),
        ("a dead STUN server", gathering(&[(1, Host)], None), 700),
        ("nothing at all", gathering(&[], None), 700),
        ("too late", gathering(&[(1, Host), (680, Relay)], None), 700),
        (
            "a slow end",
            gathering(&[(1, Host), (20, Routed)], Some(40_000)),
            70,
        ),
    ];
    for (name, setup, expected) in rows {
        assert_eq!(waited(setup, json!({})), expected, "{name}");
    }
}

#[test]
fn every_transport_counts() {
    let setup = gathering(&[(1, Host), (30, Relay)], None);
    assert_eq!(waited(setup, json!({ "video": true })), 80);
}

#[test]
fn a_relayed_call_waits_for_its_relay() {
    let relay_only = json!({ "relayOnly": true });
    let setup = gathering(&[(1, Host), (5, Routed), (3_000, Relay)], None);
    assert_eq!(waited(setup, relay_only.clone()), 3_050);
    let setup = gathering(&[(3_000, Relay)], Some(3_001));
    assert_eq!(waited(setup, relay_only), 3_001);
}

#[test]
fn without_a_relay_a_relayed_call_fails_after_six_seconds() {
    for (gathered, expected) in [(None, 6_000), (Some(2_000), 2_000)] {
        play(gathering(&[(1, Host), (5, Routed)], gathered), |stage| {
            let ready = stage.connect();
            stage.until_settled(ready);
            let dialled = stage.dial_with("/public/echo", json!({ "relayOnly": true }));
            stage.until_settled(dialled.reply);
            let described = stage.done_at("offer") + stage.setup.offer_takes;
            assert_eq!(stage.settled_at(dialled.reply) - described, expected);
            let failure = stage.rejection(dialled.reply);
            let Some(Cause::Failure(cause)) = &failure.cause else {
                panic!("a cause: {failure:?}")
            };
            assert_eq!(cause.code, ErrorCode::NoRelayCandidate);
            stage.assert_ended(dialled.call, "media");
            assert_eq!(stage.times("verto.invite"), 0);
        });
    }
}
