//! `webrtc.verto` and the inner messages (wire-protocol §5).

use super::reader::Reader;
use super::rpc::{RpcError, finish_request, open_request};
use super::words::{K, Sym};
use super::writer::Writer;

/// The event types that a main leg subscribes to with its first SDP (wire-protocol §5.1).
pub const MAIN_SUBSCRIPTIONS: &[&str] = &[
    "track",
    "destroy",
    "member.updated.videoMuted",
    "layout.changed",
    "room.subscribed",
    "member.updated.audioMuted",
    "media.connected",
    "room.updated",
    "call.joined",
];

/// What every frame about a leg says of its call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dialog {
    /// The leg's id; the call's id for the main leg.
    pub call_id: String,
    /// The destination, verbatim, with its query.
    pub destination: String,
    /// Node of the call, or empty while unknown.
    pub node_id: String,
    /// Who calls and who is called, where the space said it: the dialog of an inbound call.
    pub parties: Option<Parties>,
    /// Own member id, once known.
    pub member_id: Option<String>,
    /// The call's own variables: a JSON object, or empty for none.
    pub user_variables: String,
}

/// The two ends of an inbound call (wire-protocol §5.5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parties {
    /// Display name of who calls.
    pub caller_name: Option<String>,
    /// Address of who calls.
    pub caller_number: Option<String>,
    /// Display name of who is called.
    pub callee_name: Option<String>,
    /// Address of who is called.
    pub callee_number: Option<String>,
}

/// Why an inbound call is not taken: the cause that goes with `reject()` (wire-protocol §5.7).
pub const DECLINED: (&str, &str) = ("USER_BUSY", "17");

impl Dialog {
    fn open(&self, id: &str, inner_id: &str, method: Sym, node_id: &str) -> Writer {
        let mut w = open_request(id, Sym::Verto);
        w.str("callID", &self.call_id);
        w.str("node_id", node_id);
        if matches!(method, Sym::Invite | Sym::Answer) {
            w.strs("subscribe", MAIN_SUBSCRIPTIONS);
        }
        w.open("message");
        w.str("jsonrpc", "2.0");
        w.str("id", inner_id);
        w.str("method", method.text());
        w.open("params");
        w
    }

    fn finish(mut w: Writer) -> String {
        w.close();
        w.close();
        finish_request(w)
    }

    /// `fresh` marks the first invite of a call, whose dialog has no attach flags (wire-protocol §12, 15).
    fn params(&self, w: &mut Writer, fresh: bool) {
        w.open("dialogParams");
        w.str("callID", &self.call_id);
        w.str("destination_number", &self.destination);
        if !fresh {
            w.bool("attach", false);
            w.bool("reattaching", false);
        }
        match &self.parties {
            None => w.str("remote_caller_id_number", &self.destination),
            Some(parties) => {
                w.maybe("caller_id_name", parties.caller_name.as_deref());
                w.maybe("caller_id_number", parties.caller_number.as_deref());
                w.maybe("remote_caller_id_name", parties.callee_name.as_deref());
                w.maybe("remote_caller_id_number", parties.callee_number.as_deref());
            }
        }
        w.open("userVariables");
        w.str("memberCallId", &self.call_id);
        w.maybe("memberId", self.member_id.as_deref());
        // The application's variables overlay ours: JSON parsers keep the last of two equal keys.
        w.splice(&self.user_variables);
        w.close();
        w.bool("screenShare", false);
        w.bool("additionalDevice", false);
        w.bool("pingSupported", true);
        w.num("version", 1000);
        w.close();
    }

    /// `verto.invite` of the main leg. `node_hint` steers a fresh invite (§5.1), else empty.
    pub fn invite(&self, id: &str, inner_id: &str, sdp: &str, node_hint: &str) -> String {
        let mut w = self.open(id, inner_id, Sym::Invite, node_hint);
        w.str("sdp", sdp);
        self.params(&mut w, true);
        Self::finish(w)
    }

    /// `verto.answer` of an inbound call (§5.5).
    pub fn answer(&self, id: &str, inner_id: &str, sdp: &str) -> String {
        let mut w = self.open(id, inner_id, Sym::Answer, &self.node_id);
        w.str("sdp", sdp);
        self.params(&mut w, true);
        Self::finish(w)
    }

