//! What the world reads of an SDP, which it otherwise passes on unseen (RFC 8866).

/// Whether an offer has a video section that is in use, in either direction (RFC 3264 §5.1, §6).
pub(crate) fn offers_video(sdp: &str) -> bool {
    let mut in_video = false;
    let mut active = false;
    for line in sdp.lines() {
        if let Some(media) = line.strip_prefix("m=") {
            if in_video && active {
                return true;
            }
            in_video = media.starts_with("video ");
            active = !media.starts_with("video 0 ");
        } else if line.trim_end() == "a=inactive" {
            active = false;
        }
    }
    in_video && active
}

#[cfg(test)]
mod tests {
    use super::offers_video;

    #[test]
    fn a_video_section_counts_where_it_is_used() {
        let audio = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=sendrecv\r\n";
        for (video, expected) in [
            ("", false),
            ("m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendrecv\r\n", true),
            ("m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=recvonly\r\n", true),
            ("m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=inactive\r\n", false),
            ("m=video 0 UDP/TLS/RTP/SAVPF 96\r\n", false),
            (
                "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=inactive\r\nm=video 9 x 96\r\n",
                true,
            ),
            (
                "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nm=audio 9 x 111\r\na=inactive\r\n",
                true,
            ),
        ] {
            assert_eq!(
                offers_video(&format!("{audio}{video}")),
                expected,
                "{video}"
            );
        }
        assert!(!offers_video(""));
        assert!(!offers_video("offer of c-1"));
    }
}
