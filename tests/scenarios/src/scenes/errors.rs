//! A credential that cannot be used: `InvalidCredentialsError` first and alone, whatever is wrong with it.

use signalwire_space::world::revocation::Revocation;
use signalwire_wasm::engine::error::ErrorCode;

use crate::stage::{Fate, Provider, Setup, Stage, Way, play};

/// The header `{"ch":"puc.localhost:8080"}`.
const HERE: &str = "eyJjaCI6InB1Yy5sb2NhbGhvc3Q6ODA4MCJ9";
/// The header `{"ch":"puc.elsewhere.test"}`.
const ELSEWHERE: &str = "eyJjaCI6InB1Yy5lbHNld2hlcmUudGVzdCJ9";

/// How a SAT is made useless.
type Spoil = fn(&mut Stage) -> (String, Option<u64>);

/// A good SAT, of which something is taken or to which something is done.
fn sat(stage: &mut Stage) -> String {
    stage.sat("ada@example.test", None)
}

const CAUSES: &[(&str, Spoil, ErrorCode)] = &[
    (
        "empty",
        |_| (String::new(), None),
        ErrorCode::CredentialsEmpty,
    ),
    (
        "no token at all",
        |_| ("pasted by mistake".to_owned(), None),
        ErrorCode::CredentialsMalformed,
    ),
    (
        "a header that is not JSON",
        |_| ("eyJjaCI.a.b.c.d".to_owned(), None),
        ErrorCode::CredentialsMalformed,
    ),
    (
        "in quotes",
        |stage| (format!("\"{}\"", sat(stage)), None),
        ErrorCode::CredentialsMalformed,
    ),
    (
        "cut off in its header",
        |stage| (sat(stage).chars().take(12).collect(), None),
        ErrorCode::CredentialsMalformed,
    ),
    (
        "cut off at its end",
        |stage| {
            let whole = sat(stage);
            (whole.chars().take(whole.len() - 9).collect(), None)
        },
        ErrorCode::CredentialsRejected,
    ),
    (
        "changed in its middle",
        |stage| {
            let mut parts: Vec<String> = sat(stage).split('.').map(str::to_owned).collect();
            parts[3] = parts[3].chars().rev().collect();
            (parts.join("."), None)
        },
        ErrorCode::CredentialsRejected,
    ),
    (
        "sealed by another space of the same name",
        |_| (format!("{HERE}.a.b.c.d"), None),
        ErrorCode::CredentialsRejected,
    ),
    (
        "of a space that the application does not allow",
        |_| (format!("{ELSEWHERE}.a.b.c.d"), None),
        ErrorCode::CredentialsForeign,
    ),
    (
        "expired, as the application says",
        |stage| {
            let past = stage.wall() - 1;
            (sat(stage), Some(past))
        },
        ErrorCode::CredentialsExpired,
    ),
    (
        "expired, as only the space knows",
        |stage| {
            let short = stage.sat("ada@example.test", Some(1));
            stage.advance_space_clock(5_000);
            (short, None)
        },
        ErrorCode::CredentialsRejected,
    ),
    (
        "revoked",
        |stage| {
            let whole = sat(stage);
            let id = stage.subscriber_id("ada@example.test");
            stage.space_revokes(Revocation::Subscriber { id });
            (whole, None)
        },
        ErrorCode::CredentialsRejected,
    ),
    (
        "with an expiry in seconds",
        |stage| {
            let seconds = stage.wall() / 1_000 + 7_200;
            (sat(stage), Some(seconds))
        },
        ErrorCode::CredentialsExpiryUnit,
    ),
];

fn spoiled(stage: &mut Stage, spoil: Spoil) {
    let (token, expiry_at) = spoil(stage);
    let token = Some(token);
    stage.setup.provider = Provider::Given { token, expiry_at };
}

fn setup() -> Setup {
    let mut setup = Setup::plain();
    setup.config.allowed_hosts = vec!["localhost".to_owned()];
    setup
}

/// What the application sees: one error, of the class that says that the credential is the matter.
#[track_caller]
fn assert_first_and_alone(stage: &Stage, cause: &str, code: ErrorCode) {
    assert_eq!(stage.client_errors(), [code], "{cause}");
    assert_eq!(code.class(), "InvalidCredentialsError", "{cause}");
    assert!(!stage.is_ready() && !stage.is_connected() && !stage.is_registered());
    assert_eq!(stage.network.open(), 0, "{cause}");
}

