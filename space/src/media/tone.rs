//! A sine as PCMU (ITU-T G.711 µ-law, RFC 3551 §4.5.14): a sound that a test can find, with no encoder.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use str0m::Rtc;
use str0m::format::Codec;
use str0m::media::{Mid, Pt};
use str0m::rtp::RtpWrite;

/// Samples a second, and the RTP clock.
const RATE: u64 = 8_000;
/// Samples of one packet: 20 ms.
const FRAME: u64 = 160;
const FRAME_TIME: Duration = Duration::from_millis(20);
/// A leg that was kept from running this long does not send a burst; the time is left out.
const LATEST: Duration = Duration::from_millis(200);
/// Half of full scale: −6 dB, loud and far from clipping.
const AMPLITUDE: f64 = 16_384.0;

/// The tone of one leg, on each of its audio media that the browser listens to.
pub(super) struct Tone {
    hertz: u64,
    /// Frames since the beginning, sent or left out: position in the sine and RTP time.
    frames: u64,
    /// Packets sent: the sequence number.
    packets: u64,
    next: Option<Instant>,
}

impl Tone {
    pub(super) fn new(hertz: u16) -> Self {
        Self {
            hertz: hertz.into(),
            frames: 0,
            packets: 0,
            next: None,
        }
    }

    /// Begins with the next [`Tone::send`].
    pub(super) fn begin(&mut self, now: Instant) {
        self.next.get_or_insert(now);
    }

    /// When the next packet is due; `None` before the beginning.
    pub(super) fn due(&self) -> Option<Instant> {
        self.next
    }

    /// Sends what is due on `media`; returns the number of packets.
    pub(super) fn send(&mut self, rtc: &mut Rtc, media: &[Mid], now: Instant) -> u64 {
        let Some(mut next) = self.next else {
            return 0;
        };
        while now.saturating_duration_since(next) > LATEST {
            next += FRAME_TIME;
            self.frames += 1;
        }
        let mut sent = 0;
        while next <= now {
            let payload = self.frame();
            for mid in media {
                sent += u64::from(self.write(rtc, *mid, next, &payload));
            }
            next += FRAME_TIME;
            self.frames += 1;
            self.packets += 1;
        }
        self.next = Some(next);
        sent
    }

    fn write(&self, rtc: &mut Rtc, mid: Mid, at: Instant, payload: &Arc<[u8]>) -> bool {
        let Some(pt) = payload_type(rtc, mid) else {
            return false;
        };
        let mut direct = rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(mid, None) else {
            return false;
        };
        let time = (self.frames * FRAME) as u32;
        let packet = RtpWrite::new(pt, (self.packets + 1).into(), time, at, Arc::clone(payload));
        // The marker begins a talkspurt (RFC 3551 §4.1).
        stream.write_rtp(packet.marker(self.packets == 0));
        true
    }

    fn frame(&self) -> Arc<[u8]> {
        let first = self.frames * FRAME;
        let sine = sine();
        // The sine repeats every second whatever its frequency, because that is a whole number.
        let position = |sample: u64| ((first + sample) * self.hertz % RATE) as usize;
        (0..FRAME)
            .filter_map(|sample| sine.get(position(sample)).copied())
            .collect()
    }
}

fn payload_type(rtc: &Rtc, mid: Mid) -> Option<Pt> {
    let media = rtc
        .media(mid)
        .filter(|media| media.direction().is_sending())?;
    let pcmu = rtc
        .codec_config()
        .iter()
        .find(|params| params.spec().codec == Codec::PCMU)?;
    media.remote_pts().contains(&pcmu.pt()).then(|| pcmu.pt())
}

/// One period in 8000 steps: step `k` is the sample at `k` 8000ths of a period.
fn sine() -> &'static [u8] {
    static SINE: OnceLock<Vec<u8>> = OnceLock::new();
    SINE.get_or_init(|| {
        (0..RATE)
            .map(|step| {
                let angle = std::f64::consts::TAU * step as f64 / RATE as f64;
                mu_law((AMPLITUDE * angle.sin()).round() as i16)
            })
            .collect()
    })
}

/// ITU-T G.711 µ-law of a 16-bit sample.
fn mu_law(sample: i16) -> u8 {
    const BIAS: u16 = 0x84;
    const CLIP: u16 = 32_635;
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = sample.unsigned_abs().min(CLIP) + BIAS;
    // With the bias, bit 7 to 14 is the highest that is set: its place is the segment.
    let segment = 8_u16.saturating_sub(magnitude.leading_zeros() as u16);
    let step = (magnitude >> (segment + 3)) & 0x0f;
    !(sign | ((segment as u8) << 4) | step as u8)
}

/// The inverse of [`mu_law`], as G.711 tabulates it.
#[cfg(test)]
pub(super) fn linear(code: u8) -> i32 {
    let code = !code;
    let magnitude = (((i32::from(code & 0x0f) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84;
    if code & 0x80 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mu_law_matches_the_points_of_the_standard() {
        for (sample, code) in [
            (0, 0xff),
            (-1, 0x7f),
            (32_767, 0x80),
            (-32_768, 0x00),
            (132, 0xef),
            (-132, 0x6f),
        ] {
            assert_eq!(mu_law(sample), code, "code of {sample}");
        }
    }

    #[test]
    fn mu_law_is_close_for_every_sample() {
        for sample in i16::MIN..=i16::MAX {
            let error = (linear(mu_law(sample)) - i32::from(sample)).abs();
            let allowed = i32::from(sample.unsigned_abs()) / 32 + 8;
            let clipped = sample.unsigned_abs() > 32_000;
            assert!(
                error <= allowed || clipped,
                "{sample} became {}",
                linear(mu_law(sample))
            );
        }
    }

    #[test]
    fn frames_join_without_a_step() {
        let mut tone = Tone::new(440);
        let mut samples = Vec::new();
        for _ in 0..200 {
            samples.extend(tone.frame().iter().map(|code| f64::from(linear(*code))));
            tone.frames += 1;
        }
        for (index, sample) in samples.iter().enumerate() {
            let exact = AMPLITUDE * (std::f64::consts::TAU * 440.0 * index as f64 / 8_000.0).sin();
            assert!(
                (sample - exact).abs() < 600.0,
                "sample {index}: {sample}, not {exact}"
            );
        }
    }
}
