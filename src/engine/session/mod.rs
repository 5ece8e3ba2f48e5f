//! The session: credential, socket, authentication, and what happens when one of them is lost
//! (wire-protocol §3, §8; auth §7).

pub mod link;
pub mod user;

use super::auth::Credential;
use super::auth::credential::Accepted;
use super::config::Config;
use super::error::{ErrorCode, Failure};
use super::io::{Entity, Input, Millis, Output, Reply, SocketId, Ticket, Value};
use super::state::Field;
use super::turn::Turn;
use super::wire::Opaque;
use super::wire::rpc::{Outcome, RpcError};
use super::wire::session::{ConnectRequest, ConnectResult, IceServer};
use link::{Link, Step};
use user::UserLookup;

/// How long `connect()` waits for an open socket, from the credential on.
pub const CONNECT_LIMIT: Millis = 10_000;
/// How long `connect()` waits for authentication, from the first open socket on.
pub const AUTHENTICATION_LIMIT: Millis = 15_000;

/// What a turn did to the session, for the calls to know.
#[derive(Debug, PartialEq)]
pub enum Change {
    /// Nothing that concerns a call.
    None,
    /// Authenticated, with these servers. `fresh`: the space knows no earlier call.
    Ready {
        /// Not resumed.
        fresh: bool,
    },
    /// This attempt to connect has failed; the client may go on trying. Dials waiting for it fail.
    AttemptFailed(Failure),
    /// The session is over and nothing is tried any more.
    Over(Failure),
}

/// A promise or two waiting for the session, and until when.
#[derive(Debug, Default)]
struct Attempt {
    running: bool,
    replies: Vec<Reply>,
    limit: Option<(Millis, ErrorCode, Millis)>,
}

/// What a resume needs (wire-protocol §3.4).
#[derive(Debug, Default)]
struct Resume {
    protocol: Option<String>,
    authorization_state: Option<String>,
}

/// The session of one client.
#[derive(Debug)]
pub struct Session {
    config: Config,
    wanted: bool,
    asking: Option<Ticket>,
    accepted: Option<Accepted>,
    link: Link,
    greeting: Option<Greeting>,
    attempt: Attempt,
    resume: Resume,
    user: UserLookup,
    ready: bool,
    over: Option<Failure>,
    ice_servers: Vec<IceServer>,
}

/// The `signalwire.connect` that waits for its response.
#[derive(Debug)]
struct Greeting {
    id: String,
    resumed: bool,
    deadline: Millis,
}

