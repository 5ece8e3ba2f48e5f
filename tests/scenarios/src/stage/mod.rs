//! The stage: engine and world, the browser and the network between them, one clock for all.
//!
//! Time goes by only here: the stage always moves on to whatever happens next, on either side. After
//! every step it holds what both sides do against the invariants (`invariants`).

mod application;
mod browser;
mod far;
mod invariants;
mod network;
mod script;
mod setup;
mod timeline;

use signalwire_space::world::{self, IceServer, World};
use signalwire_wasm::engine::Engine;
use signalwire_wasm::engine::io::{
    Cx, Entity, Input, Millis, Output, RECONNECTING, StreamId, Ticket, Tracks,
};
use signalwire_wasm::engine::state::Field;

use application::Application;
use browser::Browser;
use far::Leg;
use network::Network;
use timeline::{Place, Timeline};

pub use network::{Fate, Way};
pub use script::Dialled;
pub use setup::{Device, Path, Provider, Reach, Setup};

/// The wall clock at the start of a scenario: 2024-01-01T00:00:00Z.
const START: Millis = 1_704_067_200_000;

/// See the module.
pub struct Stage {
    pub setup: Setup,
    /// The time that the scenario has lasted.
    pub now: Millis,
    pub network: Network,
    pub browser: Browser,
    pub application: Application,
    /// Device prompts that are open.
    prompts: Vec<(Ticket, StreamId, Tracks)>,
    legs: Vec<Leg>,
    engine: Engine,
    world: World,
    timeline: Timeline,
    engine_entropy: u64,
    space_entropy: u64,
    chance: u64,
    /// By how much the page's monotonic clock is behind, because it stood still in a sleep.
    behind: Millis,
    /// The page sleeps until then.
    wakes: Option<Millis>,
    spoken: u64,
    deeds: Vec<(Millis, String)>,
    destroyed: bool,
    /// Tells every step on standard error: `TRACE=1`.
    traced: bool,
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
            engine: Engine::new(setup.config.clone()),
            setup,
            now: 0,
            network: Network::default(),
            browser: Browser::default(),
            application: Application::default(),
            prompts: Vec::new(),
            legs: Vec::new(),
            world,
            timeline: Timeline::default(),
            engine_entropy: seed ^ 1,
            space_entropy,
            chance: seed ^ 3,
            behind: 0,
            wakes: None,
            spoken: 0,
            deeds: Vec::new(),
            destroyed: false,
            traced: std::env::var_os("TRACE").is_some(),
        }
    }

    /// Everybody's wall clock.
    pub fn wall(&self) -> Millis {
        START + self.now
    }

    /// A number below `limit`, by the scenario's seed.
    pub fn below(&mut self, limit: u64) -> u64 {
        let mut bytes = [0; 8];
        fill(&mut self.chance, &mut bytes);
        u64::from_be_bytes(bytes) % limit
    }

    /// Something happens outside of the page.
    pub fn outside(&mut self, after: Millis, deed: impl FnOnce(&mut Self) + 'static) {
        let at = self.now + after;
        self.timeline.plan(at, Place::Outside, Box::new(deed));
    }

    /// Something happens in the page, or to it.
    pub fn in_page(&mut self, after: Millis, deed: impl FnOnce(&mut Self) + 'static) {
        let at = self.now + after;
        self.timeline.plan(at, Place::Page, Box::new(deed));
    }

    /// Gives the engine an input, carries out what it wants, and looks at the invariants.
    pub(super) fn input(&mut self, input: Input) {
        self.trace(|| format!("page   {input:?}"));
        let mut out = Vec::new();
        {
            let entropy = &mut self.engine_entropy;
            let mut source = |bytes: &mut [u8]| fill(entropy, bytes);
            let mut cx = Cx {
                mono: self.now - self.behind,
                wall: START + self.now,
                entropy: &mut source,
            };
            self.engine.handle(input, &mut cx, &mut out);
        }
        for output in out {
            self.trace(|| format!("engine {output:?}"));
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
            Output::Authenticate { ticket, .. } => self.authenticate(ticket),
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
            Output::Settle { reply, result } => self.application.settle(self.now, reply, result),
            other => panic!("nobody carries out {other:?}"),
        }
    }

    pub(super) fn deed(&mut self, name: impl Into<String>) {
        self.deeds.push((self.now, name.into()));
    }

    /// The engine's deadline on the stage's clock.
    fn engine_deadline(&self) -> Option<Millis> {
        let at = self.engine.deadline()?.saturating_add(self.behind);
        Some(at.max(self.wakes.unwrap_or_default()))
    }

    /// Moves on to what happens next, if that is not after `until`.
    fn step(&mut self, until: Millis) -> bool {
        let times = [
            self.timeline.next(),
            self.engine_deadline(),
            self.world.deadline(),
        ];
        let Some(next) = times.into_iter().flatten().min().filter(|at| *at <= until) else {
            return false;
        };
        self.now = self.now.max(next);
        if let Some(deed) = self.timeline.take(self.now, self.wakes) {
            deed(self);
        } else if self.engine_deadline().is_some_and(|at| at <= self.now) {
            self.input(Input::Tick);
        } else if self.world.deadline().is_some_and(|at| at <= self.now) {
            self.world_input(world::Input::Tick);
            let later = self.world.deadline().is_none_or(|at| at > self.now);
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
        Output::Authenticate { .. } => "authenticate",
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
        Output::ApplyAnswer { .. } => "answer",
        Output::ClosePeer { .. } => "close peer",
        Output::StopTracks { .. } => "stop tracks",
        Output::RestoreTrack { .. } => "restore track",
        _ => return None,
    };
    Some(name.to_owned())
}
