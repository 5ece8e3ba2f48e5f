//! The session: credential, socket, authentication, and what happens when one of them is lost
//! (wire-protocol §3, §8; auth §7).
//!
//! * `authentication`: `signalwire.connect`, fresh or as a resume
//! * [`link`]: the socket's life; [`liveness`]: whether an open one is of use
//! * [`standing`]: the credential in force, where the next one comes from, when it ends
//! * [`renewal`]: a newer credential before the present one ends; `binding`: whether the client renews it itself, and
//!   how; [`clock`]: the space's wall clock
//! * [`key`]: the client's key; `proving`: what is shown to the space, and the proofs that go with it
//! * [`user`]: "who am I"; [`registration`]: online and offline

mod authentication;
mod binding;
pub mod clock;
pub mod key;
pub mod link;
pub mod liveness;
mod proving;
pub mod registration;
pub mod renewal;
pub mod standing;
pub mod user;

use super::auth::Credential;
use super::config::Config;
use super::error::{ErrorCode, Failure};
use super::io::{
    Entity, FetchFailure, HttpResponse, Input, Millis, Output, Reply, SocketId, Ticket, Value,
};
use super::state::Field;
use super::turn::Turn;
use super::wire::Opaque;
use super::wire::rpc::RpcError;
use super::wire::session::{IceServer, bare_request};
use super::wire::words::Sym;
use authentication::Greeting;
use clock::Clock;
use key::Key;
use link::{Link, Step};
use liveness::{Liveness, PROBE_LIMIT};
use registration::Registration;
use renewal::Renewal;
use standing::Standing;
use user::UserLookup;

/// How long `connect()` waits for an open socket, from the credential on.
pub const CONNECT_LIMIT: Millis = 10_000;
/// How long `connect()` waits for authentication, from the first open socket on.
pub const AUTHENTICATION_LIMIT: Millis = 15_000;

/// How long the registration waits for "who am I" to say what kind of credential it is.
const KIND_PATIENCE: Millis = 5_000;

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
    /// The socket of a session that was ready is gone; another one is on its way.
    Interrupted,
    /// This attempt to connect has failed; the client may go on trying. Dials waiting for it fail.
    AttemptFailed(Failure),
    /// The credential has ended: the calls say goodbye, then the session is over.
    Expired,
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
    wanted: bool,
    /// The page lies in the back/forward cache: no socket until it comes back.
    paused: bool,
    standing: Standing,
    clock: Clock,
    link: Link,
    liveness: Liveness,
    greeting: Option<Greeting>,
    /// Greetings on this socket.
    greetings: u32,
    /// A greeting without a proof was refused while the key was still being looked for.
    unproven: Option<(RpcError, Greeting)>,
    key: Key,
    /// The provider is asked as soon as there is a key to tell of, or none to be had.
    awaits_key: bool,
    attempt: Attempt,
    resume: Resume,
    project_id: String,
    user: UserLookup,
    registration: Registration,
    renewal: Renewal,
    ready: bool,
    ready_since: Millis,
    /// The space has not said in time what kind of credential it is.
    kind_overdue: bool,
    over: Option<Failure>,
    ice_servers: Vec<IceServer>,
    skip_authentication: bool,
    skip_connection: bool,
    outbound_only: bool,
    wants_fingerprint: bool,
}

impl Session {
    /// A session that nobody asked for yet.
    pub fn new(config: Config) -> Self {
        Self {
            wanted: false,
            paused: false,
            skip_authentication: config.skip_authentication,
            skip_connection: config.skip_connection,
            outbound_only: config.outbound_only,
            wants_fingerprint: config.wants_fingerprint,
            registration: Registration::new(!config.skip_register && !config.outbound_only),
            renewal: Renewal::new(&config),
            standing: Standing::new(config),
            clock: Clock::default(),
            link: Link::default(),
            liveness: Liveness::default(),
            greeting: None,
            greetings: 0,
            unproven: None,
            key: Key::default(),
            awaits_key: false,
            attempt: Attempt::default(),
            resume: Resume::default(),
            project_id: String::new(),
            user: UserLookup::default(),
            ready: false,
            ready_since: 0,
            kind_overdue: false,
            over: None,
            ice_servers: Vec::new(),
        }
    }

    /// Connected and authenticated.
    pub fn is_ready(&self) -> bool {
        self.ready
    }

