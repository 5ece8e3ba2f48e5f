//! The far end of every call, with real packets: ICE, DTLS-SRTP and RTP; echo, tone and bridge; STUN and
//! TURN.
//!
//! The world sends [`MediaCommand`]s and receives [`MediaEvent`]s; each leg is a task with its own
//! sockets. Packets are forwarded or made here, never decoded.

mod addresses;
mod bridge;
mod leg;
mod obituary;
mod sdp;
mod session;
mod silence;
mod stream;
mod stun;
#[cfg(test)]
mod tests;
mod thread;
mod tone;
mod turn;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{fmt, io};

use str0m::config::DtlsCert;
use tokio::sync::mpsc;

use crate::network::Network;
use crate::world::media::{FarEnd, LegId, MediaCommand, MediaEvent};
use bridge::Inbox;
use leg::{Birth, Leg, Opening, Order};
use silence::Silence;
use thread::MediaThread;
use turn::Credentials;

/// How the media edge of a space behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaConfig {
    /// Offer 127.0.0.1 alone as candidate and TURN address: no packet leaves the loopback interface.
    /// Firefox then reaches the space by TURN alone, and only with the preference
    /// `media.peerconnection.ice.loopback`.
    pub loopback_media: bool,
    /// A leg that hears nothing from its browser for this long is dead. A browser that lives sends
    /// consent checks every few seconds (RFC 7675), whatever its media do.
    pub vanished_after: Duration,
    /// A leg that is not connected this long after its first offer, or the answer to that of the space,
    /// is dead.
    pub connect_within: Duration,
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self {
            loopback_media: false,
            vanished_after: Duration::from_secs(20),
            connect_within: Duration::from_secs(30),
        }
    }
}

/// A server for `RTCConfiguration.iceServers`.
#[derive(Clone, PartialEq, Eq)]
pub struct IceServer {
    /// `turn:` URLs: the same server at each address of the space.
    pub urls: Vec<String>,
    /// Random for each instance.
    pub username: String,
    /// Random for each instance. A secret: it belongs into the answer to an authenticated client only.
    pub credential: String,
}

impl fmt::Debug for IceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceServer")
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}

/// RTP packets of one leg since its first offer. Retransmissions and RTCP do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RtpCounts {
    /// From the browser.
    pub received: u64,
    /// To the browser.
    pub sent: u64,
    /// From another leg to the browser of this one, which did not keep up: lost inside the space.
    pub dropped: u64,
}

/// The media edge of one space.
pub struct Media;

impl Media {
    /// Opens STUN and TURN and waits for commands. The events come in the order in which things happen
    /// to a leg. Everything ends when the last clone of the handle is dropped.
    ///
    /// # Errors
    /// No UDP socket can be opened on 127.0.0.1, or the system has no randomness or no thread to give.
    pub fn start(
        config: MediaConfig,
        network: Network,
    ) -> io::Result<(MediaHandle, mpsc::UnboundedReceiver<MediaEvent>)> {
        let addresses = addresses::usable(config.loopback_media);
        let credentials = Credentials {
            username: random_word()?,
            password: random_word()?,
        };
        let thread = MediaThread::start()?;
        let mut urls = Vec::new();
        for ip in &addresses {
            let at = turn::serve(*ip, &credentials, &network, &thread)?;
            urls.push(format!("turn:{at}?transport=udp"));
        }
        let Credentials {
            username,
            password: credential,
        } = credentials;
        let (events, receiver) = mpsc::unbounded_channel();
        let shared = Shared {
            certificate: session::certificate()?,
            config,
            network,
            addresses,
            ice_servers: vec![IceServer {
                urls,
                username,
                credential,
            }],
            events,
            legs: Mutex::default(),
        };
        let owner = Owner {
            thread,
            shared: Arc::new(shared),
        };
        let handle = MediaHandle {
            owner: Arc::new(owner),
        };
        Ok((handle, receiver))
    }
}

fn random_word() -> io::Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Commands the legs. A clone is the same media edge.
#[derive(Clone)]
pub struct MediaHandle {
    owner: Arc<Owner>,
}

/// Everything that runs ends with it: the tasks of the legs and of TURN live on its thread.
struct Owner {
    thread: MediaThread,
    shared: Arc<Shared>,
}

/// What the legs and their owner share.
struct Shared {
    config: MediaConfig,
    network: Network,
    addresses: Vec<IpAddr>,
    certificate: DtlsCert,
    ice_servers: Vec<IceServer>,
    events: mpsc::UnboundedSender<MediaEvent>,
    legs: Mutex<HashMap<LegId, Control>>,
}

