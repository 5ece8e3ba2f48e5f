//! Sockets and sessions: authentication, resume, keep-alive (wire-protocol §2, §3).

use std::collections::VecDeque;

use serde_json::{Value, json};
use signalwire_wasm::engine::wire::Sym;
use signalwire_wasm::engine::wire::json::Json;
use signalwire_wasm::engine::wire::rpc::{Request, Served};
use signalwire_wasm::engine::wire::session::ConnectRequest;

use super::admission::Credential;
use super::codes::Cause;
use super::delivery::{Event, RpcRefusal, ping, rpc_error, rpc_result};
use super::io::{Cx, Millis, Output, SocketId};
use super::sat::{Claims, Kind};
use super::{World, codes, loud, quiet, shape, short};

/// Between two pings of the space.
const PING_EVERY: Millis = 5_000;
/// A socket that says nothing for so long is dead (wire-protocol §10.3, 3).
const SILENCE_LIMIT: Millis = 10_000;
/// A socket must be authenticated within.
const AUTHENTICATION_LIMIT: Millis = 10_000;
/// Frames that a socket may send ahead of its authentication (wire-protocol §2.4).
const HELD_FRAMES: usize = 64;
/// And how long they may be together.
const HELD_BYTES: usize = 1 << 20;
/// The longest id of a request: ids are remembered.
const LONGEST_ID: usize = 256;
/// Request ids that a session remembers, to ignore duplicates.
const REMEMBERED_IDS: usize = 512;

/// Number of a session in this space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SessionId(pub(crate) u64);

/// One WebSocket.
pub(crate) struct Socket {
    pub(crate) session: Option<SessionId>,
    opened: Millis,
    heard: Millis,
    next_ping: Millis,
    /// Frames that came ahead of the authentication.
    held: Vec<Value>,
    held_bytes: usize,
}

impl Socket {
    pub(crate) fn deadline(&self) -> Millis {
        let alive = self.next_ping.min(self.heard + SILENCE_LIMIT);
        match self.session {
            Some(_) => alive,
            None => alive.min(self.opened + AUTHENTICATION_LIMIT),
        }
    }
}

/// What a client is, over all of its sockets.
pub(crate) struct Session {
    pub(crate) protocol: String,
    pub(crate) claims: Claims,
    pub(crate) socket: Option<SocketId>,
    pub(crate) registered: bool,
    pub(crate) resumed: u32,
    pub(crate) reauthenticated: u32,
    pub(crate) created_ms: Millis,
    /// Since when it has no socket, on the monotonic clock.
    pub(crate) offline_since: Option<Millis>,
    pub(super) identity: String,
    pub(crate) authorization_state: String,
    /// By when it must show a valid SAT.
    pub(super) reauthenticate_by: Option<Millis>,
    pub(super) seen: VecDeque<String>,
    pub(crate) events: VecDeque<Event>,
}

impl Session {
    /// Whether the request id was seen before; remembers it.
    fn is_duplicate(&mut self, id: &str) -> bool {
        if self.seen.iter().any(|seen| seen == id) {
            return true;
        }
        if self.seen.len() == REMEMBERED_IDS {
            self.seen.pop_front();
        }
        self.seen.push_back(id.to_owned());
        false
    }
}

impl World {
    pub(super) fn opened(&mut self, socket: SocketId, cx: &Cx<'_>) {
        let fresh = Socket {
            session: None,
            opened: cx.mono,
            heard: cx.mono,
            next_ping: cx.mono + PING_EVERY,
            held: Vec::new(),
            held_bytes: 0,
        };
        self.sockets.insert(socket, fresh);
    }

    pub(super) fn frame(
        &mut self,
        socket: SocketId,
        text: &str,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let Some(entry) = self.sockets.get_mut(&socket) else {
            return;
        };
        entry.heard = cx.mono;
        match serde_json::from_str::<Value>(text) {
            Ok(frame) => self.parsed_frame(socket, frame, text.len(), cx, out),
            Err(_) => out.push(loud(format!("socket {}: a frame is not JSON", socket.0))),
        }
    }

    fn parsed_frame(
        &mut self,
        socket: SocketId,
        frame: Value,
        bytes: usize,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let session = self.sockets.get(&socket).and_then(|entry| entry.session);
        match (Served::decode(&Json(&frame)), session) {
            (None, _) => {
                out.push(loud(format!(
                    "socket {}: a frame is neither a request nor a response with a text id",
                    socket.0
                )));
            }
            (Some(Served::Reply { id }), Some(session)) => self.acknowledged(session, &id),
            (Some(Served::Reply { .. }), None) => {}
            (Some(Served::Request { id, .. }), _) if id.len() > LONGEST_ID => {
                let why = format!("id must be of at most {LONGEST_ID} bytes");
                let refusal = RpcRefusal::new(codes::INVALID_REQUEST, why);
                refuse(socket, &id, &refusal, out);
            }
            (Some(Served::Request { id, .. }), None) if frame["method"] == Sym::Connect.text() => {
                self.introduced(socket, &id, &frame["params"], cx, out);
            }
            (Some(Served::Request { .. }), None) => self.hold(socket, frame, bytes, out),
            (Some(Served::Request { id, request }), Some(session)) => {
                self.request(session, &id, request, &frame["params"], cx, out);
            }
        }
    }

