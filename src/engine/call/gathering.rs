//! When the offer leaves (no trickle ICE: the SDP is sent once, with its candidates).
//!
//! The rule, which replaces media §1.6: all gathered; or a non-host candidate for every transport and
//! 50 ms of quiet; or 700 ms after the local description was set, with whatever is there. A call that
//! may only be relayed waits for a relay candidate, up to 6 s, and then fails.

use crate::engine::io::{CandidateType, Millis};

/// Quiet after the last candidate that makes a usable set final.
const QUIET: Millis = 50;
/// The offer leaves at the latest now: a dead STUN server, a network with host candidates alone.
const PATIENCE: Millis = 700;
/// A relay-only call fails at the latest now.
pub const RELAY_LIMIT: Millis = 6_000;
/// Transports are tracked in a bit set; an offer of ours has at most two.
const MAX_TRANSPORTS: u32 = 32;

/// What is to be done with the offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Send it.
    Send,
    /// There will be no relay candidate.
    Fail,
    /// Look again at this time, or at the next candidate.
    Wait(Millis),
}

/// The candidates of one offer so far.
#[derive(Debug, PartialEq, Eq)]
pub struct Gathering {
    relay_only: bool,
    /// Unknown until the local description is set.
    begun: Option<(Millis, u32)>,
    usable: u32,
    last: Millis,
    complete: bool,
}

impl Gathering {
    /// Nothing gathered yet.
    pub fn new(relay_only: bool) -> Self {
        Self {
            relay_only,
            begun: None,
            usable: 0,
            last: 0,
            complete: false,
        }
    }

    /// The local description was set at `now`; it gathers for so many transports.
    pub fn begin(&mut self, now: Millis, transports: u32) {
        self.begun = Some((now, transports.clamp(1, MAX_TRANSPORTS)));
        self.last = self.last.max(now);
    }

    /// A candidate was found at `now`.
    pub fn found(&mut self, now: Millis, candidate: CandidateType, transport: u32) {
        self.last = now;
        let counts = match candidate {
            CandidateType::Relay => true,
            CandidateType::Routed => !self.relay_only,
            CandidateType::Host => false,
        };
        if counts && transport < MAX_TRANSPORTS {
            self.usable |= 1_u32.wrapping_shl(transport);
        }
    }

    /// Gathering ended.
    pub fn complete(&mut self) {
        self.complete = true;
    }

    /// What is to be done at `now`.
    pub fn verdict(&self, now: Millis) -> Verdict {
        let Some((begun, transports)) = self.begun else {
            return Verdict::Wait(Millis::MAX);
        };
        let every = u32::MAX.wrapping_shr(MAX_TRANSPORTS.saturating_sub(transports));
        let is_usable = self.usable & every == every;
        if self.complete {
            return if is_usable || !self.relay_only {
                Verdict::Send
            } else {
                Verdict::Fail
            };
        }
        let quiet = self.last.saturating_add(QUIET);
        let (limit, at_limit) = match self.relay_only {
            true => (begun.saturating_add(RELAY_LIMIT), Verdict::Fail),
            false => (begun.saturating_add(PATIENCE), Verdict::Send),
        };
        match (is_usable, limit <= now) {
            (true, _) if quiet <= now => Verdict::Send,
            (true, true) => Verdict::Send,
            (false, true) => at_limit,
            (true, false) => Verdict::Wait(quiet.min(limit)),
            (false, false) => Verdict::Wait(limit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CandidateType::{Host, Relay, Routed};

    fn begun(relay_only: bool, transports: u32) -> Gathering {
        let mut gathering = Gathering::new(relay_only);
        gathering.begin(1_000, transports);
        gathering
    }

    #[test]
    fn all_gathered_leaves_at_once() {
        let mut gathering = begun(false, 1);
        gathering.found(1_001, Host, 0);
        gathering.complete();
        assert_eq!(gathering.verdict(1_001), Verdict::Send);
    }

    #[test]
    fn a_routed_candidate_for_every_transport_and_50_ms_of_quiet_suffice() {
        let mut gathering = begun(false, 2);
        gathering.found(1_010, Routed, 0);
        assert_eq!(gathering.verdict(1_400), Verdict::Wait(1_700));
        gathering.found(1_020, Relay, 1);
        assert_eq!(gathering.verdict(1_020), Verdict::Wait(1_070));
        gathering.found(1_060, Host, 0);
        assert_eq!(gathering.verdict(1_070), Verdict::Wait(1_110));
        assert_eq!(gathering.verdict(1_110), Verdict::Send);
    }

    #[test]
    fn candidates_that_keep_coming_do_not_hold_it_beyond_700_ms() {
        let mut gathering = begun(false, 1);
        gathering.found(1_699, Routed, 0);
        assert_eq!(gathering.verdict(1_699), Verdict::Wait(1_700));
        assert_eq!(gathering.verdict(1_700), Verdict::Send);
    }

    #[test]
    fn host_alone_or_nothing_leaves_after_700_ms() {
        for hosts in 0..2 {
            let mut gathering = begun(false, 1);
            (0..hosts).for_each(|_| gathering.found(1_001, Host, 0));
            assert_eq!(gathering.verdict(1_699), Verdict::Wait(1_700));
            assert_eq!(gathering.verdict(1_700), Verdict::Send);
        }
    }

    #[test]
    fn relay_only_waits_for_a_relay_and_then_fails() {
        let mut gathering = begun(true, 1);
        gathering.found(1_001, Routed, 0);
        assert_eq!(gathering.verdict(1_700), Verdict::Wait(7_000));
        assert_eq!(gathering.verdict(7_000), Verdict::Fail);
        gathering.found(6_990, Relay, 0);
        assert_eq!(gathering.verdict(7_000), Verdict::Send);

        let mut refused = begun(true, 1);
        refused.complete();
        assert_eq!(refused.verdict(1_002), Verdict::Fail);
    }

    #[test]
    fn nothing_leaves_before_the_description_is_set() {
        let mut gathering = Gathering::new(false);
        gathering.found(1, Relay, 0);
        gathering.complete();
        assert_eq!(gathering.verdict(9_999), Verdict::Wait(Millis::MAX));
        gathering.begin(10_000, 1);
        assert_eq!(gathering.verdict(10_000), Verdict::Send);
    }
}
