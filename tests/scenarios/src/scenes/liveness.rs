//! Sockets that are open and of no use, and sockets that are gone: found out, counted once, and replaced.

use signalwire_wasm::engine::error::ErrorCode;

use crate::stage::{Deafness, Fate, Provider, Reach, Setup, Stage, Way, play};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;

fn registered(stage: &mut Stage) {
    stage.start();
    stage.until(20_000, "registered", Stage::is_registered);
}

/// Does the client claim to be registered, and does a socket of the space bear it out?
fn is_reached(stage: &Stage) -> bool {
    let sessions = stage.sessions();
    let by_socket = |socket: u64| stage.network.is_alive(socket);
    stage.is_registered()
        && sessions
            .iter()
            .any(|one| one.registered && one.socket.is_some_and(by_socket))
}

#[test]
fn a_socket_that_opens_and_stays_silent_is_given_up() {
    play(Setup::plain(), |stage| {
        stage.start();
        let ready = stage.connect();
        stage.pass(30);
        stage.deafen(Deafness::Both);
        stage.until(20_000, "another socket", |stage| {
            stage.times("open socket") == 2
        });
        assert!(stage.now < 6 * SECOND, "after {}", stage.now);
        stage.until_settled(ready);
        stage.assert_resolved(ready);
        stage.until(10_000, "registered", is_reached);
    });
}

#[test]
fn a_space_that_never_says_anything_is_told_after_fifteen_seconds() {
    play(Setup::plain(), |stage| {
        stage.start();
        let ready = stage.connect();
        // Every socket that opens is as silent as the one before.
        stage.always(Way::ToPage, "", Fate::Lost);
        stage.until_settled(ready);
        stage.assert_rejected(ready, ErrorCode::AuthenticationTimeout);
        assert!(stage.settled_at(ready) <= 16 * SECOND);
        // It goes on trying, and comes up once it can.
        stage.pass(20 * SECOND);
        stage.network.rules.clear();
        stage.until(30_000, "registered", is_reached);
    });
}

#[test]
fn a_socket_that_receives_but_no_longer_sends_is_found_out_within_a_minute() {
    play(Setup::plain(), |stage| {
        registered(stage);
        stage.deafen(Deafness::Sends);
        let begun = stage.now;
        for _ in 0..20 {
            // The space goes on pinging; its close does not come through either.
            stage.space_pings();
            stage.pass(3 * SECOND);
        }
        assert!(is_reached(stage));
        assert!(stage.done_at("open socket") - begun < MINUTE);
    });
}

#[test]
fn a_call_of_a_guest_finds_it_out_as_well() {
    let setup = Setup {
        provider: Provider::Guest(&["/public/echo"]),
        ..Setup::plain()
    };
    play(setup, |stage| {
        let dialled = stage.talking("/public/echo");
        stage.deafen(Deafness::Sends);
        let begun = stage.now;
        for _ in 0..17 {
            stage.space_pings();
            stage.pass(3 * SECOND);
        }
        assert!(stage.done_at("open socket") > begun, "another socket");
        stage.pass(SECOND);
        assert!(stage.is_ready());
        assert_eq!(stage.status(dialled.call), "connected");
    });
}

#[test]
fn a_request_that_gets_no_answer_finds_it_out_sooner() {
    play(Setup::plain(), |stage| {
        let dialled = stage.talking("/public/echo");
        stage.deafen(Deafness::Sends);
        let own = stage.own_member(dialled.call).expect("a member");
        let begun = stage.now;
        let muted = stage.mute(own, true);
        stage.until_settled(muted);
        stage.until(5_000, "ready again", |stage| {
            stage.times("open socket") == 2
        });
        assert!(stage.now - begun < 7 * SECOND);
        stage.until(5_000, "ready again", Stage::is_ready);
        assert_eq!(stage.status(dialled.call), "connected");
        assert_eq!(
            stage.recoveries(dialled.call),
            ["call_recovering", "call_recovered"]
        );
    });
}

#[test]
fn a_socket_that_sends_but_no_longer_receives_is_found_out_within_half_a_minute() {
    for mode in [Deafness::Receives, Deafness::Both] {
        play(Setup::plain(), |stage| {
            registered(stage);
            stage.deafen(mode);
            let begun = stage.now;
            stage.until(40_000, "another socket", |stage| {
                stage.times("open socket") == 2
            });
            assert!(
                stage.now - begun < 30 * SECOND,
                "after {}",
                stage.now - begun
            );
            stage.until(5_000, "registered again", is_reached);
            assert_eq!(stage.client_errors(), []);
        });
    }
}

#[test]
fn a_guest_who_only_waits_is_found_out_too() {
    let setup = Setup {
        provider: Provider::Embed("c2c_00000000000000000000000000000001"),
        ..Setup::plain()
    };
    play(setup, |stage| {
        stage.start();
        stage.until(10_000, "ready", Stage::is_ready);
        stage.deafen(Deafness::Both);
        stage.pass(40 * SECOND);
        assert_eq!(stage.times("open socket"), 2);
        assert!(stage.is_ready());
        let dialled = stage.dial("/public/echo");
        stage.until_status(dialled.call, "connected");
    });
}

