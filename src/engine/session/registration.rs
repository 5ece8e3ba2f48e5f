//! Online and offline for inbound calls (auth §1.15, §1.16, §5.3).
//!
//! What the application asked for last is the *desired* state; after a reconnect it is restored, and
//! never more than it. `isRegistered$` says what the space has confirmed on the socket in use.

use super::Session;
use crate::engine::error::{ErrorCode, Failure};
use crate::engine::io::{Entity, Reply, Value};
use crate::engine::rpc::{self, Purpose};
use crate::engine::state::Field;
use crate::engine::turn::Turn;
use crate::engine::wire::session::bare_request;
use crate::engine::wire::words::Sym;

/// One state that was asked for, and who waits for it.
#[derive(Debug)]
struct Wish {
    online: bool,
    replies: Vec<Reply>,
    step: Step,
    /// Refused or unanswered once already.
    retried: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Not on its way.
    Waiting,
    /// `subscriber.online` or `subscriber.offline` is on its way.
    Asking,
    /// The credential is being shown again, before the second attempt.
    Reauthenticating,
}

/// The registration of one client.
#[derive(Debug)]
pub struct Registration {
    desired: bool,
    confirmed: bool,
    /// The session may be online at the space, whoever still waits for that.
    may_be_online: bool,
    /// In the order in which they were asked for; the first is under way.
    wishes: Vec<Wish>,
}

impl Registration {
    /// Nobody is online yet; `desired` is what the constructor was told.
    pub fn new(desired: bool) -> Self {
        Self {
            desired,
            confirmed: false,
            may_be_online: false,
            wishes: Vec::new(),
        }
    }

    /// Has the space confirmed, on this socket, that the user is online?
    pub fn is_confirmed(&self) -> bool {
        self.confirmed
    }

    /// May somebody be called here?
    pub fn is_desired(&self) -> bool {
        self.desired
    }

    /// `register()` or `unregister()`.
    pub fn wish(&mut self, online: bool, reply: Option<Reply>) {
        self.desired = online;
        match self.wishes.last_mut() {
            Some(last) if last.online == online => last.replies.extend(reply),
            _ => self.wishes.push(Wish {
                online,
                replies: reply.into_iter().collect(),
                step: Step::Waiting,
                retried: false,
            }),
        }
    }

    /// `unregister()` while there is no session: nothing is to be said to the space.
    ///
    /// False where an earlier wish still waits, after which this one has its place.
    pub fn wish_alone(&mut self, online: bool) -> bool {
        let alone = self.wishes.is_empty();
        if alone {
            self.desired = online;
        }
        alone
    }

    /// A session is there, on a new socket: the desired state is restored. A `fresh` one knows of nobody,
    /// so that offline is what it is already.
    pub fn restore(&mut self, fresh: bool, turn: &mut Turn<'_, '_>) {
        for wish in &mut self.wishes {
            wish.step = Step::Waiting;
        }
        let offline_already = |wish: &Wish| fresh && !wish.online;
        while self.wishes.first().is_some_and(offline_already) {
            self.fulfil(turn);
        }
        self.may_be_online &= !fresh;
        if self.wishes.is_empty() && (self.desired || self.may_be_online) {
            self.wish(self.desired, None);
        }
    }

    /// The socket is gone: nobody is reached here until it is back.
    pub fn lost(&mut self, turn: &mut Turn<'_, '_>) {
        for wish in &mut self.wishes {
            wish.step = Step::Waiting;
        }
        self.claim(false, turn);
    }

    /// What was confirmed may not hold any more: a probe is on its way that will tell, or the credential turns
    /// out to be one that cannot register.
    pub fn doubt(&mut self, turn: &mut Turn<'_, '_>) {
        self.claim(false, turn);
    }

    /// A probe came back: the space knows the user as online.
    pub fn verified(&mut self, turn: &mut Turn<'_, '_>) {
        if self.desired && self.wishes.is_empty() {
            self.claim(true, turn);
        }
    }