    /// Is a session wanted, so that waiting for it makes sense?
    pub fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// May somebody be called here, now? A call that comes all the same is nobody's (REQ-80, REQ-87).
    pub fn takes_calls(&self) -> bool {
        self.ready && self.registration.is_desired() && self.can_register() != Some(false)
    }

    /// Are there calls that rely on the socket?
    pub fn carries_calls(&mut self, calls: bool) {
        self.liveness.carries_calls(calls);
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
        let accepted = self.standing.accepted()?;
        Some((&accepted.endpoints.rest, &accepted.token))
    }

    /// Is this the socket in use?
    pub fn is_current(&self, socket: SocketId) -> bool {
        self.link.is(socket)
    }

    /// The constructor is through: the steps that are not deferred begin (REQ-73, REQ-74, REQ-96).
    pub fn start(&mut self, turn: &mut Turn<'_, '_>) -> Change {
        if self.skip_authentication {
            return Change::None;
        }
        if self.skip_connection {
            return self.ask(turn);
        }
        self.connect(None, turn)
    }

    /// `connect()`. While connected it resolves at once; while connecting it joins.
    pub fn connect(&mut self, reply: Option<Reply>, turn: &mut Turn<'_, '_>) -> Change {
        self.over = None;
        if self.ready {
            if let Some(reply) = reply {
                turn.settle(reply, Ok(Value::Nothing));
            }
            return Change::None;
        }
        self.attempt.replies.extend(reply);
        if self.attempt.running {
            return Change::None;
        }
        self.attempt.running = true;
        self.attempt.limit = None;
        if std::mem::replace(&mut self.wanted, true) {
            // An earlier attempt failed and the retries go on: this one gets a limit of its own.
            self.limit_attempt(turn);
            return Change::None;
        }
        match self.standing.is_usable(&self.clock, turn.cx) {
            true => self.open(turn),
            false => self.ask(turn),
        }
    }

    /// Asks for a credential, unless somebody is being asked.
    ///
    /// An application's own provider is told the fingerprint, so that it waits for the key; nobody else does. What an
    /// embed token leads to is never bound to a key (REQ-27, auth §7.9 2).
    fn ask(&mut self, turn: &mut Turn<'_, '_>) -> Change {
        if !self.outbound_only && *self.key.state() == key::State::Unknown {
            self.key.ensure(self.wants_fingerprint, turn);
        }
        if self.wants_fingerprint && matches!(self.key.state(), key::State::Asked { .. }) {
            self.awaits_key = true;
            return Change::None;
        }
        match self.standing.ask(self.key.fingerprint(), turn) {
            Ok(()) => Change::None,
            Err(failure) => self.fail(failure, turn),
        }
    }

    /// The provider's answer.
    pub fn authenticated(
        &mut self,
        ticket: Ticket,
        result: Result<Option<Credential>, Opaque>,
        turn: &mut Turn<'_, '_>,
    ) -> Change {
        if let Some(change) = self.renewed(ticket, &result, turn) {
            return change;
        }
        match self.standing.answered(ticket, result, &self.clock, turn) {
            None => Change::None,
            Some(Err(failure)) => self.fail(failure, turn),
            Some(Ok(())) => {
                self.user.forget(turn);
                self.kind_overdue = false;
                match self.wanted {
                    true => self.open(turn),
                    false => Change::None,
                }
            }
        }
    }

    /// Opens the first socket with the credential in force.
    fn open(&mut self, turn: &mut Turn<'_, '_>) -> Change {
        self.limit_attempt(turn);
        if let Some(accepted) = self.standing.accepted() {
            self.link.open(&accepted.endpoints.websocket, turn);
            if self.user.facts().is_none() {
                self.user.start(accepted, turn);
            }
        }
        Change::None
    }

    fn limit_attempt(&mut self, turn: &Turn<'_, '_>) {
        let limit = turn.after(CONNECT_LIMIT);
        self.attempt.limit = Some((limit, ErrorCode::ConnectTimeout, CONNECT_LIMIT));
    }

    /// A socket event, an answer to "who am I", or time.
    pub fn input(&mut self, input: &Input, turn: &mut Turn<'_, '_>) -> Change {
        match input {
            Input::SocketOpened { socket } if self.link.opened(*socket) => {
                self.clock.begin();
                self.greet(turn);
                Change::None
            }
            Input::KeyReady {
                ticket,
                fingerprint,
            } => self.key_found(*ticket, fingerprint.as_deref(), turn),
            Input::ProofSigned { ticket, result } => self.proof_signed(*ticket, result, turn),
            Input::SocketClosed { socket } if self.link.is(*socket) => self.lose_socket(turn),
            Input::Fetched { ticket, result } => self.fetched(*ticket, result, turn),
            _ => Change::None,
        }
    }

