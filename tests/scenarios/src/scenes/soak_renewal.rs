//! Credentials that end within the minute, of every kind, and anything at any time: losses, delays, sleeps, clocks,
//! refusals. Under every invariant, of which two are looked at with each act: nobody asks the provider while a Client
//! Bound SAT is being asked for, and no SAT is shown that has ended while a better one is at hand.

use signalwire_wasm::engine::io::Entity;

use super::bound::{FIRST, MINUTE, NEXT, SECOND};
use super::soak::for_each_seed;
use crate::stage::{Dialled, Fate, HttpReply, Provider, Reach, Setup, Stage, Way, play, unheeded};

/// More with `RUNS=10000`.
const RUNS: u64 = 400;

const ADA: &str = "ada@example.test";

/// By whom the credential of a client is renewed, if by anybody.
fn random_setup(seed: u64) -> Setup {
    let pick = |shift: u64, limit: u64| (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> shift) % limit;
    let seconds = 20 + pick(8, 60);
    let plain = Provider::Ending {
        reference: ADA,
        seconds,
        told: pick(16, 2) == 0,
    };
    let scoped = |forwards| Provider::Scoped {
        reference: ADA,
        seconds: Some(seconds),
        forwards,
    };
    let (provider, is_own, has_refresh) = match pick(20, 7) {
        0 => (plain.clone(), true, true),
        1 => (scoped(true), true, false),
        2 => (scoped(true), true, true),
        3 => (scoped(true), false, false),
        4 => (scoped(false), true, pick(28, 2) == 0),
        5 => (plain.clone(), true, false),
        _ => (
            Provider::Embed("c2c_00000000000000000000000000000001"),
            false,
            true,
        ),
    };
    let is_embedded = matches!(provider, Provider::Embed(_));
    let refresh = match (pick(32, 2), is_embedded) {
        (_, true) => provider.clone(),
        (0, _) => scoped(true),
        _ => plain,
    };
    let mut setup = Setup {
        seed,
        provider,
        refresh,
        latency: pick(24, 200),
        jitter: pick(36, 60),
        ..Setup::plain()
    };
    setup.config.wants_fingerprint = is_own;
    setup.config.has_refresh = has_refresh;
    setup.config.outbound_only = is_embedded;
    // A fixed SAT that is bound has to have a key to be bound to.
    setup.keys.can_make = !is_own || pick(40, 6) > 0;
    setup.keys.stored = !is_own;
    setup.keys.takes = [0, 15, 400][usize::try_from(pick(44, 3)).unwrap_or(0)];
    setup
}

/// The rotation endpoints, the key or the provider fail for a while.
fn act_on_renewal(stage: &mut Stage) {
    let path = [FIRST, NEXT][usize::from(stage.below(2) == 0)];
    let replies = [
        HttpReply::Status(500),
        HttpReply::Status(503),
        HttpReply::Later(429, 2),
        HttpReply::Status(401),
        HttpReply::Status(403),
        HttpReply::Text("{}"),
        HttpReply::Silence,
        HttpReply::Lost,
        HttpReply::Slow(3_000),
    ];
    let reply = replies[usize::try_from(stage.below(9)).unwrap_or(0)];
    let times = usize::try_from(1 + stage.below(3)).unwrap_or(1);
    match stage.below(8) {
        0 => stage.setup.keys.signs = false,
        1 => stage.setup.keys.signs = true,
        2 => stage.setup.refresh = Provider::Rejects,
        // Longer than a renewal waits for it.
        3 => stage.setup.provider_takes = 35_000,
        4 => stage.setup.who_am_i = [500, 503].into(),
        _ => stage.answers(path, reply, times),
    }
}

