//! What leaves a leg is one continuous stream for each medium, whatever comes in: packets of a browser,
//! this one's or another's, payload untouched, and silence where there are none.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::Rtc;
use str0m::format::{Codec, PayloadParams};
use str0m::media::{MediaKind, Mid, Pt};
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite, Ssrc};

/// An audio stream that has nothing to send for this long is filled with silence: a caller whose far end
/// only listens, or took the microphone away, still has a live stream.
const FILL_AFTER: Duration = Duration::from_secs(1);
const FRAME_TIME: Duration = Duration::from_millis(20);
/// Opus: a fullband mono CELT frame of 20 ms without content (RFC 6716 §3.1).
const OPUS_SILENCE: &[u8] = &[0xf8, 0xff, 0xfe];
const PCMU_SILENCE: &[u8] = &[0xff; 160];
const PCMA_SILENCE: &[u8] = &[0xd5; 160];

/// What is kept of a packet on its way from the stream of a browser to an outgoing one.
pub(super) struct Packet {
    source: Ssrc,
    sequence: u64,
    time: u32,
    /// Ticks of `time` in a second.
    clock: u32,
    marker: bool,
    extensions: ExtensionValues,
    payload: Arc<[u8]>,
}

impl From<RtpPacket> for Packet {
    fn from(packet: RtpPacket) -> Self {
        let header = packet.header;
        Self {
            source: header.ssrc,
            sequence: *packet.seq_no,
            time: header.timestamp,
            clock: packet.time.frequency().get(),
            marker: header.marker,
            // The others are about the transport, and that is another.
            extensions: ExtensionValues {
                audio_level: header.ext_vals.audio_level,
                voice_activity: header.ext_vals.voice_activity,
                video_orientation: header.ext_vals.video_orientation,
                ..ExtensionValues::default()
            },
            payload: packet.payload,
        }
    }
}

#[cfg(test)]
impl Packet {
    /// Opus with nothing in it.
    pub(super) fn numbered(sequence: u64) -> Self {
        Self {
            source: 1.into(),
            sequence,
            time: 0,
            clock: 48_000,
            marker: false,
            extensions: ExtensionValues::default(),
            payload: Arc::new([]),
        }
    }

    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }
}

/// The outgoing streams of one leg.
#[derive(Default)]
pub(super) struct Streams {
    tracks: BTreeMap<Mid, Track>,
}

impl Streams {
    /// Silence is due on `media` from `now` on, until packets come in. Does nothing the second time.
    pub(super) fn begin(&mut self, mid: Mid, kind: MediaKind, now: Instant) {
        let track = self.tracks.entry(mid).or_default();
        if kind.is_audio() {
            track.fill_at.get_or_insert(now + FILL_AFTER);
        }
    }

    /// When silence is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.tracks.values().filter_map(|track| track.fill_at).min()
    }

    /// Sends a packet with this payload type, where that was negotiated; returns the number of packets
    /// sent.
    pub(super) fn send(
        &mut self,
        rtc: &mut Rtc,
        (mid, pt): (Mid, Pt),
        packet: Packet,
        now: Instant,
    ) -> u64 {
        let Some(media) = rtc
            .media(mid)
            .filter(|media| media.direction().is_sending() && media.remote_pts().contains(&pt))
        else {
            return 0;
        };
        let is_audio = media.kind().is_audio();
        let track = self.tracks.entry(mid).or_default();
        let Some(place) = track.place(&packet, now) else {
            return 0;
        };
        if is_audio {
            track.fill_at = Some(now + FILL_AFTER);
        }
        let mut direct = rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(mid, None) else {
            return 0;
        };
        let sequence = place.sequence.into();
        stream.write_rtp(
            RtpWrite::new(pt, sequence, place.time, now, packet.payload)
                .marker(packet.marker)
                .ext_vals(packet.extensions)
                .nackable(!is_audio),
        );
        1
    }

    /// Sends the silence that is due; returns the number of packets sent.
    pub(super) fn fill(&mut self, rtc: &mut Rtc, now: Instant) -> u64 {
        let mut sent = 0;
        for (mid, track) in &mut self.tracks {
            if track.fill_at.is_some_and(|at| at <= now) {
                track.fill_at = Some(now + FRAME_TIME);
                sent += u64::from(track.send_silence(rtc, *mid, now));
            }
        }
        sent
    }
}

/// One outgoing stream. The source may change, stop and start again: what goes out keeps
/// one numbering, because a receiver takes a jump for loss.
#[derive(Default)]
struct Track {
    /// The source that the shifts belong to; `None` after silence.
    source: Option<Ssrc>,
    sequence_shift: u64,
    time_shift: u32,
    /// The first sequence number of the present source: what arrives late from before it has no place.
    first: u64,
    last: Option<Place>,
    fill_at: Option<Instant>,
}

/// Where a packet stands in the outgoing stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    sequence: u64,
    time: u32,
    at: Instant,
}