    fn fetched(
        &mut self,
        ticket: Ticket,
        result: &Result<HttpResponse, FetchFailure>,
        turn: &mut Turn<'_, '_>,
    ) -> Change {
        if let Ok(HttpResponse {
            date: Some(date), ..
        }) = result
        {
            self.clock.told(*date, turn.cx);
        }
        if self.is_binding(ticket) {
            return self.bound_answered(result, turn);
        }
        match self.user.fetched(ticket, result, turn) {
            Err(failure) if failure.requires_reauth() => {
                let failure = self.standing.refusal(failure, &self.clock, turn.cx);
                self.fail(failure, turn)
            }
            Err(failure) => {
                turn.client_error(failure);
                self.learn(turn)
            }
            Ok(()) => self.learn(turn),
        }
    }

    /// What is known of the credential may have become more.
    fn learn(&mut self, turn: &mut Turn<'_, '_>) -> Change {
        // A newer SAT than the one that was asked about waits to be put into force: it will be asked about itself.
        if let Some(facts) = self.user.facts().filter(|_| !self.renewal.is_unproven()) {
            self.standing.learn_end(facts.expires_at);
        }
        if self.can_register() == Some(false) {
            self.registration.doubt(turn);
        }
        self.decide(turn);
        Change::None
    }

    /// A frame came in on the socket in use.
    pub fn heard(&mut self, turn: &Turn<'_, '_>) {
        self.liveness.heard(turn.now());
    }

    /// A request of ours was answered.
    pub fn proven(&mut self, turn: &Turn<'_, '_>) {
        self.liveness.answered(turn.now());
    }

    /// `signalwire.ping` told the space's time.
    pub fn server_time(&mut self, time: Option<Millis>, turn: &Turn<'_, '_>) {
        if let Some(time) = time {
            self.clock.measured(time, turn.cx);
        }
    }

    /// Looks at every deadline of the session. To be called until nothing has changed.
    pub fn tick(&mut self, turn: &mut Turn<'_, '_>) -> Change {
        if self.clock.look(turn.cx) {
            self.wake(true, turn);
        }
        let mut renewing = self.weigh_refusal(turn);
        if renewing == Change::None {
            renewing = self.give_up_proofs(turn);
        }
        if renewing == Change::None {
            renewing = self.renew(turn);
        }
        if renewing != Change::None {
            return renewing;
        }
        let mut lost = Change::None;
        if let Some(accepted) = self.standing.accepted().filter(|_| self.wanted) {
            self.user.tick(accepted, turn);
            match self.link.tick(&accepted.endpoints.websocket, turn) {
                Step::Lost => lost = self.lose_socket(turn),
                Step::None => {}
            }
        }
        let now = turn.now();
        let is_late = |greeting: &Greeting| greeting.deadline <= now;
        if self.greeting.as_ref().is_some_and(is_late) {
            lost = self.drop_socket(turn);
        }
        if lost != Change::None {
            return lost;
        }
        if self.link.is_opening() {
            self.prepare_greeting(turn);
        }
        if self.ready {
            self.kind_overdue |= self.ready_since.saturating_add(KIND_PATIENCE) <= now;
            if let Some(can) = self.can_register() {
                self.registration.advance(can, turn);
            }
            if self.probe_due().is_some_and(|due| due <= now) {
                self.probe(PROBE_LIMIT, turn);
            }
        }
        if let Some((limit, code, millis)) = self.attempt.limit
            && limit <= now
        {
            return self.fail_attempt(Failure::from(code).count(millis), turn);
        }
        Change::None
    }

    /// When [`Self::tick`] is wanted, the end of the credential aside.
    pub fn deadline(&self) -> Option<Millis> {
        let limits = [
            self.link.deadline(),
            self.key.deadline(),
            self.refusal_deadline(),
            self.user.deadline(),
            self.greeting.as_ref().map(|greeting| greeting.deadline),
            self.attempt.limit.map(|(limit, ..)| limit),
            self.probe_due().filter(|_| self.ready),
            Some(self.ready_since.saturating_add(KIND_PATIENCE))
                .filter(|_| self.ready && self.can_register().is_none()),
        ];
        limits.into_iter().flatten().min()
    }

