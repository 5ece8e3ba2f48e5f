//! The engine: what a client does, when, and in which order, as pure state machines.
//!
//! [`Engine`] is one client. It is driven by [`Engine::handle`] and [`Engine::deadline`] alone: it has
//! no clock, no randomness, no browser type. See [`io`] for what goes in and what comes out.
//!
//! * [`auth`]: credentials and the hosts they lead to
//! * [`session`]: the socket's life, authentication, "who am I"
//! * [`call`]: one call
//! * [`rpc`]: requests that wait for responses
//! * [`wire`]: frames and REST bodies
//! * [`state`], [`error`]: the tables from which the facade's are generated

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

pub mod auth;
pub mod call;
pub mod config;
pub mod error;
#[cfg(test)]
mod generated;
pub mod io;
pub mod rpc;
pub mod session;
pub mod state;
pub mod turn;
pub mod wire;

use call::ended::Ended;
use call::ending::EndCode;
use call::{Call, DialOptions};
use config::Config;
use error::{ErrorCode, Failure};
use io::{Cx, Entity, Input, Millis, Output, PeerId, Reply, SocketId, Value};
use rpc::{Purpose, Rpc};
use session::{Change, Session};
use state::Field;
use turn::{Ids, Turn};
use wire::call::CallEvent;
use wire::rpc::{Event, EventKind, Incoming, Outcome, RpcError, acknowledgement, pong};
use wire::verto::VertoEventKind;

/// One client: its session and its calls.
#[derive(Debug)]
pub struct Engine {
    session: Session,
    calls: Vec<Call>,
    ended: Ended,
    rpc: Rpc,
    ids: Ids,
    reconnect_attached_calls: bool,
    destroyed: bool,
    now: Millis,
    /// When something is due about the credential, on the monotonic clock, as it was last reckoned.
    credential_at: Option<Millis>,
    /// The calls that the application has been shown.
    listed: Vec<Entity>,
}

impl Engine {
    /// A client that has not connected yet.
    pub fn new(config: Config) -> Self {
        Self {
            reconnect_attached_calls: config.reconnect_attached_calls,
            session: Session::new(config),
            calls: Vec::new(),
            ended: Ended::default(),
            rpc: Rpc::default(),
            ids: Ids::default(),
            destroyed: false,
            now: 0,
            credential_at: None,
            listed: Vec::new(),
        }
    }

    /// Takes one input and appends what is to be done. Never blocks, never looks at a clock.
    ///
    /// Every input also looks at every deadline: after a sleep nothing waits for the next tick.
    pub fn handle(&mut self, input: Input, cx: &mut Cx<'_>, out: &mut Vec<Output>) {
        let Self {
            session,
            calls,
            ended,
            rpc,
            ids,
            ..
        } = self;
        self.now = cx.mono;
        let mut turn = Turn { cx, out, rpc, ids };
        if self.destroyed {
            refuse(&input, &mut turn);
            return;
        }
        let mut parts = Parts {
            session,
            calls,
            ended,
            turn,
            reconnect: self.reconnect_attached_calls,
        };
        let is_the_end = matches!(input, Input::Destroy);
        if is_the_end {
            parts.leave(ErrorCode::ClientDestroyed);
            parts.session.wipe(&mut parts.turn);
        } else {
            parts.input(input);
            parts.tick();
        }
        turn = parts.turn;
        debug_assert!(
            turn.out.len() < 10_000,
            "an input led to an endless list of outputs"
        );
        for over in self.calls.extract_if(.., |call| call.is_over()) {
            if over.is_inbound() {
                self.ended.remember(over.id());
            }
        }
        self.credential_at = self.session.credential_deadline(&turn);
        list_calls(&self.calls, &mut self.listed, &mut turn);
        if is_the_end {
            turn.emit(Output::End {
                entity: Entity::CLIENT,
            });
            self.destroyed = true;
        }
    }

    /// When [`Input::Tick`] is wanted, on the monotonic clock.
    pub fn deadline(&self) -> Option<Millis> {
        if self.destroyed {
            return None;
        }
        let calls = self.calls.iter().filter_map(|call| call.deadline(self.now));
        calls
            .chain(self.session.deadline())
            .chain(self.credential_at)
            .chain(self.rpc.deadline())
            .min()
    }
}

/// Shows the calls that are not over, newest first, when there are others than before.
fn list_calls(calls: &[Call], listed: &mut Vec<Entity>, turn: &mut Turn<'_, '_>) {
    let present: Vec<Entity> = calls.iter().rev().map(|call| call.entity).collect();
    if *listed != present {
        let list = Value::Entities(present.clone());
        turn.patch(Entity::CLIENT, Field::ClientCalls, list);
        *listed = present;
    }
}