    /// `verto.bye`, with the cause's name and number, or without: an ordinary hang-up (§5.7).
    pub fn bye(&self, id: &str, inner_id: &str, cause: Option<(&str, &str)>) -> String {
        let mut w = self.open(id, inner_id, Sym::Bye, &self.node_id);
        self.params(&mut w, false);
        if let Some((name, code)) = cause {
            w.str("cause", name);
            w.str("causeCode", code);
        }
        Self::finish(w)
    }

    /// `verto.pong`: the answer to a ping of the server (§5.8).
    pub fn pong(&self, id: &str, inner_id: &str) -> String {
        let mut w = self.open(id, inner_id, Sym::Pong, &self.node_id);
        w.str("callID", &self.call_id);
        w.open("dialogParams");
        w.str("callID", &self.call_id);
        w.close();
        Self::finish(w)
    }
}

/// A verto message of the client, as the space reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VertoRequest {
    /// Id of the inner request.
    pub inner_id: String,
    /// Id of the leg: that of the inner dialog, which wins over the outer one (§5.7).
    pub call_id: String,
    /// Steering hint of an invite.
    pub node_id: String,
    /// What is asked.
    pub message: VertoMessage,
}

/// The inner messages of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VertoMessage {
    /// `verto.invite`.
    Invite {
        /// The offer.
        sdp: String,
        /// The destination, verbatim, with its query.
        destination: String,
        /// Reattach of a call that lives (§5.9).
        reattaching: bool,
        /// A screen-share or device leg of `main_call_id`.
        extra: bool,
        /// The main call's id (`userVariables.memberCallId`).
        main_call_id: Option<String>,
    },
    /// `verto.answer`, with the SDP.
    Answer {
        /// The answer.
        sdp: String,
    },
    /// `verto.bye`.
    Bye {
        /// Given by the client, or none.
        cause: Option<String>,
        /// Given by the client, or none.
        cause_code: Option<i32>,
    },
    /// `verto.info`.
    Info {
        /// The digits, with pauses.
        dtmf: String,
    },
    /// `verto.modify`.
    Modify {
        /// `updateMedia`, `hold`, `unhold`, `transfer`.
        action: String,
        /// The offer of `updateMedia`.
        sdp: Option<String>,
    },
    /// `verto.pong`.
    Pong,
    /// `verto.subscribe`.
    Subscribe,
    /// A method that is not known, by its name.
    Unknown(String),
}

impl VertoRequest {
    /// Reads the params of `webrtc.verto`; `None` where the message or the call id is missing.
    pub fn decode<R: Reader>(params: &R) -> Option<Self> {
        let message = params.get(K::Message)?;
        let inner = message.get(K::Params)?;
        let dialog = inner.get(K::DialogParams);
        let call_id = dialog
            .as_ref()
            .and_then(|d| d.str(K::VertoCallId))
            .or_else(|| inner.str(K::VertoCallId))
            .or_else(|| params.str(K::VertoCallId))?;
        let name = message.str(K::Method)?;
        let decoded = message
            .sym(K::Method)
            .and_then(|m| VertoMessage::decode(m, &inner, dialog));
        Some(Self {
            inner_id: message.str(K::Id).unwrap_or_default(),
            call_id,
            node_id: params.str(K::NodeId).unwrap_or_default(),
            message: decoded.unwrap_or(VertoMessage::Unknown(name)),
        })
    }
}

impl VertoMessage {
    fn decode<R: Reader>(method: Sym, inner: &R, dialog: Option<R>) -> Option<Self> {
        match method {
            Sym::Invite => {
                let dialog = dialog?;
                let flag = |key| dialog.bool(key).unwrap_or_default();
                Some(Self::Invite {
                    sdp: inner.str(K::Sdp)?,
                    destination: dialog.str(K::DestinationNumber)?,
                    reattaching: flag(K::Attach) || flag(K::Reattaching),
                    extra: flag(K::ScreenShare) || flag(K::AdditionalDevice),
                    main_call_id: dialog
                        .get(K::UserVariables)
                        .and_then(|v| v.str(K::MemberCallId)),
                })
            }
            Sym::Answer => Some(Self::Answer {
                sdp: inner.str(K::Sdp)?,
            }),
            Sym::Bye => Some(Self::Bye {
                cause: inner.str(K::Cause),
                cause_code: inner.code(K::CauseCode),
            }),
            Sym::Info => Some(Self::Info {
                dtmf: inner.str(K::Dtmf)?,
            }),
            Sym::Modify => Some(Self::Modify {
                action: inner.str(K::Action)?,
                sdp: inner.str(K::Sdp),
            }),
            Sym::Pong => Some(Self::Pong),
            Sym::VertoSubscribe => Some(Self::Subscribe),
            _ => None,
        }
    }
}