    /// When something is due about the credential, its end or its renewal, on the monotonic clock.
    pub fn credential_deadline(&self, turn: &Turn<'_, '_>) -> Option<Millis> {
        let end = self.standing.leaves_at(&self.clock);
        let end = end.filter(|_| self.minds_the_end() && self.clock.is_sure());
        let end = end.map(|end| turn.after(self.clock.until(end, turn.cx)));
        end.into_iter().chain(self.renewal_deadline(turn)).min()
    }

    /// The page goes into the back/forward cache without a call: an open socket would keep it out of there.
    pub fn pause(&mut self, turn: &mut Turn<'_, '_>) -> Change {
        if !self.wanted || self.standing.accepted().is_none() {
            return Change::None;
        }
        self.paused = true;
        let change = self.drop_socket(turn);
        self.link.close(turn);
        change
    }

    /// The page is back.
    pub fn unpause(&mut self, turn: &mut Turn<'_, '_>) {
        if std::mem::take(&mut self.paused) {
            // A credential that is still being asked for opens the socket when it is there.
            let waits = self.renewal.is_saving() && !self.renewal.is_unproven();
            if let Some(accepted) = self.standing.accepted().filter(|_| !waits) {
                self.link.open(&accepted.endpoints.websocket, turn);
            }
        } else {
            self.woke(turn);
        }
    }

    /// The socket closed by itself: try again after a while.
    fn lose_socket(&mut self, turn: &mut Turn<'_, '_>) -> Change {
        self.greeting = None;
        self.greetings = 0;
        self.unproven = None;
        self.link.lost(turn);
        turn.rpc.detach();
        self.key.lost();
        self.renewal.lost();
        self.registration.lost(turn);
        if std::mem::take(&mut self.ready) {
            turn.patch(Entity::CLIENT, Field::ClientReady, Value::Bool(false));
            return Change::Interrupted;
        }
        Change::None
    }

    /// The socket is of no use: close it and try again after a while.
    fn drop_socket(&mut self, turn: &mut Turn<'_, '_>) -> Change {
        self.link.discard(turn);
        self.lose_socket(turn)
    }

    fn fail_attempt(&mut self, failure: Failure, turn: &mut Turn<'_, '_>) -> Change {
        let attempt = std::mem::take(&mut self.attempt);
        turn.client_error(failure.clone());
        for reply in attempt.replies {
            turn.settle(reply, Err(failure.clone()));
        }
        self.registration.fail(&failure, turn);
        Change::AttemptFailed(failure)
    }

    /// The session cannot be had: the application must act.
    fn fail(&mut self, failure: Failure, turn: &mut Turn<'_, '_>) -> Change {
        if failure.requires_reauth() {
            self.standing.drop_credential(turn);
        }
        self.close(failure.clone(), turn);
        self.fail_attempt(failure.clone(), turn);
        Change::Over(failure)
    }

    /// The credential has ended and the calls have said goodbye (REQ-95).
    pub fn expire(&mut self, turn: &mut Turn<'_, '_>) {
        self.go_offline(turn);
        self.fail(ErrorCode::CredentialsExpired.into(), turn);
    }

    /// `disconnect()`, after the calls have said goodbye. The resume state is forgotten, the credential kept
    /// (auth §7.8).
    pub fn disconnect(&mut self, why: Failure, turn: &mut Turn<'_, '_>) {
        let attempt = std::mem::take(&mut self.attempt);
        for reply in attempt.replies {
            turn.settle(reply, Err(why.clone()));
        }
        self.go_offline(turn);
        self.registration.fail(&why, turn);
        self.close(why, turn);
    }

    /// `destroy()`: what this client wrote is wiped (REQ-104).
    pub fn wipe(&mut self, turn: &mut Turn<'_, '_>) {
        self.standing.drop_credential(turn);
    }

    /// Tells the space that nobody is reached here any more; nobody waits for the answer.
    fn go_offline(&mut self, turn: &mut Turn<'_, '_>) {
        if self.registration.is_confirmed()
            && let Some(socket) = turn.rpc.socket()
        {
            let text = bare_request(&turn.uuid(), Sym::Offline);
            turn.emit(Output::Send { socket, text });
        }
    }

    fn close(&mut self, why: Failure, turn: &mut Turn<'_, '_>) {
        self.wanted = false;
        self.paused = false;
        self.standing.stop_asking();
        self.renewal.stop(turn);
        self.key.stop();
        self.awaits_key = false;
        self.unproven = None;
        self.greeting = None;
        self.greetings = 0;
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