    /// A socket says who it is.
    fn introduced(
        &mut self,
        socket: SocketId,
        id: &str,
        params: &Value,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        match shape::check_session(Sym::Connect.text(), params) {
            Ok(()) => {
                let request = ConnectRequest::decode(&Json(params));
                self.connect(socket, id, &request, proof_of(params), cx, out);
            }
            Err(refusal) => refuse(socket, id, &refusal, out),
        }
    }

    /// Keeps a frame until its socket is authenticated: a client flushes its queue first (§2.4).
    fn hold(&mut self, socket: SocketId, frame: Value, bytes: usize, out: &mut Vec<Output>) {
        let Some(entry) = self.sockets.get_mut(&socket) else {
            return;
        };
        entry.held_bytes += bytes;
        if entry.held.len() < HELD_FRAMES && entry.held_bytes <= HELD_BYTES {
            entry.held.push(frame);
        } else {
            let why = "too much before signalwire.connect";
            self.close(socket, 1008, why, out);
        }
    }

    fn request(
        &mut self,
        session: SessionId,
        id: &str,
        request: Request,
        params: &Value,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let Some(entry) = self.sessions.get_mut(&session) else {
            return;
        };
        if entry.is_duplicate(id) {
            out.push(quiet(format!(
                "session {}: duplicate request ignored",
                session.0
            )));
            return;
        }
        let answer = match request {
            Request::Connect(_) => Err(RpcRefusal::new(
                codes::INVALID_PARAMS,
                "this socket is authenticated; use signalwire.reauthenticate",
            )),
            Request::Reauthenticate { jwt_token } => {
                let credential = Credential {
                    sat: &jwt_token,
                    proof: proof_of(params),
                };
                self.reauthenticate(session, credential, cx, out)
            }
            Request::Online => {
                let done = self.register(session, true);
                self.ring_newcomer(session, cx, out);
                Ok(done)
            }
            Request::Offline => Ok(self.register(session, false)),
            Request::Verto(Some(message)) => {
                self.verto(session, id, message, params, cx, out);
                return;
            }
            Request::Verto(None) => Err(shape::refuse_envelope(params)),
            Request::Member(request) => Ok(self.member_request(session, &request, cx, out)),
            Request::Unknown(method) => shape::check_session(&method, params)
                .and_then(|()| self.other_request(session, &method, out)),
        };
        self.respond(session, id, answer, out);
    }

    fn other_request(
        &mut self,
        session: SessionId,
        method: &str,
        out: &mut Vec<Output>,
    ) -> Result<Value, RpcRefusal> {
        let method = short(method);
        out.push(loud(format!(
            "session {}: unknown method {method:?}",
            session.0
        )));
        Err(RpcRefusal::new(
            codes::METHOD_NOT_FOUND,
            format!("this space does not know the method {method:?}, or not with these params"),
        ))
    }

    fn connect(
        &mut self,
        socket: SocketId,
        id: &str,
        request: &ConnectRequest,
        proof: Option<&str>,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let credential = Credential {
            sat: &request.jwt_token,
            proof,
        };
        let admitted = match (&request.authorization_state, &request.protocol) {
            (Some(state), Some(protocol)) => {
                self.resume(socket, credential, [state, protocol], cx, out)
            }
            _ => self.admit(credential, cx),
        };
        let session = match admitted {
            Ok(session) => session,
            Err(refusal) => {
                refuse(socket, id, &refusal, out);
                return;
            }
        };
        let held = self.attach(socket, session, cx);
        let Some(entry) = self.sessions.get_mut(&session) else {
            return;
        };
        entry.is_duplicate(id);
        let result = connect_result(entry, &self.ice_servers);
        out.push(Output::Send {
            socket,
            text: rpc_result(id, &result),
        });
        let state = json!({ "authorization_state": entry.authorization_state });
        self.redeliver(session, out);
        self.event(session, "signalwire.authorization.state", state, cx, out);
        for frame in held {
            self.parsed_frame(socket, frame, 0, cx, out);
        }
    }

    /// Ties socket and session together; gives back what the socket sent too early.
    fn attach(&mut self, socket: SocketId, session: SessionId, cx: &Cx<'_>) -> Vec<Value> {
        let Some(entry) = self.sessions.get_mut(&session) else {
            return Vec::new();
        };
        entry.socket = Some(socket);
        entry.offline_since = None;
        let Some(entry) = self.sockets.get_mut(&socket) else {
            return Vec::new();
        };
        entry.session = Some(session);
        entry.next_ping = cx.mono + PING_EVERY;
        std::mem::take(&mut entry.held)
    }