fn act_of_the_world(stage: &mut Stage) {
    let frames = ["signalwire.connect", "signalwire.reauthenticate", ""];
    let text = frames[usize::try_from(stage.below(3)).unwrap_or(0)];
    match stage.below(10) {
        0 | 1 => stage.cut(),
        2 => stage.cut_unseen_by_space(),
        3 => stage.stall(),
        4 => stage.flow(),
        5 => stage.setup.reach = Reach::Refused,
        6 | 7 => stage.setup.reach = Reach::Up,
        8 => stage.once(Way::ToSpace, text, Fate::Cuts),
        _ => stage.once(Way::ToPage, "", Fate::Late(900)),
    }
}

fn act_of_time(stage: &mut Stage) {
    match stage.below(6) {
        0 => stage.page_hides(true),
        1 => stage.page_shows(),
        2 => {
            let ahead = i64::try_from(stage.below(7_200_000)).unwrap_or(0);
            stage.clock_ahead = ahead - 3_600_000;
        }
        3 => stage.woken(),
        _ => {
            let millis = 1 + stage.below(90_000);
            let runs = stage.below(2) == 0;
            stage.sleep(millis, runs);
        }
    }
}

fn act(stage: &mut Stage, dialled: &mut Vec<Dialled>) {
    match stage.below(12) {
        0..=2 => act_on_renewal(stage),
        3..=5 => act_of_the_world(stage),
        6 | 7 => act_of_time(stage),
        8 => dialled.push(stage.dial("/public/echo")),
        9 => {
            if let Some(one) = dialled.last().filter(|one| one.call != Entity::CLIENT) {
                unheeded(stage.hang_up(one.call));
            }
        }
        10 if stage.below(4) == 0 => unheeded(stage.disconnect()),
        _ => unheeded(stage.connect()),
    }
}

/// Everything works again. A session that can be renewed then lives, and one that cannot can be had anew.
fn calm_down(stage: &mut Stage, sound: &Setup) {
    stage.setup.provider = sound.provider.clone();
    stage.setup.refresh = sound.refresh.clone();
    stage.setup.provider_takes = sound.provider_takes;
    stage.setup.keys.signs = true;
    stage.setup.who_am_i.clear();
    stage.setup.reach = Reach::Up;
    stage.answers_itself();
    stage.network.rules.clear();
    stage.flow();
    stage.page_shows();
    unheeded(stage.connect());
    stage.pass(2 * MINUTE);
    let again = stage.connect();
    stage.until_settled(again);
    stage.assert_resolved(again);
    let online = stage.register();
    stage.until_settled(online);
    stage.assert_resolved(online);
    assert_eq!(stage.is_registered(), !sound.config.outbound_only);
    stage.pass(10 * SECOND);
    assert_eq!(stage.application.pending(), Vec::<&str>::new());
    let own = stage.application.live_calls();
    let mut here: Vec<String> = own.iter().map(|call| stage.call_id(*call)).collect();
    let there = stage.calls_at_space();
    let mut there: Vec<String> = there.into_iter().map(|call| call.id).collect();
    here.sort();
    there.sort();
    assert_eq!(
        here, there,
        "the calls of the client, and those of the space"
    );
    if sound.config.has_refresh {
        let sockets = stage.times("open socket");
        stage.pass(5 * MINUTE);
        assert!(stage.is_ready(), "a session that is renewed lives");
        assert_eq!(stage.times("open socket"), sockets, "on the same socket");
    }
}

#[test]
fn whatever_happens_while_credentials_end_the_session_lives_or_can_be_had_anew() {
    // One run again, told step by step: `SEED=7 TRACE=1 cargo test -p scenarios soak_renewal`.
    for_each_seed(RUNS, |seed| {
        let sound = random_setup(seed);
        play(sound.clone(), |stage| {
            let mut dialled = Vec::new();
            stage.watches_sats = true;
            unheeded(stage.connect());
            for _ in 0..6 + seed % 24 {
                act(stage, &mut dialled);
                let millis = stage.below(12_000);
                stage.pass(millis);
            }
            calm_down(stage, &sound);
        });
    });
}
