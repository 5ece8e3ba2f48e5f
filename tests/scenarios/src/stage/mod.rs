//! The stage: clients and world, the browsers and the networks between them, one clock for all.
//!
//! Time goes by only here: the stage always moves on to whatever happens next, on either side. After
//! every step it holds what both sides do against the invariants (`invariants`).
//!
//! A scene speaks of one client at a time, and the stage stands for it: the first one, until the scene
//! turns to another ([`Stage::turn_to`], [`Stage::with`]).

mod application;
mod browser;
mod client;
mod credentials;
mod edge;
mod far;
mod invariants;
mod keys;
mod looks;
mod network;
mod requests;
mod script;
mod sdp;
mod setup;
mod timeline;

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use signalwire_space::world::{self, IceServer, World};
use signalwire_wasm::engine::io::{Cx, Entity, Input, Millis, Output, RECONNECTING, StoreChange};
use signalwire_wasm::engine::state::Field;

use client::Client;
use edge::Leg;
use timeline::{Place, Timeline};

pub use client::Who;
pub use network::{Deafness, Fate, Way};
pub use requests::HttpReply;
pub use script::{Dialled, unheeded};
pub use setup::{Device, Path, Provider, Reach, Setup};

/// The wall clock at the start of a scenario: 2024-01-01T00:00:00Z.
const START: Millis = 1_704_067_200_000;

/// See the module.
pub struct Stage {
    /// The time that the scenario has lasted.
    pub now: Millis,
    clients: Vec<Client>,
    /// Of whom the scene speaks.
    current: Who,
    /// The origin's local storage, which the pages share.
    pub storage: BTreeMap<&'static str, String>,
    legs: Vec<Leg>,
    world: World,
    /// By how much the space's wall clock is ahead of the true time.
    space_ahead: Millis,
    timeline: Timeline,
    space_entropy: u64,
    chance: u64,
    spoken: u64,
    /// Tells every step on standard error: `TRACE=1`.
    traced: bool,
}

impl Deref for Stage {
    type Target = Client;

    fn deref(&self) -> &Client {
        self.client(self.current)
    }
}

impl DerefMut for Stage {
    fn deref_mut(&mut self) -> &mut Client {
        self.clients.get_mut(self.current.0).expect("a client")
    }
}

/// Plays a scenario and takes it down: whatever it left open makes it fail.
pub fn play(setup: Setup, scene: impl FnOnce(&mut Stage)) {
    let mut stage = Stage::new(setup);
    scene(&mut stage);
    stage.take_down();
}

/// The next bytes of a seeded sequence (a linear congruential generator, its upper byte).
fn fill(state: &mut u64, bytes: &mut [u8]) {
    for byte in bytes {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        *byte = state.to_be_bytes()[0];
    }
}

impl Stage {
    fn new(setup: Setup) -> Self {
        let config = world::Config {
            ch: "puc.localhost:8080".to_owned(),
            ice_servers: vec![IceServer {
                urls: vec!["turn:127.0.0.1:3478".to_owned()],
                username: Some("name".to_owned()),
                credential: Some("word".to_owned()),
            }],
        };
        let seed = setup.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut space_entropy = seed ^ 2;
        let world = {
            let mut source = |bytes: &mut [u8]| fill(&mut space_entropy, bytes);
            let (mono, wall) = (0, START);
            let entropy = &mut source;
            World::new(
                config,
                &mut world::Cx {
                    mono,
                    wall,
                    entropy,
                },
            )
        };
        Self {
            now: 0,
            clients: vec![Client::new(setup, Who(0))],
            current: Who(0),
            storage: BTreeMap::new(),
            legs: Vec::new(),
            world,
            space_ahead: 0,
            timeline: Timeline::default(),
            space_entropy,
            chance: seed ^ 3,
            spoken: 0,
            traced: std::env::var_os("TRACE").is_some(),
        }
    }

    /// Another client appears. The scene goes on speaking of the present one.
    pub fn enter(&mut self, setup: Setup) -> Who {
        let who = Who(self.clients.len());
        self.clients.push(Client::new(setup, who));
        who
    }

