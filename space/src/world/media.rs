//! What the pure world asks of the media edge, and what the media edge reports back.
//!
//! The world never touches a packet: it names a leg, hands over the browser's offer and says what
//! the far end does. `space::media` carries that out with a real peer connection.

/// Identifies one peer connection of the space, for the life of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(pub u64);

/// What a caller hears and sees at the far end of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FarEnd {
    /// Every packet comes back to its sender: audio and video.
    Echo,
    /// A steady tone of this frequency in hertz (PCMU, 8 kHz); what the browser sends is counted and dropped.
    Tone(u16),
}

/// Asked by the world, carried out by `space::media`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaCommand {
    /// Accept this offer (first offer of the leg, or a re-offer: restart, direction change).
    Offer {
        /// The leg; created by its first offer.
        leg: LegId,
        /// The browser's SDP, complete with its candidates.
        sdp: String,
        /// Ignored on a re-offer.
        far_end: FarEnd,
    },
    /// Close the leg. Unknown legs are ignored.
    Stop {
        /// The leg.
        leg: LegId,
    },
}

/// Reported by `space::media`, fed into the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaEvent {
    /// The answer to [`MediaCommand::Offer`], complete with candidates.
    Answer {
        /// The leg.
        leg: LegId,
        /// The SDP.
        sdp: String,
    },
    /// The offer could not be accepted (no BUNDLE group, no common codec, malformed).
    Refused {
        /// The leg.
        leg: LegId,
        /// For the log and the error answer; holds no SDP.
        reason: String,
    },
    /// ICE and DTLS are up: packets flow.
    Connected {
        /// The leg.
        leg: LegId,
    },
    /// The browser vanished (ICE consent lost, DTLS closed). The leg is closed.
    Dead {
        /// The leg.
        leg: LegId,
    },
}
