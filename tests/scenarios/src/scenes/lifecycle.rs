//! From the constructor to `destroy()`: every step may be deferred, asked for in any state, twice, at
//! once and during each other; whoever waits is told.

use signalwire_space::world::report::SessionReport;
use signalwire_wasm::engine::error::ErrorCode;
use signalwire_wasm::engine::io::Entity;

use crate::stage::{Provider, Reach, Setup, Stage, play, unheeded};

/// Every limit of the client is shorter: who still waits then waits for the application.
const LONGEST_WAIT: u64 = 45_000;

/// The first 2^`count` combinations of options.
fn combinations(count: u32) -> impl Iterator<Item = Vec<bool>> {
    (0..1_u32 << count).map(move |bits| (0..count).map(|bit| bits >> bit & 1 == 1).collect())
}

#[test]
fn every_step_runs_by_itself_unless_it_is_deferred() {
    for options in combinations(4) {
        let [skip_authentication, skip_connection, skip_register, persist] = options[..] else {
            unreachable!()
        };
        let mut setup = Setup::plain();
        setup.config.skip_authentication = skip_authentication;
        setup.config.skip_connection = skip_connection;
        setup.config.skip_register = skip_register;
        setup.config.persist_session = persist;
        play(setup, |stage| {
            stage.start();
            stage.pass(10_000);
            let asked = !skip_authentication;
            let connected = asked && !skip_connection;
            assert_eq!(
                stage.times("authenticate"),
                usize::from(asked),
                "{options:?}"
            );
            assert_eq!(stage.is_connected(), connected, "{options:?}");
            assert_eq!(stage.is_ready(), connected, "{options:?}");
            let registered = connected && !skip_register;
            assert_eq!(stage.is_registered(), registered, "{options:?}");
            assert_eq!(stage.storage.len(), usize::from(asked && persist));
            // What was deferred runs on demand; a registration that was not deferred comes by itself.
            let ready = stage.connect();
            stage.until_settled(ready);
            stage.assert_resolved(ready);
            stage.pass(10_000);
            assert_eq!(stage.times("authenticate"), 1, "{options:?}");
            assert_eq!(stage.is_registered(), !skip_register, "{options:?}");
            let online = stage.register();
            stage.until_settled(online);
            stage.assert_resolved(online);
            assert!(stage.is_registered(), "{options:?}");
            assert_eq!(stage.times("open socket"), 1, "{options:?}");
            assert_eq!(stage.client_errors(), Vec::<ErrorCode>::new());
        });
    }
}

#[test]
fn connecting_right_after_the_constructor_waits_for_the_credential() {
    let mut setup = Setup {
        provider_takes: 3_000,
        ..Setup::plain()
    };
    setup.config.skip_connection = true;
    play(setup, |stage| {
        stage.start();
        let (ready, again) = (stage.connect(), stage.connect());
        stage.until_settled(ready);
        stage.assert_resolved(ready);
        stage.assert_resolved(again);
        assert_eq!(stage.times("authenticate"), 1);
        assert_eq!(stage.times("open socket"), 1);
    });
}

#[test]
fn a_client_without_a_source_of_credentials_says_so() {
    let mut setup = Setup::plain();
    setup.config.has_provider = false;
    play(setup.clone(), |stage| {
        stage.start();
        stage.pass(1_000);
        assert_eq!(stage.client_errors(), [ErrorCode::CredentialsNoSource]);
        let ready = stage.connect();
        stage.until_settled(ready);
        stage.assert_rejected(ready, ErrorCode::CredentialsNoSource);
    });
    // A record that is looked for and not there is no source either.
    setup.config.persist_session = true;
    play(setup, |stage| {
        stage.start();
        let ready = stage.connect();
        stage.until_settled(ready);
        stage.assert_rejected(ready, ErrorCode::CredentialsNoSource);
        assert_eq!(stage.times("restore"), 1);
    });
}

#[test]
fn disconnecting_takes_nothing_from_a_later_connect() {
    play(Setup::plain(), |stage| {
        stage.start();
        stage.until(20_000, "registered", Stage::is_registered);
        for _ in 0..3 {
            let away = stage.disconnect();
            stage.until_settled(away);
            stage.assert_resolved(away);
            assert!(!stage.is_connected() && !stage.is_ready() && !stage.is_registered());
            stage.pass(10_000);
            assert!(stage.sessions().is_empty(), "the space was told");
            let ready = stage.connect();
            stage.until_settled(ready);
            stage.assert_resolved(ready);
            stage.until(20_000, "registered again", Stage::is_registered);
        }
        // The credential is kept.
        assert_eq!(stage.times("authenticate"), 1);
        assert_eq!(stage.client_errors(), Vec::<ErrorCode>::new());
    });
}

#[test]
fn disconnecting_goes_offline_before_the_socket_closes() {
    play(Setup::plain(), |stage| {
        stage.start();
        stage.until(20_000, "registered", Stage::is_registered);
        let before = stage.deeds().len();
        stage.disconnect();
        let deeds = stage.deeds()[before..].to_vec();
        assert_eq!(deeds, ["subscriber.offline", "close socket"]);
    });
}

