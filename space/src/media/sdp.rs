//! What the space looks at in an offer and changes in its own answer (RFC 8866), as lines of text: the
//! negotiation itself is the media stack's.

/// An SDP, split into its session part and its media.
pub(super) struct Sdp {
    session: Vec<String>,
    media: Vec<Section>,
}

/// An `m=` line and the lines that belong to it.
struct Section {
    lines: Vec<String>,
}

impl Section {
    /// `audio`, `video`, `application`, …
    fn kind(&self) -> &str {
        self.fields()
            .next()
            .unwrap_or_default()
            .trim_start_matches("m=")
    }

    fn fields(&self) -> impl Iterator<Item = &str> {
        self.lines
            .first()
            .map_or("", String::as_str)
            .split_ascii_whitespace()
    }

    /// Port 0 is a rejected or stopped medium (RFC 8829 §5.2.2), unless it shares the port of another
    /// (RFC 9143 §6).
    fn is_wanted(&self) -> bool {
        let closed = self.fields().nth(1).is_none_or(|port| port == "0");
        !closed || self.lines.iter().any(|line| line == "a=bundle-only")
    }
}

impl Sdp {
    pub(super) fn read(text: &str) -> Self {
        let mut sdp = Self {
            session: Vec::new(),
            media: Vec::new(),
        };
        for line in text.lines() {
            if line.starts_with("m=") {
                sdp.media.push(Section { lines: Vec::new() });
            }
            let part = sdp
                .media
                .last_mut()
                .map_or(&mut sdp.session, |section| &mut section.lines);
            part.push(line.to_owned());
        }
        sdp
    }

    pub(super) fn write(&self) -> String {
        let media = self.media.iter().flat_map(|section| &section.lines);
        self.session
            .iter()
            .chain(media)
            .flat_map(|line| [line, "\r\n"])
            .collect()
    }

    /// One transport for all media is all that this space speaks (RFC 9143).
    ///
    /// # Errors
    /// Media of this offer want transports of their own.
    pub(super) fn check_bundle(&self) -> Result<(), String> {
        let wanted = self
            .media
            .iter()
            .filter(|section| section.is_wanted())
            .count();
        if wanted > 1
            && !self
                .session
                .iter()
                .any(|line| line.starts_with("a=group:BUNDLE"))
        {
            return Err("an offer without a BUNDLE group is not supported".to_owned());
        }
        Ok(())
    }

    /// The browser's own checks tell where it is (RFC 8445 §7.3.1.3), and they come from the addresses
    /// that work. A check sent to its candidates before it has the answer is lost, and str0m repeats it
    /// only after its time of retransmission: a relayed call would wait a quarter of a second for it.
    pub(super) fn without_candidates(mut self) -> Self {
        let media = self.media.iter_mut().map(|section| &mut section.lines);
        for lines in media.chain([&mut self.session]) {
            lines.retain(|line| !line.starts_with("a=candidate:"));
        }
        self
    }

    /// An answer to `offer` rejects the media that have no codec in common with the space. A call
    /// without the sound, or without anything, that was offered is none.
    ///
    /// # Errors
    /// The answer is to such a call.
    pub(super) fn check_accepted(&self, offer: &Self) -> Result<(), String> {
        let pairs = || {
            offer
                .media
                .iter()
                .zip(&self.media)
                .filter(|(offered, _)| offered.is_wanted())
        };
        let rejects = |(_, answered): &(&Section, &Section)| !answered.is_wanted();
        if pairs().any(|pair| pair.0.kind() == "audio" && rejects(&pair)) {
            return Err("no audio codec in common".to_owned());
        }
        if pairs().all(|pair| rejects(&pair)) {
            return Err("nothing in common".to_owned());
        }
        Ok(())
    }

    /// A tone has no picture: what the browser would receive is not promised.
    pub(super) fn without_outgoing_video(mut self) -> Self {
        for section in self
            .media
            .iter_mut()
            .filter(|section| section.kind() == "video")
        {
            let is_source =
                |line: &String| line.starts_with("a=ssrc") || line.starts_with("a=msid:");
            section.lines.retain(|line| !is_source(line));
            for line in &mut section.lines {
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

    const TEXT: &str = "v=0\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=sendrecv\r\n\
        a=msid:a b\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendrecv\r\na=msid:a c\r\na=ssrc:5 cname:x\r\n";

    #[test]
    fn reads_and_writes_the_same() {
        assert_eq!(Sdp::read(TEXT).write(), TEXT);
    }

    #[test]
    fn candidates_are_left_out_and_nothing_else() {
        let candidate = "a=candidate:1 1 udp 2 192.0.2.1 9 typ host\r\n";
        let text = format!(
            "{}{candidate}",
            TEXT.replace("m=audio", &format!("{candidate}m=audio"))
        );
        assert_eq!(Sdp::read(&text).without_candidates().write(), TEXT);
    }

    #[test]
    fn a_tone_receives_video_and_sends_none() {
        assert_eq!(
            Sdp::read(TEXT).without_outgoing_video().write(),
            "v=0\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=sendrecv\r\n\
            a=msid:a b\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=recvonly\r\n"
        );
        let sent_only = TEXT.replace("a=sendrecv", "a=sendonly");
        assert!(
            Sdp::read(&sent_only)
                .without_outgoing_video()
                .write()
                .contains("a=inactive")
        );
    }

    #[test]
    fn two_media_need_a_bundle_group_and_one_does_not() {
        assert_eq!(Sdp::read(TEXT).check_bundle(), Ok(()));
        let unbundled = TEXT.replace("a=group:BUNDLE 0 1\r\n", "");
        assert!(Sdp::read(&unbundled).check_bundle().is_err());
        let stopped = unbundled.replace("m=video 9", "m=video 0");
        assert_eq!(Sdp::read(&stopped).check_bundle(), Ok(()));
    }

    #[test]
    fn sound_that_is_rejected_is_no_call_and_a_picture_that_is_rejected_is_one() {
        let offer = Sdp::read(TEXT);
        let accepted = |text: &str| Sdp::read(text).check_accepted(&offer);
        assert_eq!(accepted(TEXT), Ok(()));
        assert_eq!(accepted(&TEXT.replace("m=video 9", "m=video 0")), Ok(()));
        let silent = TEXT.replace("m=audio 9", "m=audio 0");
        assert_eq!(
            accepted(&silent),
            Err("no audio codec in common".to_owned())
        );
        // What the offer itself does not want cannot be missed.
        assert_eq!(
            Sdp::read(&silent).check_accepted(&Sdp::read(&silent)),
            Ok(())
        );
    }

    #[test]
    fn a_call_with_nothing_in_common_is_none() {
        let picture = "v=0\r\nm=video 0 UDP/TLS/RTP/SAVPF 96\r\na=bundle-only\r\n";
        let rejected = "v=0\r\nm=video 0 UDP/TLS/RTP/SAVPF 96\r\n";
        let offer = Sdp::read(picture);
        assert_eq!(
            Sdp::read(rejected).check_accepted(&offer),
            Err("nothing in common".to_owned())
        );
    }
}
