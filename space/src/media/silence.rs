//! How long a leg hears no sound of its browser: the longest time between two of its audio packets.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Written by the leg's task, read by anybody.
pub(super) struct Silence {
    birth: Instant,
    /// Arrival of the last packet, in microseconds after `birth`; 0 before the first.
    last: AtomicU64,
    /// In microseconds.
    longest: AtomicU64,
}

impl Default for Silence {
    fn default() -> Self {
        Self {
            birth: Instant::now(),
            last: AtomicU64::new(0),
            longest: AtomicU64::new(0),
        }
    }
}

impl Silence {
    /// An audio packet arrived.
    pub(super) fn end(&self, now: Instant) {
        let now = self.since_birth(now);
        let last = self.last.swap(now, Ordering::Relaxed);
        if last != 0 {
            self.longest
                .fetch_max(now.saturating_sub(last), Ordering::Relaxed);
        }
    }

    /// The longest since this was asked before, and the one that lasts; `None` before the first packet.
    pub(super) fn take(&self, now: Instant) -> Option<Duration> {
        let last = self.last.load(Ordering::Relaxed);
        let longest = self.longest.swap(0, Ordering::Relaxed);
        let lasting = self.since_birth(now).saturating_sub(last);
        (last != 0).then(|| Duration::from_micros(longest.max(lasting)))
    }

    /// At least 1.
    fn since_birth(&self, now: Instant) -> u64 {
        let elapsed = now.saturating_duration_since(self.birth).as_micros();
        u64::try_from(elapsed).unwrap_or(u64::MAX).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_longest_silence_is_told_once() {
        let silence = Silence::default();
        let at = |ms: u32| silence.birth + ms * MS;
        assert_eq!(silence.take(at(5)), None);
        for ms in [10, 30, 95, 110] {
            silence.end(at(ms));
        }
        assert_eq!(silence.take(at(112)), Some(65 * MS));
        // One that lasts counts as far as it has come, and again when it is over.
        assert_eq!(silence.take(at(140)), Some(30 * MS));
        silence.end(at(190));
        assert_eq!(silence.take(at(191)), Some(80 * MS));
        assert_eq!(silence.take(at(192)), Some(2 * MS));
    }
}
