//! One way of one connection: when what enters it comes out, and whether it does.

use std::time::Instant;

use super::Network;

/// One direction of a connection. Its times of release never go back.
pub(super) struct Direction {
    network: Network,
    last_release: Option<Instant>,
    chance: Chance,
}

impl Direction {
    pub(super) fn new(network: Network, seed: u64) -> Self {
        Self {
            network,
            last_release: None,
            chance: Chance(seed),
        }
    }

    /// The time at which something that enters at `entered` comes out: half a round trip later, and not
    /// before anything that entered earlier.
    pub(super) fn release(&mut self, entered: Instant) -> Instant {
        let arrival = entered + self.network.rtt() / 2;
        let release = self.last_release.map_or(arrival, |last| last.max(arrival));
        self.last_release = Some(release);
        release
    }

    /// Whether the next datagram is lost. Draws from the generator only while the network loses some.
    pub(super) fn loses(&mut self) -> bool {
        let loss = self.network.loss();
        loss > 0.0 && self.chance.draw() < loss
    }
}

/// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014): losses
/// must be reproducible, not unpredictable.
struct Chance(u64);

impl Chance {
    /// A number from 0 (included) to 1 (excluded).
    fn draw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        // 53 bits are the mantissa of a double.
        (z >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn releases_half_a_round_trip_later() {
        let network = Network::default();
        let mut direction = network.direction();
        let start = Instant::now();
        assert_eq!(direction.release(start), start);
        network.set(101, 0.0);
        assert_eq!(direction.release(start), start + 101 * MS / 2);
    }

    #[test]
    fn lowering_the_round_trip_time_reorders_nothing() {
        let network = Network::default();
        let mut direction = network.direction();
        let start = Instant::now();
        network.set(1000, 0.0);
        assert_eq!(direction.release(start), start + 500 * MS);
        network.set(0, 0.0);
        assert_eq!(direction.release(start + 10 * MS), start + 500 * MS);
        assert_eq!(direction.release(start + 499 * MS), start + 500 * MS);
        assert_eq!(direction.release(start + 501 * MS), start + 501 * MS);
    }

    #[test]
    fn losses_are_reproducible_and_as_frequent_as_asked_for() {
        let draw = |seed| {
            let network = Network::new(seed);
            network.set(0, 0.3);
            let mut direction = network.direction();
            (0..10_000).map(|_| direction.loses()).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let lost = draw(7).into_iter().filter(|lost| *lost).count();
        assert!((2_800..3_200).contains(&lost), "{lost} of 10000 at 30 %");
    }

    #[test]
    fn the_ends_of_the_range_are_certain() {
        let network = Network::default();
        let mut direction = network.direction();
        assert!((0..1000).all(|_| !direction.loses()));
        network.set(0, 1.0);
        assert!((0..1000).all(|_| direction.loses()));
    }

    #[test]
    fn two_directions_of_one_network_lose_different_datagrams() {
        let network = Network::new(7);
        network.set(0, 0.5);
        let (mut one, mut other) = (network.direction(), network.direction());
        let draw =
            |direction: &mut Direction| (0..64).map(|_| direction.loses()).collect::<Vec<_>>();
        assert_ne!(draw(&mut one), draw(&mut other));
    }
}
