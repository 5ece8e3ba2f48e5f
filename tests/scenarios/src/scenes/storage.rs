//! A credential that outlives its page: written where that was asked for, restored where there is no
//! provider, and removed by nobody but the client that wrote it.

use signalwire_wasm::engine::error::ErrorCode;

use crate::stage::{Provider, Setup, Stage, play};

const KEY: &str = "sw:cached_credential";

fn persisting() -> Setup {
    let mut setup = Setup::plain();
    setup.config.persist_session = true;
    setup
}

/// A page without a provider, which has what an earlier one has left.
fn restoring() -> Setup {
    let mut setup = persisting();
    setup.config.has_provider = false;
    setup
}

fn registered(stage: &mut Stage) {
    stage.start();
    stage.until(20_000, "registered", Stage::is_registered);
}

#[test]
fn nothing_is_stored_unless_it_was_asked_for() {
    play(Setup::plain(), |stage| {
        registered(stage);
        assert!(stage.storage.is_empty());
    });
}

#[test]
fn a_later_page_comes_up_without_a_provider() {
    play(persisting(), |stage| {
        registered(stage);
        // The page goes without a goodbye of its client.
        stage.page_hides(false);
        stage.cut();
        let later = stage.enter(restoring());
        stage.with(later, |stage| {
            registered(stage);
            assert_eq!(stage.times("restore"), 1);
            assert_eq!(stage.times("authenticate"), 0);
            let dialled = stage.dial("/public/echo");
            stage.until_status(dialled.call, "connected");
        });
    });
}

#[test]
fn a_provider_is_always_asked_whatever_is_stored() {
    play(persisting(), |stage| {
        registered(stage);
        let bob = stage.enter({
            let mut setup = Setup::of("bob@example.test");
            setup.config.persist_session = true;
            setup
        });
        stage.with(bob, |stage| {
            registered(stage);
            assert_eq!(stage.times("authenticate"), 1);
            let reference = Some("bob@example.test".to_owned());
            assert!(
                stage
                    .sessions()
                    .iter()
                    .any(|one| one.reference == reference)
            );
        });
    });
}

#[test]
fn a_logout_removes_the_record_and_a_disconnect_does_not() {
    play(persisting(), |stage| {
        registered(stage);
        let away = stage.disconnect();
        stage.until_settled(away);
        assert!(stage.storage.contains_key(KEY));
        stage.destroy();
        assert!(stage.storage.is_empty());
    });
}

#[test]
fn nobody_removes_the_record_of_another() {
    play(persisting(), |stage| {
        registered(stage);
        let own = stage.storage.get(KEY).cloned();
        let second = stage.enter(persisting());
        stage.with(second, registered);
        let others = stage.storage.get(KEY).cloned();
        assert_ne!(own, others, "the second has written its own");
        stage.destroy();
        assert_eq!(stage.storage.get(KEY).cloned(), others);
        // A client that wrote nothing takes nothing along.
        let widget = stage.enter(Setup::default());
        stage.with(widget, |stage| {
            let ready = stage.connect();
            stage.until_settled(ready);
            stage.destroy();
        });
        assert_eq!(stage.storage.get(KEY).cloned(), others);
        stage.with(second, Stage::destroy);
        assert!(stage.storage.is_empty());
    });
}

#[test]
fn a_strict_double_mount_leaves_the_record_of_the_client_that_stays() {
    play(persisting(), |stage| {
        stage.start();
        let second = stage.enter(persisting());
        stage.with(second, Stage::start);
        stage.pass(1_000);
        stage.destroy();
        stage.with(second, |stage| {
            stage.until(20_000, "registered", Stage::is_registered);
            stage.pass(10_000);
            assert!(stage.is_registered());
        });
        assert!(stage.storage.contains_key(KEY));
    });
}

#[test]
fn a_record_that_the_space_refuses_is_removed() {
    play(persisting(), |stage| {
        registered(stage);
        stage.page_hides(false);
        stage.cut();
        // Two hours later the SAT has ended.
        stage.sleep(3 * 3_600_000, true);
        let later = stage.enter(restoring());
        stage.with(later, |stage| {
            stage.start();
            stage.pass(10_000);
            let errors = stage.client_errors();
            assert_eq!(errors, [ErrorCode::CredentialsRejected]);
            assert!(!stage.is_connected());
        });
        assert!(stage.storage.is_empty(), "it is of no use to anybody");
    });
}

#[test]
fn a_record_whose_end_is_past_is_removed() {
    let mut setup = persisting();
    setup.provider = Provider::Ending {
        reference: "ada@example.test",
        seconds: 3_600,
        told: true,
    };
    play(setup, |stage| {
        registered(stage);
        stage.page_hides(false);
        stage.cut();
        stage.sleep(3 * 3_600_000, true);
        let later = stage.enter(restoring());
        stage.with(later, |stage| {
            stage.start();
            let ready = stage.connect();
            stage.until_settled(ready);
            stage.assert_rejected(ready, ErrorCode::CredentialsExpired);
            assert_eq!(stage.client_errors(), [ErrorCode::CredentialsExpired]);
        });
        assert!(stage.storage.is_empty(), "the next page is not told again");
    });
}

#[test]
fn a_credential_that_ends_is_not_left_behind() {
    let mut setup = persisting();
    setup.provider = Provider::Ending {
        reference: "ada@example.test",
        seconds: 60,
        told: true,
    };
    play(setup, |stage| {
        registered(stage);
        assert!(stage.storage.contains_key(KEY));
        stage.pass(61_000);
        assert_eq!(stage.client_errors(), [ErrorCode::CredentialsExpired]);
        assert!(stage.storage.is_empty());
    });
}

#[test]
fn a_record_that_nobody_can_read_is_none() {
    for record in [
        "",
        "null",
        "{}",
        "[1]",
        "no JSON",
        "{\"token\":7}",
        "{\"token\":\"\"}",
    ] {
        play(restoring(), |stage| {
            stage.storage.insert(KEY, record.to_owned());
            stage.start();
            let ready = stage.connect();
            stage.until_settled(ready);
            let failure = stage.rejection(ready);
            assert_eq!(failure.code.class(), "InvalidCredentialsError", "{record}");
            assert_eq!(stage.client_errors().len(), 1, "{record}");
            assert_eq!(stage.times("open socket"), 0);
        });
    }
}
