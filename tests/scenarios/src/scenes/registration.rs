//! Online and offline: what `isRegistered$` claims is so, and what the application asked for last is
//! what a new socket restores.

use signalwire_wasm::engine::error::ErrorCode;

use crate::stage::{Fate, Provider, Reach, Setup, Stage, Way, play};

const HOUR: u64 = 3_600_000;

/// The click-to-call resource of `/public/echo`.
const EMBED: Provider = Provider::Embed("c2c_00000000000000000000000000000001");

/// A client that came up by itself and is registered.
fn registered(stage: &mut Stage) {
    stage.start();
    stage.until(20_000, "registered", Stage::is_registered);
}

/// Does the space have a session of this client that can be called?
fn space_rings(stage: &Stage) -> bool {
    let sessions = stage.sessions();
    sessions
        .iter()
        .any(|one| one.registered && one.socket.is_some())
}

/// What the client claims, and that the space agrees.
#[track_caller]
fn assert_claim(stage: &Stage, registered: bool) {
    assert_eq!(stage.is_registered(), registered, "isRegistered$");
    assert_eq!(space_rings(stage), registered, "the space");
}

#[test]
fn a_client_that_is_told_nothing_registers_by_itself() {
    play(Setup::plain(), |stage| {
        registered(stage);
        assert_claim(stage, true);
        assert_eq!(stage.registrations(), [true]);
        assert_eq!(stage.times("subscriber.online"), 1);
    });
}

#[test]
fn a_client_that_skips_it_registers_on_demand() {
    play(Setup::default(), |stage| {
        stage.start();
        stage.until(10_000, "ready", Stage::is_ready);
        stage.pass(30_000);
        assert_claim(stage, false);
        assert_eq!(stage.times("subscriber.online"), 0);
        let online = stage.register();
        stage.until_settled(online);
        stage.assert_resolved(online);
        assert_claim(stage, true);
    });
}

#[test]
fn an_unregistered_client_calls_and_is_online_again_on_demand() {
    play(Setup::plain(), |stage| {
        registered(stage);
        let offline = stage.unregister();
        stage.until_settled(offline);
        stage.assert_resolved(offline);
        assert_claim(stage, false);
        let dialled = stage.dial("/public/echo");
        stage.until_status(dialled.call, "connected");
        let online = stage.register();
        stage.until_settled(online);
        stage.assert_resolved(online);
        assert_claim(stage, true);
        assert_eq!(stage.registrations(), [true, false, true]);
    });
}

#[test]
fn a_credential_that_cannot_register_resolves_and_says_nothing() {
    let embed = Setup {
        provider: EMBED,
        ..Setup::plain()
    };
    // The embed provider is known for it; of another one the space says it.
    for outbound_only in [true, false] {
        let mut setup = embed.clone();
        setup.config.outbound_only = outbound_only;
        play(setup, |stage| {
            stage.start();
            let early = stage.register();
            stage.until_settled(early);
            stage.assert_resolved(early);
            stage.until(10_000, "ready", Stage::is_ready);
            stage.pass(10_000);
            for again in [stage.register(), stage.unregister(), stage.register()] {
                stage.until_settled(again);
                stage.assert_resolved(again);
            }
            assert_eq!(stage.times("subscriber.online"), 0);
            assert_eq!(stage.times("subscriber.offline"), 0);
            assert_eq!(stage.registrations(), Vec::<bool>::new());
            assert_eq!(stage.client_errors(), Vec::<ErrorCode>::new());
            assert_claim(stage, false);
        });
    }
}

#[test]
fn a_space_that_does_not_say_the_kind_is_asked_like_the_reference_asks() {
    // "Who am I" cannot be had; after some seconds the client does without.
    let setup = Setup {
        who_am_i: [503; 40].into(),
        ..Setup::plain()
    };
    play(setup, |stage| {
        registered(stage);
        assert!(stage.now < 10_000, "it took until {}", stage.now);
        assert_claim(stage, true);
    });
    // An answer without the kind counts as one that says nothing.
    let setup = Setup {
        who_am_i: [404].into(),
        ..Setup::plain()
    };
    play(setup, |stage| {
        registered(stage);
        assert_claim(stage, true);
        assert_eq!(stage.client_errors(), [ErrorCode::UserFetchFailed]);
    });
}

#[test]
fn what_is_learnt_of_the_kind_counts_however_late() {
    // The client asks without knowing; then the space says that it is a guest's.
    let setup = Setup {
        provider: Provider::Guest(&["/public/echo"]),
        rest_takes: 9_000,
        ..Setup::plain()
    };
    play(setup, |stage| {
        stage.start();
        stage.until_deed("subscriber.online");
        stage.pass(20_000);
        assert_claim(stage, false);
        stage.cut();
        stage.pass(10_000);
        assert_claim(stage, false);
        assert_eq!(stage.times("subscriber.online"), 1);
    });
}

