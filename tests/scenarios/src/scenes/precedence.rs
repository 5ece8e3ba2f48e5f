//! By what a credential is renewed: the client itself, the provider's `refresh()`, or nothing; never by two at a
//! time, and what the application hears of it (auth REQ-63 – REQ-72).

use std::ops::RangeInclusive;

use signalwire_wasm::engine::error::ErrorCode;

use crate::stage::{Dialled, Fate, HttpReply, Provider, Setup, Stage, Way, play};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
/// How long a SAT lives here, in seconds.
const LIFE: u64 = 300;

const FIRST: &str = "subscriber/devices/token";
const NEXT: &str = "subscriber/devices/refresh";

fn plain() -> Provider {
    Provider::Ending {
        reference: "ada@example.test",
        seconds: LIFE,
        told: true,
    }
}

fn scoped(forwards: bool) -> Provider {
    Provider::Scoped {
        reference: "ada@example.test",
        seconds: Some(LIFE),
        forwards,
    }
}

/// A client with a provider of the application's own.
fn client(refreshes: bool, provider: Provider) -> Setup {
    let mut setup = Setup {
        provider,
        refresh: plain(),
        ..Setup::plain()
    };
    setup.config.wants_fingerprint = true;
    setup.config.has_refresh = refreshes;
    setup
}

/// In a call, registered, with the first SAT.
fn in_a_call(stage: &mut Stage) -> Dialled {
    stage.start();
    stage.until(20_000, "registered", Stage::is_registered);
    let dialled = stage.dial("/public/echo");
    stage.until_status(dialled.call, "connected");
    stage.until_settled(dialled.reply);
    dialled
}

#[track_caller]
fn assert_renewed_by(stage: &Stage, mechanism: &str) {
    assert!(stage.is_ready() && stage.is_registered());
    let refreshes = stage.refreshes();
    assert!(refreshes.len() >= 4, "{refreshes:?}");
    assert!(
        refreshes.iter().all(|(own, _)| *own == mechanism),
        "{refreshes:?}"
    );
    assert_eq!(stage.times("authenticate"), 1);
}

#[track_caller]
fn assert_ended(stage: &Stage) {
    assert!(!stage.is_connected());
    let last = stage.client_errors().pop();
    assert_eq!(last, Some(ErrorCode::CredentialsExpired));
    assert_eq!(stage.refreshes(), []);
    assert_eq!(stage.times("authenticate"), 1);
    assert_eq!(stage.times("refresh"), 0);
}

const FALLBACK: &str = "credential_refresh_fallback";
const NO_HANDLER: &str = "credential_no_refresh_handler";

#[test]
fn with_refresh_and_scope_the_client_renews_and_refresh_is_never_called() {
    for forwards in [true, false] {
        play(client(true, scoped(forwards)), |stage| {
            let dialled = in_a_call(stage);
            stage.pass(25 * MINUTE);
            assert_renewed_by(stage, "client-bound");
            assert_eq!(stage.times("refresh"), 0);
            assert_eq!(stage.times(FIRST), 1);
            assert_eq!(stage.reasons(), []);
            assert_eq!(stage.client_errors(), []);
            assert_eq!(stage.status(dialled.call), "connected");
        });
    }
}

#[test]
fn with_refresh_and_no_scope_the_provider_renews() {
    play(client(true, plain()), |stage| {
        let dialled = in_a_call(stage);
        stage.pass(25 * MINUTE);
        assert_renewed_by(stage, "developer");
        assert_eq!(stage.times(FIRST) + stage.times(NEXT), 0);
        assert_eq!(stage.reasons(), [(FALLBACK, "no-scope")]);
        assert_eq!(stage.client_errors(), []);
        assert_eq!(stage.status(dialled.call), "connected");
    });
}

#[test]
fn without_refresh_and_with_scope_the_client_renews() {
    play(client(false, scoped(true)), |stage| {
        let dialled = in_a_call(stage);
        stage.pass(25 * MINUTE);
        assert_renewed_by(stage, "client-bound");
        assert_eq!(stage.reasons(), []);
        assert_eq!(stage.client_errors(), []);
        assert_eq!(stage.status(dialled.call), "connected");
    });
}