/// After `destroy()` a promise is rejected and everything else is nobody's business any more.
fn refuse(input: &Input, turn: &mut Turn<'_, '_>) {
    let reply = match input {
        Input::Connect { reply } => *reply,
        Input::Disconnect { reply }
        | Input::Register { reply }
        | Input::Unregister { reply }
        | Input::Dial { reply, .. }
        | Input::Hangup { reply, .. }
        | Input::Mute { reply, .. } => Some(*reply),
        _ => None,
    };
    if let Some(reply) = reply {
        turn.settle(reply, Err(ErrorCode::ClientDestroyed.into()));
    }
}

/// The parts of the engine during one input.
struct Parts<'e, 't, 'c> {
    session: &'e mut Session,
    calls: &'e mut Vec<Call>,
    ended: &'e mut Ended,
    turn: Turn<'t, 'c>,
    reconnect: bool,
}

impl Parts<'_, '_, '_> {
    fn input(&mut self, input: Input) {
        let Self {
            session,
            calls,
            turn,
            ..
        } = self;
        match input {
            Input::Start => {
                let change = session.start(turn);
                self.follow(change);
                self.prepare_calls();
            }
            Input::Connect { reply } => {
                let change = session.connect(reply, turn);
                self.follow(change);
                self.prepare_calls();
            }
            Input::Register { reply } => session.register(true, reply, turn),
            Input::Unregister { reply } => session.register(false, reply, turn),
            Input::Answer { call, options } => {
                if let Some(call) = find(calls, call) {
                    call.answer(&options, turn);
                }
            }
            Input::Reject { call } => {
                if let Some(call) = find(calls, call) {
                    call.reject(turn);
                }
            }
            Input::Disconnect { reply } => {
                self.leave(ErrorCode::ClientDisconnected);
                self.turn.settle(reply, Ok(Value::Nothing));
            }
            Input::Dial { reply, to, options } => self.dial(reply, to, &options),
            Input::Abort { reply } => {
                if let Some(call) = calls
                    .iter_mut()
                    .find(|call| call.waiting_dial() == Some(reply))
                {
                    call.stop(EndCode::Cancelled, ErrorCode::DialAborted.into(), turn);
                }
            }
            Input::Hangup { reply, call } => match find(calls, call) {
                Some(call) => call.hangup(Some(reply), turn),
                None => turn.settle(reply, Ok(Value::Nothing)),
            },
            Input::DestroyCall { call } => {
                if let Some(call) = find(calls, call) {
                    call.destroy(turn);
                }
            }
            Input::Mute {
                reply,
                member,
                kind,
                muted,
            } => match calls.iter_mut().find(|call| call.has_member(member)) {
                Some(call) => call.mute(reply, member, kind, muted, turn),
                None => turn.settle(reply, Err(ErrorCode::CallEnded.into())),
            },
            Input::FindAddress { call } => {
                let rest = session.rest();
                if let Some(call) = find(calls, call) {
                    call.find_address(rest, turn);
                }
            }
            Input::PageHide { persisted } if !persisted && !self.reconnect => {
                for call in calls.iter_mut() {
                    call.stop(call.given_up(), ErrorCode::ClientDisconnected.into(), turn);
                }
            }
            Input::PageHide { persisted: true } if calls.is_empty() => {
                let change = session.pause(turn);
                self.follow(change);
            }
            Input::PageShow => session.unpause(turn),
            Input::Woke => session.woke(turn),
            Input::PageHide { .. } | Input::Tick => {}
            other => self.event(other),
        }
    }

    /// Results of effects and events of the browser.
    fn event(&mut self, input: Input) {
        let Self {
            session,
            calls,
            turn,
            ..
        } = self;
        match input {
            Input::Authenticated { ticket, result } => {
                let change = session.authenticated(ticket, result, turn);
                self.follow(change);
            }
            Input::Frame { socket, frame } => {
                if let Some(frame) = frame.filter(|_| session.is_current(socket)) {
                    self.frame(socket, frame);
                }
            }
            Input::FrameMalformed { socket, thrown } if session.is_current(socket) => {
                turn.client_error(Failure::from(ErrorCode::MessageMalformed).thrown(thrown));
            }
            Input::MediaAcquired { ticket, result } => {
                calls
                    .iter_mut()
                    .for_each(|call| call.media_acquired(ticket, &result, turn));
            }
            Input::TrackRestored { ticket, result } => {
                calls
                    .iter_mut()
                    .for_each(|call| call.track_restored(ticket, &result, turn));
            }
            Input::OfferMade { ticket, result } => {
                calls
                    .iter_mut()
                    .for_each(|call| call.offer_made(ticket, &result, turn));
            }
            Input::Description { ticket, sdp } => {
                calls
                    .iter_mut()
                    .for_each(|call| call.description(ticket, sdp.as_deref(), turn));
            }
            Input::AnswerApplied { ticket, result } => {
                calls
                    .iter_mut()
                    .for_each(|call| call.answer_applied(ticket, &result, turn));
            }
            Input::Candidate {
                peer,
                candidate,
                transport,
            } => {
                self.of_peer(peer, |call, turn| {
                    call.candidate(candidate, transport, turn)
                });
            }
            Input::Gathered { peer } => self.of_peer(peer, Call::gathered),
            Input::PeerChanged { peer, state } => {
                self.of_peer(peer, |call, turn| call.peer_changed(state, turn));
            }
            Input::RemoteTrack { peer } => self.of_peer(peer, Call::remote_track),
            other => {
                if let Input::Fetched { ticket, result } = &other {
                    calls
                        .iter_mut()
                        .for_each(|call| call.address_found(*ticket, result, turn));
                }
                let change = session.input(&other, turn);
                self.follow(change);
            }
        }
    }

    fn of_peer(&mut self, peer: PeerId, act: impl FnOnce(&mut Call, &mut Turn<'_, '_>)) {
        if let Some(call) = self.calls.iter_mut().find(|call| call.peer() == peer) {
            act(call, &mut self.turn);
        }
    }

    fn dial(&mut self, reply: Reply, to: String, options: &DialOptions) {
        let Self {
            session,
            calls,
            turn,
            ..
        } = self;
        let refusal = match session.over() {
            Some(why) => Some(why.clone()),
            None if to.trim().is_empty() => {
                let cause = Failure::from(ErrorCode::DestinationMissing);
                Some(Failure::from(ErrorCode::DialFailed).because(cause))
            }
            None => None,
        };
        if let Some(refusal) = refusal {
            turn.settle(reply, Err(refusal));
            return;
        }
        calls.push(Call::new(reply, to, options, turn));
        if session.is_wanted() {
            // A session that is being looked for again gets a limit, so that the dial has one.
            let change = session.connect(None, turn);
            self.follow(change);
        }
        self.prepare_calls();
    }

    /// Devices are asked for as soon as a session is on its way, not while nobody has connected.
    fn prepare_calls(&mut self) {
        if self.session.is_wanted() {
            for call in self.calls.iter_mut() {
                call.prepare(&mut self.turn);
            }
        }
    }

    /// Says goodbye for every call, then closes the session.
    fn leave(&mut self, why: ErrorCode) {
        for call in self.calls.iter_mut() {
            call.stop(call.given_up(), why.into(), &mut self.turn);
        }
        self.session.disconnect(why.into(), &mut self.turn);
    }

    fn frame(&mut self, socket: SocketId, frame: Incoming) {
        self.session.heard(&self.turn);
        match frame {
            Incoming::Event { id, event } => {
                self.send(socket, acknowledgement(&id));
                self.happened(event);
            }
            Incoming::Ping { id, server_time } => {
                self.session.server_time(server_time, &self.turn);
                self.send(socket, pong(&id, self.turn.cx.wall));
            }
            // The close that is announced leads to another socket; until then nothing changes.
            Incoming::Disconnect { id } => self.send(socket, acknowledgement(&id)),
            Incoming::Reply { id, outcome } => {
                if let Some(change) = self.session.greeted(&id, &outcome, &mut self.turn) {
                    self.follow(change);
                } else if let Some(purpose) = self.turn.rpc.take(&id) {
                    self.session.proven(&self.turn);
                    let nonce = outcome
                        .as_ref()
                        .err()
                        .and_then(|error| error.nonce.as_deref());
                    if self.session.is_challenged(purpose, nonce, &mut self.turn) {
                        return;
                    }
                    let result = outcome.map_err(|error| refusal(&error, id));
                    self.answered(purpose, result);
                }
            }
        }
    }

    fn send(&mut self, socket: SocketId, text: String) {
        self.turn.emit(Output::Send { socket, text });
    }

    fn happened(&mut self, event: Event) {
        if self
            .session
            .protocol()
            .is_some_and(|protocol| !event.channel.includes(protocol))
        {
            return;
        }
        match event.kind {
            EventKind::AuthorizationState(state) => self.session.authorization_state(&state),
            EventKind::Verto(message) => {
                let id = message.call_id;
                if let Some(call) = self.calls.iter_mut().find(|call| call.id() == id) {
                    call.verto(&message.kind, &mut self.turn);
                } else if let VertoEventKind::Invite(invite) = message.kind
                    && self.session.takes_calls()
                    && !self.ended.knows(&id)
                {
                    let node_id = event.node_id.unwrap_or_default();
                    self.calls
                        .push(Call::incoming(id, node_id, invite, &mut self.turn));
                }
            }
            EventKind::Call(event) => {
                if let Some(call) = self.calls.iter_mut().find(|call| is_about(&event, call)) {
                    call.event(&event, &mut self.turn);
                }
            }
            EventKind::Other => {}
        }
    }

    /// A response came, or its time is over.
    fn answered(&mut self, purpose: Purpose, result: Result<Outcome, Failure>) {
        let Self { calls, turn, .. } = self;
        match purpose {
            Purpose::Invite(call) => {
                if let Some(call) = find(calls, call) {
                    call.invited(result, turn);
                }
            }
            Purpose::Bye(call) => {
                if let Some(call) = find(calls, call) {
                    call.hung_up(turn);
                }
            }
            Purpose::Mute(member, kind) => {
                if let Some(call) = calls.iter_mut().find(|call| call.has_member(member)) {
                    call.mute_answered(member, kind, done(result), turn);
                }
            }
            Purpose::Answer(call) => {
                if let Some(call) = find(calls, call) {
                    call.answer_sent(result, turn);
                }
            }
            Purpose::Register | Purpose::Renew | Purpose::Probe { .. } => {
                let change = self.session.answered(purpose, done(result), turn);
                self.follow(change);
            }
            Purpose::Pong(_) => {}
        }
    }

    fn follow(&mut self, change: Change) {
        let Self { calls, turn, .. } = self;
        match change {
            Change::None => {}
            Change::Interrupted => calls.iter_mut().for_each(|call| call.interrupted(turn)),
            Change::Ready { fresh: false } => calls.iter_mut().for_each(|call| call.resumed(turn)),
            Change::Ready { fresh: true } => {
                calls.iter_mut().for_each(|call| call.session_lost(turn));
            }
            Change::AttemptFailed(why) => {
                for call in calls
                    .iter_mut()
                    .filter(|call| call.waiting_dial().is_some())
                {
                    call.stop(EndCode::Network, why.clone(), turn);
                }
            }
            Change::Expired => {
                for call in calls.iter_mut() {
                    call.stop(EndCode::Expired, ErrorCode::CredentialsExpired.into(), turn);
                }
                self.session.expire(turn);
            }
            Change::Over(why) => {
                for call in calls.iter_mut() {
                    let code = EndCode::of_failure(&why);
                    call.stop(code, why.clone(), turn);
                }
            }
        }
    }

    /// Looks at every deadline, and moves calls on that waited for the session.
    fn tick(&mut self) {
        self.session.carries_calls(!self.calls.is_empty());
        loop {
            let change = self.session.tick(&mut self.turn);
            if change == Change::None {
                break;
            }
            self.follow(change);
        }
        while let Some((purpose, failure, sent)) = self.turn.rpc.take_expired(self.turn.cx.mono) {
            if let Some(sent) = sent {
                let change = self.session.suspect(sent, &mut self.turn);
                self.follow(change);
            }
            self.answered(purpose, Err(failure));
        }
        let servers = self.session.is_ready().then(|| self.session.ice_servers());
        for call in self.calls.iter_mut() {
            if let Some(servers) = servers {
                call.offer_when_ready(servers, &mut self.turn);
            }
            call.tick(&mut self.turn);
        }
    }
}

fn find(calls: &mut [Call], entity: Entity) -> Option<&mut Call> {
    calls.iter_mut().find(|call| call.entity == entity)
}

/// Routing of call events (wire-protocol §6.1).
fn is_about(event: &CallEvent, call: &Call) -> bool {
    event.call_id.as_deref() == Some(call.id())
        || event
            .room_session_id
            .as_deref()
            .is_some_and(|room| call.is_in_room(room))
}

fn refusal(error: &RpcError, id: String) -> Failure {
    Failure::from(ErrorCode::RpcRefused)
        .arg(&error.message)
        .arg(id)
        .number(error.code)
}

/// Success or failure of a `call.*` request, layer B included (wire-protocol §2.3).
fn done(result: Result<Outcome, Failure>) -> Result<(), Failure> {
    match result? {
        Outcome::Plain {
            code: Some(code),
            message,
        } if code != 200 => Err(Failure::from(ErrorCode::RpcRefused)
            .arg(message)
            .arg("")
            .number(code)),
        _ => Ok(()),
    }
}