/// The commanding end of a leg. The leg ends when it is dropped.
struct Control {
    orders: mpsc::UnboundedSender<Order>,
    common: Common,
}

/// What a leg's task and the others share of it.
#[derive(Clone, Default)]
struct Common {
    counters: Arc<Counters>,
    silence: Arc<Silence>,
    inbox: Arc<Inbox>,
}

#[derive(Default)]
struct Counters {
    received: AtomicU64,
    sent: AtomicU64,
    dropped: AtomicU64,
}

impl Shared {
    fn legs(&self) -> MutexGuard<'_, HashMap<LegId, Control>> {
        self.legs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What others share of a leg; `None` when it is not there (yet, or any more).
    fn common(&self, leg: LegId) -> Option<Common> {
        Some(self.legs().get(&leg)?.common.clone())
    }

    fn report(&self, event: MediaEvent) {
        if self.events.send(event).is_err() {
            tracing::debug!("nobody listens to media events any more");
        }
    }
}

impl MediaHandle {
    /// Carries out a command; the outcome is an event. Never blocks.
    pub fn command(&self, command: MediaCommand) {
        match command {
            MediaCommand::Offer { leg, sdp, far_end } => {
                self.open(leg, far_end, Opening::Answer(sdp));
            }
            MediaCommand::Call {
                leg,
                video,
                far_end,
            } => self.open(leg, far_end, Opening::Call { video }),
            MediaCommand::Accept { leg, sdp } => {
                if !self.order(leg, Order::Accept(sdp)) {
                    self.refuse(leg, "there is no such leg");
                }
            }
            MediaCommand::Bridge { leg, peer } => {
                // A leg that is gone needs no other far end.
                let _ = self.order(leg, Order::Bridge(peer));
            }
            MediaCommand::Stop { leg } => {
                self.owner.shared.legs().remove(&leg);
            }
        }
    }

    /// Opens a leg; one that is there already is told of it.
    fn open(&self, leg: LegId, far_end: FarEnd, opening: Opening) {
        let owner = &self.owner;
        match owner.shared.legs().entry(leg) {
            Entry::Occupied(there) => {
                if there.get().orders.send(Order::Open(opening)).is_err() {
                    // It is on its way out, and its end is reported by itself.
                    self.refuse(leg, "the leg has just ended");
                }
            }
            Entry::Vacant(free) => {
                let (orders, received) = mpsc::unbounded_channel();
                let common = Common::default();
                let shared = Arc::clone(&owner.shared);
                let birth = Birth {
                    id: leg,
                    far_end,
                    opening,
                    common: common.clone(),
                    shared,
                };
                owner.thread.spawn(Leg::run(birth, received));
                free.insert(Control { orders, common });
            }
        }
    }

    /// Whether there is a leg to take the order.
    fn order(&self, leg: LegId, order: Order) -> bool {
        let legs = self.owner.shared.legs();
        legs.get(&leg)
            .is_some_and(|control| control.orders.send(order).is_ok())
    }

    fn refuse(&self, leg: LegId, reason: &str) {
        let reason = reason.to_owned();
        self.owner
            .shared
            .report(MediaEvent::Refused { leg, reason });
    }

    /// STUN and TURN of this instance, for the browser's `RTCConfiguration`.
    pub fn ice_servers(&self) -> Vec<IceServer> {
        self.owner.shared.ice_servers.clone()
    }

    /// The packets of a leg; `None` when there is no such leg (any more). A dead leg keeps its numbers
    /// until it is stopped.
    pub fn counts(&self, leg: LegId) -> Option<RtpCounts> {
        let legs = self.owner.shared.legs();
        let counters = &legs.get(&leg)?.common.counters;
        Some(RtpCounts {
            received: counters.received.load(Ordering::Relaxed),
            sent: counters.sent.load(Ordering::Relaxed),
            dropped: counters.dropped.load(Ordering::Relaxed),
        })
    }

    /// The longest time between two audio packets from the browser of a leg since this was asked before, or
    /// since the last one; `None` when there is no such leg, or it has heard nothing yet.
    pub fn take_silence(&self, leg: LegId) -> Option<Duration> {
        let legs = self.owner.shared.legs();
        legs.get(&leg)?.common.silence.take(Instant::now())
    }

    /// Ends every leg, without events. STUN and TURN go on.
    pub fn stop_all(&self) {
        self.owner.shared.legs().clear();
    }
}