impl Session {
    /// A session that nobody asked for yet.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            wanted: false,
            asking: None,
            accepted: None,
            link: Link::default(),
            greeting: None,
            attempt: Attempt::default(),
            resume: Resume::default(),
            user: UserLookup::default(),
            ready: false,
            over: None,
            ice_servers: Vec::new(),
        }
    }

    /// Connected and authenticated.
    pub fn is_ready(&self) -> bool {
        self.ready
    }

    /// Is the session made without anybody asking for it?
    pub fn starts_by_itself(&self) -> bool {
        !self.config.skip_connection && !self.config.skip_authentication
    }

    /// Is a session wanted, so that waiting for it makes sense?
    pub fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// Why there will be no session, unless somebody connects again.
    pub fn over(&self) -> Option<&Failure> {
        self.over.as_ref()
    }

    /// Servers for peer connections, as the space gave them.
    pub fn ice_servers(&self) -> &[IceServer] {
        &self.ice_servers
    }

    /// The protocol of the session, for the stale filter of its events.
    pub fn protocol(&self) -> Option<&str> {
        self.resume.protocol.as_deref()
    }

    /// REST base and SAT, once a credential is in force.
    pub fn rest(&self) -> Option<(&str, &str)> {
        let accepted = self.accepted.as_ref()?;
        Some((&accepted.endpoints.rest, &accepted.token))
    }

    /// `connect()`. While connected it resolves at once; while connecting it joins.
    pub fn connect(&mut self, reply: Option<Reply>, turn: &mut Turn<'_, '_>) {
        self.over = None;
        if self.ready {
            if let Some(reply) = reply {
                turn.settle(reply, Ok(Value::Nothing));
            }
            return;
        }
        self.attempt.replies.extend(reply);
        if self.attempt.running {
            return;
        }
        self.attempt.running = true;
        self.attempt.limit = None;
        if self.wanted {
            // An earlier attempt failed and the retries go on: this one gets a limit of its own.
            let limit = turn.after(CONNECT_LIMIT);
            self.attempt.limit = Some((limit, ErrorCode::ConnectTimeout, CONNECT_LIMIT));
            return;
        }
        self.wanted = true;
        let ticket = turn.ticket();
        self.asking = Some(ticket);
        turn.emit(Output::Authenticate {
            ticket,
            source: crate::engine::io::Source::Provider,
        });
    }

    /// The provider's answer.
    pub fn authenticated(
        &mut self,
        ticket: Ticket,
        result: Result<Option<Credential>, Opaque>,
        turn: &mut Turn<'_, '_>,
    ) -> Change {
        if self.asking != Some(ticket) {
            return Change::None;
        }
        self.asking = None;
        let credential = match result {
            Ok(credential) => credential,
            Err(thrown) => {
                let failure = Failure::from(ErrorCode::Thrown).thrown(Some(thrown));
                return self.fail(failure, turn);
            }
        };
        let mut accepted = match Credential::validate(credential, self.config.scheme, turn.cx.wall)
        {
            Ok(accepted) => accepted,
            Err(failure) => return self.fail(failure, turn),
        };
        accepted.endpoints = self.config.endpoints(accepted.endpoints);
        let limit = turn.after(CONNECT_LIMIT);
        self.attempt.limit = Some((limit, ErrorCode::ConnectTimeout, CONNECT_LIMIT));
        self.link.open(&accepted.endpoints.websocket, turn);
        self.user.start(&accepted, turn);
        self.accepted = Some(accepted);
        Change::None
    }

    /// A socket event, an answer to "who am I", or time.
    pub fn input(&mut self, input: &Input, turn: &mut Turn<'_, '_>) -> Change {
        match input {
            Input::SocketOpened { socket } if self.link.opened(*socket) => {
                self.greet(*socket, turn);
                Change::None
            }
            Input::SocketClosed { socket } if self.link.is(*socket) => {
                self.lose_socket(turn);
                Change::None
            }
            Input::Fetched { ticket, result } => match self.user.fetched(*ticket, result, turn) {
                Err(failure) if failure.requires_reauth() => self.fail(failure, turn),
                Err(failure) => {
                    turn.client_error(failure);
                    Change::None
                }
                Ok(()) => Change::None,
            },
            _ => Change::None,
        }
    }

    /// Looks at every deadline of the session.
    pub fn tick(&mut self, turn: &mut Turn<'_, '_>) -> Change {
        if let Some(accepted) = &self.accepted {
            self.user.tick(accepted, turn);
            match self.link.tick(&accepted.endpoints.websocket, turn) {
                Step::Lost => self.lose_socket(turn),
                Step::None => {}
            }
        }
        let now = turn.now();
        if self
            .greeting
            .as_ref()
            .is_some_and(|greeting| greeting.deadline <= now)
        {
            self.drop_socket(turn);
        }
        if let Some((limit, code, millis)) = self.attempt.limit
            && limit <= now
        {
            return self.fail_attempt(Failure::from(code).arg(millis), turn);
        }
        Change::None
    }

    /// When [`Self::tick`] is wanted.
    pub fn deadline(&self) -> Option<Millis> {
        let limits = [
            self.link.deadline(),
            self.user.deadline(),
            self.greeting.as_ref().map(|greeting| greeting.deadline),
            self.attempt.limit.map(|(limit, ..)| limit),
        ];
        limits.into_iter().flatten().min()
    }

    /// Is this the socket in use?
    pub fn is_current(&self, socket: SocketId) -> bool {
        self.link.is(socket)
    }

    fn greet(&mut self, socket: SocketId, turn: &mut Turn<'_, '_>) {
        let Some(accepted) = &self.accepted else {
            return;
        };
        let id = turn.uuid();
        let both = self.resume.protocol.is_some() && self.resume.authorization_state.is_some();
        let request = ConnectRequest {
            jwt_token: accepted.token.clone(),
            authorization_state: self.resume.authorization_state.clone().filter(|_| both),
            protocol: self.resume.protocol.clone().filter(|_| both),
        };
        turn.emit(Output::Send {
            socket,
            text: request.write(&id),
        });
        let deadline = turn.after(super::rpc::LIMIT);
        self.greeting = Some(Greeting {
            id,
            resumed: both,
            deadline,
        });
        if self.attempt.running
            && self
                .attempt
                .limit
                .is_none_or(|(_, code, _)| code == ErrorCode::ConnectTimeout)
        {
            let limit = turn.after(AUTHENTICATION_LIMIT);
            self.attempt.limit = Some((
                limit,
                ErrorCode::AuthenticationTimeout,
                AUTHENTICATION_LIMIT,
            ));
        }
    }

    /// The response to `signalwire.connect`; `None` when the id is not its id.
    pub fn greeted(
        &mut self,
        id: &str,
        outcome: &Result<Outcome, RpcError>,
        turn: &mut Turn<'_, '_>,
    ) -> Option<Change> {
        let greeting = self.greeting.take_if(|greeting| greeting.id == id)?;
        Some(match outcome {
            Ok(Outcome::Connected(result)) => self.begin(result.clone(), &greeting, turn),
            Ok(_) => {
                turn.client_error(ErrorCode::ConnectMalformed.into());
                self.drop_socket(turn);
                Change::None
            }
            Err(error) => self.refused(error, &greeting, turn),
        })
    }

    fn begin(
        &mut self,
        result: ConnectResult,
        greeting: &Greeting,
        turn: &mut Turn<'_, '_>,
    ) -> Change {
        let Some(socket) = self.link.authenticated() else {
            return Change::None;
        };
        let fresh = !greeting.resumed;
        self.resume.protocol = Some(result.protocol);
        self.ice_servers = result.ice_servers;
        self.ready = true;
        if fresh {
            turn.rpc.forget_session();
        }
        turn.rpc.attach(socket, turn.out);
        turn.patch(Entity::CLIENT, Field::ClientConnected, Value::Bool(true));
        turn.patch(Entity::CLIENT, Field::ClientReady, Value::Bool(true));
        let attempt = std::mem::take(&mut self.attempt);
        for reply in attempt.replies {
            turn.settle(reply, Ok(Value::Nothing));
        }
        Change::Ready { fresh }
    }

    fn refused(
        &mut self,
        error: &RpcError,
        greeting: &Greeting,
        turn: &mut Turn<'_, '_>,
    ) -> Change {
        let refusal = |code| {
            Failure::from(code)
                .arg(&error.message)
                .arg(&greeting.id)
                .number(error.code)
        };
        match error.code {
            -32002 | -32003 | -32602 if greeting.resumed => {
                self.resume = Resume::default();
                self.drop_socket(turn);
                Change::None
            }
            -32002 => {
                let cause = refusal(ErrorCode::RpcRefused);
                self.fail(
                    Failure::from(ErrorCode::CredentialsRejected).because(cause),
                    turn,
                )
            }
            -32003 | -32602 => self.fail(refusal(ErrorCode::RpcRefused), turn),
            _ => {
                turn.client_error(refusal(ErrorCode::ConnectRefused));
                self.drop_socket(turn);
                Change::None
            }
        }
    }

    /// `signalwire.authorization.state`; an empty state is none.
    pub fn authorization_state(&mut self, state: &str) {
        self.resume.authorization_state = Some(state.to_owned()).filter(|state| !state.is_empty());
    }

    /// The socket closed by itself: try again after a while.
    fn lose_socket(&mut self, turn: &mut Turn<'_, '_>) {
        self.greeting = None;
        self.link.lost(turn);
        turn.rpc.detach();
        if std::mem::take(&mut self.ready) {
            turn.patch(Entity::CLIENT, Field::ClientReady, Value::Bool(false));
        }
    }

    /// The socket is of no use: close it and try again after a while.
    fn drop_socket(&mut self, turn: &mut Turn<'_, '_>) {
        self.link.close(turn);
        self.lose_socket(turn);
    }

    fn fail_attempt(&mut self, failure: Failure, turn: &mut Turn<'_, '_>) -> Change {
        let attempt = std::mem::take(&mut self.attempt);
        turn.client_error(failure.clone());
        for reply in attempt.replies {
            turn.settle(reply, Err(failure.clone()));
        }
        Change::AttemptFailed(failure)
    }

    /// The session cannot be had: the application must act.
    fn fail(&mut self, failure: Failure, turn: &mut Turn<'_, '_>) -> Change {
        self.close(failure.clone(), turn);
        self.fail_attempt(failure.clone(), turn);
        Change::Over(failure)
    }

    /// `disconnect()`, after the calls have said goodbye. Credential and resume state are forgotten.
    pub fn disconnect(&mut self, why: Failure, turn: &mut Turn<'_, '_>) {
        let attempt = std::mem::take(&mut self.attempt);
        for reply in attempt.replies {
            turn.settle(reply, Err(why.clone()));
        }
        self.close(why, turn);
    }

    fn close(&mut self, why: Failure, turn: &mut Turn<'_, '_>) {
        self.wanted = false;
        self.asking = None;
        self.accepted = None;
        self.greeting = None;
        self.resume = Resume::default();
        self.ice_servers = Vec::new();
        self.over = Some(why);
        self.user.cancel(turn);
        self.link.close(turn);
        turn.rpc.clear();
        if std::mem::take(&mut self.ready) {
            turn.patch(Entity::CLIENT, Field::ClientReady, Value::Bool(false));
        }
        turn.patch(Entity::CLIENT, Field::ClientConnected, Value::Bool(false));
    }
}
