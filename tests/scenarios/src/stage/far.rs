//! The far side: the world of the space.

use serde_json::{Value, json};
use signalwire_space::world::media::LegId;
use signalwire_space::world::proofs::ProofRules;
use signalwire_space::world::report::{CallReport, CallState, SessionReport};
use signalwire_space::world::revocation::Revocation;
use signalwire_space::world::{self, World};
use signalwire_wasm::engine::io::SocketId;

use super::network::{Way, page_id};
use super::{Stage, fill, sdp};

impl Stage {
    pub(super) fn with_world<T>(
        &mut self,
        act: impl FnOnce(&mut World, &mut world::Cx<'_>) -> T,
    ) -> T {
        let wall = self.space_wall();
        let entropy = &mut self.space_entropy;
        let mut source = |bytes: &mut [u8]| fill(entropy, bytes);
        let mut cx = world::Cx {
            mono: self.now,
            wall,
            entropy: &mut source,
        };
        act(&mut self.world, &mut cx)
    }

    pub(super) fn world_input(&mut self, input: world::Input) {
        self.trace(|| format!("space  {input:?}"));
        let mut out = Vec::new();
        self.with_world(|world, cx| world.handle(input, cx, &mut out));
        self.world_outputs(out);
    }

    fn world_outputs(&mut self, out: Vec<world::Output>) {
        for output in out {
            match output {
                world::Output::Send { socket, text } => {
                    let (who, socket) = page_id(socket);
                    self.with(who, |stage| stage.send(socket, Way::ToPage, text));
                }
                world::Output::Close { socket, .. } => {
                    let (who, socket) = page_id(socket);
                    self.with(who, |stage| stage.closed_by_space(socket));
                }
                world::Output::Media(command) => self.media_command(command),
                world::Output::Log { .. } => {}
            }
        }
    }

    /// Something that the space of this scenario would not say by itself.
    pub fn space_says(&mut self, event_type: &str, params: Value) {
        self.spoken += 1;
        let frame = json!({
            "jsonrpc": "2.0",
            "id": format!("said-{}", self.spoken),
            "method": "signalwire.event",
            "params": { "event_type": event_type, "params": params },
        });
        self.space_sends(&frame.to_string());
    }

    /// A text as it stands.
    pub fn space_sends(&mut self, text: &str) {
        let socket = self.live_socket();
        self.send(socket, Way::ToPage, text.to_owned());
    }

    /// A text that the page would not send by itself, where it has a socket.
    pub fn page_sends(&mut self, text: &str) {
        if self.network.open() > 0 {
            let socket = self.live_socket();
            self.send(socket, Way::ToSpace, text.to_owned());
        }
    }

    fn live_socket(&self) -> SocketId {
        let mut wires = self.network.wires.iter();
        let live = wires.find(|(_, wire)| wire.open && !wire.cut && !wire.forgotten);
        *live.expect("an open socket").0
    }

    /// A verto message that the space would not send by itself.
    pub fn space_says_verto(&mut self, method: &str, params: Value) {
        let message = json!({ "jsonrpc": "2.0", "id": "1", "method": method, "params": params });
        self.space_says("webrtc.message", message);
    }

    /// An invite that the space would not make by itself, under this call id. It rings on nobody's behalf.
    pub fn space_invites(&mut self, call_id: &str) {
        let offer = sdp::of_leg(LegId(u64::MAX), (sdp::BOTH_WAYS, None));
        let params = json!({
            "callID": call_id,
            "sdp": offer,
            "caller_id_name": "Ann",
            "caller_id_number": "/private/ann",
            "callee_id_name": "Ada",
            "callee_id_number": "/private/ada",
            "display_direction": "inbound",
            "userVariables": {},
        });
        self.space_says_verto("verto.invite", params);
    }

    /// The space itself calls a person, with sound. How many of the person's clients it rings.
    pub fn space_calls(&mut self, to: &str, from: &str) -> usize {
        let mut out = Vec::new();
        let called = self.with_world(|world, cx| world.call_person(to, from, false, cx, &mut out));
        self.world_outputs(out);
        called.map_or(0, |calls| calls.len())
    }

    /// A credential is ended before its time.
    pub fn space_revokes(&mut self, what: Revocation) {
        self.world_input(world::Input::Revoke(what));
    }

    /// The space takes proofs otherwise.
    pub fn space_wants(&mut self, change: impl FnOnce(&mut ProofRules)) {
        let mut rules = self.world.proof_rules();
        change(&mut rules);
        self.world.set_proof_rules(rules);
    }

    /// A ping as the space makes it.
    pub fn space_pings(&mut self) {
        self.spoken += 1;
        let wall = self.space_wall();
        let frame = json!({
            "jsonrpc": "2.0",
            "id": format!("said-{}", self.spoken),
            "method": "signalwire.ping",
            "params": { "timestamp": wall.div_euclid(1_000) },
        });
        self.space_sends(&frame.to_string());
    }

    /// The space forgets sessions and calls, as after a restart.
    pub fn space_restarts(&mut self) {
        self.world_input(world::Input::Reset);
    }

    /// Sessions that the space holds.
    pub fn sessions(&self) -> Vec<SessionReport> {
        self.world.sessions()
    }

    /// Calls that the space believes to be alive.
    pub fn calls_at_space(&self) -> Vec<CallReport> {
        let all = self.world.calls();
        all.into_iter()
            .filter(|call| call.state != CallState::Ended)
            .collect()
    }

    /// The calls that the space has seen end: who ended them, and how.
    pub fn ends_at_space(&self) -> Vec<(&'static str, &'static str)> {
        let all = self.world.calls();
        all.iter()
            .filter_map(|call| call.ended.as_ref())
            .map(|end| (end.by, end.how))
            .collect()
    }
}
