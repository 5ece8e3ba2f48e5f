//! The browser: live objects under the engine's ids, and what each effect does to them.

use std::collections::{BTreeMap, BTreeSet};

use signalwire_wasm::engine::io::{
    Constraint, Input, Kind, MediaFailure, Output, PeerId, PeerState, StreamId, Ticket, Tracks,
};
use signalwire_wasm::engine::wire::Opaque;

use super::Stage;
use super::sdp::{self, Sections};
use super::setup::{Device, Path};

/// A MediaStream.
#[derive(Debug, Default)]
pub struct Stream {
    pub tracks: Tracks,
    /// Of the application: its tracks are not ours to stop.
    pub given: bool,
}

/// An RTCPeerConnection.
#[derive(Debug)]
pub struct Peer {
    remote: StreamId,
    /// The local description, once it is set.
    described: Option<Sections>,
    answered: bool,
    pub connected: bool,
}

/// See the module.
#[derive(Default)]
pub struct Browser {
    pub streams: BTreeMap<StreamId, Stream>,
    pub peers: BTreeMap<PeerId, Peer>,
    /// Effects whose result the engine has not got.
    pub running: BTreeSet<Ticket>,
    /// Requests that have been neither answered nor cancelled.
    pub fetching: BTreeSet<Ticket>,
    /// Exchanges of the provider, which are not the engine's to cancel.
    pub providing: BTreeSet<Ticket>,
    /// Ids that were given up: what arrives for them is disposed of.
    released: BTreeSet<StreamId>,
    used_peers: BTreeSet<PeerId>,
    used_tickets: BTreeSet<Ticket>,
    /// Devices that came too late and were given back.
    pub disposed: usize,
}

impl Browser {
    /// Is the microphone's light on?
    pub fn records(&self) -> bool {
        let own = self.streams.values().filter(|stream| !stream.given);
        own.into_iter()
            .any(|stream| stream.tracks.audio || stream.tracks.video)
    }

    /// Is the camera's light on?
    pub fn films(&self) -> bool {
        let mut own = self.streams.values().filter(|stream| !stream.given);
        own.any(|stream| stream.tracks.video)
    }

    /// Invariant: a ticket is new, and its result comes once.
    pub fn begin(&mut self, ticket: Ticket) {
        assert!(self.used_tickets.insert(ticket), "{ticket:?} used twice");
        self.running.insert(ticket);
    }

    fn peer(&mut self, peer: PeerId) -> &mut Peer {
        self.peers.get_mut(&peer).expect("an open connection")
    }
}

impl Stage {
    /// Carries out an output that concerns media; gives back any other.
    pub(super) fn media_output(&mut self, output: Output) -> Option<Output> {
        match output {
            Output::AcquireMedia {
                ticket,
                stream,
                audio,
                video,
            } => self.acquire(ticket, stream, &audio, &video),
            Output::AdoptStreams { stream, .. } => {
                let adopted = Stream {
                    tracks: Tracks::default(),
                    given: true,
                };
                let known = self.browser.streams.insert(stream, adopted);
                assert!(known.is_none(), "{stream:?} is in use");
            }
            Output::StopTracks { stream, kind } => {
                let stream = self
                    .browser
                    .streams
                    .get_mut(&stream)
                    .expect("a live stream");
                *track(&mut stream.tracks, kind) = false;
            }
            Output::RestoreTrack {
                ticket,
                peer,
                stream,
                kind,
                constraint,
            } => {
                self.browser.peer(peer);
                assert!(constraint.is_on(), "a device that was not asked for");
                self.restore(ticket, stream, kind);
            }
            Output::ReleaseStream { stream } => {
                self.browser.streams.remove(&stream);
                assert!(
                    self.browser.released.insert(stream),
                    "{stream:?} released twice"
                );
            }
            Output::CreatePeer { peer, remote } => {
                assert!(self.browser.used_peers.insert(peer), "{peer:?} used twice");
                let fresh = Peer {
                    remote,
                    described: None,
                    answered: false,
                    connected: false,
                };
                self.browser.peers.insert(peer, fresh);
                self.browser.streams.insert(
                    remote,
                    Stream {
                        given: true,
                        ..Stream::default()
                    },
                );
            }
            Output::MakeOffer {
                ticket,
                peer,
                local,
                audio,
                video,
                ..
            } => self.make_offer(ticket, peer, local, (audio, video)),
            Output::MakeAnswer {
                ticket,
                peer,
                offer,
                local,
                audio,
                video,
                ..
            } => self.make_answer(ticket, peer, &offer, local, (audio, video)),
            Output::ReadDescription { ticket, peer } => {
                self.browser.begin(ticket);
                let sections = self.browser.peer(peer).described;
                let sections = sections.expect("read after it was made");
                let sdp = Some(sdp::of_peer(self.current, peer, sections));
                self.result(0, ticket, move |_| Input::Description { ticket, sdp });
            }
            Output::ApplyAnswer { ticket, peer, sdp } => self.apply_answer(ticket, peer, &sdp),
            Output::ClosePeer { peer } => self.close_peer(peer),
            other => return Some(other),
        }
        None
    }

