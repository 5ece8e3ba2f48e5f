//! One leg: a task that owns a peer connection and its sockets.

use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::{Duration, Instant};

use str0m::media::{KeyframeRequest, KeyframeRequestKind, MediaKind, Mid, Pt, Rid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpPacket;
use str0m::{Event, Input, Output, Rtc};
use tokio::sync::mpsc;

use super::bridge::{self, Crossing, Medium, Waiting};
use super::obituary::Obituary;
use super::session::{self, Pending};
use super::stream::{Packet, Streams};
use super::tone::Tone;
use super::{Common, Shared};
use crate::network::{Datagram, DatagramEdge};
use crate::world::media::{FarEnd, LegId, MediaEvent};

/// Longest sleep: a deadline beyond it is looked at again.
const IDLE: Duration = Duration::from_secs(1);

/// How the media of a leg are agreed upon.
pub(super) enum Opening {
    /// By an answer to this offer of the browser.
    Answer(String),
    /// By an offer to the browser.
    Call { video: bool },
}

/// What a leg that runs is told.
pub(super) enum Order {
    /// What opened a leg before, again: an offer is a later one.
    Open(Opening),
    /// The browser's answer to the offer of the space.
    Accept(String),
    /// Its packets go to this leg now.
    Bridge(LegId),
}

/// Everything that a leg begins with.
pub(super) struct Birth {
    pub(super) id: LegId,
    pub(super) far_end: FarEnd,
    pub(super) opening: Opening,
    pub(super) common: Common,
    pub(super) shared: Arc<Shared>,
}

/// A leg that runs.
pub(super) struct Leg {
    id: LegId,
    far_end: FarEnd,
    rtc: Rtc,
    edges: Vec<DatagramEdge>,
    source: Source,
    /// Every medium of the session, in the order of its appearance.
    media: Vec<(Mid, MediaKind)>,
    /// The offer that the browser has not answered yet.
    pending: Option<Pending>,
    common: Common,
    shared: Arc<Shared>,
    /// Time of the peer connection: what arrives carries its time of release, which may lie behind what
    /// a timer has already told.
    clock: Instant,
    /// When the leg is given up, unless the browser is heard or connects. There is no such time while the
    /// browser has an offer to answer: it rings.
    patience: Option<Instant>,
    connected: bool,
    obituary: Obituary,
}

/// What the browser hears.
enum Source {
    /// Packets of a browser.
    Streams(Streams),
    Tone(Tone),
}

/// Why a leg ends by itself.
enum End {
    /// Its first offer was not accepted, or the answer to its own.
    Refused(String),
    /// The browser is gone.
    Dead(&'static str),
}

impl Leg {
    /// Serves the leg until its owner drops the other end of `orders`, or the browser is gone.
    pub(super) async fn run(birth: Birth, mut orders: mpsc::UnboundedReceiver<Order>) {
        let id = birth.id;
        let shared = Arc::clone(&birth.shared);
        let end = match Self::open(birth) {
            Ok((mut leg, opened)) => {
                shared.report(opened);
                leg.serve(&mut orders).await
            }
            Err(reason) => Some(End::Refused(reason)),
        };
        let Some(end) = end else {
            return tracing::debug!(leg = id.0, "leg stopped");
        };
        shared.report(match end {
            End::Refused(reason) => {
                shared.legs().remove(&id);
                tracing::info!(leg = id.0, reason, "leg refused");
                MediaEvent::Refused { leg: id, reason }
            }
            End::Dead(reason) => {
                tracing::info!(leg = id.0, reason, "leg dead");
                MediaEvent::Dead { leg: id }
            }
        });
    }

    fn open(birth: Birth) -> Result<(Self, MediaEvent), String> {
        let Birth {
            id,
            far_end,
            opening,
            common,
            shared,
        } = birth;
        let mut obituary = Obituary::new(id, &common, &shared);
        let edges = edges(&shared)?;
        let now = Instant::now();
        let addresses = edges.iter().map(DatagramEdge::local_addr);
        let mut rtc = session::peer_connection(far_end, &shared.certificate, addresses, now)?;
        let (opened, pending) = match opening {
            Opening::Answer(offer) => {
                let sdp = session::answer(&mut rtc, &offer, far_end)?;
                (MediaEvent::Answer { leg: id, sdp }, None)
            }
            Opening::Call { video } => {
                let (sdp, pending) = session::offer(&mut rtc, video, far_end)?;
                (MediaEvent::Offered { leg: id, sdp }, Some(pending))
            }
        };
        obituary.agreed = pending.is_none();
        let leg = Self {
            id,
            far_end,
            rtc,
            edges,
            source: match far_end {
                FarEnd::Echo | FarEnd::Peer(_) => Source::Streams(Streams::default()),
                FarEnd::Tone(hertz) => Source::Tone(Tone::new(hertz)),
            },
            media: Vec::new(),
            patience: pending
                .is_none()
                .then(|| now + shared.config.connect_within),
            pending,
            common,
            shared,
            clock: now,
            connected: false,
            obituary,
        };
        Ok((leg, opened))
    }

    async fn serve(&mut self, orders: &mut mpsc::UnboundedReceiver<Order>) -> Option<End> {
        loop {
            let deadline = match self.advance() {
                Ok(deadline) => deadline,
                Err(end) => return Some(end),
            };
            let done = tokio::select! {
                order = orders.recv() => self.obey(order?),
                () = self.common.inbox.arrival() => {
                    self.collect();
                    Ok(())
                }
                (to, received) = receive(&mut self.edges) => match received {
                    Ok(datagram) => self.take(datagram, to),
                    Err(error) => {
                        tracing::warn!(leg = self.id.0, %error, "socket failed");
                        Err(End::Dead("its socket failed"))
                    }
                },
                () = tokio::time::sleep_until(deadline.into()) => Ok(()),
            };
            if let Err(end) = done {
                return Some(end);
            }
        }
    }

    fn obey(&mut self, order: Order) -> Result<(), End> {
        self.tell_time();
        match order {
            Order::Open(Opening::Answer(offer)) => self.renegotiate(&offer),
            Order::Open(Opening::Call { .. }) => self.refuse("the leg is there already"),
            Order::Accept(answer) => return self.accept(&answer),
            Order::Bridge(peer) => self.bridge(peer),
        }
        Ok(())
    }

    /// Does everything that is due, and returns the time of what is due next.
    fn advance(&mut self) -> Result<Instant, End> {
        let now = self.tell_time();
        if self.patience.is_some_and(|until| now >= until) {
            return Err(End::Dead(if self.connected {
                "not heard any more"
            } else {
                "never connected"
            }));
        }
        self.play(now);
        self.feed(Input::Timeout(now))?;
        let stack = self.drain()?;
        let others = [self.due(), self.patience, Some(now + IDLE)];
        Ok(others.into_iter().flatten().fold(stack, Instant::min))
    }

    /// Brings the clock of the peer connection up to date.
    fn tell_time(&mut self) -> Instant {
        self.clock = self.clock.max(Instant::now());
        self.clock
    }

    fn due(&self) -> Option<Instant> {
        match &self.source {
            Source::Streams(streams) => streams.due(),
            Source::Tone(tone) => tone.due(),
        }
    }

    /// Sends what the far end has to say of its own.
    fn play(&mut self, now: Instant) {
        let sent = match &mut self.source {
            Source::Streams(streams) => streams.fill(&mut self.rtc, now),
            Source::Tone(tone) => {
                let audio = self.media.iter().filter(|(_, kind)| kind.is_audio());
                let mids: Vec<_> = audio.map(|(mid, _)| *mid).collect();
                tone.send(&mut self.rtc, &mids, now)
            }
        };
        self.count_sent(sent);
    }

    fn count_sent(&self, packets: u64) {
        let sent = &self.common.counters.sent;
        sent.fetch_add(packets, Ordering::Relaxed);
    }

    fn take(&mut self, datagram: Datagram, to: SocketAddr) -> Result<(), End> {
        let Datagram {
            source,
            contents,
            arrived,
        } = datagram;
        let Ok(receive) = Receive::new(Protocol::Udp, source, to, &contents) else {
            tracing::debug!(leg = self.id.0, "not a datagram of WebRTC");
            return Ok(());
        };
        self.clock = self.clock.max(arrived);
        let input = Input::Receive(self.clock, receive);
        if self.connected && self.rtc.accepts(&input) {
            self.hear();
        }
        self.feed(input)
    }

    fn feed(&mut self, input: Input<'_>) -> Result<(), End> {
        self.rtc.handle_input(input).map_err(|error| {
            tracing::info!(leg = self.id.0, %error, "the peer connection failed");
            End::Dead("its peer connection failed")
        })
    }

    /// Carries out what the peer connection wants, until it wants to wait; returns until when.
    fn drain(&mut self) -> Result<Instant, End> {
        loop {
            let output = self.rtc.poll_output().map_err(|error| {
                tracing::info!(leg = self.id.0, %error, "the peer connection failed");
                End::Dead("its peer connection failed")
            })?;
            match output {
                Output::Timeout(until) if self.rtc.is_alive() => return Ok(until),
                Output::Timeout(_) => return Err(End::Dead("its peer connection ended")),
                Output::Transmit(transmit) => {
                    let from = |edge: &&mut DatagramEdge| edge.local_addr() == transmit.source;
                    if let Some(edge) = self.edges.iter_mut().find(from) {
                        edge.send_to(&transmit.contents, transmit.destination);
                    }
                }
                Output::Event(event) => self.react(event)?,
            }
        }
    }

    fn react(&mut self, event: Event) -> Result<(), End> {
        match event {
            Event::Connected => self.connect(),
            Event::MediaAdded(added) => {
                self.media.push((added.mid, added.kind));
                self.begin();
            }
            Event::RtpPacket(packet) => self.forward(packet)?,
            Event::KeyframeRequest(request) => self.pass_on(&request),
            Event::Closed => return Err(End::Dead("closed by the browser")),
            _ => {}
        }
        Ok(())
    }

    fn connect(&mut self) {
        self.connected = true;
        self.hear();
        tracing::debug!(leg = self.id.0, "leg connected");
        self.shared.report(MediaEvent::Connected { leg: self.id });
        self.begin();
        self.ask_for_pictures();
    }

    /// The browser lives.
    fn hear(&mut self) {
        self.patience = Some(self.clock + self.shared.config.vanished_after);
    }

    /// Lets the far end begin, once the leg is connected, on what the session has.
    fn begin(&mut self) {
        if !self.connected {
            return;
        }
        match &mut self.source {
            Source::Tone(tone) => tone.begin(self.clock),
            Source::Streams(streams) => {
                for (mid, kind) in &self.media {
                    streams.begin(*mid, *kind, self.clock);
                }
            }
        }
    }

    fn forward(&mut self, packet: RtpPacket) -> Result<(), End> {
        let received = &self.common.counters.received;
        received.fetch_add(1, Ordering::Relaxed);
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_rx(&packet.header.ssrc);
        let Some(mid) = stream.map(|stream| stream.mid()) else {
            return Ok(());
        };
        if self.media.contains(&(mid, MediaKind::Audio)) {
            self.common.silence.end(self.clock);
        }
        match self.far_end {
            FarEnd::Tone(_) => {}
            FarEnd::Echo => {
                self.send((mid, packet.header.payload_type), packet.into());
                // What is written leaves when the time is told.
                self.feed(Input::Timeout(self.clock))?;
            }
            FarEnd::Peer(peer) => self.cross(peer, mid, packet),
        }
        Ok(())
    }

    fn send(&mut self, to: (Mid, Pt), packet: Packet) {
        if let Source::Streams(streams) = &mut self.source {
            let sent = streams.send(&mut self.rtc, to, packet, self.clock);
            self.count_sent(sent);
        }
    }

    /// Puts a packet before another leg.
    fn cross(&self, peer: LegId, mid: Mid, packet: RtpPacket) {
        let pt = packet.header.payload_type;
        let codec = self.rtc.codec_config().find(|params| params.pt() == pt);
        let medium = Medium::of(&self.rtc, &self.media, mid);
        let (Some(codec), Some(medium), Some(peer)) = (codec, medium, self.shared.common(peer))
        else {
            return;
        };
        let crossing = Crossing {
            medium,
            codec: *codec,
            packet: packet.into(),
        };
        if peer.inbox.put(crossing) {
            peer.counters.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes what other legs have put before this one.
    fn collect(&mut self) {
        let Waiting {
            packets, pictures, ..
        } = self.common.inbox.take();
        self.tell_time();
        for (medium, kind) in pictures {
            if let Some(mid) = medium.find(&self.rtc, &self.media) {
                self.request_keyframe(mid, None, kind);
            }
        }
        if !self.connected || !matches!(self.far_end, FarEnd::Peer(_)) {
            return;
        }
        for crossing in packets {
            let Some(mid) = crossing.medium.find(&self.rtc, &self.media) else {
                continue;
            };
            if let Some(pt) = bridge::payload_type(&self.rtc, mid, crossing.codec) {
                self.send((mid, pt), crossing.packet);
            }
        }
    }

    /// A browser misses a picture: the one that sends it must send a whole one (RFC 4585 §6.3.1).
    fn pass_on(&mut self, request: &KeyframeRequest) {
        if let FarEnd::Peer(peer) = self.far_end {
            let medium = Medium::of(&self.rtc, &self.media, request.mid);
            if let (Some(medium), Some(peer)) = (medium, self.shared.common(peer)) {
                peer.inbox.ask_for_picture(medium, request.kind);
            }
        } else {
            self.request_keyframe(request.mid, request.rid, request.kind);
        }
    }

    fn request_keyframe(&mut self, mid: Mid, rid: Option<Rid>, kind: KeyframeRequestKind) {
        if let Some(stream) = self.rtc.direct_api().stream_rx_by_mid(mid, rid) {
            stream.request_keyframe(kind);
        }
    }

    /// A browser that begins to see another in the middle of its stream needs a whole picture first.
    fn ask_for_pictures(&self) {
        let FarEnd::Peer(peer) = self.far_end else {
            return;
        };
        let Some(peer) = self.shared.common(peer) else {
            return;
        };
        for (mid, _) in self.media.iter().filter(|(_, kind)| kind.is_video()) {
            if let Some(medium) = Medium::of(&self.rtc, &self.media, *mid) {
                peer.inbox.ask_for_picture(medium, KeyframeRequestKind::Pli);
            }
        }
    }

    fn bridge(&mut self, to: LegId) {
        if let FarEnd::Peer(peer) = &mut self.far_end {
            *peer = to;
            self.ask_for_pictures();
        }
    }

    /// The browser has answered the space's own offer.
    fn accept(&mut self, answer: &str) -> Result<(), End> {
        let Some(pending) = self.pending.take() else {
            self.refuse("no offer of the space waits for an answer");
            return Ok(());
        };
        // The stack reports the media of an offer of the browser alone.
        self.media.extend(&pending.media);
        session::accept(&mut self.rtc, pending, answer).map_err(End::Refused)?;
        self.obituary.agreed = true;
        self.patience = Some(self.clock + self.shared.config.connect_within);
        Ok(())
    }

    /// A later offer that is refused does not end the leg: the media negotiated before go on.
    fn renegotiate(&mut self, offer: &str) {
        if self.pending.is_some() {
            return self.refuse("the offer of the space is not answered yet");
        }
        match session::answer(&mut self.rtc, offer, self.far_end) {
            Ok(sdp) => {
                let leg = self.id;
                self.shared.report(MediaEvent::Answer { leg, sdp });
                self.ask_for_pictures();
            }
            Err(reason) => self.refuse(&reason),
        }
    }

    /// What was asked for cannot be; the leg goes on.
    fn refuse(&self, reason: &str) {
        tracing::info!(leg = self.id.0, reason, "refused");
        self.shared.report(MediaEvent::Refused {
            leg: self.id,
            reason: reason.to_owned(),
        });
    }
}

/// A socket at each address of the space; one that has gone since the start (another network) is left
/// out.
fn edges(shared: &Shared) -> Result<Vec<DatagramEdge>, String> {
    let bind = |ip: &IpAddr| DatagramEdge::bind(*ip, &shared.network).ok();
    let edges: Vec<_> = shared.addresses.iter().filter_map(bind).collect();
    if edges.is_empty() {
        return Err("no UDP socket for the leg".to_owned());
    }
    Ok(edges)
}

/// The next datagram at any of the leg's sockets, with the address that it came to.
async fn receive(edges: &mut [DatagramEdge]) -> (SocketAddr, std::io::Result<Datagram>) {
    poll_fn(|cx| {
        for edge in edges.iter_mut() {
            if let Poll::Ready(received) = edge.poll_recv(cx) {
                return Poll::Ready((edge.local_addr(), received));
            }
        }
        Poll::Pending
    })
    .await
}