impl Track {
    /// Places a packet: gaps and order of its source are kept, so that loss on the way in is loss on the
    /// way out.
    fn place(&mut self, packet: &Packet, now: Instant) -> Option<Place> {
        let &Packet {
            source,
            sequence,
            time,
            clock,
            ..
        } = packet;
        if self.source != Some(source) {
            let next = self.next(clock, now);
            self.source = Some(source);
            self.first = next.sequence;
            self.sequence_shift = next.sequence.wrapping_sub(sequence);
            self.time_shift = next.time.wrapping_sub(time);
        }
        let place = Place {
            sequence: sequence.wrapping_add(self.sequence_shift),
            time: time.wrapping_add(self.time_shift),
            at: now,
        };
        // A number that wraps below zero is huge: older than the whole stream.
        if place.sequence < self.first || place.sequence > u64::MAX / 2 {
            return None;
        }
        if self.last.is_none_or(|last| last.sequence < place.sequence) {
            self.last = Some(place);
        }
        Some(place)
    }

    /// The place after everything sent so far, at true time.
    fn next(&self, clock: u32, now: Instant) -> Place {
        match self.last {
            // Numbers begin low: a receiver starts with roll-over counter zero (RFC 3711 §3.3.1).
            None => Place {
                sequence: 1,
                time: 0,
                at: now,
            },
            Some(last) => {
                let elapsed = now.saturating_duration_since(last.at);
                let ticks = elapsed.as_micros() * u128::from(clock) / 1_000_000;
                let time = last.time.wrapping_add((ticks as u32).max(1));
                Place {
                    sequence: last.sequence + 1,
                    time,
                    at: now,
                }
            }
        }
    }

    fn send_silence(&mut self, rtc: &mut Rtc, mid: Mid, now: Instant) -> bool {
        let Some(media) = rtc
            .media(mid)
            .filter(|media| media.direction().is_sending())
        else {
            return false;
        };
        let pts = media.remote_pts();
        let params = rtc
            .codec_config()
            .iter()
            .find(|params| pts.contains(&params.pt()));
        let Some((params, payload)) = params.and_then(silence) else {
            return false;
        };
        let (pt, clock) = (params.pt(), params.spec().clock_rate.get());
        let mut direct = rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(mid, None) else {
            return false;
        };
        let begins = self.source.is_some() || self.last.is_none();
        let place = self.next(clock, now);
        self.source = None;
        self.last = Some(place);
        let packet = RtpWrite::new(pt, place.sequence.into(), place.time, now, payload);
        // The marker begins a talkspurt (RFC 3551 §4.1).
        stream.write_rtp(packet.marker(begins));
        true
    }
}

/// 20 ms of silence in a codec, where it is known without an encoder.
fn silence(params: &PayloadParams) -> Option<(&PayloadParams, &'static [u8])> {
    let payload = match params.spec().codec {
        Codec::Opus => OPUS_SILENCE,
        Codec::PCMU => PCMU_SILENCE,
        Codec::PCMA => PCMA_SILENCE,
        _ => return None,
    };
    Some((params, payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn packet(source: u32, sequence: u64, time: u32) -> Packet {
        Packet {
            source: source.into(),
            time,
            ..Packet::numbered(sequence)
        }
    }

    #[test]
    fn one_source_keeps_its_gaps_and_its_order() {
        let mut track = Track::default();
        let now = Instant::now();
        let placed: Vec<_> = [(70_000, 960), (70_002, 2880), (70_001, 1920)]
            .into_iter()
            .filter_map(|(sequence, time)| track.place(&packet(1, sequence, time), now))
            .map(|place| (place.sequence, place.time))
            .collect();
        assert_eq!(placed, [(1, 0), (3, 1920), (2, 960)]);
    }

    #[test]
    fn a_new_source_continues_the_stream_at_true_time() {
        let mut track = Track::default();
        let start = Instant::now();
        track.place(&packet(1, 500, 1_000_000), start);
        track.place(&packet(1, 501, 1_000_960), start + 20 * MS);
        let place = track.place(&packet(2, 40_000, 7), start + 520 * MS);
        let place = place.expect("placed");
        assert_eq!((place.sequence, place.time), (3, 960 + 24_000));
    }

    #[test]
    fn what_is_older_than_the_present_source_has_no_place() {
        let mut track = Track::default();
        let now = Instant::now();
        assert!(track.place(&packet(1, 10, 0), now).is_some());
        assert_eq!(track.place(&packet(1, 9, 0), now), None);
        assert_eq!(track.place(&packet(1, 1, 0), now), None);
        assert!(track.place(&packet(2, 10, 0), now).is_some());
        assert_eq!(track.place(&packet(2, 9, 0), now), None);
    }

    #[test]
    fn the_time_wraps_with_the_source() {
        let mut track = Track::default();
        let now = Instant::now();
        track.place(&packet(1, 1, u32::MAX - 100), now);
        let place = track.place(&packet(1, 2, 859), now).expect("placed");
        assert_eq!((place.sequence, place.time), (2, 960));
    }
}
