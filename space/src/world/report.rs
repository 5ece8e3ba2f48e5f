//! What the front desk shows of the live state. Holds no secret.

use super::World;
use super::codes::Cause;
use super::io::Millis;
use super::media::LegId;

/// How many calls that are over are remembered.
pub(crate) const REMEMBERED: usize = 100;

/// A session, connected or waiting to be resumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionReport {
    /// Number of the session in this space.
    pub id: u64,
    /// Names the session on the wire.
    pub protocol: String,
    /// Whom it acts for.
    pub subscriber_id: String,
    /// What the application calls that person; none for guests.
    pub reference: Option<String>,
    /// `subscriber`, `guest`, `invite`, `embed_guest`.
    pub kind: &'static str,
    /// The number of its socket, while it has one.
    pub socket: Option<u64>,
    /// The id of the SAT that is in force.
    pub jti: String,
    /// When that expires, in seconds since the epoch.
    pub expires_at: u64,
    /// Whether it can be called (`subscriber.online`).
    pub registered: bool,
    /// How often it was resumed on another socket.
    pub resumed: u32,
    /// How often its SAT was replaced while it lived (`signalwire.reauthenticate`).
    pub reauthenticated: u32,
    /// The thumbprint of the key that the SAT is bound to.
    pub jkt: Option<String>,
    /// Wall clock.
    pub created_ms: Millis,
    /// The calls it has.
    pub calls: Vec<String>,
}

/// A socket that has not said yet who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrangerReport {
    /// Number of the socket in this space.
    pub socket: u64,
}

/// Which way a call goes, as its client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The client calls.
    Outbound,
    /// The client is called.
    Inbound,
}

impl Direction {
    /// Its name on the wire and in the front desk.
    pub fn text(self) -> &'static str {
        match self {
            Self::Outbound => "outbound",
            Self::Inbound => "inbound",
        }
    }
}

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallState {
    /// `CALL CREATED` was sent.
    Created,
    /// A person is being called who has not answered yet: the state of the caller's call, and of those at
    /// the person's clients.
    Ringing,
    /// The SDP of the main leg was sent, or for a call that comes in: received.
    Answered,
    /// Media is up and `call.joined` was sent.
    Joined,
    /// Over.
    Ended,
}

impl CallState {
    /// Its name in the front desk.
    pub fn text(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Ringing => "ringing",
            Self::Answered => "answered",
            Self::Joined => "joined",
            Self::Ended => "ended",
        }
    }
}

/// How a call came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The cause given by the one who ended it.
    pub cause: Cause,
    /// `client`, `space`, or `peer` for the other side's call.
    pub by: &'static str,
    /// `bye`, `socket_closed`, `refused`, `media_lost`, `client_lost`, `session_expired`,
    /// `session_revoked`; while it rang also `declined`, `answered_elsewhere`, `gave_up`, `no_answer`.
    pub how: &'static str,
    /// Wall clock.
    pub ended_ms: Millis,
}

/// A call, live or over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallReport {
    /// The client's call id.
    pub id: String,
    /// Which way it goes.
    pub direction: Direction,
    /// The other side's call id, between two people, once it is answered.
    pub peer: Option<String>,
    /// Name of the address that was called.
    pub address: String,
    /// Number of the session.
    pub session: u64,
    /// How far it is.
    pub state: CallState,
    /// Whether the client holds it.
    pub held: bool,
    /// Every digit received so far.
    pub digits: String,
    /// Main leg first.
    pub legs: Vec<LegReport>,
    /// Wall clock.
    pub created_ms: Millis,
    /// Once it is over.
    pub ended: Option<End>,
}

/// One peer connection of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegReport {
    /// The client's leg id; the call id for the main leg.
    pub id: String,
    /// Its member.
    pub member_id: String,
    /// Its name at the media edge, which knows the packet counts.
    pub media: Option<LegId>,
    /// Whether media flows; false once the call is over.
    pub connected: bool,
    /// As the member events say.
    pub audio_muted: bool,
    /// As the member events say.
    pub video_muted: bool,
}

impl World {
    /// Every session, in the order of creation.
    pub fn sessions(&self) -> Vec<SessionReport> {
        let calls_of = |id| {
            let own = self.calls.values().filter(move |call| call.session == id);
            own.map(|call| call.id.clone()).collect()
        };
        self.sessions
            .iter()
            .map(|(id, session)| SessionReport {
                id: id.0,
                protocol: session.protocol.clone(),
                subscriber_id: session.claims.subscriber_id.clone(),
                reference: self
                    .subscriber(&session.claims.subscriber_id)
                    .map(|one| one.reference.clone()),
                kind: session.claims.kind.text(),
                socket: session.socket.map(|socket| socket.0),
                jti: session.claims.jti.clone(),
                expires_at: session.claims.expires_at,
                registered: session.registered,
                resumed: session.resumed,
                reauthenticated: session.reauthenticated,
                jkt: session.claims.bound_to.clone(),
                created_ms: session.created_ms,
                calls: calls_of(*id),
            })
            .collect()
    }

    /// Every socket without a session.
    pub fn strangers(&self) -> Vec<StrangerReport> {
        let unknown = self
            .sockets
            .iter()
            .filter(|(_, socket)| socket.session.is_none());
        unknown
            .map(|(id, _)| StrangerReport { socket: id.0 })
            .collect()
    }

    /// The last calls that are over, then every live call.
    pub fn calls(&self) -> Vec<CallReport> {
        let live = self.calls.values().map(|call| call.report(None));
        self.over.iter().cloned().chain(live).collect()
    }

    pub(crate) fn remember(&mut self, report: CallReport) {
        if self.over.len() == REMEMBERED {
            self.over.pop_front();
        }
        self.over.push_back(report);
    }
}
