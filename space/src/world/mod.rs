//! The pure world of the local space: project, addresses, tokens, sessions, calls.
//!
//! It is driven from outside and touches nothing: [`World::handle`] takes what happened and says
//! what to do, [`World::deadline`] says when it wants a [`Input::Tick`]. The same inputs with the
//! same clocks and randomness give the same outputs. It compiles for wasm32.
//!
//! * [`io`]: inputs, outputs, clocks; [`media`]: the contract with the media edge
//! * [`directory`], [`seeds`]: who and what can be reached
//! * [`tokens`], [`embeds`], `rotation`, [`devices`]: the token endpoints without HTTP; [`body`]: what is asked
//!   of them; `sat`, `jwe`: the tokens themselves; `families`: what came of what; [`proofs`]: whose key it is;
//!   [`revocation`]: their end before their time
//! * `identity`: "who am I", and what a SAT lets its bearer see
//! * `sessions`: sockets, requests, keep-alive; `admission`: authentication, resume, renewal; `lifetime`:
//!   the end of sessions; `delivery`: responses and events
//! * `call`: one call and its legs; `calls`: all of them; `ringing`: reaching a person
//! * `verto`: the messages about calls, `invites`: the one that makes them, `shape`: what is wrong with one
//! * `member`: mute and its kin; `media_events`: what the media edge reports
//! * [`report`]: what the front desk shows; [`codes`]: every error code the space gives

pub mod body;
pub mod codes;
pub mod devices;
pub mod directory;
pub mod embeds;
pub mod identity;
pub mod io;
pub mod media;
pub mod proofs;
pub mod report;
pub mod revocation;
pub mod sat;
pub mod seeds;
pub mod tokens;

mod admission;
mod call;
mod calls;
mod delivery;
mod families;
mod ids;
mod invites;
mod jwe;
mod lifetime;
mod media_events;
mod member;
mod ringing;
mod rotation;
mod sdp;
mod sessions;
mod shape;
pub(crate) mod time;
mod verto;

use std::collections::{BTreeMap, VecDeque};

pub use io::{Cx, Input, Millis, Output, SocketId};
pub use ringing::Unreached;
pub use signalwire_wasm::engine::wire::session::IceServer;

use call::Call;
use directory::Directory;
use embeds::Exchanges;
use families::Families;
use media::LegId;
use proofs::Proofs;
use revocation::Revoked;
use ringing::Ring;
use sat::Mint;
use sessions::{Session, SessionId, Socket};
use tokens::ApiToken;

/// What a world is told at its start.
#[derive(Clone, Debug)]
pub struct Config {
    /// `ch` of every SAT: `puc.localhost:PORT`.
    pub ch: String,
    /// For every peer connection of a client.
    pub ice_servers: Vec<IceServer>,
}

/// One space.
pub struct World {
    project_id: String,
    api_tokens: Vec<ApiToken>,
    space_id: String,
    node_id: String,
    ice_servers: Vec<IceServer>,
    mint: Mint,
    /// The serial number of the last SAT.
    last_serial: u64,
    revoked: Revoked,
    /// Since when something is revoked whose sessions still live, on the monotonic clock.
    revoked_at: Option<Millis>,
    families: Families,
    proofs: Proofs,
    exchanges: Exchanges,
    directory: Directory,
    sockets: BTreeMap<SocketId, Socket>,
    sessions: BTreeMap<SessionId, Session>,
    /// By the client's call id.
    calls: BTreeMap<String, Call>,
    /// By the room that their calls share.
    rings: BTreeMap<String, Ring>,
    /// The latest of the calls that are over, oldest first.
    over: VecDeque<report::CallReport>,
    /// Both clocks as of the last input.
    mono: Millis,
    wall: Millis,
    next_session: u64,
    next_leg: u64,
}

