//! A client whose SAT is bound to its key: what the scenes of it share.

use crate::stage::{Dialled, Provider, Setup, Stage};

pub const SECOND: u64 = 1_000;
pub const MINUTE: u64 = 60 * SECOND;
pub const HOUR: u64 = 60 * MINUTE;

/// The endpoint of a first Client Bound SAT, and that of each further one.
pub const FIRST: &str = "subscriber/devices/token";
pub const NEXT: &str = "subscriber/devices/refresh";

pub const FALLBACK: &str = "credential_refresh_fallback";

/// A provider of SATs that the client renews itself; they live so many seconds, or two hours, and a minute at most
/// where the application does not pass on the fingerprint.
pub fn ada(seconds: Option<u64>, forwards: bool) -> Provider {
    Provider::Scoped {
        reference: "ada@example.test",
        seconds,
        forwards,
    }
}

/// A client with such a provider of its own.
pub fn scoped(seconds: Option<u64>, forwards: bool) -> Setup {
    let mut setup = Setup {
        provider: ada(seconds, forwards),
        ..Setup::plain()
    };
    setup.config.wants_fingerprint = true;
    setup
}

/// A client with one SAT and no other, which is bound to the key of its page.
pub fn fixed(seconds: Option<u64>) -> Setup {
    let mut setup = scoped(seconds, true);
    setup.config.wants_fingerprint = false;
    setup.keys.stored = true;
    setup
}

/// In a call, registered, with the first SAT.
pub fn in_a_call(stage: &mut Stage) -> Dialled {
    stage.start();
    stage.until(20_000, "registered", Stage::is_registered);
    let dialled = stage.dial("/public/echo");
    stage.until_status(dialled.call, "connected");
    stage.until_settled(dialled.reply);
    dialled
}

/// The mechanisms by which credentials came into force.
pub fn refreshed(stage: &Stage) -> Vec<&'static str> {
    let all = stage.refreshes();
    all.into_iter().map(|(mechanism, _)| mechanism).collect()
}

/// When each of these was done, as pauses between them.
pub fn pauses(stage: &Stage, name: &str) -> Vec<u64> {
    let times = stage.all_done_at(name);
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// The session lives, and its call.
#[track_caller]
pub fn assert_alive(stage: &Stage, dialled: Dialled) {
    assert_eq!(stage.status(dialled.call), "connected");
    assert_eq!(stage.call_errors(dialled.call), []);
    assert!(stage.is_ready() && stage.is_registered());
}

/// Nobody noticed anything.
#[track_caller]
pub fn assert_unnoticed(stage: &Stage, dialled: Dialled) {
    assert_alive(stage, dialled);
    assert_eq!(stage.client_errors(), []);
    assert_eq!(stage.warnings(), [""; 0]);
    assert_eq!(stage.times("open socket"), 1);
    assert_eq!(stage.registrations(), [true], "it was never offline");
}
