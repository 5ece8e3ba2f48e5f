//! The JSON-RPC envelope (wire-protocol §2).
//!
//! [`Incoming`] is what a client receives, [`Served`] what a space receives. Both are decoded from
//! one parsed text frame; `None` stands for a frame that is neither a request nor a response and is
//! dropped (§2.1: ids are strings).

use super::call::{CallEvent, MemberRequest};
use super::reader::Reader;
use super::session::{ConnectRequest, ConnectResult};
use super::verto::{VertoEvent, VertoReply, VertoRequest};
use super::words::{K, Sym};
use super::writer::Writer;

/// The error member of a response (layer A of wire-protocol §2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcError {
    /// The number the server gave; 0 when it gave none.
    pub code: i32,
    /// The server's words. Never branched upon.
    pub message: String,
    /// The nonce that a proof has to carry (auth §7.9, 5), where the space asks for one.
    pub nonce: Option<String>,
}

impl RpcError {
    /// Reads the object under [`K::Error`].
    pub fn decode<R: Reader>(error: &R) -> Self {
        Self {
            code: error.code(K::Code).unwrap_or_default(),
            message: error.str(K::Message).unwrap_or_default(),
            nonce: error.get(K::Data).and_then(|data| data.str(K::DpopNonce)),
        }
    }
}

/// A frame as the client receives it.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// `signalwire.event`; wants an empty result, whatever becomes of the event.
    Event {
        /// Id of the request.
        id: String,
        /// What happened.
        event: Event,
    },
    /// `signalwire.ping`; wants the client's time.
    Ping {
        /// Id of the request.
        id: String,
        /// The server's wall clock in milliseconds since the epoch, where it tells it.
        server_time: Option<u64>,
    },
    /// `signalwire.disconnect`: the server is about to close.
    Disconnect {
        /// Id of the request.
        id: String,
    },
    /// The answer to a request of the client.
    Reply {
        /// Id of the client's request.
        id: String,
        /// Success of some shape, or the error.
        outcome: Result<Outcome, RpcError>,
    },
}

/// A successful result, told apart by its shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Result of `signalwire.connect`.
    Connected(ConnectResult),
    /// Result of `webrtc.verto`, with the inner response (layer C).
    Verto(VertoReply),
    /// Any other; `code` is layer B, where the server gave one.
    Plain {
        /// `"200"` for success.
        code: Option<i32>,
        /// The server's words.
        message: String,
    },
}

/// The payload of `signalwire.event`.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// False when the event names channels and the given protocol is not among them (§6.1).
    pub channel: Channel,
    /// `node_id` beside the event type.
    pub node_id: Option<String>,
    /// What happened.
    pub kind: EventKind,
}

/// The channels of an event (the stale filter of wire-protocol §6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// No channel was named: for everybody.
    Any,
    /// One text, which must contain the protocol.
    Text(String),
    /// A list, which must hold the protocol.
    List(Vec<String>),
}

impl Channel {
    /// Does an event on this channel belong to the session with this protocol?
    pub fn includes(&self, protocol: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Text(text) => text.is_empty() || contains(text, protocol),
            Self::List(list) => list.iter().any(|channel| channel == protocol),
        }
    }
}

/// The searcher of the standard library weighs 1.6 kB in the wasm, for the sake of long texts.
fn contains(text: &str, part: &str) -> bool {
    let mut rest = text.chars();
    loop {
        if rest.as_str().starts_with(part) {
            return true;
        }
        if rest.next().is_none() {
            return false;
        }
    }
}

/// The events that the engine knows.
#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// `signalwire.authorization.state`; an empty string removes the state.
    AuthorizationState(String),
    /// `webrtc.message`.
    Verto(VertoEvent),
    /// `call.*`, `member.*`.
    Call(CallEvent),
    /// Acknowledged and ignored.
    Other,
}

impl Incoming {
    /// Reads one parsed frame.
    pub fn decode<R: Reader>(frame: &R) -> Option<Self> {
        let id = frame.str(K::Id)?;
        if let Some(method) = frame.sym(K::Method) {
            return match method {
                Sym::Event => Some(Self::Event {
                    id,
                    event: Event::decode(&frame.get(K::Params)?)?,
                }),
                Sym::Ping => Some(Self::Ping {
                    id,
                    server_time: frame
                        .get(K::Params)
                        .and_then(|params| params.num(K::Timestamp))
                        .and_then(millis),
                }),
                Sym::Disconnect => Some(Self::Disconnect { id }),
                _ => None,
            };
        }
        if let Some(error) = frame.get(K::Error) {
            return Some(Self::Reply {
                id,
                outcome: Err(RpcError::decode(&error)),
            });
        }
        let result = frame.get(K::Result)?;
        Some(Self::Reply {
            id,
            outcome: Ok(Outcome::decode(&result)),
        })
    }
}

/// Seconds as the server writes them, in milliseconds; `None` for what is no time of this century.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn millis(seconds: f64) -> Option<u64> {
    let millis = seconds * 1_000.0;
    (1.5e12..4.2e12).contains(&millis).then_some(millis as u64)
}

