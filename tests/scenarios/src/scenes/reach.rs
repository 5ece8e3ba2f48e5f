//! How far a credential reaches: the space says so for each destination, and the session goes on.

use signalwire_wasm::engine::error::{Cause, ErrorCode, Failure};

use crate::stage::{Provider, Setup, Stage, play};

/// A credential, what it reaches, and what it does not.
struct Row {
    kind: &'static str,
    provider: Provider,
    reaches: &'static [&'static str],
    forbidden: &'static [&'static str],
}

const ROWS: &[Row] = &[
    Row {
        kind: "a subscriber",
        provider: Provider::Subscriber("ada@example.test"),
        reaches: &["/public/echo", "/public/tone", "/public/echo?channel=audio"],
        forbidden: &[],
    },
    Row {
        kind: "a guest of one address",
        provider: Provider::Guest(&["/public/echo"]),
        reaches: &["/public/echo", "/public/echo?channel=audio"],
        forbidden: &["/public/tone", "/private/ada", "/private/bob"],
    },
    Row {
        kind: "a guest of two",
        provider: Provider::Guest(&["/public/echo", "/public/tone"]),
        reaches: &["/public/echo", "/public/tone"],
        forbidden: &["/public/busy", "/private/ada"],
    },
    Row {
        kind: "somebody whom Ada invites",
        provider: Provider::Invite("ada@example.test"),
        reaches: &["/private/ada"],
        forbidden: &["/public/echo", "/private/bob"],
    },
    Row {
        kind: "a visitor of a click-to-call page",
        provider: Provider::Embed("c2c_00000000000000000000000000000001"),
        reaches: &["/public/echo"],
        forbidden: &["/public/tone", "/private/ada"],
    },
];

/// Ada, in another page, takes every call.
fn ada_answers(stage: &mut Stage) {
    let ada = stage.enter(Setup::plain());
    stage.with(ada, |stage| {
        stage.start();
        stage.until(20_000, "registered", Stage::is_registered);
    });
    // The others of her calls end before the next begins.
    for after in (0..200).map(|tick| tick * 500) {
        stage.outside(after, move |stage| {
            stage.with(ada, |stage| {
                for call in stage.ringing() {
                    stage.answer(call);
                }
            });
        });
    }
}

/// Why a dial failed: its own code, and the number that the space gave.
fn refusal(failure: &Failure) -> (ErrorCode, i32) {
    match &failure.cause {
        Some(Cause::Failure(cause)) => (failure.code, cause.number),
        other => panic!("a cause: {other:?}"),
    }
}

#[test]
fn each_credential_calls_what_it_reaches_and_is_told_what_it_does_not() {
    for row in ROWS {
        let setup = Setup {
            provider: row.provider.clone(),
            ..Setup::default()
        };
        play(setup, |stage| {
            ada_answers(stage);
            let ready = stage.connect();
            stage.until_settled(ready);
            // Who is a guest does not learn what there is and what not.
            let nobody = match row.forbidden {
                [] => (
                    "/public/nobody",
                    ErrorCode::DialUnknown,
                    -32004,
                    "unreachable",
                ),
                _ => (
                    "/public/nobody",
                    ErrorCode::DialForbidden,
                    -32001,
                    "forbidden",
                ),
            };
            let refused = row
                .forbidden
                .iter()
                .map(|to| (*to, ErrorCode::DialForbidden, -32001, "forbidden"))
                .chain([nobody]);
            let mut errors = Vec::new();
            for (to, code, number, reason) in refused {
                let dialled = stage.dial(to);
                stage.until_settled(dialled.reply);
                let found = refusal(stage.rejection(dialled.reply));
                assert_eq!(found, (code, number), "{} calls {to}", row.kind);
                stage.assert_ended(dialled.call, reason);
                errors.push(code);
                assert_eq!(stage.client_errors(), errors, "each is told once");
                assert!(!stage.browser.records());
                assert!(stage.is_ready(), "the session goes on");
            }
            for to in row.reaches {
                let dialled = stage.dial(to);
                stage.until_status(dialled.call, "connected");
                stage.until_settled(dialled.reply);
                stage.assert_resolved(dialled.reply);
                let over = stage.hang_up(dialled.call);
                stage.until_settled(over);
                stage.assert_ended(dialled.call, "normal");
                stage.pass(1_000);
            }
            assert_eq!(stage.times("open socket"), 1, "{}", row.kind);
        });
    }
}

#[test]
fn only_a_subscriber_can_be_called() {
    for row in ROWS {
        let setup = Setup {
            provider: row.provider.clone(),
            ..Setup::plain()
        };
        play(setup, |stage| {
            stage.start();
            let online = stage.register();
            stage.until_settled(online);
            stage.assert_resolved(online);
            stage.until(10_000, "ready", Stage::is_ready);
            stage.pass(10_000);
            let can = row.kind == "a subscriber";
            assert_eq!(stage.is_registered(), can, "{}", row.kind);
            assert_eq!(stage.times("subscriber.online"), usize::from(can));
            let registered = stage.sessions().iter().any(|one| one.registered);
            assert_eq!(registered, can, "{}", row.kind);
            assert_eq!(stage.client_errors(), []);
        });
    }
}

#[test]
fn a_loss_does_not_widen_the_reach() {
    let setup = Setup {
        provider: Provider::Guest(&["/public/echo"]),
        ..Setup::default()
    };
    play(setup, |stage| {
        let dialled = stage.talking("/public/echo");
        stage.cut();
        stage.pass(3_000);
        assert_eq!(stage.status(dialled.call), "connected");
        let other = stage.dial("/public/tone");
        stage.until_settled(other.reply);
        stage.assert_rejected(other.reply, ErrorCode::DialForbidden);
        stage.assert_ended(other.call, "forbidden");
        assert_eq!(stage.status(dialled.call), "connected");
    });
}
