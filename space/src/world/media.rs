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
    /// The browser of another leg: what arrives here leaves there, audio on audio and video on video,
    /// payload untouched. The other leg may be made later or be gone: until it is there, packets are
    /// counted as received and dropped. The other direction is the other leg's own far end.
    Peer(LegId),
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
    /// Make a leg and an offer to a browser: audio both ways, and video both ways in the same bundle.
    Call {
        /// The leg; it must be new.
        leg: LegId,
        /// Whether video is offered too.
        video: bool,
        /// As in [`MediaCommand::Offer`].
        far_end: FarEnd,
    },
    /// The browser's answer to [`MediaEvent::Offered`]. The leg waits for it without limit; from here on
    /// it must connect in time.
    Accept {
        /// The leg.
        leg: LegId,
        /// The browser's SDP, complete with its candidates.
        sdp: String,
    },
    /// From now on the far end of a leg that has [`FarEnd::Peer`] is this other one: a browser that came
    /// back on a new leg takes the place of the old. Other legs, and unknown ones, are left as they are.
    Bridge {
        /// The leg whose packets go elsewhere.
        leg: LegId,
        /// Where they go.
        peer: LegId,
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
    /// The offer of [`MediaCommand::Call`], complete with candidates.
    Offered {
        /// The leg.
        leg: LegId,
        /// The SDP.
        sdp: String,
    },
    /// What the command asked for cannot be: the SDP is malformed, has no BUNDLE group or no common codec,
    /// or belongs to no leg. A leg refused at its first offer or at the answer to its own is gone; one that
    /// was negotiated before goes on as it was.
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
