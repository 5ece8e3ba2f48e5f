//! The peer connection of a leg, its offers and its answers (RFC 8829): which codecs, which directions,
//! what is refused.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::config::{DtlsCert, DtlsVersion};
use str0m::media::{Direction, MediaKind, Mid};
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

/// One stream for all media, so that the browser plays them in step (RFC 8830).
const STREAM: &str = "space";

/// An offer of the space that waits for its answer.
pub(super) struct Pending {
    offer: Sdp,
    changes: SdpPendingOffer,
    /// The media that it offers.
    pub(super) media: Vec<(Mid, MediaKind)>,
}

/// A peer connection without media, reachable at `addresses` (most wanted first).
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
    // The order is the preference of offers and answers: what every browser can comes first, so that
    // both ends of a bridge send what the other has.
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

/// The space's own offer: audio both ways, with `video` that too.
///
/// # Errors
/// The media stack makes none.
pub(super) fn offer(
    rtc: &mut Rtc,
    video: bool,
    far_end: FarEnd,
) -> Result<(String, Pending), String> {
    let mut api = rtc.sdp_api();
    let kinds = [MediaKind::Audio, MediaKind::Video];
    let wanted = kinds.into_iter().filter(|kind| video || kind.is_audio());
    let stream = || Some(STREAM.to_owned());
    let media = wanted
        .map(|kind| {
            let mid = api.add_media(kind, Direction::SendRecv, stream(), None, None);
            (mid, kind)
        })
        .collect();
    let (offer, changes) = api.apply().ok_or("nothing to offer")?;
    let offer = Sdp::read(&offer.to_sdp_string());
    let offer = promised(offer, far_end);
    let sdp = offer.write();
    let pending = Pending {
        offer,
        changes,
        media,
    };
    Ok((sdp, pending))
}

/// Accepts the browser's answer to the space's own offer.
///
/// # Errors
/// Why not, in words that hold no SDP.
pub(super) fn accept(rtc: &mut Rtc, pending: Pending, answer: &str) -> Result<(), String> {
    let answer = Sdp::read(answer);
    answer.check_bundle()?;
    answer.check_accepted(&pending.offer)?;
    let answer = answer.without_candidates();
    let parsed = SdpAnswer::from_sdp_string(&answer.write());
    let parsed = parsed.map_err(|_| "the SDP cannot be read".to_owned())?;
    rtc.sdp_api()
        .accept_answer(pending.changes, parsed)
        .map_err(|error| error.to_string())
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
    Ok(promised(answer, far_end).write())
}

/// Nothing is promised that the far end does not send.
fn promised(sdp: Sdp, far_end: FarEnd) -> Sdp {
    match far_end {
        FarEnd::Echo | FarEnd::Peer(_) => sdp,
        FarEnd::Tone(_) => sdp.without_outgoing_video(),
    }
}