    /// The result of an effect, after so long.
    pub(super) fn result(
        &mut self,
        after: u64,
        ticket: Ticket,
        make: impl FnOnce(&mut Stage) -> Input + 'static,
    ) {
        self.in_page(after, move |stage| {
            assert!(
                stage.browser.running.remove(&ticket),
                "{ticket:?} answered twice"
            );
            let input = make(stage);
            stage.input(input);
        });
    }

    fn acquire(&mut self, ticket: Ticket, id: StreamId, audio: &Constraint, video: &Constraint) {
        self.browser.begin(ticket);
        let tracks = Tracks {
            audio: audio.is_on(),
            video: video.is_on(),
        };
        assert!(tracks != Tracks::default(), "nothing is asked for");
        match self.setup.device {
            Device::Open => self.prompts.push((ticket, id, tracks)),
            Device::Granted => self.grant(self.setup.device_takes, ticket, id, tracks),
            Device::Refused(name) => self.deny(self.setup.device_takes, ticket, name),
        }
    }

    /// The user allows the device.
    pub(super) fn grant(&mut self, after: u64, ticket: Ticket, id: StreamId, tracks: Tracks) {
        self.result(after, ticket, move |stage| {
            if stage.browser.released.contains(&id) {
                stage.browser.disposed += 1;
            } else {
                let stream = stage.browser.streams.entry(id).or_default();
                stream.given = false;
                stream.tracks = tracks;
            }
            Input::MediaAcquired {
                ticket,
                result: Ok(tracks),
            }
        });
    }

    /// There is no such device, or the user denies it.
    pub(super) fn deny(&mut self, after: u64, ticket: Ticket, name: &'static str) {
        self.result(after, ticket, move |_| Input::MediaAcquired {
            ticket,
            result: Err(exception(name)),
        });
    }

    fn restore(&mut self, ticket: Ticket, id: StreamId, kind: Kind) {
        self.browser.begin(ticket);
        let device = self.setup.device;
        self.result(self.setup.device_takes, ticket, move |stage| {
            let result = match device {
                Device::Granted => Ok(()),
                Device::Refused(name) => Err(exception(name)),
                Device::Open => panic!("restoring does not prompt in these scenarios"),
            };
            match stage.browser.streams.get_mut(&id) {
                Some(stream) if result.is_ok() => *track(&mut stream.tracks, kind) = true,
                None if result.is_ok() => stage.browser.disposed += 1,
                _ => {}
            }
            Input::TrackRestored { ticket, result }
        });
    }

    fn make_offer(
        &mut self,
        ticket: Ticket,
        peer: PeerId,
        local: Option<StreamId>,
        sections: Sections,
    ) {
        let transports = u32::from(sections.0.is_some()) + u32::from(sections.1.is_some());
        self.describe(ticket, peer, local, sections, transports);
    }

    fn make_answer(
        &mut self,
        ticket: Ticket,
        id: PeerId,
        offer: &str,
        local: Option<StreamId>,
        sections: Sections,
    ) {
        assert!(sdp::is_of_leg(offer), "the offer of the space");
        let (audio, video) = sdp::kinds(offer);
        assert_eq!(
            (audio, video),
            (sections.0.is_some(), sections.1.is_some()),
            "an answer has the sections of its offer"
        );
        let peer = self.browser.peer(id);
        peer.answered = true;
        let remote = peer.remote;
        // The offer is bundled: there is one transport.
        self.describe(ticket, id, local, sections, 1);
        if self.setup.offer_fails {
            return;
        }
        self.of_peer(self.setup.offer_takes, id, move |stage| {
            if let Some(stream) = stage.browser.streams.get_mut(&remote) {
                stream.tracks.audio = audio;
                stream.tracks.video = video;
            }
            Input::RemoteTrack { peer: id }
        });
    }