/// The inner response to a verto message of the client (layer C of wire-protocol §2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VertoReply {
    /// `result.node_id`: the node of the call.
    pub node_id: Option<String>,
    /// What the inner response says.
    pub inner: Result<VertoDone, RpcError>,
}

/// The fields of a successful inner response that are read (§5.3, §5.6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VertoDone {
    /// True when the message is exactly `CALL CREATED`.
    pub call_created: bool,
    /// The leg's own member id.
    pub member_id: Option<String>,
    /// The leg's id.
    pub call_id: Option<String>,
    /// The answer to `updateMedia`.
    pub sdp: Option<String>,
}

impl VertoReply {
    /// Reads `result` and its inner response.
    pub fn decode<R: Reader>(result: &R, inner: &R) -> Self {
        let inner = match inner.get(K::Error) {
            Some(error) => Err(RpcError::decode(&error)),
            None => Ok(inner
                .get(K::Result)
                .map(|done| VertoDone::decode(&done))
                .unwrap_or_default()),
        };
        Self {
            node_id: result.str(K::NodeId),
            inner,
        }
    }
}

impl VertoDone {
    fn decode<R: Reader>(done: &R) -> Self {
        Self {
            call_created: done.sym(K::Message) == Some(Sym::CallCreated),
            member_id: done.str(K::VertoMemberId),
            call_id: done.str(K::VertoCallId),
            sdp: done
                .str(K::Sdp)
                .filter(|_| done.sym(K::Action) == Some(Sym::UpdateMedia)),
        }
    }
}

/// A verto message of the server (`webrtc.message`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VertoEvent {
    /// The leg it is about.
    pub call_id: String,
    /// What it says.
    pub kind: VertoEventKind,
}

/// A call that comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallInvite {
    /// The offer.
    pub sdp: String,
    /// Both ends.
    pub parties: Parties,
    /// The application's variables: a JSON object, or empty for none.
    pub user_variables: String,
}

/// The inner messages of a server that the engine knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VertoEventKind {
    /// `verto.media`: early media.
    Media {
        /// The answer.
        sdp: String,
    },
    /// `verto.answer`; the SDP is absent after early media.
    Answer {
        /// The answer.
        sdp: Option<String>,
    },
    /// `verto.bye`.
    Bye {
        /// The cause's name, for instance `USER_BUSY`.
        cause: Option<String>,
        /// The cause's Q.850 or FreeSWITCH number.
        cause_code: Option<i32>,
    },
    /// `verto.invite`: somebody calls.
    Invite(CallInvite),
    /// `verto.ping`: wants a pong.
    Ping,
    /// Acknowledged and ignored.
    Other,
}

impl VertoEvent {
    /// Reads the payload of `webrtc.message`; `None` without a call id.
    pub fn decode<R: Reader>(message: &R) -> Option<Self> {
        let params = message.get(K::Params)?;
        let call_id = params.str(K::VertoCallId)?;
        let kind = match message.sym(K::Method) {
            Some(Sym::Media) => match params.str(K::Sdp) {
                Some(sdp) => VertoEventKind::Media { sdp },
                None => VertoEventKind::Other,
            },
            Some(Sym::Answer) => VertoEventKind::Answer {
                sdp: params.str(K::Sdp),
            },
            Some(Sym::Bye) => VertoEventKind::Bye {
                cause: params.str(K::Cause),
                cause_code: params.code(K::CauseCode),
            },
            Some(Sym::Invite) => match params.str(K::Sdp) {
                Some(sdp) => VertoEventKind::Invite(CallInvite {
                    sdp,
                    parties: Parties {
                        caller_name: params.str(K::CallerName),
                        caller_number: params.str(K::CallerNumber),
                        callee_name: params.str(K::CalleeName),
                        callee_number: params.str(K::CalleeNumber),
                    },
                    user_variables: params.json(K::UserVariables).unwrap_or_default(),
                }),
                None => VertoEventKind::Other,
            },
            Some(Sym::VertoPing) => VertoEventKind::Ping,
            _ => VertoEventKind::Other,
        };
        Some(Self { call_id, kind })
    }
}