#[test]
fn without_both_the_session_ends_when_the_sat_does() {
    for takes_fingerprint in [true, false] {
        let mut setup = client(false, plain());
        setup.config.wants_fingerprint = takes_fingerprint;
        play(setup, |stage| {
            let dialled = in_a_call(stage);
            stage.pass(295 * SECOND - stage.now);
            assert_eq!(stage.reasons(), [(NO_HANDLER, "")]);
            assert_eq!(stage.client_errors(), []);
            assert!(stage.is_ready());
            stage.pass(25 * MINUTE);
            assert_ended(stage);
            stage.assert_ended(dialled.call, "expired");
            assert_eq!(stage.client_errors(), [ErrorCode::CredentialsExpired]);
            assert_eq!(stage.times(FIRST) + stage.times(NEXT), 0);
        });
    }
}

#[test]
fn without_a_key_the_provider_renews_or_nothing_does() {
    for refreshes in [true, false] {
        let mut setup = client(refreshes, scoped(true));
        setup.keys.can_make = false;
        play(setup, |stage| {
            in_a_call(stage);
            stage.pass(25 * MINUTE);
            assert_eq!(stage.times(FIRST) + stage.times(NEXT), 0);
            if refreshes {
                assert_renewed_by(stage, "developer");
                assert_eq!(stage.reasons(), [(FALLBACK, "no-dpop-support")]);
                assert_eq!(stage.client_errors(), []);
            } else {
                assert_eq!(stage.reasons(), [(NO_HANDLER, "")]);
                assert_ended(stage);
            }
        });
    }
}

#[test]
fn a_static_sat_with_the_scope_is_renewed_by_the_client() {
    let mut setup = client(false, scoped(false));
    setup.config.wants_fingerprint = false;
    play(setup, |stage| {
        in_a_call(stage);
        stage.pass(25 * MINUTE);
        assert_renewed_by(stage, "client-bound");
        assert_eq!(stage.times("load key"), 1, "nothing waits for it");
        assert_eq!(stage.times("ensure key"), 1, "once it is needed");
        assert_eq!(stage.reasons(), []);
        assert_eq!(stage.client_errors(), []);
    });
}

#[test]
fn whoever_embeds_has_no_key_and_hears_nothing_of_it() {
    for refreshes in [true, false] {
        let mut setup = Setup {
            provider: Provider::Embed("c2t_00000000000000000000000000000001"),
            refresh: Provider::Embed("c2t_00000000000000000000000000000001"),
            ..Setup::plain()
        };
        setup.config.outbound_only = true;
        setup.config.has_refresh = refreshes;
        setup.keys.stored = true;
        play(setup, |stage| {
            stage.talking("/public/echo");
            stage.pass(100 * MINUTE);
            stage.cut();
            stage.pass(MINUTE);
            assert_eq!(stage.times("load key") + stage.times("ensure key"), 0);
            assert_eq!(stage.times(FIRST) + stage.times(NEXT), 0);
            assert_eq!(stage.proofs.len(), 0);
            assert_eq!(stage.reasons(), []);
            assert_eq!(stage.client_errors(), []);
            assert!(stage.is_ready());
        });
    }
}

/// What goes wrong.
type Order = fn(&mut Stage);

/// What becomes of the activation, what is told of it, and how long it takes.
struct Outcome {
    name: &'static str,
    order: Order,
    reason: &'static str,
    /// Below `ActivationFailed`; empty where nothing is told.
    causes: &'static [ErrorCode],
    within: u64,
    /// Requests for a first Client Bound SAT.
    attempts: RangeInclusive<usize>,
    /// A socket that does not answer is of no use.
    sockets: RangeInclusive<usize>,
}

fn status(code: u16) -> HttpReply {
    HttpReply::Status(code)
}

/// Another SAT is shown than the one that was issued.
fn spoil(text: &str) -> String {
    text.replace("\"jwt_token\":\"", "\"jwt_token\":\"e30.")
}

