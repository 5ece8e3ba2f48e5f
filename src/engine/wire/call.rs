//! `call.*` requests and the events about a call and its members (wire-protocol §6, §7).

use super::reader::{Opaque, Reader};
use super::rpc::{finish_request, open_request};
use super::words::{K, Sym};
use super::writer::Writer;

/// Who asks: the caller's own member in every `call.*` request (§7.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SelfMember {
    /// Node of the call, or empty.
    pub node_id: String,
    /// The client's call id.
    pub call_id: String,
    /// Own member id, or empty.
    pub member_id: String,
}

impl SelfMember {
    fn write(&self, w: &mut Writer, key: &str, member_id: &str) {
        w.open(key);
        w.str("node_id", &self.node_id);
        w.str("call_id", &self.call_id);
        w.str("member_id", member_id);
        w.close();
    }

    /// `call.mute` or `call.unmute` of `target` (a member id) for one channel, `audio` or `video`.
    pub fn mute(&self, id: &str, muted: bool, channel: &str, target: &str) -> String {
        let mut w = open_request(id, if muted { Sym::Mute } else { Sym::Unmute });
        w.strs("channels", &[channel]);
        self.write(&mut w, "self", &self.member_id);
        self.write(&mut w, "target", target);
        finish_request(w)
    }
}

/// `call.mute` and `call.unmute`, as the space reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRequest {
    /// [`Sym::Mute`] or [`Sym::Unmute`].
    pub method: Sym,
    /// `audio`, `video`.
    pub channels: Vec<String>,
    /// The member that is meant; resolved by this id alone (§7.1).
    pub target: String,
    /// The caller's own member.
    pub self_member: String,
}

impl MemberRequest {
    /// Reads the params; `None` where a member is missing.
    pub fn decode<R: Reader>(method: Sym, params: &R) -> Option<Self> {
        Some(Self {
            method,
            channels: params.strs(K::Channels),
            target: params.get(K::Target)?.str(K::MemberId)?,
            self_member: params.get(K::SelfMember)?.str(K::MemberId)?,
        })
    }
}

/// An event about a call.
#[derive(Clone, Debug, PartialEq)]
pub struct CallEvent {
    /// `call_id` of the payload.
    pub call_id: Option<String>,
    /// `room_session_id` of the payload.
    pub room_session_id: Option<String>,
    /// What happened.
    pub kind: CallEventKind,
}

/// The call events that the engine knows.
#[derive(Clone, Debug, PartialEq)]
pub enum CallEventKind {
    /// `call.joined`: the call is in a room session, with these members.
    Joined {
        /// Own member id.
        member_id: String,
        /// What the own member may do.
        capabilities: Vec<String>,
        /// Everybody in the room, self included.
        members: Vec<Member>,
    },
    /// `member.joined`, `member.updated`, `member.talking`: fields to be merged.
    Member(Member),
    /// `member.left`.
    MemberLeft {
        /// Who left.
        member_id: String,
    },
    /// `call.state` with `ringing`: the far end is being rung.
    Ringing,
    /// Known by type, not used yet.
    Other,
}

/// A member of a room session: its id, and all of its fields unread.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Key of the member.
    pub member_id: String,
    /// Node on which the member's leg lives.
    pub node_id: Option<String>,
    /// The object as it came, full or partial; merged by the store.
    pub fields: Opaque,
}

impl Member {
    fn decode<R: Reader>(member: &R) -> Option<Self> {
        Some(Self {
            member_id: member.str(K::MemberId)?,
            node_id: member.str(K::NodeId),
            fields: member.whole(),
        })
    }
}

impl CallEvent {
    /// Reads the payload of a `call.*` or `member.*` event; `None` for other types.
    pub fn decode<R: Reader>(event_type: Sym, payload: &R) -> Option<Self> {
        let kind = match event_type {
            Sym::CallJoined => Self::joined(payload)?,
            Sym::MemberJoined | Sym::MemberUpdated | Sym::MemberTalking => {
                CallEventKind::Member(Member::decode(&payload.get(K::Member)?)?)
            }
            Sym::MemberLeft => CallEventKind::MemberLeft {
                member_id: payload.get(K::Member)?.str(K::MemberId)?,
            },
            Sym::CallState if payload.sym(K::CallStateKey) == Some(Sym::Ringing) => {
                CallEventKind::Ringing
            }
            Sym::CallLeft | Sym::CallUpdated | Sym::CallState | Sym::LayoutChanged => {
                CallEventKind::Other
            }
            _ => return None,
        };
        Some(Self {
            call_id: payload.str(K::CallId),
            room_session_id: payload.str(K::RoomSessionId),
            kind,
        })
    }

    fn joined<R: Reader>(payload: &R) -> Option<CallEventKind> {
        let mut members = Vec::new();
        if let Some(room) = payload.get(K::RoomSession) {
            room.each(K::Members, &mut |member| {
                members.extend(Member::decode(&member))
            });
        }
        Some(CallEventKind::Joined {
            member_id: payload.str(K::MemberId)?,
            capabilities: payload.strs(K::Capabilities),
            members,
        })
    }
}
