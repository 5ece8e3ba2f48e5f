//! The distance between the browser and the space: round-trip time and loss, made by the space itself.
//!
//! The kernel of a developer's machine has no network emulator, so every byte that enters or leaves the
//! space at a browser-facing edge passes through here. A direction of a connection holds what it carries
//! for half a round trip; datagrams may also be lost, by a seeded generator. With a round-trip time of
//! zero and no loss nothing is queued and nothing is copied to another thread.
//!
//! A change of the conditions applies at once to what is sent from then on, on existing connections
//! too. What is already under way keeps its time of release, and nothing overtakes it: lowering the
//! round-trip time never reorders a stream.

mod delay_line;
mod direction;
mod tcp;
mod udp;

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use delay_line::DelayLine;
use direction::Direction;

pub use tcp::DelayedStream;
pub use udp::{Datagram, DatagramEdge};

/// The seed of [`Network::default`].
const DEFAULT_SEED: u64 = 0x5eed_0f10_55e5;

/// What the network between browser and space is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// Round-trip time in milliseconds: half of it in each direction.
    pub rtt_ms: u32,
    /// Probability from 0 to 1 that a datagram is lost, each way. Streams lose nothing.
    pub loss: f64,
}

/// The conditions, shared by every browser-facing edge of one space. A clone is the same network.
#[derive(Clone)]
pub struct Network {
    shared: Arc<Shared>,
}

struct Shared {
    rtt_ms: AtomicU32,
    loss_bits: AtomicU64,
    seed: u64,
    directions: AtomicU64,
    /// Addresses inside the process: what goes to or comes from them crosses no network.
    inside: RwLock<HashSet<SocketAddr>>,
    line: DelayLine,
}

impl Default for Network {
    fn default() -> Self {
        Self::new(DEFAULT_SEED)
    }
}

impl Network {
    /// A network without delay or loss. The same seed and the same order of connections lose the same
    /// datagrams.
    pub fn new(seed: u64) -> Self {
        Self {
            shared: Arc::new(Shared {
                rtt_ms: AtomicU32::new(0),
                loss_bits: AtomicU64::new(0_f64.to_bits()),
                seed,
                directions: AtomicU64::new(0),
                inside: RwLock::default(),
                line: DelayLine::new(),
            }),
        }
    }

    /// The conditions in effect.
    pub fn conditions(&self) -> Conditions {
        Conditions {
            rtt_ms: self.shared.rtt_ms.load(Ordering::Relaxed),
            loss: self.loss(),
        }
    }

    /// Changes the conditions, for existing and for new connections. `rtt_ms` is in milliseconds; `loss`
    /// is a probability, and what lies outside 0 to 1 (or is no number) is taken to the nearest end
    /// (to 0).
    pub fn set(&self, rtt_ms: u32, loss: f64) {
        let loss = if loss.is_nan() {
            0.0
        } else {
            loss.clamp(0.0, 1.0)
        };
        self.shared.rtt_ms.store(rtt_ms, Ordering::Relaxed);
        self.shared
            .loss_bits
            .store(loss.to_bits(), Ordering::Relaxed);
    }

    /// The round-trip time in effect.
    pub fn rtt(&self) -> Duration {
        Duration::from_millis(self.shared.rtt_ms.load(Ordering::Relaxed).into())
    }

    fn loss(&self) -> f64 {
        f64::from_bits(self.shared.loss_bits.load(Ordering::Relaxed))
    }

    fn is_calm(&self) -> bool {
        self.shared.rtt_ms.load(Ordering::Relaxed) == 0 && self.loss() == 0.0
    }

    /// Declares an address of this process, such as a TURN relay: the hop between it and a leg is no
    /// part of the way to the browser and must not be delayed twice.
    pub(crate) fn enter(&self, inside: SocketAddr) {
        self.shared
            .inside
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(inside);
    }

    /// Takes back [`Network::enter`].
    pub(crate) fn leave(&self, inside: SocketAddr) {
        self.shared
            .inside
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&inside);
    }

    fn is_inside(&self, address: SocketAddr) -> bool {
        self.shared
            .inside
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&address)
    }

    fn direction(&self) -> Direction {
        let number = self.shared.directions.fetch_add(1, Ordering::Relaxed);
        Direction::new(self.clone(), self.shared.seed.wrapping_add(number))
    }

    fn line(&self) -> &DelayLine {
        &self.shared.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_shared_by_clones_and_kept_in_range() {
        let network = Network::default();
        let clone = network.clone();
        assert_eq!(
            clone.conditions(),
            Conditions {
                rtt_ms: 0,
                loss: 0.0
            }
        );
        assert!(clone.is_calm());

        network.set(100, 0.25);
        assert_eq!(
            clone.conditions(),
            Conditions {
                rtt_ms: 100,
                loss: 0.25
            }
        );
        assert!(!clone.is_calm());

        network.set(0, 7.0);
        assert_eq!(clone.conditions().loss, 1.0);
        network.set(0, -1.0);
        assert_eq!(clone.conditions().loss, 0.0);
        network.set(0, f64::NAN);
        assert_eq!(clone.conditions().loss, 0.0);
    }
}
