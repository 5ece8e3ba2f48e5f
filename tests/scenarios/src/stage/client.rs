//! One client of the scenario: an engine, the page it lives in, and the page's way to the space.

use std::collections::{BTreeMap, BTreeSet};

use signalwire_wasm::engine::Engine;
use signalwire_wasm::engine::io::{Millis, StreamId, Ticket, Tracks};

use super::application::Application;
use super::browser::Browser;
use super::network::Network;
use super::setup::Setup;

/// Names a client of the scenario, in the order of their appearance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Who(pub usize);

/// See the module.
pub struct Client {
    pub setup: Setup,
    pub network: Network,
    pub browser: Browser,
    pub application: Application,
    /// Device prompts that are open.
    pub(super) prompts: Vec<(Ticket, StreamId, Tracks)>,
    pub(super) engine: Engine,
    pub(super) entropy: u64,
    /// By how much the page's monotonic clock is behind, because it stood still in a sleep.
    pub(super) behind: Millis,
    /// The page sleeps until then.
    pub(super) wakes: Option<Millis>,
    /// By how much the machine's wall clock is ahead of the true time.
    pub clock_ahead: i64,
    /// What the proofs said that the page was asked to sign.
    pub proofs: Vec<serde_json::Value>,
    /// What the page posted over HTTP, and when.
    pub posted: Vec<(Millis, serde_json::Value)>,
    /// The SATs that were issued for the page, with their ends by the space's clock.
    pub(super) issued: BTreeMap<String, Millis>,
    /// Those that the page was given, with their ends by the space's clock where that is known.
    pub(super) sats: BTreeMap<String, Millis>,
    /// It is an offence to show one that has ended while another has not. After a sleep a client may do so once, before
    /// it knows what time it is.
    pub watches_sats: bool,
    /// Requests for a Client Bound SAT.
    pub(super) binding: BTreeSet<Ticket>,
    /// The page is hidden: its timers go off only so often.
    pub timers_every: Millis,
    pub(super) deeds: Vec<(Millis, String)>,
    pub(super) destroyed: bool,
}

impl Client {
    pub(super) fn new(setup: Setup, who: Who) -> Self {
        let number = u64::try_from(who.0).expect("a few clients");
        let seed = setup.seed.wrapping_add(number << 32);
        Self {
            engine: Engine::new(setup.config.clone()),
            setup,
            network: Network::default(),
            browser: Browser::default(),
            application: Application::default(),
            prompts: Vec::new(),
            entropy: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 1,
            behind: 0,
            wakes: None,
            clock_ahead: 0,
            proofs: Vec::new(),
            posted: Vec::new(),
            issued: BTreeMap::new(),
            sats: BTreeMap::new(),
            watches_sats: false,
            binding: BTreeSet::new(),
            timers_every: 1,
            deeds: Vec::new(),
            destroyed: false,
        }
    }

    /// The engine's deadline on the stage's clock.
    pub(super) fn deadline(&self) -> Option<Millis> {
        let at = self.engine.deadline()?.saturating_add(self.behind);
        let at = at.max(self.wakes.unwrap_or_default());
        Some(at.next_multiple_of(self.timers_every))
    }
}
