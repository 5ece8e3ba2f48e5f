//! Connecting: credentials, spaces that are gone or silent, "who am I".

use signalwire_wasm::engine::error::ErrorCode;
use signalwire_wasm::engine::io::{Entity, Millis};
use signalwire_wasm::engine::state::Field;

use crate::stage::{Fate, Provider, Reach, Setup, Stage, Way, play};

/// Pauses between the attempts to open a socket.
fn pauses(stage: &Stage) -> Vec<Millis> {
    let opened: Vec<Millis> = stage.all_done_at("open socket");
    opened.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

fn unreachable(reach: Reach) {
    let setup = Setup {
        reach,
        provider_takes: 5,
        ..Setup::default()
    };
    play(setup, |stage| {
        let ready = stage.connect();
        let dialled = stage.dial("/public/echo");
        stage.until_settled(ready);
        stage.assert_rejected(ready, ErrorCode::ConnectTimeout);
        assert_eq!(
            stage.settled_at(ready),
            10_005,
            "ten seconds from the credential on"
        );
        stage.assert_rejected(dialled.reply, ErrorCode::ConnectTimeout);
        stage.assert_ended(dialled.call, "network");
        assert!(!stage.browser.records());
        // A dial alone has its limit as well, and whoever connects joins in.
        stage.pass(500);
        let begun = stage.now;
        let late = stage.dial("/public/echo");
        stage.pass(500);
        let again = stage.connect();
        stage.until_settled(late.reply);
        stage.assert_rejected(late.reply, ErrorCode::ConnectTimeout);
        assert_eq!(stage.settled_at(again), begun + 10_000);
        stage.setup.reach = Reach::Up;
        stage.until(14_000, "ready at last", Stage::is_ready);
        let works = stage.dial("/public/echo");
        stage.until_status(works.call, "connected");
    });
}

#[test]
fn a_space_that_refuses_is_given_ten_seconds_and_tried_on() {
    unreachable(Reach::Refused);
}

#[test]
fn a_space_that_is_nowhere_is_given_ten_seconds_and_tried_on() {
    unreachable(Reach::Nowhere);
}

#[test]
fn attempts_are_spaced_from_a_tenth_to_three_seconds() {
    let setup = Setup {
        reach: Reach::Refused,
        latency: 0,
        ..Setup::default()
    };
    play(setup, |stage| {
        let ready = stage.connect();
        stage.pass(60_000);
        let mut longest = 100;
        for pause in pauses(stage) {
            assert!(
                (longest / 2..=longest).contains(&pause),
                "{pause} of {longest}"
            );
            longest = (longest * 2).min(3_000);
        }
        assert!(stage.times("open socket") > 20);
        stage.assert_rejected(ready, ErrorCode::ConnectTimeout);
        stage.setup.reach = Reach::Up;
        stage.until(4_000, "ready", Stage::is_ready);
        stage.setup.reach = Reach::Refused;
        stage.cut();
        let before = stage.now;
        stage.until_deed("open socket");
        assert!(stage.now - before <= 100, "the pauses begin anew");
        stage.setup.reach = Reach::Up;
    });
}

#[test]
fn a_socket_that_does_not_open_within_ten_seconds_is_given_up() {
    let setup = Setup {
        reach: Reach::Nowhere,
        ..Setup::default()
    };
    play(setup, |stage| {
        let ready = stage.connect();
        stage.pass(40_000);
        for pause in pauses(stage) {
            assert!((10_050..13_000).contains(&pause), "{pause}");
        }
        assert!(stage.times("open socket") >= 3);
        stage.assert_rejected(ready, ErrorCode::ConnectTimeout);
    });
}

#[test]
fn a_silent_space_is_given_fifteen_seconds() {
    play(Setup::default(), |stage| {
        stage.always(Way::ToPage, "", Fate::Lost);
        let ready = stage.connect();
        let dialled = stage.dial("/public/echo");
        stage.until_deed("signalwire.connect");
        let opened = stage.now;
        stage.until_settled(ready);
        stage.assert_rejected(ready, ErrorCode::AuthenticationTimeout);
        assert_eq!(stage.settled_at(ready), opened + 15_000);
        stage.assert_rejected(dialled.reply, ErrorCode::AuthenticationTimeout);
        stage.assert_ended(dialled.call, "network");
        stage.network.rules.clear();
        stage.until(10_000, "ready at last", Stage::is_ready);
    });
}

#[test]
fn every_bad_credential_has_its_own_error() {
    let rows = [
        (Provider::Nothing, ErrorCode::CredentialsMissing),
        (Provider::Rejects, ErrorCode::Thrown),
        (
            Provider::Text("no token at all"),
            ErrorCode::CredentialsMalformed,
        ),
        (Provider::Expired, ErrorCode::CredentialsExpired),
        // {"ch":"puc.localhost:8080"} and nothing that the space has sealed.
        (
            Provider::Text("eyJjaCI6InB1Yy5sb2NhbGhvc3Q6ODA4MCJ9.a.b.c.d"),
            ErrorCode::CredentialsRejected,
        ),
    ];
    for (provider, code) in rows {
        let setup = Setup {
            provider,
            ..Setup::default()
        };
        play(setup, |stage| {
            let ready = stage.connect();
            let dialled = stage.dial("/public/echo");
            stage.until_settled(ready);
            stage.assert_rejected(ready, code);
            stage.assert_rejected(dialled.reply, code);
            assert_eq!(stage.client_errors().first(), Some(&code));
            assert!(!stage.browser.records());
            stage.pass(100_000);
            assert!(
                stage.times("open socket") <= 1,
                "only a new credential helps"
            );
            let late = stage.dial("/public/echo");
            stage.assert_rejected(late.reply, code);
            stage.setup.provider = Provider::Subscriber("ada@example.test");
            let again = stage.connect();
            stage.until_settled(again);
            stage.assert_resolved(again);
        });
    }
}

#[test]
fn a_revoked_embed_token_ends_the_dial() {
    let setup = Setup {
        provider: Provider::Embed("c2c_unknown"),
        ..Setup::default()
    };
    play(setup, |stage| {
        let ready = stage.connect();
        let dialled = stage.dial("/public/echo");
        stage.until_settled(ready);
        stage.assert_rejected(ready, ErrorCode::Thrown);
        stage.assert_rejected(dialled.reply, ErrorCode::Thrown);
        assert_eq!(stage.times("open socket"), 0);
    });
}

#[test]
fn a_provider_that_hangs_does_not_outlive_the_client() {
    let setup = Setup {
        provider: Provider::Hangs,
        ..Setup::default()
    };
    play(setup, |stage| {
        let ready = stage.connect();
        let dialled = stage.dial("/public/echo");
        stage.pass(100_000);
        assert!(!stage.is_settled(ready));
        stage.destroy();
        stage.assert_rejected(ready, ErrorCode::ClientDestroyed);
        stage.assert_rejected(dialled.reply, ErrorCode::ClientDestroyed);
    });
}

#[test]
fn a_dial_before_connect_waits_without_asking_for_anything() {
    play(Setup::default(), |stage| {
        let dialled = stage.dial("/public/echo");
        stage.pass(60_000);
        assert!(stage.deeds().is_empty());
        let ready = stage.connect();
        stage.until_status(dialled.call, "connected");
        stage.assert_resolved(ready);
        stage.until(100, "joined", |stage| {
            stage.own_member(dialled.call).is_some()
        });
    });
}

#[test]
fn who_am_i_says_who_and_a_passing_failure_is_tried_again() {
    let setup = Setup {
        who_am_i: [500, 429, 503].into(),
        ..Setup::default()
    };
    play(setup, |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        stage.pass(10_000);
        let known = stage.application.values(Entity::CLIENT, Field::ClientUser);
        assert_eq!(known.len(), 1);
        assert_eq!(stage.times("subscriber/info"), 4);
        assert!(stage.client_errors().is_empty());
    });
}