#[test]
fn a_client_made_and_destroyed_twice_at_once_is_one_client() {
    // A component that mounts, unmounts and mounts again, as strict mode has it.
    for moment in (0..400).step_by(20) {
        play(Setup::plain(), |stage| {
            stage.start();
            stage.pass(moment);
            stage.destroy();
            stage.check_gone();
            let second = stage.enter(Setup::plain());
            stage.turn_to(second);
            stage.start();
            stage.until(20_000, "registered", Stage::is_registered);
            stage.pass(10_000);
            assert!(stage.is_ready() && stage.is_registered());
            assert_eq!(stage.sessions().len(), 1);
            assert_eq!(stage.client_errors(), Vec::<ErrorCode>::new());
        });
    }
}

#[test]
fn a_widget_that_goes_leaves_the_client_beside_it_alone() {
    play(Setup::plain(), |stage| {
        stage.start();
        stage.until(20_000, "registered", Stage::is_registered);
        let widget = stage.enter(Setup {
            provider: Provider::Embed("c2c_00000000000000000000000000000001"),
            ..Setup::default()
        });
        stage.with(widget, |stage| {
            let dialled = stage.talking("/public/echo");
            stage.destroy();
            stage.check_gone();
            stage.assert_ended(dialled.call, "normal");
        });
        stage.pass(30_000);
        assert!(stage.is_ready() && stage.is_registered());
        assert_eq!(stage.registrations(), [true]);
    });
}

#[test]
fn after_destroy_every_promise_is_rejected_and_nothing_is_done() {
    play(Setup::plain(), |stage| {
        stage.start();
        stage.until(20_000, "registered", Stage::is_registered);
        stage.destroy();
        let before = stage.deeds().len();
        stage.destroy();
        stage.start();
        let replies = [
            stage.connect(),
            stage.register(),
            stage.unregister(),
            stage.disconnect(),
            stage.dial("/public/echo").reply,
        ];
        for reply in replies {
            stage.assert_rejected(reply, ErrorCode::ClientDestroyed);
        }
        stage.page_hides(true);
        stage.page_shows();
        stage.woken();
        stage.pass(60_000);
        assert_eq!(stage.deeds().len(), before);
    });
}