#[test]
fn a_quiet_day_costs_no_questions() {
    play(Setup::plain(), |stage| {
        registered(stage);
        stage.pass(MINUTE);
        let before = stage.times("subscriber.online");
        stage.pass(20 * MINUTE);
        let asked = stage.times("subscriber.online") - before;
        // One proof in three quarters of a minute, that both ways are open.
        assert!((20..=27).contains(&asked), "{asked} questions");
        assert_eq!(stage.times("open socket"), 1);
        assert_eq!(stage.registrations(), [true]);
    });
}

#[test]
fn a_close_is_counted_once_and_an_old_socket_says_nothing_more() {
    play(Setup::plain(), |stage| {
        registered(stage);
        stage.cut();
        stage.until(1_000, "the loss is noticed", |stage| !stage.is_ready());
        stage.until(1_000, "ready again", Stage::is_ready);
        assert_eq!(stage.times("open socket"), 2, "one close, one retry");
        let before = stage.deeds().len();
        stage.first_socket_speaks_again();
        assert_eq!(stage.deeds().len(), before);
        assert!(stage.is_ready());
        stage.pass(10 * SECOND);
        assert!(is_reached(stage));
        assert_eq!(stage.times("open socket"), 2);
        assert_eq!(stage.client_errors(), []);
    });
}

#[test]
fn the_pauses_grow_to_three_seconds_and_begin_anew_after_a_success() {
    play(Setup::plain(), |stage| {
        registered(stage);
        for _ in 0..2 {
            stage.setup.reach = Reach::Refused;
            stage.cut();
            let begun = stage.now;
            stage.pass(30 * SECOND);
            let tries = stage.all_done_at("open socket");
            let tries: Vec<u64> = tries.into_iter().filter(|at| *at >= begun).collect();
            assert!(tries[0] - begun <= 100, "the first at once");
            let pauses: Vec<u64> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert!(pauses.iter().all(|pause| *pause <= 3_100), "{pauses:?}");
            assert!((10..=30).contains(&tries.len()), "{} tries", tries.len());
            stage.setup.reach = Reach::Up;
            stage.until(5_000, "registered again", is_reached);
        }
    });
}

#[test]
fn a_network_that_is_back_is_tried_at_once() {
    play(Setup::plain(), |stage| {
        registered(stage);
        stage.setup.reach = Reach::Refused;
        stage.cut();
        stage.pass(20 * SECOND);
        // In the middle of a pause of one and a half seconds at least.
        stage.until_deed("open socket");
        stage.pass(100);
        stage.setup.reach = Reach::Up;
        stage.woken();
        stage.until(300, "ready", Stage::is_ready);
    });
}

#[test]
fn a_cut_is_mended_within_a_second() {
    let mut within = 0;
    for seed in 0..100 {
        let setup = Setup {
            seed,
            latency: 10 + seed % 90,
            jitter: 40,
            ..Setup::plain()
        };
        play(setup, |stage| {
            let dialled = stage.talking("/public/echo");
            let moment = stage.below(5_000);
            stage.pass(moment);
            stage.cut();
            let begun = stage.now;
            stage.until(20_000, "the cut is noticed", |stage| !stage.is_ready());
            stage.until(20_000, "ready again", Stage::is_ready);
            let own = stage.own_member(dialled.call).expect("a member");
            let muted = stage.mute(own, true);
            stage.until_settled(muted);
            stage.assert_resolved(muted);
            within += u32::from(stage.now - begun <= SECOND);
        });
    }
    assert!(within >= 95, "{within} of 100");
}

#[test]
fn a_page_in_the_cache_holds_no_socket_and_comes_back_as_it_was() {
    // A minute: the session is resumed. Ten: the space has forgotten it.
    for away in [MINUTE, 10 * MINUTE] {
        for runs in [true, false] {
            play(Setup::plain(), |stage| {
                registered(stage);
                stage.page_hides(true);
                assert_eq!(stage.network.open(), 0);
                assert!(!stage.is_registered() && !stage.is_ready());
                stage.sleep(away, runs);
                assert_eq!(stage.times("open socket"), 1, "nothing runs in the cache");
                stage.page_shows();
                stage.until(2_000, "registered again", is_reached);
                assert_eq!(stage.client_errors(), []);
                assert_eq!(stage.times("authenticate"), 1);
            });
        }
    }
}

#[test]
fn a_page_with_a_call_keeps_its_socket() {
    play(Setup::plain(), |stage| {
        let dialled = stage.talking("/public/echo");
        stage.page_hides(true);
        assert_eq!(stage.network.open(), 1);
        stage.pass(SECOND);
        stage.page_shows();
        stage.pass(5 * SECOND);
        assert_eq!(stage.status(dialled.call), "connected");
        assert_eq!(stage.times("open socket"), 1);
    });
}

#[test]
fn a_page_that_goes_for_good_says_goodbye() {
    play(Setup::plain(), |stage| {
        let dialled = stage.talking("/public/echo");
        stage.page_hides(false);
        stage.assert_ended(dialled.call, "normal");
        stage.pass(SECOND);
        assert!(stage.calls_at_space().is_empty());
    });
}

#[test]
fn going_into_the_cache_while_connecting_is_taken_up_again() {
    for moment in (0..120).step_by(10) {
        play(Setup::plain(), |stage| {
            stage.start();
            let ready = stage.connect();
            stage.pass(moment);
            stage.page_hides(true);
            stage.sleep(MINUTE, true);
            stage.page_shows();
            stage.until_settled(ready);
            stage.until(20_000, "registered", is_reached);
        });
    }
}