#[test]
fn a_new_socket_restores_what_was_asked_for_last_and_never_more() {
    type Act = fn(&mut Stage);
    let cut: Act = |stage| stage.cut();
    let restart: Act = |stage| stage.space_restarts();
    for lose in [cut, restart] {
        for desired in [true, false] {
            play(Setup::plain(), |stage| {
                registered(stage);
                if !desired {
                    let offline = stage.unregister();
                    stage.until_settled(offline);
                }
                let asked = stage.times("subscriber.online");
                lose(stage);
                stage.until(1_000, "the loss is noticed", |stage| !stage.is_ready());
                assert!(!stage.is_registered(), "nobody is reached without a socket");
                stage.until(20_000, "ready again", Stage::is_ready);
                stage.pass(10_000);
                assert_claim(stage, desired);
                let more = stage.times("subscriber.online") - asked;
                assert_eq!(more, usize::from(desired));
            });
        }
    }
}

#[test]
fn the_last_wish_counts_whatever_happens_meanwhile() {
    // The wishes of a second, with the space far away, or unreachable for a while.
    for moment in (0..400).step_by(40) {
        for trouble in [None, Some(Reach::Nowhere), Some(Reach::Refused)] {
            for last in [true, false] {
                play(Setup::plain(), |stage| {
                    registered(stage);
                    let mut wishes = vec![stage.unregister(), stage.register()];
                    stage.pass(moment);
                    if let Some(reach) = trouble {
                        stage.setup.reach = reach;
                        stage.cut();
                    }
                    wishes.push(stage.unregister());
                    wishes.push(stage.register());
                    if !last {
                        wishes.push(stage.unregister());
                    }
                    stage.pass(2_000);
                    stage.setup.reach = Reach::Up;
                    for wish in wishes {
                        stage.until_settled(wish);
                    }
                    stage.until(20_000, "ready", Stage::is_ready);
                    stage.pass(10_000);
                    assert_claim(stage, last);
                });
            }
        }
    }
}

#[test]
fn a_first_refusal_shows_the_credential_again_and_asks_once_more() {
    play(Setup::default(), |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        stage.once(Way::ToSpace, "subscriber.online", Fate::Altered(nonsense));
        let online = stage.register();
        stage.until_settled(online);
        stage.assert_resolved(online);
        assert_eq!(stage.times("subscriber.online"), 2);
        assert_eq!(stage.times("signalwire.reauthenticate"), 1);
        assert_claim(stage, true);
        assert_eq!(stage.client_errors(), Vec::<ErrorCode>::new());
    });
}

/// The same request for something that no space knows.
fn nonsense(text: &str) -> String {
    text.replace("subscriber.online", "subscriber.nonsense")
}

/// The same request with another's credential.
fn foreign(text: &str) -> String {
    let mut frame: serde_json::Value = serde_json::from_str(text).expect("a frame");
    frame["params"]["authentication"]["jwt_token"] = "a.b.c.d.e".into();
    frame.to_string()
}

#[test]
fn a_second_refusal_is_told_once_and_the_session_goes_on() {
    type Refusal = (&'static str, fn(&str) -> String);
    let refusals: [Refusal; 2] = [
        ("subscriber.online", nonsense),
        ("signalwire.reauthenticate", foreign),
    ];
    for (refused, alter) in refusals {
        play(Setup::default(), |stage| {
            let ready = stage.connect();
            stage.until_settled(ready);
            stage.once(Way::ToSpace, "subscriber.online", Fate::Altered(nonsense));
            stage.once(Way::ToSpace, refused, Fate::Altered(alter));
            let online = stage.register();
            stage.until_settled(online);
            stage.assert_rejected(online, ErrorCode::RegistrationFailed);
            assert_eq!(stage.client_errors(), [ErrorCode::RegistrationFailed]);
            assert_claim(stage, false);
            assert!(stage.is_ready());
            // Asked again later, it may work.
            let online = stage.register();
            stage.until_settled(online);
            stage.assert_resolved(online);
            assert_claim(stage, true);
        });
    }
}

#[test]
fn a_registration_without_an_answer_is_asked_again_on_a_good_socket() {
    play(Setup::default(), |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        // The socket carries nothing from here on; nobody is told.
        stage.stall();
        let online = stage.register();
        stage.until_settled(online);
        stage.assert_resolved(online);
        assert!(stage.settled_at(online) < 20_000);
        assert_claim(stage, true);
    });
}

