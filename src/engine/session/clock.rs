//! The space's wall clock, as far as it is known (auth §7.7, 11 and 12).
//!
//! A credential ends on the space's clock. The client's own may be wrong, and may be set while the
//! session lives; what the space says in its pings corrects it.

use crate::engine::io::{Cx, Millis};

/// Clocks of one machine that part by so much within one session: one of them was set, or the machine slept.
const JUMP: u64 = 2_000;

/// A date of HTTP is taken for no more exact than this.
const BLUNT: u64 = 5_000;

/// The client's two clocks against the space's one.
#[derive(Debug, Default)]
pub struct Clock {
    /// What has to be added to the client's wall clock to get the space's.
    skew: i64,
    /// Wall clock minus monotonic clock, when they were looked at last.
    offset: Option<i64>,
    /// The space has said what time it is.
    measured: bool,
    /// It has, in whole seconds.
    told: bool,
    /// When the clocks jumped last, on the monotonic one.
    jumped_at: Millis,
    /// The clocks have jumped, and the skew has not been measured since.
    unsure: bool,
    /// The next measurement counts, whatever the last one was.
    anew: bool,
}

fn signed(millis: Millis) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

impl Clock {
    /// Looks at both clocks; true when they jumped against each other since the last look.
    pub fn look(&mut self, cx: &Cx<'_>) -> bool {
        let offset = signed(cx.wall).saturating_sub(signed(cx.mono));
        let jumped = self
            .offset
            .replace(offset)
            .is_some_and(|before| before.abs_diff(offset) > JUMP);
        if jumped {
            self.unsure = true;
            self.told = false;
            self.jumped_at = cx.mono;
        }
        jumped
    }

    /// What comes in from now on was said after the last jump: on a new socket, or after the answer to a
    /// question asked since. The next measurement counts, whatever it is.
    pub fn begin(&mut self) {
        self.anew = true;
    }

    /// The space said what time it is. On its way, or while the machine slept, the word only gets older: of
    /// several, the latest time is the best.
    pub fn measured(&mut self, server_time: Millis, cx: &Cx<'_>) {
        let skew = signed(server_time).saturating_sub(signed(cx.wall));
        if !self.anew && skew <= self.skew {
            return;
        }
        self.skew = skew;
        self.anew = false;
        self.measured = true;
        self.unsure = false;
    }

    /// An answer over HTTP bore this date, in whole seconds and after a while on its way: good enough for a clock that
    /// is far off and that no ping has corrected yet.
    pub fn told(&mut self, date: Millis, cx: &Cx<'_>) {
        let skew = signed(date).saturating_sub(signed(cx.wall));
        let is_known = self.is_sure() && self.measured;
        self.told |= !is_known;
        // What was measured is mended only by a later time: no way is so long that a date comes before it is so late.
        if skew.abs_diff(self.skew) > BLUNT && (!is_known || skew > self.skew) {
            self.skew = skew;
        }
    }

    /// Has the space said what time it is since the clocks jumped, at least bluntly?
    pub fn is_told(&self) -> bool {
        self.told || self.measured && !self.unsure
    }

    /// When the clocks jumped last, on the monotonic one.
    pub fn jumped_at(&self) -> Millis {
        self.jumped_at
    }

    /// Has the space ever said what time it is to the millisecond?
    pub fn is_measured(&self) -> bool {
        self.measured
    }

    /// Now, on the space's clock as far as it is known.
    pub fn now(&self, cx: &Cx<'_>) -> Millis {
        cx.wall.saturating_add_signed(self.skew)
    }

    /// By which time it is judged whether a credential has ended that comes in. After a jump nothing is certain: zero,
    /// before which nothing ends.
    pub fn judged(&self, cx: &Cx<'_>) -> Millis {
        match self.unsure && !self.told {
            true => 0,
            false => self.now(cx),
        }
    }

    /// Milliseconds until this time of the space; zero once it has come.
    pub fn until(&self, at: Millis, cx: &Cx<'_>) -> Millis {
        at.saturating_sub(self.now(cx))
    }

    /// Has this time of the space come, for certain?
    pub fn is_past(&self, at: Millis, cx: &Cx<'_>) -> bool {
        !self.unsure && self.until(at, cx) == 0
    }

    /// Is the skew known as well as it can be?
    pub fn is_sure(&self) -> bool {
        !self.unsure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(mono: Millis, wall: Millis, act: impl FnOnce(&Cx<'_>)) {
        let mut entropy = |_: &mut [u8]| ();
        act(&Cx {
            mono,
            wall,
            entropy: &mut entropy,
        });
    }

    #[test]
    fn a_clock_an_hour_ahead_is_corrected() {
        let mut clock = Clock::default();
        at(0, 3_600_000 + 1_000, |cx| {
            assert!(!clock.look(cx));
            assert!(clock.is_past(2_000, cx) && !clock.is_measured());
            clock.begin();
            clock.measured(1_000, cx);
            assert!(clock.is_measured());
            assert_eq!(clock.until(2_000, cx), 1_000);
            assert!(!clock.is_past(2_000, cx));
        });
    }

    #[test]
    fn after_a_jump_nothing_is_certain_until_the_space_spoke() {
        let mut clock = Clock::default();
        at(0, 10_000, |cx| assert!(!clock.look(cx)));
        at(1_000, 11_900, |cx| assert!(!clock.look(cx)));
        at(2_000, 9_000_000, |cx| {
            assert!(clock.look(cx));
            assert!(!clock.is_past(20_000, cx));
            clock.measured(11_000, cx);
            assert!(!clock.is_sure(), "it may have waited in the sleep");
            clock.begin();
            clock.measured(12_000, cx);
            assert!(clock.is_sure() && !clock.is_past(20_000, cx));
            assert_eq!(clock.until(20_000, cx), 8_000);
        });
        at(10_000, 9_008_000, |cx| {
            assert!(!clock.look(cx));
            assert!(clock.is_past(20_000, cx));
        });
    }

    #[test]
    fn a_word_that_was_long_on_its_way_counts_less() {
        let mut clock = Clock::default();
        at(0, 10_000, |cx| {
            clock.look(cx);
            clock.begin();
            clock.measured(10_000, cx);
        });
        at(60_000, 70_000, |cx| {
            assert!(!clock.look(cx));
            for time in [15_000, 60_000, 69_900] {
                clock.measured(time, cx);
                assert_eq!(clock.until(80_000, cx), 10_000);
            }
            clock.measured(71_000, cx);
            assert_eq!(clock.until(80_000, cx), 9_000);
            clock.begin();
            clock.measured(60_000, cx);
            assert_eq!(clock.until(80_000, cx), 20_000, "the space's clock was set");
        });
    }
}