    /// Makes a local description and sets it.
    fn describe(
        &mut self,
        ticket: Ticket,
        id: PeerId,
        local: Option<StreamId>,
        sections: Sections,
        transports: u32,
    ) {
        self.browser.begin(ticket);
        assert!(transports > 0, "a description without sections");
        if let Some(local) = local {
            assert!(
                self.browser.streams.contains_key(&local),
                "a dead stream is sent"
            );
        }
        let fails = self.setup.offer_fails;
        assert!(self.browser.peer(id).described.is_none(), "described twice");
        self.result(self.setup.offer_takes, ticket, move |stage| {
            if fails {
                let result = Err(Opaque::new("OperationError"));
                return Input::OfferMade { ticket, result };
            }
            if let Some(peer) = stage.browser.peers.get_mut(&id) {
                peer.described = Some(sections);
                stage.gather(id, transports);
            }
            Input::OfferMade {
                ticket,
                result: Ok(transports),
            }
        });
    }

    fn gather(&mut self, peer: PeerId, transports: u32) {
        for transport in 0..transports {
            for (after, candidate) in self.setup.candidates.clone() {
                self.of_peer(after, peer, move |_| Input::Candidate {
                    peer,
                    candidate,
                    transport,
                });
            }
        }
        if let Some(after) = self.setup.gathered {
            self.of_peer(after, peer, move |_| Input::Gathered { peer });
        }
    }

    /// An event of a connection, unless it has been closed by then.
    pub fn of_peer(
        &mut self,
        after: u64,
        peer: PeerId,
        make: impl FnOnce(&mut Stage) -> Input + 'static,
    ) {
        self.in_page(after, move |stage| {
            if stage.browser.peers.contains_key(&peer) {
                let input = make(stage);
                stage.input(input);
            }
        });
    }

    fn apply_answer(&mut self, ticket: Ticket, id: PeerId, sdp: &str) {
        self.browser.begin(ticket);
        let peer = self.browser.peer(id);
        assert!(peer.described.is_some(), "an answer without an offer");
        assert!(
            !std::mem::replace(&mut peer.answered, true),
            "answered twice"
        );
        assert!(!sdp.is_empty());
        let remote = peer.remote;
        let fails = self.setup.answer_fails;
        self.result(self.setup.answer_takes, ticket, move |stage| {
            if fails {
                let result = Err(Opaque::new("InvalidAccessError"));
                return Input::AnswerApplied { ticket, result };
            }
            if let Some(stream) = stage.browser.streams.get_mut(&remote) {
                stream.tracks.audio = true;
                stage.of_peer(0, id, move |_| Input::RemoteTrack { peer: id });
                stage.connect_media(id);
            }
            let result = Ok(());
            Input::AnswerApplied { ticket, result }
        });
    }

    /// Both ends know each other: the way is looked for.
    pub(super) fn connect_media(&mut self, peer: PeerId) {
        match self.setup.path {
            Path::Silent => {}
            Path::Fails(after) => {
                let state = PeerState::Failed;
                self.of_peer(after, peer, move |_| Input::PeerChanged { peer, state });
            }
            Path::Up(after) => {
                let state = PeerState::Connected;
                self.of_peer(after, peer, move |stage| {
                    stage.browser.peer(peer).connected = true;
                    stage.media_is_up(peer);
                    Input::PeerChanged { peer, state }
                });
            }
        }
    }

    fn close_peer(&mut self, id: PeerId) {
        let peer = self.browser.peers.remove(&id).expect("an open connection");
        if peer.connected {
            self.media_is_closed(id);
        }
    }
}

fn track(tracks: &mut Tracks, kind: Kind) -> &mut bool {
    match kind {
        Kind::Audio => &mut tracks.audio,
        Kind::Video => &mut tracks.video,
    }
}

fn exception(name: &'static str) -> MediaFailure {
    MediaFailure {
        name: name.to_owned(),
        thrown: Opaque::new(name),
    }
}