    /// From here on the scene speaks of this client.
    pub fn turn_to(&mut self, who: Who) {
        self.current = who;
    }

    /// Speaks of this client for a moment.
    pub fn with<T>(&mut self, who: Who, act: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.current, who);
        let result = act(self);
        self.current = before;
        result
    }

    /// Looks at this client.
    pub fn seen_by(&self, who: Who) -> &Client {
        self.client(who)
    }

    fn client(&self, who: Who) -> &Client {
        self.clients.get(who.0).expect("a client")
    }

    fn everybody(&self) -> impl Iterator<Item = Who> + use<> {
        (0..self.clients.len()).map(Who)
    }

    /// The true time, which every machine shows that was not told otherwise.
    pub fn wall(&self) -> Millis {
        START + self.now
    }

    /// What the machine of the client shows.
    pub fn page_wall(&self) -> Millis {
        self.wall().saturating_add_signed(self.clock_ahead)
    }

    /// What the space shows.
    pub fn space_wall(&self) -> Millis {
        self.wall() + self.space_ahead
    }

    /// The space's wall clock is moved on; the space tells its clients at once.
    pub fn advance_space_clock(&mut self, by: Millis) {
        self.space_ahead += by;
        self.world_input(world::Input::ClockMoved);
    }

    /// A number below `limit`, by the scenario's seed.
    pub fn below(&mut self, limit: u64) -> u64 {
        let mut bytes = [0; 8];
        fill(&mut self.chance, &mut bytes);
        u64::from_be_bytes(bytes) % limit
    }

    /// Something happens outside of the page.
    pub fn outside(&mut self, after: Millis, deed: impl FnOnce(&mut Self) + 'static) {
        let (at, who) = (self.now + after, self.current);
        self.timeline.plan(at, Place::Outside, who, Box::new(deed));
    }

    /// Something happens in the page, or to it.
    pub fn in_page(&mut self, after: Millis, deed: impl FnOnce(&mut Self) + 'static) {
        let (at, who) = (self.now + after, self.current);
        self.timeline.plan(at, Place::Page, who, Box::new(deed));
    }

    /// Gives the engine an input, carries out what it wants, and looks at the invariants.
    pub(super) fn input(&mut self, input: Input) {
        let Who(number) = self.current;
        self.trace(|| format!("page {number}   {input:?}"));
        let mut out = Vec::new();
        let (now, wall) = (self.now, self.page_wall());
        {
            let client: &mut Client = self;
            let entropy = &mut client.entropy;
            let mut source = |bytes: &mut [u8]| fill(entropy, bytes);
            let mut cx = Cx {
                mono: now - client.behind,
                wall,
                entropy: &mut source,
            };
            client.engine.handle(input, &mut cx, &mut out);
        }
        for output in out {
            self.trace(|| format!("engine {number} {output:?}"));
            self.carry_out(output);
        }
        self.check_step();
    }

    /// A line of the trace, cut to a readable length.
    pub(super) fn trace(&self, line: impl FnOnce() -> String) {
        if self.traced {
            let line: String = line().chars().take(400).collect();
            eprintln!("{:>8} {line}", self.now);
        }
    }

    fn carry_out(&mut self, output: Output) {
        if let Some(name) = name_of(&output) {
            self.deed(name);
        }
        let Some(output) = self.media_output(output) else {
            return;
        };
        match output {
            Output::Authenticate {
                ticket,
                source,
                fingerprint,
            } => self.authenticate(ticket, source, fingerprint.as_deref()),
            Output::EnsureKey { ticket, create } => self.ensure_key(ticket, create),
            Output::SignProof { ticket, claims } => self.sign_proof(ticket, &claims),
            Output::Store { key, change } => self.store(key, change),
            Output::Fetch { ticket, request } => self.fetch(ticket, request),
            Output::CancelFetch { ticket } => self.cancel_fetch(ticket),
            Output::OpenSocket { socket, url } => self.open_socket(socket, &url),
            Output::Send { socket, text } => self.send_up(socket, text),
            Output::CloseSocket { socket, again } => {
                let code = if again { RECONNECTING } else { 1005 };
                self.close_socket(socket, code);
            }
            Output::Create { entity, parent } => self.application.create(entity, parent),
            Output::Patch {
                entity,
                field,
                value,
            } => self.application.patch(entity, field, value),
            Output::Merge { entity, .. } => {
                self.application.alive(entity);
            }
            Output::End { entity } => self.application.end(entity),
            Output::Settle { reply, result } => {
                let now = self.now;
                self.application.settle(now, reply, result);
            }
            other => panic!("nobody carries out {other:?}"),
        }
    }

    /// What the engine writes into the page's storage.
    fn store(&mut self, key: &'static str, change: StoreChange) {
        match change {
            StoreChange::Write(record) => {
                self.storage.insert(key, record);
            }
            StoreChange::RemoveOwn(record) => {
                if self.storage.get(key) == Some(&record) {
                    self.storage.remove(key);
                }
            }
        }
    }

    pub(super) fn deed(&mut self, name: impl Into<String>) {
        let now = self.now;
        self.deeds.push((now, name.into()));
    }

    /// The client whose engine wants to be called first, and when.
    fn next_engine(&self) -> Option<(Millis, Who)> {
        let deadlines = self
            .everybody()
            .filter_map(|who| Some((self.client(who).deadline()?, who)));
        deadlines.min()
    }

    /// Moves on to what happens next, if that is not after `until`.
    fn step(&mut self, until: Millis) -> bool {
        let engine = self.next_engine();
        let times = [
            self.timeline.next(),
            engine.map(|(at, _)| at),
            self.world.deadline(),
        ];
        let Some(next) = times.into_iter().flatten().min().filter(|at| *at <= until) else {
            return false;
        };
        self.now = self.now.max(next);
        let now = self.now;
        let clients = &self.clients;
        let sleeps = |who: Who| clients.get(who.0).and_then(|client| client.wakes);
        if let Some((who, deed)) = self.timeline.take(now, sleeps) {
            self.with(who, deed);
        } else if let Some((_, who)) = engine.filter(|(at, _)| *at <= now) {
            self.with(who, |stage| stage.input(Input::Tick));
        } else if self.world.deadline().is_some_and(|at| at <= now) {
            self.world_input(world::Input::Tick);
            let later = self.world.deadline().is_none_or(|at| at > now);
            assert!(later, "the world does not let go of a deadline");
        }
        true
    }

    /// The call to which an object belongs, itself included.
    pub(super) fn field_of(&self, entity: Entity, field: Field) -> usize {
        self.application.values(entity, field).len()
    }
}

/// How a scenario speaks of an effect; patches and the like have no name.
fn name_of(output: &Output) -> Option<String> {
    let name = match output {
        Output::Fetch { request, .. } => {
            let path = request.url.split_once("/api/fabric/").expect("a path").1;
            return Some(path.split('?').next().unwrap_or_default().to_owned());
        }
        Output::OpenSocket { .. } => "open socket",
        Output::Send { text, .. } => {
            let frame: serde_json::Value = serde_json::from_str(text).expect("a frame is JSON");
            let inner = frame["params"]["message"]["method"].as_str();
            return inner
                .or_else(|| frame["method"].as_str())
                .map(str::to_owned);
        }
        Output::CloseSocket { .. } => "close socket",
        Output::AcquireMedia { .. } => "microphone",
        Output::CreatePeer { .. } => "peer",
        Output::MakeOffer { .. } => "offer",
        Output::MakeAnswer { .. } => "make answer",
        Output::ApplyAnswer { .. } => "answer",
        Output::ClosePeer { .. } => "close peer",
        Output::StopTracks { .. } => "stop tracks",
        Output::RestoreTrack { .. } => "restore track",
        _ => return None,
    };
    Some(name.to_owned())
}