#[test]
fn without_a_profile_the_session_works() {
    for failures in [vec![500; 4], vec![404]] {
        let setup = Setup {
            who_am_i: failures.into(),
            ..Setup::default()
        };
        play(setup, |stage| {
            let dialled = stage.talking("/public/echo");
            stage.pass(10_000);
            assert_eq!(stage.client_errors(), [ErrorCode::UserFetchFailed]);
            assert_eq!(stage.status(dialled.call), "connected");
        });
    }
}

#[test]
fn a_credential_that_who_am_i_rejects_ends_the_session() {
    for (status, latency) in [(401, 1), (403, 20)] {
        let setup = Setup {
            who_am_i: [status].into(),
            latency,
            ..Setup::default()
        };
        play(setup, |stage| {
            let ready = stage.connect();
            let dialled = stage.dial("/public/echo");
            stage.until_settled(ready);
            stage.assert_rejected(ready, ErrorCode::CredentialsRejected);
            stage.assert_rejected(dialled.reply, ErrorCode::CredentialsRejected);
            stage.assert_ended(dialled.call, "forbidden");
            stage.pass(1_000);
            assert!(!stage.is_ready());
            assert_eq!(stage.times("open socket"), 1);
        });
    }
}

#[test]
fn disconnect_says_goodbye_and_connect_begins_anew() {
    play(Setup::default(), |stage| {
        let dialled = stage.talking("/public/echo");
        let gone = stage.disconnect();
        stage.assert_resolved(gone);
        stage.assert_ended(dialled.call, "normal");
        assert!(!stage.is_ready());
        stage.pass(1_000);
        assert_eq!(stage.ends_at_space(), [("client", "bye")]);
        assert!(stage.sessions().is_empty());
        let late = stage.dial("/public/echo");
        stage.assert_rejected(late.reply, ErrorCode::ClientDisconnected);
        let again = stage.talking("/public/echo");
        assert_eq!(stage.status(again.call), "connected");
    });
}

#[test]
fn whoever_connects_meanwhile_joins_in() {
    play(Setup::default(), |stage| {
        let all = [1, 2, 3].map(|_| stage.connect());
        for ready in all {
            stage.until_settled(ready);
            stage.assert_resolved(ready);
        }
        assert_eq!(stage.times("authenticate"), 1);
        assert_eq!(stage.times("open socket"), 1);
        let late = stage.connect();
        assert_eq!(stage.settled_at(late), stage.now, "at once");
    });
}

#[test]
fn a_credential_that_comes_after_the_disconnect_is_not_used() {
    let setup = Setup {
        provider_takes: 500,
        ..Setup::default()
    };
    play(setup, |stage| {
        let ready = stage.connect();
        let gone = stage.disconnect();
        stage.assert_resolved(gone);
        stage.assert_rejected(ready, ErrorCode::ClientDisconnected);
        stage.pass(1_000);
        assert_eq!(stage.times("open socket"), 0);
        assert_eq!(stage.times("subscriber/info"), 0);
    });
}