impl Outcome {
    fn decode<R: Reader>(result: &R) -> Self {
        if let Some(connected) = ConnectResult::decode(result) {
            return Self::Connected(connected);
        }
        if let Some(inner) = result.get(K::Result) {
            return Self::Verto(VertoReply::decode(result, &inner));
        }
        Self::Plain {
            code: result.code(K::Code),
            message: result.str(K::Message).unwrap_or_default(),
        }
    }
}

impl Event {
    fn decode<R: Reader>(params: &R) -> Option<Self> {
        let payload = params.get(K::Params)?;
        let channel = match params.str(K::EventChannel) {
            Some(text) => Channel::Text(text),
            None if params.opaque(K::EventChannel).is_none() => Channel::Any,
            None => Channel::List(params.strs(K::EventChannel)),
        };
        let kind = match params.sym(K::EventType) {
            Some(Sym::AuthorizationState) => EventKind::AuthorizationState(
                payload.str(K::AuthorizationState).unwrap_or_default(),
            ),
            Some(Sym::WebrtcMessage) => {
                VertoEvent::decode(&payload).map_or(EventKind::Other, EventKind::Verto)
            }
            Some(event_type) => {
                CallEvent::decode(event_type, &payload).map_or(EventKind::Other, EventKind::Call)
            }
            None => EventKind::Other,
        };
        Some(Self {
            channel,
            node_id: params.str(K::NodeId),
            kind,
        })
    }
}

/// A frame as the space receives it.
#[derive(Clone, Debug, PartialEq)]
pub enum Served {
    /// A request of the client.
    Request {
        /// To be repeated in the response.
        id: String,
        /// What is asked.
        request: Request,
    },
    /// The client's answer to a request of the space (an acknowledgement, a pong).
    Reply {
        /// Id of the space's request.
        id: String,
    },
}

/// The requests of a client that the wire knows.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// `signalwire.connect`.
    Connect(ConnectRequest),
    /// `signalwire.reauthenticate`, with the new SAT.
    Reauthenticate {
        /// The new SAT.
        jwt_token: String,
    },
    /// `subscriber.online`.
    Online,
    /// `subscriber.offline`.
    Offline,
    /// `webrtc.verto`; `None` where the inner message is misshapen.
    Verto(Option<VertoRequest>),
    /// `call.mute`, `call.unmute`.
    Member(MemberRequest),
    /// A method that is not known, by its name.
    Unknown(String),
}

impl Served {
    /// Reads one parsed frame.
    pub fn decode<R: Reader>(frame: &R) -> Option<Self> {
        let id = frame.str(K::Id)?;
        let Some(method) = frame.str(K::Method) else {
            let answered = frame.opaque(K::Result).is_some() || frame.opaque(K::Error).is_some();
            return answered.then_some(Self::Reply { id });
        };
        let request = frame
            .get(K::Params)
            .and_then(|params| Request::decode(frame.sym(K::Method)?, &params))
            .unwrap_or(Request::Unknown(method));
        Some(Self::Request { id, request })
    }
}

impl Request {
    fn decode<R: Reader>(method: Sym, params: &R) -> Option<Self> {
        match method {
            Sym::Connect => Some(Self::Connect(ConnectRequest::decode(params))),
            Sym::Reauthenticate => Some(Self::Reauthenticate {
                jwt_token: params.get(K::Authentication)?.str(K::JwtToken)?,
            }),
            Sym::Online => Some(Self::Online),
            Sym::Offline => Some(Self::Offline),
            Sym::Verto => Some(Self::Verto(VertoRequest::decode(params))),
            Sym::Mute | Sym::Unmute => MemberRequest::decode(method, params).map(Self::Member),
            _ => None,
        }
    }
}

/// Opens a request: the caller writes the params and then calls [`finish_request`].
pub fn open_request(id: &str, method: Sym) -> Writer {
    let mut w = Writer::new();
    w.str("jsonrpc", "2.0");
    w.str("id", id);
    w.str("method", method.text());
    w.open("params");
    w
}

/// Closes the params and the request of [`open_request`].
pub fn finish_request(mut w: Writer) -> String {
    w.close();
    w.finish()
}

/// The acknowledgement of an event: an empty result (wire-protocol §2.5).
pub fn acknowledgement(id: &str) -> String {
    reply(id, |_| ())
}

/// The answer to `signalwire.ping`: the client's own wall-clock time (wire-protocol §2.5).
pub fn pong(id: &str, wall_millis: u64) -> String {
    reply(id, |w| w.seconds("timestamp", wall_millis))
}

fn reply(id: &str, result: impl FnOnce(&mut Writer)) -> String {
    let mut w = Writer::new();
    w.str("jsonrpc", "2.0");
    w.str("id", id);
    w.open("result");
    result(&mut w);
    w.close();
    w.finish()
}

#[cfg(test)]
mod tests {
    use super::Channel;

    #[test]
    fn a_text_of_a_channel_includes_every_part_of_it() {
        let includes = |text: &str, protocol| Channel::Text(text.to_owned()).includes(protocol);
        for protocol in ["signalwire_é", "", "sig", "é", "wire"] {
            assert!(includes("signalwire_é", protocol), "{protocol}");
        }
        for protocol in ["signalwire_é.", "wires", "x", "wire"] {
            assert!(!includes("signalwir_é", protocol), "{protocol}");
        }
        assert!(includes("aab", "ab") && includes("", "anything"));
    }
}