impl World {
    /// A space with the seeds and a fresh random key.
    pub fn new(config: Config, cx: &mut Cx<'_>) -> Self {
        Self {
            project_id: seeds::PROJECT_ID.to_owned(),
            api_tokens: seeds::api_tokens(),
            space_id: seeds::SPACE_ID.to_owned(),
            node_id: format!("{}@localhost", ids::uuid(cx)),
            ice_servers: config.ice_servers,
            mint: Mint::new(config.ch, cx),
            last_serial: 0,
            revoked: Revoked::default(),
            revoked_at: None,
            families: Families::default(),
            proofs: Proofs::default(),
            exchanges: Exchanges::default(),
            mono: cx.mono,
            wall: cx.wall,
            directory: seeds::directory(),
            sockets: BTreeMap::new(),
            sessions: BTreeMap::new(),
            calls: BTreeMap::new(),
            rings: BTreeMap::new(),
            over: VecDeque::new(),
            next_session: 1,
            next_leg: 1,
        }
    }

    /// Takes one input; what has to be done is appended to `out`, in order.
    pub fn handle(&mut self, input: Input, cx: &mut Cx<'_>, out: &mut Vec<Output>) {
        (self.mono, self.wall) = (cx.mono, cx.wall);
        match input {
            Input::Opened { socket } => self.opened(socket, cx),
            Input::Frame { socket, text } => self.frame(socket, &text, cx, out),
            Input::Closed { socket, code } => self.closed(socket, code, cx, out),
            Input::Media(event) => self.media_event(event, cx, out),
            Input::Tick => {}
            Input::FarEndHangsUp { call } => self.far_end_hangs_up(&call, cx, out),
            Input::Revoke(revocation) => self.revoke(revocation, cx, out),
            Input::ClockMoved => self.tell_time(cx, out),
            Input::Reset => self.reset(out),
        }
        self.keep_time(cx, out);
    }

    /// When the world wants to be woken, on the monotonic clock.
    pub fn deadline(&self) -> Option<Millis> {
        let sockets = self.sockets.values().map(Socket::deadline);
        let sessions = self.sessions.values();
        let sessions = sessions.filter_map(|session| self.session_deadline(session));
        let calls = self
            .calls
            .values()
            .filter_map(|call| call.deadline(self.offline_since(call)));
        let rings = self.rings.values().map(Ring::until);
        let ends = sockets.chain(sessions).chain(calls).chain(rings);
        ends.chain(self.revoked_at).min()
    }

    /// What can be reached.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The same, to be changed: a test disables a resource.
    pub fn directory_mut(&mut self) -> &mut Directory {
        &mut self.directory
    }

    /// Its API token: for the front desk, which shows it to whoever runs the space.
    pub fn api_token(&self) -> &str {
        seeds::API_TOKEN
    }

    /// The project that owns everything.
    pub fn project_id(&self) -> &str {
        &self.project_id
    }

    /// When the monotonic clock will show that the wall clock has come to `wall`, if neither is moved.
    fn on_mono(&self, wall: Millis) -> Millis {
        self.mono.saturating_add(wall).saturating_sub(self.wall)
    }

    /// Does what is due at this time.
    fn keep_time(&mut self, cx: &mut Cx<'_>, out: &mut Vec<Output>) {
        if self.revoked_at.is_some() {
            self.end_revoked(cx, out);
        }
        self.keep_sockets(cx, out);
        self.keep_rings(cx, out);
        self.keep_calls(cx, out);
        self.keep_sessions(cx, out);
    }

    fn reset(&mut self, out: &mut Vec<Output>) {
        for mut call in std::mem::take(&mut self.calls).into_values() {
            call.stop_media(out);
        }
        self.rings.clear();
        self.over.clear();
        self.sessions.clear();
        for socket in std::mem::take(&mut self.sockets).into_keys() {
            // RFC 6455 registry: 1012 is "service restart".
            out.push(Output::Close {
                socket,
                code: 1012,
                reason: "reset",
            });
        }
        self.directory = seeds::directory();
        self.revoked = Revoked::default();
        self.revoked_at = None;
        self.families = Families::default();
        self.proofs = Proofs::default();
        self.exchanges = Exchanges::default();
    }

    fn new_leg(&mut self) -> LegId {
        let leg = LegId(self.next_leg);
        self.next_leg += 1;
        leg
    }
}

/// What a client said, cut to the length of a line.
fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

/// A line for the log that a person should see.
fn loud(line: String) -> Output {
    Output::Log { loud: true, line }
}

/// A line for the log that is there for who asks.
fn quiet(line: String) -> Output {
    Output::Log { loud: false, line }
}

#[cfg(test)]
mod tests;
