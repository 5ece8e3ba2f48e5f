//! The media edge, which stands in for real packets: what the world asks of it, and what it reports.

use signalwire_space::world;
use signalwire_space::world::media::{LegId, MediaCommand, MediaEvent};
use signalwire_wasm::engine::io::{Input, PeerId, PeerState};

use super::Stage;
use super::client::Who;
use super::sdp;

/// How long a browser takes to miss the far end's packets, and to give up on them.
const MISSED_AFTER: u64 = 5_000;
const FAILED_AFTER: u64 = 15_000;

/// One leg at the media edge.
#[derive(Debug)]
pub struct Leg {
    id: LegId,
    /// The browser at its other end; none while the space waits for an answer to its offer.
    peer: Option<(Who, PeerId)>,
    connected: bool,
}

impl Stage {
    pub(super) fn media_command(&mut self, command: MediaCommand) {
        match command {
            MediaCommand::Offer { leg, sdp, .. } => self.edge_is_offered(leg, &sdp),
            MediaCommand::Call { leg, video, .. } => {
                let fresh = !self.legs.iter().any(|own| own.id == leg);
                assert!(fresh, "{leg:?} is in use");
                self.legs.push(Leg {
                    id: leg,
                    peer: None,
                    connected: false,
                });
                let video = sdp::BOTH_WAYS.filter(|_| video);
                self.edge_reports(MediaEvent::Offered {
                    leg,
                    sdp: sdp::of_leg(leg, (sdp::BOTH_WAYS, video)),
                });
            }
            MediaCommand::Accept { leg, sdp } => self.edge_is_answered(leg, &sdp),
            // No packets, no way for them.
            MediaCommand::Bridge { .. } => {}
            MediaCommand::Stop { leg } => self.stop_leg(leg),
        }
    }

    /// The edge needs its time.
    fn edge_reports(&mut self, event: MediaEvent) {
        self.outside(self.setup.media_edge_takes, move |stage| {
            stage.world_input(world::Input::Media(event));
        });
    }

    fn edge_refuses(&mut self, leg: LegId) {
        let reason = "not of a browser of this scenario".to_owned();
        let refused = world::Input::Media(MediaEvent::Refused { leg, reason });
        self.outside(0, move |stage| stage.world_input(refused));
    }

    fn edge_is_offered(&mut self, leg: LegId, offer: &str) {
        let Some(peer) = sdp::peer_of(offer) else {
            self.edge_refuses(leg);
            return;
        };
        self.legs.retain(|own| own.id != leg);
        self.legs.push(Leg {
            id: leg,
            peer: Some(peer),
            connected: false,
        });
        let (audio, video) = sdp::kinds(offer);
        let sections = (
            sdp::BOTH_WAYS.filter(|_| audio),
            sdp::BOTH_WAYS.filter(|_| video),
        );
        let sdp = sdp::of_leg(leg, sections);
        self.edge_reports(MediaEvent::Answer { leg, sdp });
    }

    /// From here on a browser that answered finds a way for its packets.
    fn edge_is_answered(&mut self, leg: LegId, answer: &str) {
        let waiting = self
            .legs
            .iter_mut()
            .find(|own| own.id == leg && own.peer.is_none());
        let (Some(waiting), Some((who, peer))) = (waiting, sdp::peer_of(answer)) else {
            self.edge_refuses(leg);
            return;
        };
        waiting.peer = Some((who, peer));
        self.with(who, |stage| {
            stage.in_page(0, move |stage| {
                if stage.browser.peers.contains_key(&peer) {
                    stage.connect_media(peer);
                }
            });
        });
    }

    fn stop_leg(&mut self, leg: LegId) {
        let Some(at) = self.legs.iter().position(|own| own.id == leg) else {
            return;
        };
        let stopped = self.legs.remove(at);
        if let Some((who, peer)) = stopped.peer.filter(|_| stopped.connected) {
            self.with(who, |stage| stage.packets_stop(peer));
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

    fn leg_of(&self, peer: PeerId) -> Option<usize> {
        let own = Some((self.current, peer));
        self.legs.iter().position(|leg| leg.peer == own)
    }

    /// ICE and DTLS are up, at the space's end too.
    pub(super) fn media_is_up(&mut self, peer: PeerId) {
        let leg = self.leg_of(peer).and_then(|at| self.legs.get_mut(at));
        if let Some(leg) = leg {
            leg.connected = true;
            let leg = leg.id;
            let up = world::Input::Media(MediaEvent::Connected { leg });
            self.outside(0, move |stage| stage.world_input(up));
        }
    }

    /// The browser closed its connection: the space sees the DTLS alert.
    pub(super) fn media_is_closed(&mut self, peer: PeerId) {
        if let Some(at) = self.leg_of(peer) {
            let leg = self.legs.remove(at).id;
            let dead = world::Input::Media(MediaEvent::Dead { leg });
            self.outside(self.setup.latency, move |stage| stage.world_input(dead));
        }
    }

    /// The space loses the packets of a call, which the browser does not notice.
    pub fn far_media_dies(&mut self, peer: PeerId) {
        self.media_is_closed(peer);
    }
}