    /// Asks for the first wish, in a session that is ready. `can_register` is false for a credential
    /// that cannot: then nothing is sent and every wish is granted (REQ-85).
    pub fn advance(&mut self, can_register: bool, turn: &mut Turn<'_, '_>) {
        while !can_register && !self.wishes.is_empty() {
            self.settle(Ok(Value::Nothing), turn);
        }
        if let Some(wish) = self.wishes.first_mut()
            && wish.step == Step::Waiting
        {
            wish.step = Step::Asking;
            self.may_be_online |= wish.online;
            let method = if wish.online {
                Sym::Online
            } else {
                Sym::Offline
            };
            turn.request(Purpose::Register, rpc::LIMIT, |id, _| {
                bare_request(id, method)
            });
        }
    }

    /// The answer to what [`Self::advance`] sent, or none in time. After a first failure to go online the credential
    /// is to be shown again, which true stands for; then the space is asked once more (auth §5.3).
    pub fn answered(&mut self, result: Result<(), Failure>, turn: &mut Turn<'_, '_>) -> bool {
        let Some(wish) = self.wishes.first_mut() else {
            return false;
        };
        match (wish.step, result) {
            (Step::Waiting, _) => {}
            (Step::Asking, Ok(())) => {
                let online = wish.online;
                self.may_be_online = online;
                self.claim(online, turn);
                self.fulfil(turn);
            }
            (Step::Asking, Err(_)) if wish.online && !wish.retried => {
                wish.retried = true;
                wish.step = Step::Reauthenticating;
                return true;
            }
            (Step::Reauthenticating, Ok(())) => wish.step = Step::Waiting,
            (_, Err(cause)) => {
                let failure = match wish.online {
                    true => Failure::from(ErrorCode::RegistrationFailed).because(cause),
                    false => cause,
                };
                self.claim(false, turn);
                turn.client_error(failure.clone());
                self.settle(Err(failure), turn);
            }
        }
        false
    }

    /// The session is over, or could not be had: whoever waits is told.
    pub fn fail(&mut self, why: &Failure, turn: &mut Turn<'_, '_>) {
        while !self.wishes.is_empty() {
            self.settle(Err(why.clone()), turn);
        }
        self.claim(false, turn);
    }

    fn fulfil(&mut self, turn: &mut Turn<'_, '_>) {
        self.settle(Ok(Value::Nothing), turn);
    }

    fn settle(&mut self, result: Result<Value, Failure>, turn: &mut Turn<'_, '_>) {
        if self.wishes.is_empty() {
            return;
        }
        for reply in self.wishes.remove(0).replies {
            turn.settle(reply, result.clone());
        }
    }

    fn claim(&mut self, registered: bool, turn: &mut Turn<'_, '_>) {
        if std::mem::replace(&mut self.confirmed, registered) != registered {
            turn.patch(
                Entity::CLIENT,
                Field::ClientRegistered,
                Value::Bool(registered),
            );
        }
    }
}

impl Session {
    /// `register()` and `unregister()`. They wait for the session like a dial.
    pub fn register(&mut self, online: bool, reply: Reply, turn: &mut Turn<'_, '_>) {
        if let Some(why) = &self.over {
            turn.settle(reply, Err(why.clone()));
            return;
        }
        // A credential that cannot register stays as it is, whatever is asked (REQ-85).
        let has_nothing_to_say = self.can_register() == Some(false) || (!online && !self.wanted);
        if has_nothing_to_say && self.registration.wish_alone(online) {
            turn.settle(reply, Ok(Value::Nothing));
            return;
        }
        self.registration.wish(online, Some(reply));
        if self.wanted {
            self.connect(None, turn);
        }
    }

    /// `None` while the space has not said; a space that never says is asked like the reference asks.
    pub(super) fn can_register(&self) -> Option<bool> {
        if self.outbound_only {
            return Some(false);
        }
        match self.user.facts() {
            Some(facts) => Some(!facts.outbound_only.unwrap_or(false)),
            None => self.kind_overdue.then_some(true),
        }
    }

    /// The answer to a request of [`Registration`].
    pub(super) fn registered(&mut self, result: Result<(), Failure>, turn: &mut Turn<'_, '_>) {
        if self.registration.answered(result, turn) {
            self.reauthenticate(Purpose::Register, rpc::LIMIT, turn);
        }
    }
}