    /// Registration: of guests it has no effect and no error (auth §1.16).
    fn register(&mut self, id: SessionId, online: bool) -> Value {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.registered = online && session.claims.kind == Kind::Subscriber;
        }
        json!({ "code": "200", "message": "OK" })
    }

    /// The sessions of this subscriber that can be called, in the order of their creation.
    pub(super) fn registered(&self, subscriber_id: &str) -> Vec<SessionId> {
        let own = self
            .sessions
            .iter()
            .filter(|(_, one)| one.registered && one.claims.subscriber_id == subscriber_id);
        own.map(|(id, _)| *id).collect()
    }

    pub(super) fn closed(
        &mut self,
        socket: SocketId,
        code: u16,
        cx: &mut Cx<'_>,
        out: &mut Vec<Output>,
    ) {
        let Some(id) = self.sockets.remove(&socket).and_then(|entry| entry.session) else {
            return;
        };
        // "The user is done": a close without a code, or with the code that says so (RFC 6455 §7.4.1).
        if matches!(code, 1000 | 1005) {
            self.end_calls_of(id, &Cause::normal(), "client", "socket_closed", cx, out);
            self.sessions.remove(&id);
        } else if let Some(session) = self.sessions.get_mut(&id) {
            session.socket = None;
            session.offline_since = Some(cx.mono);
        }
    }

    /// Closes a socket from this side; its session can be resumed.
    pub(super) fn close(
        &mut self,
        socket: SocketId,
        code: u16,
        reason: &'static str,
        out: &mut Vec<Output>,
    ) {
        self.sockets.remove(&socket);
        out.push(Output::Close {
            socket,
            code,
            reason,
        });
    }

    pub(super) fn offline_since(&self, call: &super::call::Call) -> Option<Millis> {
        self.sessions
            .get(&call.session)
            .and_then(|session| session.offline_since)
    }

    /// Pings every authenticated socket: a ping carries the time of the space.
    pub(super) fn tell_time(&mut self, cx: &mut Cx<'_>, out: &mut Vec<Output>) {
        for (id, socket) in &mut self.sockets {
            if socket.session.is_some() {
                socket.next_ping = cx.mono + PING_EVERY;
                let text = ping(cx);
                out.push(Output::Send { socket: *id, text });
            }
        }
    }

    /// Pings what is due and closes what is dead.
    pub(super) fn keep_sockets(&mut self, cx: &mut Cx<'_>, out: &mut Vec<Output>) {
        let due = self
            .sockets
            .iter()
            .filter(|(_, socket)| socket.deadline() <= cx.mono);
        let due: Vec<SocketId> = due.map(|(id, _)| *id).collect();
        for id in due {
            let Some(socket) = self.sockets.get_mut(&id) else {
                continue;
            };
            let session = socket.session;
            let reason = if cx.mono >= socket.heard + SILENCE_LIMIT {
                "no frame within 10 s"
            } else if session.is_none() && cx.mono >= socket.opened + AUTHENTICATION_LIMIT {
                "not authenticated within 10 s"
            } else {
                socket.next_ping = cx.mono + PING_EVERY;
                out.push(Output::Send {
                    socket: id,
                    text: ping(cx),
                });
                continue;
            };
            self.close(id, 1008, reason, out);
            if let Some(session) = session.and_then(|id| self.sessions.get_mut(&id)) {
                session.socket = None;
                session.offline_since = Some(cx.mono);
            }
        }
    }
}

/// Refuses a request of a socket that may have no session.
fn refuse(socket: SocketId, id: &str, refusal: &RpcRefusal, out: &mut Vec<Output>) {
    let why = &refusal.message;
    out.push(quiet(format!("socket {}: refused: {why}", socket.0)));
    let text = rpc_error(id, refusal);
    out.push(Output::Send { socket, text });
}

/// The proof that came with a connect or a re-authentication (auth §6.5).
fn proof_of(params: &Value) -> Option<&str> {
    params["dpop_token"].as_str()
}

fn connect_result(session: &Session, ice_servers: &[super::IceServer]) -> Value {
    let claims = &session.claims;
    let servers: Vec<Value> = ice_servers
        .iter()
        .map(|server| {
            let mut entry = json!({ "urls": server.urls });
            if let (Some(username), Some(credential)) = (&server.username, &server.credential) {
                entry["username"] = json!(username);
                entry["credential"] = json!(credential);
                entry["credentialType"] = json!("password");
            }
            entry
        })
        .collect();
    let mut authorization = json!({
        "jti": claims.jti,
        "project_id": claims.project_id,
        "scope": claims.scope(),
        "fabric_subscriber": claims.fabric_subscriber(),
    });
    if let Some(jkt) = &claims.bound_to {
        authorization["cnf"] = json!({ "jkt": jkt });
    }
    json!({
        "identity": session.identity,
        "protocol": session.protocol,
        "authorization": authorization,
        "ice_servers": servers,
    })
}
