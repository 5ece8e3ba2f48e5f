//! The way from one leg to another: packets and requests for a keyframe, between two tasks.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use str0m::Rtc;
use str0m::format::{CodecConfig, PayloadParams};
use str0m::media::{KeyframeRequestKind, MediaKind, Mid, Pt};
use tokio::sync::Notify;

use super::stream::Packet;

/// Packets that may wait for a leg. A picture of a whole screen is some hundred; a leg that lets more
/// wait does not keep up, and what is old is of no use to it.
const CAPACITY: usize = 1024;

/// Which medium of a leg, the first of its kind being 0: two legs name their media differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Medium {
    kind: MediaKind,
    number: usize,
}

impl Medium {
    /// The medium `mid` among the `media` of a session; `None` when it was stopped.
    pub(super) fn of(rtc: &Rtc, media: &[(Mid, MediaKind)], mid: Mid) -> Option<Self> {
        let kind = rtc.media(mid)?.kind();
        let number = live(rtc, media, kind).position(|other| other == mid)?;
        Some(Self { kind, number })
    }

    /// What this one is called among the `media` of another session; `None` when it has none to match.
    pub(super) fn find(self, rtc: &Rtc, media: &[(Mid, MediaKind)]) -> Option<Mid> {
        live(rtc, media, self.kind).nth(self.number)
    }
}

/// The media of a kind that were not stopped, in the order of the session.
fn live<'a>(
    rtc: &'a Rtc,
    media: &'a [(Mid, MediaKind)],
    kind: MediaKind,
) -> impl Iterator<Item = Mid> + 'a {
    media
        .iter()
        .filter(move |(mid, of)| *of == kind && rtc.media(*mid).is_some_and(|m| !m.stopped()))
        .map(|(mid, _)| *mid)
}

/// The payload type by which `mid` of this session takes what was coded with `codec`, parameters of the
/// format included (profile, packetization mode); `None` when that was not negotiated.
pub(super) fn payload_type(rtc: &Rtc, mid: Mid, codec: PayloadParams) -> Option<Pt> {
    let negotiated = rtc.media(mid)?.remote_pts();
    let params = rtc.codec_config().iter();
    let params = params.filter(|params| negotiated.contains(&params.pt()));
    CodecConfig::new_from_payload_params(params.copied().collect())
        .match_params(codec)
        .map(PayloadParams::pt)
}

/// A packet between two legs.
pub(super) struct Crossing {
    pub(super) medium: Medium,
    pub(super) codec: PayloadParams,
    pub(super) packet: Packet,
}

/// What waits for a leg's task, put there by the tasks of others.
#[derive(Default)]
pub(super) struct Inbox {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Default)]
pub(super) struct Waiting {
    /// In the order of arrival.
    pub(super) packets: VecDeque<Crossing>,
    /// Whose keyframe is wanted; the latest request for a medium stands for all of them.
    pub(super) pictures: Vec<(Medium, KeyframeRequestKind)>,
    closed: bool,
}

impl Inbox {
    /// Packets for the leg's browser. The oldest makes room when too many wait; returns whether it did.
    pub(super) fn put(&self, crossing: Crossing) -> bool {
        let mut waiting = self.waiting();
        if waiting.closed {
            return false;
        }
        let full = waiting.packets.len() >= CAPACITY;
        if full {
            waiting.packets.pop_front();
        }
        waiting.packets.push_back(crossing);
        drop(waiting);
        self.arrived.notify_one();
        full
    }

    /// The leg's browser shall send a keyframe.
    pub(super) fn ask_for_picture(&self, medium: Medium, kind: KeyframeRequestKind) {
        let mut waiting = self.waiting();
        if waiting.closed {
            return;
        }
        waiting.pictures.retain(|(other, _)| *other != medium);
        waiting.pictures.push((medium, kind));
        drop(waiting);
        self.arrived.notify_one();
    }

    /// Waits until there is something. Cancel-safe; for one task alone.
    pub(super) async fn arrival(&self) {
        self.arrived.notified().await;
    }

    /// Everything that waits.
    pub(super) fn take(&self) -> Waiting {
        let mut waiting = self.waiting();
        let closed = waiting.closed;
        let empty = Waiting {
            closed,
            ..Waiting::default()
        };
        std::mem::replace(&mut waiting, empty)
    }

    /// Nobody takes anything any more: what comes is forgotten.
    pub(super) fn close(&self) {
        *self.waiting() = Waiting {
            closed: true,
            ..Waiting::default()
        };
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use str0m::format::{Codec, CodecSpec, FormatParams};
    use str0m::media::Frequency;

    const VIDEO: Medium = Medium {
        kind: MediaKind::Video,
        number: 0,
    };

    fn crossing(sequence: u64) -> Crossing {
        let spec = CodecSpec {
            codec: Codec::Vp8,
            clock_rate: Frequency::NINETY_KHZ,
            channels: None,
            format: FormatParams::default(),
        };
        Crossing {
            medium: VIDEO,
            codec: PayloadParams::new(96.into(), None, spec),
            packet: Packet::numbered(sequence),
        }
    }

    fn numbers(inbox: &Inbox) -> Vec<u64> {
        let packets = inbox.take().packets;
        packets
            .iter()
            .map(|crossing| crossing.packet.sequence())
            .collect()
    }

    #[tokio::test]
    async fn what_was_put_is_taken_once_and_in_order() {
        let inbox = Inbox::default();
        assert!(!inbox.put(crossing(1)));
        assert!(!inbox.put(crossing(2)));
        inbox.arrival().await;
        assert_eq!(numbers(&inbox), [1, 2]);
        assert!(numbers(&inbox).is_empty());
    }

    #[test]
    fn the_oldest_makes_room() {
        let inbox = Inbox::default();
        let kept = 1..=CAPACITY as u64;
        assert!(!inbox.put(crossing(0)));
        let full: Vec<_> = kept.clone().filter(|at| inbox.put(crossing(*at))).collect();
        assert_eq!(full, [CAPACITY as u64]);
        assert_eq!(numbers(&inbox), kept.collect::<Vec<_>>());
    }

    #[test]
    fn requests_for_one_medium_are_one() {
        let inbox = Inbox::default();
        inbox.ask_for_picture(VIDEO, KeyframeRequestKind::Pli);
        inbox.ask_for_picture(VIDEO, KeyframeRequestKind::Fir);
        assert_eq!(inbox.take().pictures, [(VIDEO, KeyframeRequestKind::Fir)]);
    }

    #[test]
    fn nothing_waits_for_a_leg_that_has_ended() {
        let inbox = Inbox::default();
        inbox.put(crossing(1));
        inbox.close();
        for number in 0..=CAPACITY as u64 {
            assert!(!inbox.put(crossing(number)), "not one counts as dropped");
        }
        inbox.ask_for_picture(VIDEO, KeyframeRequestKind::Pli);
        let Waiting {
            packets, pictures, ..
        } = inbox.take();
        assert!(packets.is_empty() && pictures.is_empty());
    }
}
