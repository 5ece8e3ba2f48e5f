//! Descriptions as far as anybody here reads them: who made them, and what may flow.

use signalwire_space::world::media::LegId;
use signalwire_wasm::engine::io::{Direction, PeerId};

use super::client::Who;

/// Audio and video; `None` for no section.
pub type Sections = (Option<Direction>, Option<Direction>);

/// Both ways.
pub const BOTH_WAYS: Option<Direction> = Some(Direction {
    send: true,
    receive: true,
});

/// The description of a browser.
pub fn of_peer(who: Who, peer: PeerId, sections: Sections) -> String {
    written(&format!("peer {} {}", who.0, peer.0), sections)
}

/// The description of the space.
pub fn of_leg(leg: LegId, sections: Sections) -> String {
    written(&format!("leg {}", leg.0), sections)
}

/// The browser that made a description, if one did.
pub fn peer_of(sdp: &str) -> Option<(Who, PeerId)> {
    let mut words = sdp
        .lines()
        .find_map(|line| line.strip_prefix("s=peer "))?
        .split(' ');
    let who = words.next()?.parse().ok()?;
    let peer = words.next()?.parse().ok()?;
    Some((Who(who), PeerId(peer)))
}

/// Did the space make it?
pub fn is_of_leg(sdp: &str) -> bool {
    sdp.lines().any(|line| line.starts_with("s=leg "))
}

/// Whether a description has a section for audio, and one for video.
pub fn kinds(sdp: &str) -> (bool, bool) {
    let has = |kind: &str| sdp.lines().any(|line| line.starts_with(kind));
    (has("m=audio "), has("m=video "))
}

fn written(maker: &str, (audio, video): Sections) -> String {
    let mut sdp = format!("v=0\r\ns={maker}\r\n");
    for (kind, direction) in [("audio", audio), ("video", video)] {
        let word = match direction.map(|one| (one.send, one.receive)) {
            None => continue,
            Some((true, true)) => "sendrecv",
            Some((true, false)) => "sendonly",
            Some((false, true)) => "recvonly",
            Some((false, false)) => "inactive",
        };
        sdp += &format!("m={kind} 9 UDP/TLS/RTP/SAVPF 0\r\na={word}\r\n");
    }
    sdp
}
