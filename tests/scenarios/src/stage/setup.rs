//! What browser, user and network are like in a scenario. Everything can be changed while it runs.

use std::collections::VecDeque;

use signalwire_wasm::engine::config::Config;
use signalwire_wasm::engine::io::{CandidateType, Millis};

use super::keys::Keys;

/// What the application's provider does.
#[derive(Clone, Debug)]
pub enum Provider {
    /// A SAT of this subscriber, issued by the space.
    Subscriber(&'static str),
    /// A Guest SAT for the addresses of these names.
    Guest(&'static [&'static str]),
    /// An Invite SAT by this subscriber.
    Invite(&'static str),
    /// The exchange of this embed token.
    Embed(&'static str),
    /// A SAT of this subscriber that its client renews (`sat:refresh`); bound to the client's key where
    /// `forwards`, so that the application passes on the fingerprint.
    Scoped {
        reference: &'static str,
        seconds: Option<u64>,
        forwards: bool,
    },
    /// This text as a SAT, whatever it is.
    Text(&'static str),
    /// A SAT of this subscriber that lives so many seconds; `told` where the application says when it ends.
    Ending {
        reference: &'static str,
        seconds: u64,
        told: bool,
    },
    /// This credential, as it stands.
    Given {
        token: Option<String>,
        expiry_at: Option<Millis>,
    },
    /// A good SAT that ended before it came.
    Expired,
    /// Resolves to `undefined`.
    Nothing,
    /// Rejects.
    Rejects,
    /// Never settles.
    Hangs,
}

/// What becomes of a request for a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// Granted.
    Granted,
    /// Rejected with a DOMException of this name.
    Refused(&'static str),
    /// The prompt stays open.
    Open,
}

/// What becomes of the media path once the answer is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Up after so long.
    Up(Millis),
    /// Nothing happens.
    Silent,
    /// `failed` after so long.
    Fails(Millis),
}

/// Whether the space can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It answers.
    Up,
    /// Connections are refused.
    Refused,
    /// Packets vanish.
    Nowhere,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Setup {
    pub seed: u64,
    pub config: Config,
    pub provider: Provider,
    /// What `refresh()` does, where the configuration says that there is one.
    pub refresh: Provider,
    pub provider_takes: Millis,
    pub device: Device,
    pub device_takes: Millis,
    pub offer_takes: Millis,
    pub offer_fails: bool,
    /// For each transport, counted from the local description.
    pub candidates: Vec<(Millis, CandidateType)>,
    /// The end of gathering, where it ends.
    pub gathered: Option<Millis>,
    pub answer_takes: Millis,
    pub answer_fails: bool,
    pub path: Path,
    pub reach: Reach,
    /// One way.
    pub latency: Millis,
    /// At most so much more, each way and frame.
    pub jitter: Millis,
    /// The page is shown the `Date` of answers over HTTP.
    pub tells_date: bool,
    /// The space's time for a request over HTTP.
    pub rest_takes: Millis,
    /// The far end's time for its SDP.
    pub media_edge_takes: Millis,
    /// The key of the page's origin.
    pub keys: Keys,
    /// Answers of "who am I" that replace the space's own, in order.
    pub who_am_i: VecDeque<u16>,
}

impl Setup {
    /// A client as the constructor makes it when it is told nothing: it registers by itself.
    pub fn plain() -> Self {
        Self::of("ada@example.test")
    }

    /// The same for this subscriber.
    pub fn of(reference: &'static str) -> Self {
        let mut setup = Self {
            provider: Provider::Subscriber(reference),
            refresh: Provider::Subscriber(reference),
            ..Self::default()
        };
        setup.config.skip_register = false;
        setup
    }
}

impl Default for Setup {
    fn default() -> Self {
        use CandidateType::{Host, Relay, Routed};
        Self {
            seed: 1,
            config: Config {
                has_provider: true,
                skip_register: true,
                ..Config::default()
            },
            provider: Provider::Subscriber("ada@example.test"),
            refresh: Provider::Subscriber("ada@example.test"),
            provider_takes: 1,
            device: Device::Granted,
            device_takes: 30,
            offer_takes: 5,
            offer_fails: false,
            candidates: vec![(1, Host), (25, Routed), (60, Relay)],
            gathered: Some(121),
            answer_takes: 3,
            answer_fails: false,
            path: Path::Up(40),
            reach: Reach::Up,
            latency: 20,
            jitter: 0,
            tells_date: true,
            rest_takes: 0,
            media_edge_takes: 2,
            keys: Keys::default(),
            who_am_i: VecDeque::new(),
        }
    }
}
