//! The peer connection of a leg and its answers (RFC 8829): which codecs, which directions, what is
//! refused.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use str0m::change::SdpOffer;
use str0m::config::{DtlsCert, DtlsVersion};
use str0m::{Candidate, Rtc, RtcConfig};

use crate::world::media::FarEnd;

/// The certificate of the DTLS handshakes: one for the life of a space, as browsers allow too
/// (`RTCPeerConnection.generateCertificate`), because making one costs more than the rest of an answer.
///
/// # Errors
/// The cryptographic library could not make one.
pub(super) fn certificate() -> io::Result<DtlsCert> {
    str0m::crypto::from_feature_flags()
        .dtls_provider
        .generate_certificate()
        .ok_or_else(|| io::Error::other("no DTLS certificate"))
}

/// A peer connection that waits for an offer, reachable at `addresses` (most wanted first).
///
/// # Errors
/// An address that cannot be a candidate.
pub(super) fn peer_connection(
    far_end: FarEnd,
    certificate: &DtlsCert,
    addresses: impl Iterator<Item = SocketAddr>,
    now: Instant,
) -> Result<Rtc, String> {
    let mut config = RtcConfig::new()
        .set_rtp_mode(true)
        .set_dtls_cert(certificate.clone())
        // The browser's ClientHello decides; 1.3 saves it a round trip.
        .set_dtls_version(DtlsVersion::Auto)
        .clear_codecs()
        .enable_pcmu(true, false);
    if far_end == FarEnd::Echo {
        config = config
            .enable_opus(true, false)
            .enable_pcma(true, false)
            .enable_g722(true, false);
    }
    let config = config
        .enable_vp8(true)
        .enable_h264(true)
        .enable_vp9(true)
        .enable_av1(true)
        .enable_h265(true);
    let mut rtc = config.build(now);
    for address in addresses {
        let candidate = Candidate::host(address, "udp").map_err(|error| error.to_string())?;
        rtc.add_local_candidate(candidate);
    }
    Ok(rtc)
}

/// Accepts an offer, the first or a later one.
///
/// # Errors
/// Why not, in words that hold no SDP.
pub(super) fn answer(rtc: &mut Rtc, offer: &str, far_end: FarEnd) -> Result<String, String> {
    check_groups(offer)?;
    let offer = SdpOffer::from_sdp_string(&without_candidates(offer))
        .map_err(|_| "the SDP cannot be read".to_owned())?;
    let answer = rtc
        .sdp_api()
        .accept_offer(offer)
        .map_err(|error| error.to_string())?;
    let answer = Answer::read(&answer.to_sdp_string());
    answer.check_codecs()?;
    Ok(match far_end {
        FarEnd::Echo => answer,
        FarEnd::Tone(_) => answer.without_outgoing_video(),
    }
    .write())
}

/// The browser's checks tell where it is (RFC 8445 §7.3.1.3), and they come from the addresses that
/// work. A check sent to its candidates before it knows the answer is lost, and str0m repeats it only
/// after its retransmission time, which makes a relayed call wait for a quarter of a second.
fn without_candidates(offer: &str) -> String {
    let kept = offer
        .lines()
        .filter(|line| !line.starts_with("a=candidate:"));
    kept.flat_map(|line| [line, "\r\n"]).collect()
}

/// One transport for all media is all that this space speaks (RFC 9143).
fn check_groups(offer: &str) -> Result<(), String> {
    let media = offer.lines().filter(|line| line.starts_with("m=")).count();
    if media > 1 && !offer.lines().any(|line| line.starts_with("a=group:BUNDLE")) {
        return Err("an offer without a BUNDLE group is not supported".to_owned());
    }
    Ok(())
}

/// An SDP as lines, split at its `m=` lines: the first part is the session.
struct Answer {
    parts: Vec<Vec<String>>,
}

impl Answer {
    fn read(sdp: &str) -> Self {
        let mut parts = vec![Vec::new()];
        for line in sdp.lines() {
            if line.starts_with("m=") {
                parts.push(Vec::new());
            }
            if let Some(part) = parts.last_mut() {
                part.push(line.to_owned());
            }
        }
        Self { parts }
    }

    fn write(self) -> String {
        self.parts
            .into_iter()
            .flatten()
            .flat_map(|line| [line, "\r\n".to_owned()])
            .collect()
    }

    /// An accepted `m=` line that lists no payload type has no codec in common with the offer.
    fn check_codecs(&self) -> Result<(), String> {
        for line in self.parts.iter().filter_map(|part| part.first()) {
            let mut fields = line.split_ascii_whitespace();
            let kind = fields.next().and_then(|field| field.strip_prefix("m="));
            let accepted = fields.next().is_some_and(|port| port != "0");
            let has_codec = fields.nth(1).is_some();
            if let Some(kind @ ("audio" | "video")) = kind
                && accepted
                && !has_codec
            {
                return Err(format!("no {kind} codec in common"));
            }
        }
        Ok(())
    }

    /// A tone has no picture: what the browser offers to receive is not sent.
    fn without_outgoing_video(mut self) -> Self {
        let video =
            |part: &&mut Vec<String>| part.first().is_some_and(|line| line.starts_with("m=video"));
        for part in self.parts.iter_mut().filter(video) {
            part.retain(|line| !line.starts_with("a=ssrc") && !line.starts_with("a=msid:"));
            for line in part {
                match line.as_str() {
                    "a=sendrecv" => *line = "a=recvonly".to_owned(),
                    "a=sendonly" => *line = "a=inactive".to_owned(),
                    _ => {}
                }
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "v=0\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=sendrecv\r\n\
        a=msid:a b\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendrecv\r\na=msid:a c\r\na=ssrc:5 cname:x\r\n";

    #[test]
    fn reads_and_writes_the_same() {
        assert_eq!(Answer::read(ANSWER).write(), ANSWER);
    }

    #[test]
    fn candidates_are_left_out_and_nothing_else() {
        let candidate = "a=candidate:1 1 udp 2 192.0.2.1 9 typ host\r\n";
        assert_eq!(without_candidates(&format!("{ANSWER}{candidate}")), ANSWER);
    }

    #[test]
    fn a_tone_receives_video_and_sends_none() {
        let answer = Answer::read(ANSWER).without_outgoing_video().write();
        assert_eq!(
            answer,
            "v=0\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=sendrecv\r\n\
            a=msid:a b\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=recvonly\r\n"
        );
        let sent_only = ANSWER.replace("a=sendrecv", "a=sendonly");
        assert!(
            Answer::read(&sent_only)
                .without_outgoing_video()
                .write()
                .contains("a=inactive")
        );
    }

    #[test]
    fn media_without_a_codec_are_named() {
        assert_eq!(Answer::read(ANSWER).check_codecs(), Ok(()));
        let without = ANSWER.replace("SAVPF 0", "SAVPF");
        assert_eq!(
            Answer::read(&without).check_codecs(),
            Err("no audio codec in common".to_owned())
        );
        let rejected = without.replace("m=audio 9", "m=audio 0");
        assert_eq!(Answer::read(&rejected).check_codecs(), Ok(()));
    }

    #[test]
    fn two_media_need_a_bundle_group_and_one_does_not() {
        assert_eq!(check_groups(ANSWER), Ok(()));
        let unbundled = ANSWER.replace("a=group:BUNDLE 0 1\r\n", "");
        assert!(check_groups(&unbundled).is_err());
        assert_eq!(
            check_groups("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"),
            Ok(())
        );
    }
}
