//! One call of a client and its legs: what is known about it, and when it ends by itself
//! (wire-protocol §8.4, §8.6, §10.3).

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::codes::Cause;
use super::directory::{Address, Destination};
use super::io::{Cx, Millis, Output};
use super::media::{FarEnd, LegId, MediaCommand};
use super::member::Member;
use super::report::{CallReport, CallState, Direction, End, LegReport};
use super::sessions::SessionId;

/// A call whose media is gone, or never came, ends after.
const WITHOUT_MEDIA_LIMIT: Millis = 30_000;
/// A call with media but without a socket ends after.
const WITHOUT_SOCKET_LIMIT: Millis = 60_000;
/// A call with neither ends after; with room for finding out, so that it is over within 30 s.
const WITHOUT_BOTH_LIMIT: Millis = 25_000;
/// Between two `verto.ping` of a call (wire-protocol §8.3).
const PING_EVERY: Millis = 30_000;

/// What an answer of the media edge is for.
pub(crate) enum Awaiting {
    /// The `verto.answer` of the leg.
    Invite,
    /// The response to a `verto.modify`.
    Modify {
        /// Id of the request.
        request: String,
        /// Id of the inner message.
        inner: String,
    },
}

/// One peer connection of a client.
pub(crate) struct Leg {
    /// The client's leg id; for the main leg it is the call id.
    pub(crate) id: String,
    pub(crate) member: Member,
    /// Its name at the media edge; none where nothing answers, and after its media died.
    pub(crate) media: Option<LegId>,
    pub(crate) connected: bool,
    /// Whether the client has the SDP of the space: a second one would end the call.
    pub(crate) has_sdp: bool,
    pub(crate) awaiting: VecDeque<Awaiting>,
}

impl Leg {
    pub(crate) fn new(id: String, member: Member) -> Self {
        Self {
            id,
            member,
            media: None,
            connected: false,
            has_sdp: false,
            awaiting: VecDeque::new(),
        }
    }

    /// Forgets its media; gives the name by which the media edge knows it.
    pub(crate) fn lose_media(&mut self) -> Option<LegId> {
        self.connected = false;
        self.awaiting.clear();
        self.media.take()
    }

    pub(crate) fn stop(&mut self, out: &mut Vec<Output>) {
        out.extend(
            self.lose_media()
                .map(|leg| Output::Media(MediaCommand::Stop { leg })),
        );
    }
}

/// One call as one client has it. Two people who talk have one each, and share a room.
pub(crate) struct Call {
    /// The call id of its client: made by it, or by the space for a call that comes in.
    pub(crate) id: String,
    pub(crate) session: SessionId,
    pub(crate) direction: Direction,
    /// What was called.
    pub(crate) address: Address,
    pub(crate) state: CallState,
    pub(crate) held: bool,
    pub(crate) digits: String,
    /// Shared by everything that belongs together: the caller's call and those that it rings.
    pub(crate) room_session_id: String,
    /// The call at the other end, between two people, once it is answered.
    pub(crate) peer: Option<String>,
    /// What the main leg hears; none while nothing answers.
    pub(crate) far_end: Option<FarEnd>,
    pub(crate) main: Leg,
    /// Screen shares and further devices.
    pub(crate) extras: Vec<Leg>,
    created_ms: Millis,
    /// Since when its main leg has no media, on the monotonic clock.
    pub(crate) media_lost_at: Option<Millis>,
    next_ping: Millis,
}

impl Call {
    pub(crate) fn new(
        id: String,
        session: SessionId,
        direction: Direction,
        address: Address,
        room_session_id: String,
        member: Member,
        cx: &Cx<'_>,
    ) -> Self {
        let far_end = match (direction, &address.destination) {
            (Direction::Outbound, Destination::Echo) => Some(FarEnd::Echo),
            (Direction::Outbound, Destination::Tone(hertz)) => Some(FarEnd::Tone(*hertz)),
            _ => None,
        };
        Self {
            main: Leg::new(id.clone(), member),
            id,
            session,
            direction,
            address,
            state: CallState::Created,
            held: false,
            digits: String::new(),
            room_session_id,
            peer: None,
            far_end,
            extras: Vec::new(),
            created_ms: cx.wall,
            media_lost_at: Some(cx.mono),
            next_ping: cx.mono + PING_EVERY,
        }
    }

    /// Whether it rings at its client, which has not answered yet.
    pub(crate) fn is_rung(&self) -> bool {
        self.direction == Direction::Inbound && self.state == CallState::Ringing
    }

    /// What this leg hears. Packets of a screen share or a further device cannot join the one stream that
    /// another person's main leg has: between two people they end here.
    pub(crate) fn far_end_of(&self, leg_id: &str) -> Option<FarEnd> {
        match self.far_end {
            Some(FarEnd::Peer(_)) if leg_id != self.id => Some(FarEnd::Echo),
            far_end => far_end,
        }
    }

    /// The leg with this id of the client.
    pub(crate) fn leg(&self, id: &str) -> Option<&Leg> {
        self.legs().find(|leg| leg.id == id)
    }

