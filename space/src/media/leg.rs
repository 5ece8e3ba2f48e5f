//! One leg: a task that owns a peer connection and its sockets.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::{Duration, Instant};

use str0m::media::{KeyframeRequest, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpPacket;
use str0m::{Event, Input, Output, Rtc};
use tokio::sync::mpsc;

use super::echo::Echo;
use super::tone::Tone;
use super::{Counters, Shared, session};
use crate::network::{Datagram, DatagramEdge};
use crate::world::media::{FarEnd, LegId, MediaEvent};

/// Longest sleep: a deadline beyond it is looked at again.
const IDLE: Duration = Duration::from_secs(1);

/// A leg that runs.
pub(super) struct Leg {
    id: LegId,
    far_end: FarEnd,
    rtc: Rtc,
    edges: Vec<DatagramEdge>,
    source: Source,
    /// Every medium of the session, in the order of its appearance.
    media: Vec<(Mid, MediaKind)>,
    counters: Arc<Counters>,
    shared: Arc<Shared>,
    /// Time of the peer connection: what arrives carries its time of release, which may lie behind what
    /// a timer has already told.
    clock: Instant,
    /// When the leg is given up, unless the browser is heard or connects.
    patience: Instant,
    connected: bool,
}

/// What the browser hears.
enum Source {
    Echo(Echo),
    Tone(Tone),
}

/// Why a leg ends by itself.
enum End {
    /// The first offer was not accepted.
    Refused(String),
    /// The browser is gone.
    Dead(&'static str),
}

/// Says that a leg is over when its task is torn down by a panic in the stack below: the world must
/// never wait for a leg that is not there.
struct Obituary {
    id: LegId,
    answered: bool,
    shared: Arc<Shared>,
}

impl Drop for Obituary {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        tracing::error!(leg = self.id.0, "the task of a leg failed");
        let leg = self.id;
        self.shared.report(if self.answered {
            MediaEvent::Dead { leg }
        } else {
            self.shared.legs().remove(&leg);
            let reason = "the media stack failed on this offer".to_owned();
            MediaEvent::Refused { leg, reason }
        });
    }
}

impl Leg {
    /// Serves the leg until its owner drops the other end of `offers`, or the browser is gone.
    pub(super) async fn run(
        id: LegId,
        far_end: FarEnd,
        mut offers: mpsc::UnboundedReceiver<String>,
        counters: Arc<Counters>,
        shared: Arc<Shared>,
    ) {
        let mut obituary = Obituary {
            id,
            answered: false,
            shared: Arc::clone(&shared),
        };
        let Some(offer) = offers.recv().await else {
            return;
        };
        let end = match Self::open(id, far_end, &offer, counters, &shared) {
            Ok((mut leg, answer)) => {
                obituary.answered = true;
                shared.report(MediaEvent::Answer {
                    leg: id,
                    sdp: answer,
                });
                leg.serve(&mut offers).await
            }
            Err(reason) => Some(End::Refused(reason)),
        };
        let Some(end) = end else {
            return tracing::debug!(leg = id.0, "leg stopped");
        };
        shared.report(match end {
            End::Refused(reason) => {
                shared.legs().remove(&id);
                tracing::info!(leg = id.0, reason, "offer refused");
                MediaEvent::Refused { leg: id, reason }
            }
            End::Dead(reason) => {
                tracing::info!(leg = id.0, reason, "leg dead");
                MediaEvent::Dead { leg: id }
            }
        });
    }

    fn open(
        id: LegId,
        far_end: FarEnd,
        offer: &str,
        counters: Arc<Counters>,
        shared: &Arc<Shared>,
    ) -> Result<(Self, String), String> {
        let bind = |ip| DatagramEdge::bind(ip, &shared.network);
        // An address that has gone since the start (another network) is left out.
        let edges: Vec<_> = shared
            .addresses
            .iter()
            .filter_map(|ip| bind(*ip).ok())
            .collect();
        if edges.is_empty() {
            return Err("no UDP socket for the leg".to_owned());
        }
        let now = Instant::now();
        let addresses = edges.iter().map(DatagramEdge::local_addr);
        let mut rtc = session::peer_connection(far_end, &shared.certificate, addresses, now)?;
        let answer = session::answer(&mut rtc, offer, far_end)?;
        let leg = Self {
            id,
            far_end,
            rtc,
            edges,
            source: match far_end {
                FarEnd::Peer(_) => return Err("legs are not bridged yet".to_owned()),
                FarEnd::Echo => Source::Echo(Echo::default()),
                FarEnd::Tone(hertz) => Source::Tone(Tone::new(hertz)),
            },
            media: Vec::new(),
            counters,
            shared: Arc::clone(shared),
            clock: now,
            patience: now + shared.config.connect_within,
            connected: false,
        };
        Ok((leg, answer))
    }

    async fn serve(&mut self, offers: &mut mpsc::UnboundedReceiver<String>) -> Option<End> {
        loop {
            let deadline = match self.advance() {
                Ok(deadline) => deadline,
                Err(end) => return Some(end),
            };
            tokio::select! {
                offer = offers.recv() => self.renegotiate(&offer?),
                (to, received) = receive(&mut self.edges) => match received {
                    Ok(datagram) => {
                        if let Err(end) = self.take(datagram, to) {
                            return Some(end);
                        }
                    }
                    Err(error) => {
                        tracing::warn!(leg = self.id.0, %error, "socket failed");
                        return Some(End::Dead("its socket failed"));
                    }
                },
                () = tokio::time::sleep_until(deadline.into()) => {}
            }
        }
    }

    /// Does everything that is due, and returns the time of what is due next.
    fn advance(&mut self) -> Result<Instant, End> {
        let now = Instant::now().max(self.clock);
        self.clock = now;
        if now >= self.patience {
            return Err(End::Dead(if self.connected {
                "not heard any more"
            } else {
                "never connected"
            }));
        }
        self.play(now);
        self.feed(Input::Timeout(now))?;
        let stack = self.drain()?;
        let soonest = self.due().map_or(stack, |due| due.min(stack));
        Ok(soonest.min(self.patience).min(now + IDLE))
    }

    fn due(&self) -> Option<Instant> {
        match &self.source {
            Source::Echo(echo) => echo.due(),
            Source::Tone(tone) => tone.due(),
        }
    }

    /// Sends what the far end has to say of its own.
    fn play(&mut self, now: Instant) {
        let sent = match &mut self.source {
            Source::Echo(echo) => echo.fill(&mut self.rtc, now),
            Source::Tone(tone) => {
                let audio = self.media.iter().filter(|(_, kind)| kind.is_audio());
                let mids: Vec<_> = audio.map(|(mid, _)| *mid).collect();
                tone.send(&mut self.rtc, &mids, now)
            }
        };
        self.counters.sent.fetch_add(sent, Ordering::Relaxed);
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
            self.patience = self.clock + self.shared.config.vanished_after;
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
            Event::RtpPacket(packet) => self.echo(&packet)?,
            Event::KeyframeRequest(request) => self.request_keyframe(&request),
            Event::Closed => return Err(End::Dead("closed by the browser")),
            _ => {}
        }
        Ok(())
    }

    fn connect(&mut self) {
        self.connected = true;
        self.patience = self.clock + self.shared.config.vanished_after;
        tracing::debug!(leg = self.id.0, "leg connected");
        self.shared.report(MediaEvent::Connected { leg: self.id });
        self.begin();
    }

    /// Lets the far end begin, once the leg is connected, on what the session has.
    fn begin(&mut self) {
        if !self.connected {
            return;
        }
        match &mut self.source {
            Source::Tone(tone) => tone.begin(self.clock),
            Source::Echo(echo) => {
                for (mid, kind) in &self.media {
                    echo.begin(*mid, *kind, self.clock);
                }
            }
        }
    }

    fn echo(&mut self, packet: &RtpPacket) -> Result<(), End> {
        self.counters.received.fetch_add(1, Ordering::Relaxed);
        let Source::Echo(echo) = &mut self.source else {
            return Ok(());
        };
        let sent = echo.forward(&mut self.rtc, packet, self.clock);
        self.counters.sent.fetch_add(sent, Ordering::Relaxed);
        // What is written leaves when the time is told.
        self.feed(Input::Timeout(self.clock))
    }

    /// The browser that misses a picture of its own stream is the one that must send it (RFC 4585 §6.3.1).
    fn request_keyframe(&mut self, request: &KeyframeRequest) {
        if let Some(stream) = self
            .rtc
            .direct_api()
            .stream_rx_by_mid(request.mid, request.rid)
        {
            stream.request_keyframe(request.kind);
        }
    }

    /// A later offer that is refused does not end the leg: the media negotiated before go on.
    fn renegotiate(&mut self, offer: &str) {
        let leg = self.id;
        self.shared
            .report(match session::answer(&mut self.rtc, offer, self.far_end) {
                Ok(sdp) => MediaEvent::Answer { leg, sdp },
                Err(reason) => {
                    tracing::info!(leg = leg.0, reason, "later offer refused");
                    MediaEvent::Refused { leg, reason }
                }
            });
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{Media, MediaConfig};
    use crate::network::Network;

    #[tokio::test]
    async fn a_task_that_panics_reports_the_end_of_its_leg() {
        let config = MediaConfig {
            loopback_media: true,
            ..MediaConfig::default()
        };
        let (media, mut events) = Media::start(config, Network::default()).expect("started");
        let leg = LegId(1);
        for answered in [false, true] {
            let shared = Arc::clone(&media.owner.shared);
            let failed = tokio::spawn(async move {
                let _obituary = Obituary {
                    id: leg,
                    answered,
                    shared,
                };
                panic!("as a media stack might");
            });
            assert!(failed.await.is_err_and(|error| error.is_panic()));
            let event = events.recv().await.expect("a media edge that runs");
            assert_eq!(matches!(event, MediaEvent::Dead { .. }), answered);
            assert_eq!(matches!(event, MediaEvent::Refused { .. }), !answered);
        }
    }
}
