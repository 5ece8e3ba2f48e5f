//! Disconnect and destroy in the states that a single dial does not pass through.

use signalwire_wasm::engine::error::ErrorCode;
use signalwire_wasm::engine::io::{Entity, Reply};

use crate::stage::{Device, Fate, Reach, Setup, Stage, Way, play};

/// What is under way, and the promises that wait for it with what they are rejected with; `None` where
/// the end of the call resolves them.
type Prepared = Vec<(Reply, Option<ErrorCode>)>;

/// Prepares a state, leaves it in both ways, and looks at what was waiting.
fn leave(setup: &Setup, prepare: impl Fn(&mut Stage) -> Prepared) {
    for destroys in [true, false] {
        play(setup.clone(), |stage| {
            let waiting = prepare(stage);
            for (reply, _) in &waiting {
                assert!(!stage.is_settled(*reply), "it waits");
            }
            let why = if destroys {
                stage.destroy();
                stage.check_gone();
                ErrorCode::ClientDestroyed
            } else {
                let gone = stage.disconnect();
                stage.assert_resolved(gone);
                ErrorCode::ClientDisconnected
            };
            for (reply, code) in waiting {
                match code {
                    Some(ErrorCode::Thrown) => stage.assert_rejected(reply, why),
                    Some(code) => stage.assert_rejected(reply, code),
                    None => stage.assert_resolved(reply),
                }
            }
            assert!(!stage.browser.records());
            let sockets = stage.times("open socket");
            stage.setup.reach = Reach::Up;
            stage.pass(30_000);
            assert_eq!(
                stage.times("open socket"),
                sockets,
                "nothing is tried any more"
            );
            assert!(!stage.browser.records());
        });
    }
}

/// Stands for the reason of leaving itself.
const WHY: Option<ErrorCode> = Some(ErrorCode::Thrown);

fn own_member(stage: &Stage, call: Entity) -> Entity {
    stage.own_member(call).expect("a member")
}

#[test]
fn while_the_space_is_out_of_reach() {
    for (reach, millis) in [
        (Reach::Refused, 0),
        (Reach::Refused, 30),
        (Reach::Refused, 4_000),
        (Reach::Nowhere, 4_000),
        (Reach::Nowhere, 9_999),
    ] {
        let setup = Setup {
            reach,
            ..Setup::default()
        };
        leave(&setup, |stage| {
            let ready = stage.connect();
            let dialled = stage.dial("/public/echo");
            stage.pass(millis);
            vec![(ready, WHY), (dialled.reply, WHY)]
        });
    }
}

#[test]
fn after_an_attempt_has_failed_and_the_retries_go_on() {
    let setup = Setup {
        reach: Reach::Refused,
        ..Setup::default()
    };
    leave(&setup, |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        stage.pass(20_000);
        Vec::new()
    });
}

#[test]
fn while_the_space_is_silent() {
    leave(&Setup::default(), |stage| {
        stage.always(Way::ToPage, "", Fate::Lost);
        let ready = stage.connect();
        stage.pass(12_000);
        vec![(ready, WHY)]
    });
}

#[test]
fn between_two_attempts_to_learn_who_the_user_is() {
    let setup = Setup {
        who_am_i: [500, 500, 500].into(),
        ..Setup::default()
    };
    leave(&setup, |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        Vec::new()
    });
}

#[test]
fn while_the_session_is_taken_up_again() {
    for millis in [1, 60, 100, 130, 170] {
        leave(&Setup::default(), |stage| {
            stage.talking("/public/echo");
            stage.cut();
            stage.pass(millis);
            Vec::new()
        });
    }
}

#[test]
fn while_a_prompt_is_open() {
    let setup = Setup {
        device: Device::Open,
        ..Setup::default()
    };
    leave(&setup, |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        let dialled = stage.dial("/public/echo");
        stage.pass(5_000);
        stage.in_page(10_000, Stage::allow);
        vec![(dialled.reply, WHY)]
    });
}

#[test]
fn while_it_rings() {
    leave(&Setup::default(), |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        let dialled = stage.dial("/public/silent");
        stage.until_settled(dialled.reply);
        Vec::new()
    });
}

#[test]
fn while_a_mute_and_an_unmute_are_under_way() {
    leave(&Setup::default(), |stage| {
        let call = stage.talking("/public/echo").call;
        let own = own_member(stage, call);
        let muted = stage.mute(own, true);
        let loud = stage.mute(own, false);
        let ended = Some(ErrorCode::CallEnded);
        vec![(muted, ended), (loud, ended)]
    });
}

#[test]
fn while_a_hang_up_is_under_way() {
    leave(&Setup::default(), |stage| {
        let call = stage.talking("/public/echo").call;
        let over = stage.hang_up(call);
        vec![(over, None)]
    });
}

#[test]
fn while_the_address_is_looked_up() {
    leave(&Setup::default(), |stage| {
        let call = stage.talking("/public/echo").call;
        stage.find_address(call);
        Vec::new()
    });
}

#[test]
fn with_two_calls_and_a_third_on_its_way() {
    leave(&Setup::default(), |stage| {
        stage.talking("/public/echo");
        let second = stage.dial("/public/tone");
        stage.until_settled(second.reply);
        let third = stage.dial("/public/echo");
        stage.pass(50);
        vec![(third.reply, WHY)]
    });
}
