//! The far side: the world of the space, and the media edge that stands in for real packets.

use serde_json::{Value, json};
use signalwire_space::world::media::{LegId, MediaCommand, MediaEvent};
use signalwire_space::world::report::{CallReport, CallState, SessionReport};
use signalwire_space::world::{self, World};
use signalwire_wasm::engine::auth::{Credential, embed};
use signalwire_wasm::engine::io::{Input, PeerId, PeerState, SocketId, Ticket};
use signalwire_wasm::engine::wire::Opaque;

use super::network::Way;
use super::setup::Provider;
use super::{START, Stage, fill};

/// How long a browser takes to miss the far end's packets, and to give up on them.
const MISSED_AFTER: u64 = 5_000;
const FAILED_AFTER: u64 = 15_000;

/// One leg at the media edge.
#[derive(Debug)]
pub struct Leg {
    id: LegId,
    peer: PeerId,
    connected: bool,
}

impl Stage {
    pub(super) fn with_world<T>(
        &mut self,
        act: impl FnOnce(&mut World, &mut world::Cx<'_>) -> T,
    ) -> T {
        let entropy = &mut self.space_entropy;
        let mut source = |bytes: &mut [u8]| fill(entropy, bytes);
        let mut cx = world::Cx {
            mono: self.now,
            wall: START + self.now,
            entropy: &mut source,
        };
        act(&mut self.world, &mut cx)
    }

    pub(super) fn world_input(&mut self, input: world::Input) {
        self.trace(|| format!("space  {input:?}"));
        let mut out = Vec::new();
        self.with_world(|world, cx| world.handle(input, cx, &mut out));
        for output in out {
            match output {
                world::Output::Send { socket, text } => {
                    let socket = u32::try_from(socket.0).expect("one of the page's numbers");
                    self.send(SocketId(socket), Way::ToPage, text);
                }
                world::Output::Close { socket, .. } => self.closed_by_space(socket),
                world::Output::Media(command) => self.media_command(command),
                world::Output::Log { .. } => {}
            }
        }
    }

    fn media_command(&mut self, command: MediaCommand) {
        match command {
            MediaCommand::Offer { leg, sdp, .. } => {
                let number = sdp.strip_prefix("offer of ").and_then(|n| n.parse().ok());
                let Some(peer) = number.map(PeerId) else {
                    let reason = "no offer of this browser".to_owned();
                    let refused = world::Input::Media(MediaEvent::Refused { leg, reason });
                    self.outside(0, move |stage| stage.world_input(refused));
                    return;
                };
                let connected = false;
                self.legs.push(Leg {
                    id: leg,
                    peer,
                    connected,
                });
                self.outside(self.setup.media_edge_takes, move |stage| {
                    let sdp = format!("answer of leg {}", leg.0);
                    stage.world_input(world::Input::Media(MediaEvent::Answer { leg, sdp }));
                });
            }
            MediaCommand::Call { leg, .. } | MediaCommand::Accept { leg, .. } => {
                let reason = "this media edge makes no offers".to_owned();
                let refused = world::Input::Media(MediaEvent::Refused { leg, reason });
                self.outside(0, move |stage| stage.world_input(refused));
            }
            // No packets, no way for them.
            MediaCommand::Bridge { .. } => {}
            MediaCommand::Stop { leg } => {
                let Some(at) = self.legs.iter().position(|own| own.id == leg) else {
                    return;
                };
                let stopped = self.legs.remove(at);
                if stopped.connected {
                    self.packets_stop(stopped.peer);
                }
            }
        }
    }

    /// The browser misses packets, and at last gives up.
    pub fn packets_stop(&mut self, peer: PeerId) {
        for (after, state) in [
            (MISSED_AFTER, PeerState::Disconnected),
            (FAILED_AFTER, PeerState::Failed),
        ] {
            self.of_peer(after, peer, move |_| Input::PeerChanged { peer, state });
        }
    }

    /// ICE and DTLS are up, at the space's end too.
    pub(super) fn media_is_up(&mut self, peer: PeerId) {
        let leg = self.legs.iter_mut().find(|leg| leg.peer == peer);
        if let Some(leg) = leg {
            leg.connected = true;
            let leg = leg.id;
            let up = world::Input::Media(MediaEvent::Connected { leg });
            self.outside(0, move |stage| stage.world_input(up));
        }
    }

    /// The browser closed its connection: the space sees the DTLS alert.
    pub(super) fn media_is_closed(&mut self, peer: PeerId) {
        if let Some(at) = self.legs.iter().position(|leg| leg.peer == peer) {
            let leg = self.legs.remove(at).id;
            let dead = world::Input::Media(MediaEvent::Dead { leg });
            self.outside(self.setup.latency, move |stage| stage.world_input(dead));
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

    /// The space forgets sessions and calls, as after a restart.
    pub fn space_restarts(&mut self) {
        self.world_input(world::Input::Reset);
    }

    /// The space loses the packets of a call, which the browser does not notice.
    pub fn far_media_dies(&mut self, peer: PeerId) {
        self.media_is_closed(peer);
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

    pub(super) fn authenticate(&mut self, ticket: Ticket) {
        self.browser.begin(ticket);
        let after = self.setup.provider_takes;
        match self.setup.provider.clone() {
            Provider::Hangs => {}
            Provider::Embed(token) => self.exchange_embed(ticket, token),
            Provider::Nothing => self.provided(after, ticket, Ok(None)),
            Provider::Rejects => {
                self.provided(after, ticket, Err(Opaque::new("the application's error")));
            }
            Provider::Text(text) => {
                let token = Some(text.to_owned());
                self.provided(
                    after,
                    ticket,
                    Ok(Some(Credential {
                        token,
                        expiry_at: None,
                    })),
                );
            }
            Provider::Subscriber(reference) => {
                let token = Some(self.subscriber_sat(reference));
                self.provided(
                    after,
                    ticket,
                    Ok(Some(Credential {
                        token,
                        expiry_at: None,
                    })),
                );
            }
            Provider::Expired => {
                let token = Some(self.subscriber_sat("ada@example.test"));
                let expiry_at = Some(START.saturating_sub(1));
                self.provided(after, ticket, Ok(Some(Credential { token, expiry_at })));
            }
        }
    }

    fn provided(&mut self, after: u64, ticket: Ticket, result: Result<Option<Credential>, Opaque>) {
        self.result(after, ticket, move |_| Input::Authenticated {
            ticket,
            result,
        });
    }

    fn subscriber_sat(&mut self, reference: &str) -> String {
        let Value::Object(body) = json!({ "reference": reference }) else {
            unreachable!()
        };
        let issued = self.with_world(|world, cx| world.subscriber_token(&body, cx));
        let issued = issued.unwrap_or_else(|_| panic!("a SAT for {reference}"));
        issued["token"].as_str().expect("a token").to_owned()
    }

    /// What the embed provider does, with the engine's own request and its reading of the answer.
    fn exchange_embed(&mut self, ticket: Ticket, token: &str) {
        self.deed("exchange");
        self.browser.providing.insert(ticket);
        let request = embed::request("localhost:8080", token).expect("a valid host");
        self.exchange(request, move |stage, answer| {
            if stage.browser.providing.remove(&ticket) {
                let wall = START + stage.now;
                let result = embed::outcome(answer, wall).map(Some).map_err(Opaque::new);
                stage.provided(0, ticket, result);
            }
        });
    }
}