fn outcomes() -> Vec<Outcome> {
    use ErrorCode::{
        DeviceTokenMissing, DeviceTokenRefused, ProofFailed, ReauthenticationFailed, RpcRefused,
    };
    let refused = |name, order| Outcome {
        name,
        order,
        reason: "endpoint-failed",
        causes: &[DeviceTokenRefused],
        within: SECOND,
        attempts: 1..=1,
        sockets: 1..=1,
    };
    let mut all = vec![
        refused("400", |stage: &mut Stage| {
            stage.answers(FIRST, status(400), 99)
        }),
        refused("403", |stage| stage.answers(FIRST, status(403), 99)),
        refused("404", |stage| stage.answers(FIRST, status(404), 99)),
        refused("422", |stage| stage.answers(FIRST, status(422), 99)),
    ];
    all.push(Outcome {
        name: "401",
        within: 31 * SECOND,
        attempts: 1..=6,
        ..refused("", |stage| stage.answers(FIRST, status(401), 99))
    });
    all.push(Outcome {
        name: "500",
        within: 31 * SECOND,
        attempts: 4..=7,
        ..refused("", |stage| stage.answers(FIRST, status(500), 99))
    });
    all.push(Outcome {
        name: "429, in an hour",
        within: SECOND,
        ..refused("", |stage| {
            stage.answers(FIRST, HttpReply::Later(429, 3_600), 99);
        })
    });
    for text in [r#"{"expires_in":900}"#, "<html>", "[]", ""] {
        all.push(Outcome {
            name: text,
            causes: &[DeviceTokenMissing],
            ..refused(
                "",
                match text {
                    "<html>" => |stage| stage.answers(FIRST, HttpReply::Text("<html>"), 99),
                    "[]" => |stage| stage.answers(FIRST, HttpReply::Text("[]"), 99),
                    "" => |stage| stage.answers(FIRST, HttpReply::Text(""), 99),
                    _ => |stage| {
                        stage.answers(FIRST, HttpReply::Text(r#"{"expires_in":900}"#), 99);
                    },
                },
            )
        });
    }
    all.push(Outcome {
        name: "no answer",
        reason: "activation-timeout",
        causes: &[],
        within: 31 * SECOND,
        attempts: 2..=3,
        ..refused("", |stage| stage.answers(FIRST, HttpReply::Silence, 99))
    });
    all.push(Outcome {
        name: "the session does not take it",
        causes: &[ReauthenticationFailed, RpcRefused],
        ..refused("", |stage| {
            stage.always(
                Way::ToSpace,
                "signalwire.reauthenticate",
                Fate::Altered(spoil),
            );
        })
    });
    all.push(Outcome {
        name: "the session says nothing to it",
        sockets: 2..=7,
        reason: "activation-timeout",
        causes: &[],
        within: 31 * SECOND,
        ..refused("", |stage| {
            stage.always(Way::ToSpace, "signalwire.reauthenticate", Fate::Lost);
        })
    });
    all.push(Outcome {
        name: "the browser does not sign",
        causes: &[ProofFailed],
        within: 31 * SECOND,
        attempts: 0..=0,
        ..refused("", |stage| stage.setup.keys.signs = false)
    });
    all.push(Outcome {
        name: "the key is another one",
        reason: "fingerprint-mismatch",
        causes: &[],
        attempts: 0..=0,
        ..refused("", |stage| {
            let user = r#"{"id":"1","sat_claims":{"scope":["sat:refresh"],"cnf":{"jkt":"other"}}}"#;
            stage.answers("subscriber/info", HttpReply::Text(user), 1);
        })
    });
    all
}

#[test]
fn whatever_becomes_of_the_activation_the_next_best_steps_in_and_is_told_once() {
    for outcome in outcomes() {
        let name = outcome.name;
        for refreshes in [true, false] {
            play(client(refreshes, scoped(false)), |stage| {
                (outcome.order)(stage);
                stage.start();
                stage.until(2 * SECOND, "ready", Stage::is_ready);
                let begun = stage.now;
                stage.until(outcome.within, name, |stage| !stage.reasons().is_empty());
                let told: &[_] = match refreshes {
                    true => &[(FALLBACK, outcome.reason)],
                    false => &[(NO_HANDLER, "")],
                };
                let mut errors = vec![];
                if !outcome.causes.is_empty() {
                    errors.push([&[ErrorCode::ActivationFailed], outcome.causes].concat());
                }
                assert_eq!(stage.causes(), errors, "{name}");
                assert!(stage.is_ready(), "{name}: at {begun}");
                let attempts = stage.times(FIRST);
                assert!(outcome.attempts.contains(&attempts), "{name}: {attempts}");
                stage.setup.keys.signs = true;
                stage.network.rules.clear();
                let dialled = stage.dial("/public/echo");
                stage.until_status(dialled.call, "connected");
                stage.pass(25 * MINUTE);
                assert_eq!(stage.times(FIRST), attempts, "{name}");
                assert_eq!(stage.times(NEXT), 0, "{name}");
                assert_eq!(stage.reasons(), told, "{name}");
                let sockets = stage.times("open socket");
                assert!(outcome.sockets.contains(&sockets), "{name}: {sockets}");
                if refreshes {
                    assert_renewed_by(stage, "developer");
                    assert_eq!(stage.causes(), errors, "{name}");
                    assert_eq!(stage.status(dialled.call), "connected", "{name}");
                } else {
                    assert_ended(stage);
                    errors.push(vec![ErrorCode::CredentialsExpired]);
                    assert_eq!(stage.causes(), errors, "{name}");
                }
            });
        }
    }
}

#[test]
fn an_activation_that_stumbles_and_succeeds_is_nobodys_business() {
    let stumbles: [(&str, Order); 7] = [
        ("500", |stage| stage.answers(FIRST, status(500), 2)),
        ("429", |stage| {
            stage.answers(FIRST, HttpReply::Later(429, 9), 1);
        }),
        ("silence", |stage| {
            stage.answers(FIRST, HttpReply::Silence, 1);
        }),
        ("slow", |stage| {
            stage.answers(FIRST, HttpReply::Slow(8_000), 1);
        }),
        ("lost", |stage| stage.answers(FIRST, HttpReply::Lost, 1)),
        ("nonce", |stage| {
            stage.answers(FIRST, HttpReply::Challenge("n-1"), 1);
        }),
        ("frame", |stage| {
            stage.once(Way::ToSpace, "signalwire.reauthenticate", Fate::Lost);
        }),
    ];
    for (name, order) in stumbles {
        play(client(true, scoped(true)), |stage| {
            order(stage);
            in_a_call(stage);
            stage.pass(25 * MINUTE);
            assert_renewed_by(stage, "client-bound");
            assert_eq!(stage.times("refresh"), 0, "{name}");
            assert_eq!(stage.reasons(), [], "{name}");
            assert_eq!(stage.client_errors(), [], "{name}");
        });
    }
}

#[test]
fn a_pause_that_the_space_asks_for_is_kept() {
    play(client(true, scoped(true)), |stage| {
        stage.answers(FIRST, HttpReply::Later(503, 9), 1);
        in_a_call(stage);
        stage.pass(MINUTE);
        let times = stage.all_done_at(FIRST);
        assert_eq!(times.len(), 2);
        let apart = times[1] - times[0];
        assert!((9_000..=9_200).contains(&apart), "{apart}");
    });
}

/// Cuts the socket; the session is resumed on the next.
fn reconnect(stage: &mut Stage) {
    stage.cut();
    stage.pass(MINUTE);
    assert!(stage.is_ready());
}

#[test]
fn a_scope_that_appears_is_used_after_the_next_reconnect() {
    let mut setup = client(true, plain());
    setup.refresh = scoped(true);
    play(setup, |stage| {
        let dialled = in_a_call(stage);
        stage.pass(20 * MINUTE);
        assert!(stage.refreshes().iter().all(|(own, _)| *own == "developer"));
        assert_eq!(stage.times(FIRST), 0, "not in this session");
        reconnect(stage);
        assert_eq!(stage.times(FIRST), 1);
        let before = stage.times("refresh");
        let refreshed = stage.refreshes().len();
        stage.pass(25 * MINUTE);
        assert_eq!(stage.times("refresh"), before);
        let later = &stage.refreshes()[refreshed..];
        assert!(later.len() >= 4);
        assert!(later.iter().all(|(own, _)| *own == "client-bound"));
        assert_eq!(
            stage.reasons(),
            [(FALLBACK, "no-scope")],
            "of the beginning"
        );
        assert_eq!(stage.status(dialled.call), "connected");
        assert_eq!(stage.client_errors(), []);
    });
}

#[test]
fn a_scope_that_disappears_leaves_the_provider_after_the_fallback() {
    play(client(true, scoped(true)), |stage| {
        let dialled = in_a_call(stage);
        stage.pass(5 * MINUTE);
        stage.answers(NEXT, status(403), 99);
        stage.pass(10 * MINUTE);
        assert_eq!(stage.reasons(), [(FALLBACK, "endpoint-failed")]);
        assert!(stage.times("refresh") > 0);
        stage.answers_itself();
        let asked = stage.times(FIRST) + stage.times(NEXT);
        reconnect(stage);
        stage.pass(30 * MINUTE);
        assert_eq!(stage.times(FIRST) + stage.times(NEXT), asked);
        assert_eq!(stage.reasons(), [(FALLBACK, "endpoint-failed")], "once");
        assert_eq!(stage.status(dialled.call), "connected");
        assert_eq!(stage.client_errors(), []);
    });
}

#[test]
fn an_activation_that_failed_is_tried_again_after_a_reconnect() {
    for refreshes in [true, false] {
        play(client(refreshes, scoped(true)), |stage| {
            stage.answers(FIRST, status(403), 99);
            let dialled = in_a_call(stage);
            stage.pass(MINUTE);
            stage.answers_itself();
            assert_eq!(stage.times(FIRST), 1);
            reconnect(stage);
            assert_eq!(stage.times(FIRST), 2);
            stage.pass(25 * MINUTE);
            assert!(stage.is_ready() && stage.is_registered());
            assert_eq!(stage.times("refresh"), 0);
            assert_eq!(stage.reasons().len(), 1, "once a session");
            assert_eq!(stage.status(dialled.call), "connected");
            assert_eq!(stage.client_errors(), [ErrorCode::ActivationFailed]);
        });
    }
}

#[test]
fn a_mechanism_is_decided_on_when_the_space_has_said_what_the_sat_allows() {
    // "Who am I" fails for a while: nothing is told before it is known.
    for refreshes in [true, false] {
        play(client(refreshes, scoped(true)), |stage| {
            stage.setup.who_am_i = [500, 503, 500].into();
            stage.start();
            stage.until(20_000, "ready", Stage::is_ready);
            stage.pass(25 * MINUTE);
            assert_eq!(stage.times("refresh"), 0);
            assert_eq!(stage.times(FIRST), 1);
            assert_eq!(stage.reasons(), []);
            assert!(stage.is_ready());
        });
    }
}

#[test]
fn reconnecting_again_and_again_warns_once_and_asks_nobody() {
    let clients = [
        (client(true, plain()), 1),
        (client(false, plain()), 1),
        (client(true, scoped(true)), 0),
    ];
    for (setup, warned) in clients {
        play(setup, |stage| {
            let dialled = in_a_call(stage);
            for _ in 0..15 {
                stage.cut();
                stage.pass(5 * SECOND);
                assert!(stage.is_ready());
            }
            assert_eq!(stage.reasons().len(), warned);
            assert_eq!(stage.times("authenticate"), 1);
            assert_eq!(stage.times("refresh"), 0);
            assert!(stage.times(FIRST) <= 1);
            assert_eq!(stage.status(dialled.call), "connected");
            assert_eq!(stage.client_errors(), []);
            assert_eq!(stage.refreshes(), []);
        });
    }
}