#[test]
fn whatever_is_wrong_with_a_credential_one_error_says_that_it_is_the_credential() {
    for (cause, spoil, code) in CAUSES {
        // The constructor alone, as the demonstration page has it.
        play(setup(), |stage| {
            spoiled(stage, *spoil);
            stage.start();
            stage.pass(120_000);
            assert_first_and_alone(stage, cause, *code);
            assert!(
                stage.times("open socket") <= 1,
                "{cause}: only a new one helps"
            );
            // A fresh one, in the same page.
            stage.setup.provider = Provider::Subscriber("ada@example.test");
            let ready = stage.connect();
            stage.until_settled(ready);
            stage.assert_resolved(ready);
            stage.until(10_000, "registered", Stage::is_registered);
        });
    }
}

#[test]
fn whoever_waits_is_told_the_same_and_nothing_else_is_said() {
    for (cause, spoil, code) in CAUSES {
        play(setup(), |stage| {
            spoiled(stage, *spoil);
            stage.start();
            let waiting = [
                stage.connect(),
                stage.register(),
                stage.dial("/public/echo").reply,
                stage.connect(),
            ];
            stage.pass(60_000);
            for reply in waiting {
                stage.assert_rejected(reply, *code);
            }
            assert_first_and_alone(stage, cause, *code);
            assert!(!stage.browser.records());
        });
    }
}

#[test]
fn the_order_of_the_answers_does_not_matter() {
    // "Who am I" and the socket both refuse; whichever comes first, it is said once.
    for (what, late) in [
        ("signalwire.connect", 3_000),
        ("error", 3_000),
        ("error", 30),
    ] {
        play(setup(), |stage| {
            stage.setup.provider = Provider::Given {
                token: Some(format!("{HERE}.a.b.c.d")),
                expiry_at: None,
            };
            stage.once(
                match what {
                    "error" => Way::ToPage,
                    _ => Way::ToSpace,
                },
                what,
                Fate::Late(late),
            );
            stage.start();
            stage.pass(60_000);
            assert_first_and_alone(stage, what, ErrorCode::CredentialsRejected);
        });
    }
}

#[test]
fn a_provider_that_brings_nothing_is_told_what_is_missing() {
    let no_token = Provider::Given {
        token: None,
        expiry_at: None,
    };
    for (provider, code) in [
        (Provider::Nothing, ErrorCode::CredentialsMissing),
        (no_token, ErrorCode::CredentialsEmpty),
    ] {
        let setup = Setup {
            provider,
            ..Setup::plain()
        };
        play(setup, |stage| {
            stage.start();
            stage.pass(10_000);
            assert_first_and_alone(stage, "nothing", code);
        });
    }
}

#[test]
fn what_the_provider_throws_is_passed_on_as_it_is() {
    let setup = Setup {
        provider: Provider::Rejects,
        ..Setup::plain()
    };
    play(setup, |stage| {
        stage.start();
        let ready = stage.connect();
        stage.until_settled(ready);
        stage.assert_rejected(ready, ErrorCode::Thrown);
        assert_eq!(stage.client_errors(), [ErrorCode::Thrown]);
    });
}

#[test]
fn a_credential_that_is_revoked_in_a_call_ends_all_and_says_so_once() {
    play(Setup::plain(), |stage| {
        stage.start();
        stage.until(20_000, "registered", Stage::is_registered);
        let dialled = stage.dial("/public/echo");
        stage.until_status(dialled.call, "connected");
        let id = stage.subscriber_id("ada@example.test");
        stage.space_revokes(Revocation::Subscriber { id });
        stage.pass(60_000);
        assert_first_and_alone(stage, "revoked in a call", ErrorCode::CredentialsRejected);
        assert_eq!(stage.status(dialled.call), "destroyed");
        assert!(stage.sessions().is_empty());
        // The provider has a new one, which is in force.
        let ready = stage.connect();
        stage.until_settled(ready);
        stage.assert_resolved(ready);
    });
}
