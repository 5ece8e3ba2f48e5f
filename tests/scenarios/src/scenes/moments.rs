//! The same act at every moment of a dial: whatever is under way, it is taken down or goes on.

use signalwire_wasm::engine::error::ErrorCode;

use crate::stage::{Dialled, Provider, Setup, Stage, play};

/// Click, talk a while, and nothing happens after this.
const LAST: u64 = 700;

/// Plays a dial and acts so many milliseconds after the click, for every moment of it.
fn at_every_moment(act: impl Fn(&mut Stage, Dialled)) {
    for moment in (0..LAST).step_by(3) {
        let setup = Setup {
            seed: moment,
            provider: Provider::Embed("c2c_00000000000000000000000000000001"),
            jitter: 10,
            ..Setup::default()
        };
        play(setup, |stage| {
            stage.connect();
            let dialled = stage.dial("/public/echo");
            stage.pass(moment);
            act(stage, dialled);
        });
    }
}

#[test]
fn the_user_may_hang_up_at_any_moment() {
    at_every_moment(|stage, dialled| {
        let begun = stage.now;
        let over = stage.hang_up(dialled.call);
        assert!(!stage.browser.records(), "at once");
        stage.until_settled(over);
        stage.assert_resolved(over);
        assert!(stage.now - begun < 200);
        assert!(stage.is_settled(dialled.reply));
        assert_eq!(stage.status(dialled.call), "destroyed");
        stage.pass(3_000);
        assert!(stage.calls_at_space().is_empty());
        assert!(!stage.browser.records());
    });
}

#[test]
fn the_application_may_abort_at_any_moment() {
    at_every_moment(|stage, dialled| {
        let too_late = stage.is_settled(dialled.reply);
        stage.abort(dialled);
        assert!(stage.is_settled(dialled.reply));
        stage.pass(3_000);
        if too_late {
            assert_eq!(stage.status(dialled.call), "connected");
        } else {
            stage.assert_rejected(dialled.reply, ErrorCode::DialAborted);
            assert!(stage.calls_at_space().is_empty());
        }
    });
}

#[test]
fn the_client_may_be_destroyed_at_any_moment() {
    at_every_moment(|stage, dialled| {
        stage.destroy();
        stage.check_gone();
        assert_eq!(stage.status(dialled.call), "destroyed");
        stage.pass(3_000);
        assert!(!stage.browser.records());
        assert!(stage.sessions().is_empty());
    });
}

#[test]
fn the_client_may_disconnect_at_any_moment() {
    at_every_moment(|stage, dialled| {
        let gone = stage.disconnect();
        stage.assert_resolved(gone);
        assert!(stage.is_settled(dialled.reply));
        assert!(stage.application.pending().is_empty());
        assert_eq!(stage.status(dialled.call), "destroyed");
        stage.pass(3_000);
        assert!(!stage.browser.records());
        assert!(stage.sessions().is_empty());
    });
}

#[test]
fn the_socket_may_be_cut_at_any_moment() {
    at_every_moment(|stage, dialled| {
        stage.cut();
        stage.until_settled(dialled.reply);
        stage.pass(10_000);
        assert!(stage.is_ready());
        match stage.rejection_code(dialled.reply) {
            None => {
                let alive = stage.status(dialled.call) == "connected";
                // Cut before the space had told the state that a resume needs: the session is lost.
                assert!(alive || stage.end_reason(dialled.call).0 == "network");
            }
            Some(code) => {
                assert!([ErrorCode::DialTimeout, ErrorCode::DialFailed].contains(&code));
                assert!(stage.calls_at_space().is_empty());
            }
        }
    });
}

#[test]
fn the_space_may_restart_at_any_moment() {
    at_every_moment(|stage, dialled| {
        stage.space_restarts();
        stage.until_settled(dialled.reply);
        stage.pass(25_000);
        assert!(stage.is_ready());
        let alive = stage.status(dialled.call) == "connected";
        assert_eq!(
            stage.calls_at_space().len(),
            usize::from(alive),
            "both agree"
        );
    });
}

#[test]
fn the_page_may_go_away_at_any_moment() {
    at_every_moment(|stage, dialled| {
        stage.page_hides(false);
        assert_eq!(stage.status(dialled.call), "destroyed");
        assert!(stage.is_settled(dialled.reply));
        stage.pass(3_000);
        assert!(stage.calls_at_space().is_empty());
    });
}