#[test]
fn an_offline_client_that_unregisters_says_so_when_it_is_back() {
    play(Setup::plain(), |stage| {
        registered(stage);
        stage.setup.reach = Reach::Refused;
        stage.cut();
        stage.until(1_000, "the loss is noticed", |stage| !stage.is_ready());
        let offline = stage.unregister();
        stage.pass(3_000);
        stage.setup.reach = Reach::Up;
        stage.until_settled(offline);
        stage.assert_resolved(offline);
        stage.until(20_000, "ready again", Stage::is_ready);
        stage.pass(10_000);
        assert_claim(stage, false);
    });
}

#[test]
fn who_gave_up_waiting_for_it_goes_offline_all_the_same() {
    play(Setup::plain(), |stage| {
        registered(stage);
        stage.setup.reach = Reach::Refused;
        stage.cut();
        stage.until(1_000, "the loss is noticed", |stage| !stage.is_ready());
        let offline = stage.unregister();
        stage.until_settled(offline);
        stage.assert_rejected(offline, ErrorCode::ConnectTimeout);
        // The space still has the session, and has it registered.
        stage.setup.reach = Reach::Up;
        stage.until(10_000, "ready again", Stage::is_ready);
        stage.pass(10_000);
        assert_claim(stage, false);
        assert_eq!(stage.times("subscriber.offline"), 1);
    });
}

#[test]
fn without_a_session_unregistering_has_nothing_to_say() {
    let mut setup = Setup::plain();
    setup.config.skip_connection = true;
    play(setup, |stage| {
        stage.start();
        stage.pass(1_000);
        let offline = stage.unregister();
        assert!(stage.is_settled(offline));
        stage.assert_resolved(offline);
        // It is what the application asked for last.
        let ready = stage.connect();
        stage.until_settled(ready);
        stage.pass(10_000);
        assert_claim(stage, false);
        assert_eq!(stage.times("subscriber.online"), 0);
    });
}

#[test]
fn a_registration_that_waits_for_the_session_fails_with_it() {
    let setup = Setup {
        provider: Provider::Text("no token at all"),
        ..Setup::default()
    };
    play(setup, |stage| {
        let ready = stage.connect();
        let online = stage.register();
        stage.until_settled(ready);
        stage.assert_rejected(online, ErrorCode::CredentialsMalformed);
        let late = stage.register();
        stage.assert_rejected(late, ErrorCode::CredentialsMalformed);
        assert_eq!(stage.client_errors(), [ErrorCode::CredentialsMalformed]);
    });
}

#[test]
fn a_client_that_wakes_up_claims_nothing_before_the_space_has_said_so() {
    for runs in [true, false] {
        play(Setup::plain(), |stage| {
            registered(stage);
            stage.sleep(HOUR, runs);
            stage.woken();
            // Whatever was true before, nobody has been reached for an hour.
            assert!(!stage.is_registered());
            stage.until(20_000, "registered again", Stage::is_registered);
            assert_claim(stage, true);
        });
    }
}

#[test]
fn a_tab_that_was_out_of_sight_is_verified_within_seconds() {
    // Timers of the page stood still for a minute, and the socket died meanwhile without a word.
    play(Setup::plain(), |stage| {
        registered(stage);
        stage.stall();
        stage.sleep(60_000, true);
        stage.woken();
        assert!(!stage.is_registered(), "stale");
        stage.until(5_000, "registered again", Stage::is_registered);
        assert_claim(stage, true);
    });
    // The socket lives: one question, and its answer.
    play(Setup::plain(), |stage| {
        registered(stage);
        let asked = stage.times("subscriber.online");
        stage.pass(7_000);
        stage.stall();
        stage.pass(16_500);
        stage.flow();
        stage.woken();
        stage.until(1_000, "verified", Stage::is_registered);
        assert!(stage.times("subscriber.online") > asked);
        assert_claim(stage, true);
    });
}

#[test]
fn a_page_that_keeps_waking_asks_no_more_than_it_must() {
    play(Setup::plain(), |stage| {
        registered(stage);
        let before = stage.deeds().len();
        for _ in 0..100 {
            stage.woken();
        }
        assert_eq!(stage.deeds().len(), before, "it was heard of just now");
        assert_eq!(stage.registrations(), [true]);
    });
}

#[test]
fn two_tabs_of_one_person_are_registered_each_for_itself() {
    play(Setup::plain(), |stage| {
        registered(stage);
        let second = stage.enter(Setup::plain());
        stage.with(second, registered);
        stage.destroy();
        stage.pass(5_000);
        assert!(space_rings(stage));
        stage.with(second, |stage| {
            assert!(stage.is_ready());
            assert_claim(stage, true);
        });
    });
}
