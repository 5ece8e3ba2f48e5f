//! The peer connection of a leg and its answers (RFC 8829): which codecs, which directions, what is
//! refused.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use str0m::change::SdpOffer;
use str0m::config::{DtlsCert, DtlsVersion};
use str0m::{Candidate, Rtc, RtcConfig};

use super::sdp::Sdp;
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
    let config = RtcConfig::new()
        .set_rtp_mode(true)
        .set_dtls_cert(certificate.clone())
        // The browser's ClientHello decides; 1.3 saves it a round trip.
        .set_dtls_version(DtlsVersion::Auto)
        .clear_codecs();
    // The order is the preference of the answer.
    let config = match far_end {
        FarEnd::Echo | FarEnd::Peer(_) => config
            .enable_opus(true, false)
            .enable_g722(true, false)
            .enable_pcmu(true, false)
            .enable_pcma(true, false),
        FarEnd::Tone(_) => config.enable_pcmu(true, false),
    };
    let config = config
        .enable_vp8(true)
        .enable_vp9(true)
        .enable_h264(true)
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
    let offer = Sdp::read(offer);
    offer.check_bundle()?;
    let offer = offer.without_candidates();
    let parsed = SdpOffer::from_sdp_string(&offer.write());
    let parsed = parsed.map_err(|_| "the SDP cannot be read".to_owned())?;
    let answer = rtc
        .sdp_api()
        .accept_offer(parsed)
        .map_err(|error| error.to_string())?;
    let answer = Sdp::read(&answer.to_sdp_string());
    answer.check_accepted(&offer)?;
    Ok(match far_end {
        FarEnd::Echo | FarEnd::Peer(_) => answer.write(),
        FarEnd::Tone(_) => answer.without_outgoing_video().write(),
    })
}