/// A way for a client to be in a state.
type Way = (&'static str, fn(&mut Stage));

/// Index of the first state with a session.
const READY: usize = 9;

/// States of a client, at the moment of their beginning or in their middle.
const STATES: &[Way] = &[
    ("constructed", |_| ()),
    ("asking the provider", |stage| {
        stage.setup.provider_takes = 5_000;
        stage.start();
    }),
    ("asking a provider that hangs", |stage| {
        stage.setup.provider = Provider::Hangs;
        stage.start();
    }),
    ("with a credential, not connected", |stage| {
        stage.start();
        stage.pass(5);
        let away = stage.disconnect();
        assert!(stage.is_settled(away));
    }),
    ("opening a socket", |stage| {
        stage.start();
        stage.pass(10);
    }),
    ("unreachable", |stage| {
        stage.setup.reach = Reach::Nowhere;
        stage.start();
        stage.pass(4_000);
    }),
    ("refused for longer than the limit", |stage| {
        stage.setup.reach = Reach::Refused;
        stage.start();
        stage.pass(12_000);
    }),
    ("authenticating", |stage| {
        stage.start();
        stage.until_deed("signalwire.connect");
    }),
    ("open and silent", |stage| {
        stage.start();
        stage.pass(30);
        stage.stall();
        stage.pass(2_000);
    }),
    ("ready", |stage| {
        stage.setup.who_am_i = [503; 9].into();
        stage.start();
        stage.until(9_000, "ready", Stage::is_ready);
    }),
    ("registering", |stage| {
        stage.start();
        stage.until_deed("subscriber.online");
    }),
    ("registered", registered),
    ("unregistering", |stage| {
        registered(stage);
        stage.unregister();
    }),
    ("registering again without an answer", |stage| {
        registered(stage);
        let offline = stage.unregister();
        stage.until_settled(offline);
        stage.stall();
        stage.register();
        stage.pass(2_000);
    }),
    ("dialling", |stage| {
        registered(stage);
        stage.dial("/public/echo");
        stage.pass(100);
    }),
    ("dialling before there is a session", |stage| {
        stage.dial("/public/echo");
        stage.register();
    }),
    ("in a call", |stage| {
        registered(stage);
        stage.talking("/public/echo");
    }),
    ("rung by a caller", |stage| {
        registered(stage);
        stage.space_invites("C9");
        stage.until(1_000, "it rings", |stage| !stage.ringing().is_empty());
    }),
    ("answering", |stage| {
        registered(stage);
        stage.space_invites("C9");
        stage.until(1_000, "it rings", |stage| !stage.ringing().is_empty());
        let call = stage.ringing()[0];
        stage.answer(call);
        stage.pass(40);
    }),
    ("interrupted, with a call", |stage| {
        registered(stage);
        stage.talking("/public/echo");
        stage.setup.reach = Reach::Nowhere;
        stage.cut();
        stage.pass(1_000);
    }),
    ("half dead", |stage| {
        registered(stage);
        stage.stall();
        stage.pass(3_000);
    }),
    ("in the back/forward cache", |stage| {
        registered(stage);
        stage.page_hides(true);
        stage.pass(5_000);
    }),
    ("without a valid credential", |stage| {
        stage.setup.provider = Provider::Expired;
        stage.start();
        stage.pass(1_000);
    }),
    ("past its credential", |stage| {
        let reference = "ada@example.test";
        stage.setup.provider = Provider::Ending {
            reference,
            seconds: 10,
            told: true,
        };
        registered(stage);
        stage.pass(11_000);
    }),
    ("disconnected", |stage| {
        registered(stage);
        stage.disconnect();
    }),
    ("destroyed", |stage| {
        registered(stage);
        stage.destroy();
    }),
];

fn registered(stage: &mut Stage) {
    stage.start();
    stage.until(20_000, "registered", Stage::is_registered);
}

fn all_calls(stage: &mut Stage, act: fn(&mut Stage, Entity)) {
    for call in stage.application.live_calls() {
        act(stage, call);
    }
}

/// What an application, a user or the page may do at any time.
const ACTS: &[Way] = &[
    ("start", Stage::start),
    ("connect", |stage| unheeded(stage.connect())),
    ("register", |stage| unheeded(stage.register())),
    ("unregister", |stage| unheeded(stage.unregister())),
    ("disconnect", |stage| unheeded(stage.disconnect())),
    ("destroy", Stage::destroy),
    ("dial", |stage| unheeded(stage.dial("/public/echo").reply)),
    ("answer", |stage| all_calls(stage, Stage::answer)),
    ("reject", |stage| all_calls(stage, Stage::reject)),
    ("hang up", |stage| {
        all_calls(stage, |stage, call| unheeded(stage.hang_up(call)));
    }),
    ("into the cache", |stage| stage.page_hides(true)),
    ("out of the cache", Stage::page_shows),
    ("wake up", Stage::woken),
    ("lose the socket", Stage::cut),
    ("reach the space", |stage| {
        stage.setup.reach = Reach::Up;
        stage.flow();
    }),
];

/// Whoever still waits after every limit waits for the application: it connects, or gives up.
fn everybody_is_told(stage: &mut Stage) {
    stage.pass(LONGEST_WAIT);
    let hangs = matches!(stage.setup.provider, Provider::Hangs);
    if !stage.application.pending().is_empty() {
        stage.connect();
        if !hangs {
            stage.pass(LONGEST_WAIT);
            assert_eq!(stage.application.pending(), Vec::<&str>::new());
        }
    }
    stage.disconnect();
    assert_eq!(stage.application.pending(), Vec::<&str>::new());
}

/// Whatever happened, a client that is not destroyed can be used again.
fn works_again(stage: &mut Stage) {
    stage.network.rules.clear();
    stage.flow();
    stage.setup.reach = Reach::Up;
    stage.setup.provider = Provider::Subscriber("ada@example.test");
    let (ready, online) = (stage.connect(), stage.register());
    stage.until_settled(ready);
    stage.assert_resolved(ready);
    stage.until_settled(online);
    stage.assert_resolved(online);
    stage.pass(10_000);
    assert!(stage.is_registered());
    // A session that was left without a socket waits for its end at the space.
    let sessions = stage.sessions();
    let reached = |one: &&SessionReport| one.registered && one.socket.is_some();
    assert_eq!(sessions.iter().filter(reached).count(), 1);
}

/// Told on a panic.
struct Told(String);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0);
        }
    }
}

/// Every pair of acts in each of these states.
fn sweep(states: &[Way]) {
    let mut plays = 0_u64;
    for (state, enter) in states {
        for (first, act) in ACTS {
            for (second, then) in ACTS {
                // The second act at the same time, on the way of the first one's frames, or well after.
                let gap = [0, 25, 700][usize::try_from(plays % 3).unwrap_or(0)];
                plays += 1;
                play(Setup::plain(), |stage| {
                    let _told = Told(format!("{state}: {first}, {gap} ms later {second}"));
                    enter(stage);
                    act(stage);
                    stage.pass(gap);
                    then(stage);
                    everybody_is_told(stage);
                    if !stage.is_destroyed() {
                        works_again(stage);
                    }
                });
            }
        }
    }
}

#[test]
fn every_promise_settles_before_there_is_a_session_whatever_is_done_at_once() {
    sweep(&STATES[..READY]);
}

#[test]
fn every_promise_settles_in_a_session_whatever_is_done_at_once() {
    sweep(&STATES[READY..]);
}