    /// The same, to be changed.
    pub(crate) fn leg_mut(&mut self, id: &str) -> Option<&mut Leg> {
        self.legs_mut().find(|leg| leg.id == id)
    }

    /// Main leg first.
    pub(crate) fn legs(&self) -> impl Iterator<Item = &Leg> {
        std::iter::once(&self.main).chain(&self.extras)
    }

    /// Main leg first.
    pub(crate) fn legs_mut(&mut self) -> impl Iterator<Item = &mut Leg> {
        std::iter::once(&mut self.main).chain(&mut self.extras)
    }

    pub(crate) fn stop_media(&mut self, out: &mut Vec<Output>) {
        self.legs_mut().for_each(|leg| leg.stop(out));
    }

    /// From now on media are expected.
    pub(crate) fn expect_media(&mut self, far_end: FarEnd, cx: &Cx<'_>) {
        self.far_end = Some(far_end);
        self.media_lost_at = Some(cx.mono);
        self.pinged(cx);
    }

    /// Starts the media of the main leg anew, for a client that lost its page.
    pub(crate) fn restart(&mut self, cx: &Cx<'_>, out: &mut Vec<Output>) {
        self.stop_media(out);
        self.extras.clear();
        self.main.has_sdp = false;
        if self.state != CallState::Ringing {
            self.state = CallState::Created;
        }
        self.media_lost_at = Some(cx.mono);
    }

    pub(crate) fn pinged(&mut self, cx: &Cx<'_>) {
        self.next_ping = cx.mono + PING_EVERY;
    }

    /// When the call ends, if nothing changes; why, and how the front desk calls it.
    pub(crate) fn end_of(
        &self,
        offline_since: Option<Millis>,
    ) -> Option<(Millis, Cause, &'static str)> {
        // While it rings, the ring has the limit: a client that is away may still come back.
        if self.is_rung() {
            return None;
        }
        let without_media = self
            .media_lost_at
            .filter(|_| self.far_end.is_some())
            .map(|since| {
                (
                    since + WITHOUT_MEDIA_LIMIT,
                    Cause::media_timeout(),
                    "media_lost",
                )
            });
        let without_socket = offline_since.map(|since| {
            let limit = if self.media_lost_at.is_some() {
                WITHOUT_BOTH_LIMIT
            } else {
                WITHOUT_SOCKET_LIMIT
            };
            (since + limit, Cause::client_gone(), "client_lost")
        });
        without_media
            .into_iter()
            .chain(without_socket)
            .min_by_key(|(at, _, _)| *at)
    }

    pub(crate) fn deadline(&self, offline_since: Option<Millis>) -> Option<Millis> {
        let end = self.end_of(offline_since).map(|(at, _, _)| at);
        // Without a socket there is nobody to ping.
        let pinged = offline_since.is_none() && !self.is_rung();
        end.into_iter()
            .chain(pinged.then_some(self.next_ping))
            .min()
    }

    pub(crate) fn report(&self, ended: Option<End>) -> CallReport {
        let legs = self.legs().map(|leg| LegReport {
            id: leg.id.clone(),
            member_id: leg.member.id.clone(),
            media: leg.media,
            connected: leg.connected && ended.is_none(),
            audio_muted: leg.member.audio_muted,
            video_muted: leg.member.video_muted,
        });
        CallReport {
            id: self.id.clone(),
            direction: self.direction,
            peer: self.peer.clone(),
            address: self.address.name.clone(),
            session: self.session.0,
            state: if ended.is_some() {
                CallState::Ended
            } else {
                self.state
            },
            held: self.held,
            digits: self.digits.clone(),
            legs: legs.collect(),
            created_ms: self.created_ms,
            ended,
        }
    }

    /// The params of `call.joined` (wire-protocol §6.3), with the members of both sides.
    pub(crate) fn joined(&self, peer: Option<&Self>, node_id: &str) -> Value {
        let own = self.legs().map(|leg| leg.member.full(self, leg, node_id));
        let others = peer.into_iter().flat_map(|peer| {
            peer.legs()
                .map(move |leg| leg.member.full(peer, leg, node_id))
        });
        let members: Vec<Value> = own.chain(others).collect();
        json!({
            "room_session_id": self.room_session_id,
            "room_id": self.address.id,
            "call_id": self.id,
            "origin_call_id": self.id,
            "member_id": self.main.member.id,
            "capabilities": ["self", "digit", "end"],
            "room_session": {
                "room_session_id": self.room_session_id,
                "room_id": self.address.id,
                "event_channel": self.room_session_id,
                "name": self.address.short_name(),
                "display_name": self.address.display_name,
                "layout_name": "",
                "recording": false,
                "streaming": false,
                "prioritize_handraise": false,
                "hide_video_muted": false,
                "locked": false,
                "meta": {},
                "recordings": [],
                "streams": [],
                "playbacks": [],
                "members": members,
            },
        })
    }
}
