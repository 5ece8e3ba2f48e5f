//! What a scenario looks at: what promises, calls and the client have shown, and what was done.

use signalwire_wasm::engine::error::{Cause, ErrorCode, Failure};
use signalwire_wasm::engine::io::{Entity, Millis, Reply, Value};
use signalwire_wasm::engine::state::Field;

use super::Stage;
use super::client::Client;

/// A failure and its causes, outermost first.
fn chain(failure: &Failure) -> Vec<ErrorCode> {
    let mut codes = vec![failure.code];
    if let Some(Cause::Failure(cause)) = &failure.cause {
        codes.extend(chain(cause));
    }
    codes
}

impl Client {
    pub fn is_settled(&self, reply: Reply) -> bool {
        self.settlement(reply).is_some()
    }

    fn settlement(&self, reply: Reply) -> Option<&(Millis, Result<Value, Failure>)> {
        self.application
            .promises
            .get(&reply)
            .expect("a promise")
            .settled
            .as_ref()
    }

    /// When the promise was settled.
    pub fn settled_at(&self, reply: Reply) -> Millis {
        self.settlement(reply).expect("a settled promise").0
    }

    #[track_caller]
    pub fn assert_resolved(&self, reply: Reply) {
        let settled = self.settlement(reply);
        assert!(matches!(settled, Some((_, Ok(_)))), "resolved: {settled:?}");
    }

    /// The failure with which a promise was rejected.
    #[track_caller]
    pub fn rejection(&self, reply: Reply) -> &Failure {
        match self.settlement(reply) {
            Some((_, Err(failure))) => failure,
            other => panic!("rejected: {other:?}"),
        }
    }

    #[track_caller]
    pub fn assert_rejected(&self, reply: Reply, code: ErrorCode) {
        assert_eq!(self.rejection(reply).code, code);
    }

    pub fn rejection_code(&self, reply: Reply) -> Option<ErrorCode> {
        let (_, result) = self.settlement(reply)?;
        result.as_ref().err().map(|failure| failure.code)
    }

    /// Every status that the call had.
    pub fn statuses(&self, call: Entity) -> Vec<String> {
        let values = self.application.values(call, Field::CallStatus);
        values
            .into_iter()
            .map(|value| match value {
                Value::Text(text) => text.clone(),
                other => panic!("a status is a text: {other:?}"),
            })
            .collect()
    }

    pub fn status(&self, call: Entity) -> String {
        self.statuses(call)
            .pop()
            .unwrap_or_else(|| "new".to_owned())
    }

    /// `endReason`: code, cause, number.
    #[track_caller]
    pub fn end_reason(&self, call: Entity) -> (&'static str, Option<String>, Option<i32>) {
        match self.application.values(call, Field::CallEndReason).last() {
            Some(Value::EndReason {
                code,
                cause,
                cause_code,
            }) => (code, cause.clone(), *cause_code),
            other => panic!("the call is not over: {other:?}"),
        }
    }

    #[track_caller]
    pub fn assert_ended(&self, call: Entity, code: &str) {
        assert_eq!(self.end_reason(call).0, code);
        assert_eq!(self.status(call), "destroyed");
    }

    /// `call.errors$`: each with whether it was fatal.
    pub fn call_errors(&self, call: Entity) -> Vec<(ErrorCode, bool)> {
        let values = self.application.values(call, Field::CallErrors);
        values
            .into_iter()
            .map(|value| match value {
                Value::CallError { fatal, failure, .. } => (failure.code, *fatal),
                other => panic!("an error of a call: {other:?}"),
            })
            .collect()
    }

    /// `client.errors$`.
    pub fn client_errors(&self) -> Vec<ErrorCode> {
        let values = self.application.values(Entity::CLIENT, Field::ClientErrors);
        values
            .into_iter()
            .map(|value| match value {
                Value::Failure(failure) => failure.code,
                other => panic!("an error: {other:?}"),
            })
            .collect()
    }

    /// `ready$`.
    pub fn is_ready(&self) -> bool {
        let values = self.application.values(Entity::CLIENT, Field::ClientReady);
        values.last() == Some(&&Value::Bool(true))
    }

    /// `call.self`.
    pub fn own_member(&self, call: Entity) -> Option<Entity> {
        match self.application.values(call, Field::CallSelf).last() {
            Some(Value::Entity(member)) => Some(*member),
            _ => None,
        }
    }

    /// What was done outside of the store, in order; messages by their method.
    pub fn deeds(&self) -> Vec<&str> {
        self.deeds.iter().map(|(_, name)| name.as_str()).collect()
    }

    pub fn times(&self, name: &str) -> usize {
        self.deeds.iter().filter(|(_, own)| own == name).count()
    }

    /// When something was done last.
    #[track_caller]
    pub fn done_at(&self, name: &str) -> Millis {
        let done = self.deeds.iter().rev().find(|(_, own)| own == name);
        done.unwrap_or_else(|| panic!("{name} is among {:?}", self.deeds))
            .0
    }

    /// When something was done, each time.
    pub fn all_done_at(&self, name: &str) -> Vec<Millis> {
        let done = self.deeds.iter().filter(|(_, own)| own == name);
        done.map(|(at, _)| *at).collect()
    }

    /// Members of a call that have not left.
    pub fn members(&self, call: Entity) -> Vec<Entity> {
        let own = self
            .application
            .things
            .iter()
            .filter(|(_, thing)| thing.parent == Some(call));
        own.filter(|(_, thing)| !thing.ended)
            .map(|(entity, _)| *entity)
            .collect()
    }

    /// The call's id on the wire.
    pub fn call_id(&self, call: Entity) -> String {
        match self.application.values(call, Field::CallId).last() {
            Some(Value::Text(id)) => id.clone(),
            other => panic!("an id: {other:?}"),
        }
    }

    /// The value that a field has now.
    pub fn last(&self, entity: Entity, field: Field) -> Option<&Value> {
        self.application.values(entity, field).last().copied()
    }

    /// `isConnected$`.
    pub fn is_connected(&self) -> bool {
        self.last(Entity::CLIENT, Field::ClientConnected) == Some(&Value::Bool(true))
    }

    /// `isRegistered$`.
    pub fn is_registered(&self) -> bool {
        self.last(Entity::CLIENT, Field::ClientRegistered) == Some(&Value::Bool(true))
    }

    /// Every value that `isRegistered$` had after its first.
    pub fn registrations(&self) -> Vec<bool> {
        let values = self
            .application
            .values(Entity::CLIENT, Field::ClientRegistered);
        values
            .iter()
            .map(|value| **value == Value::Bool(true))
            .collect()
    }

    /// The codes of `warnings$`.
    pub fn warnings(&self) -> Vec<&'static str> {
        let values = self
            .application
            .values(Entity::CLIENT, Field::ClientWarnings);
        values
            .into_iter()
            .map(|value| match value {
                Value::Notice { code, .. } => *code,
                other => panic!("a warning: {other:?}"),
            })
            .collect()
    }

    /// `warnings$`: codes and reasons.
    pub fn reasons(&self) -> Vec<(&'static str, &'static str)> {
        let values = self
            .application
            .values(Entity::CLIENT, Field::ClientWarnings);
        values
            .into_iter()
            .map(|value| match value {
                Value::Notice { code, reason, .. } => (*code, *reason),
                other => panic!("a warning: {other:?}"),
            })
            .collect()
    }

    /// `credentialRefreshed$`: mechanisms and ends.
    pub fn refreshes(&self) -> Vec<(&'static str, Option<Millis>)> {
        let values = self
            .application
            .values(Entity::CLIENT, Field::ClientCredentialRefreshed);
        values
            .into_iter()
            .map(|value| match value {
                Value::Notice {
                    code, expires_at, ..
                } => (*code, *expires_at),
                other => panic!("a refresh: {other:?}"),
            })
            .collect()
    }

    /// `client.errors$`: each with its causes.
    pub fn causes(&self) -> Vec<Vec<ErrorCode>> {
        let values = self.application.values(Entity::CLIENT, Field::ClientErrors);
        values
            .into_iter()
            .map(|value| match value {
                Value::Failure(failure) => chain(failure),
                other => panic!("an error: {other:?}"),
            })
            .collect()
    }

    /// A text that a call shows; empty where it does not.
    pub fn text(&self, call: Entity, field: Field) -> String {
        match self.last(call, field) {
            Some(Value::Text(text)) => text.clone(),
            None => String::new(),
            other => panic!("a text: {other:?}"),
        }
    }

    /// `call.recoveryEvent$`.
    pub fn recoveries(&self, call: Entity) -> Vec<&str> {
        let values = self.application.values(call, Field::CallRecoveryEvent);
        values
            .into_iter()
            .map(|value| match value {
                Value::Text(text) => text.as_str(),
                other => panic!("a text: {other:?}"),
            })
            .collect()
    }

    /// `call.answered$`.
    pub fn decisions(&self, call: Entity) -> Vec<bool> {
        let values = self.application.values(call, Field::CallAnswered);
        values
            .iter()
            .map(|value| **value == Value::Bool(true))
            .collect()
    }

    /// The calls that have come in, in the order of their coming.
    pub fn incoming(&self) -> Vec<Entity> {
        let all = self.application.things.iter();
        all.filter(|(entity, thing)| {
            thing.parent == Some(Entity::CLIENT)
                && self.text(**entity, Field::CallDirection) == "inbound"
        })
        .map(|(entity, _)| *entity)
        .collect()
    }

    /// The calls that ring now.
    pub fn ringing(&self) -> Vec<Entity> {
        let mut calls = self.incoming();
        calls.retain(|call| self.status(*call) == "ringing");
        calls
    }

    pub fn is_destroyed(&self) -> bool {
        self.destroyed
    }
}

/// The same of the client of whom the scene speaks, for [`Stage::until`].
impl Stage {
    pub fn is_ready(&self) -> bool {
        Client::is_ready(self)
    }

    pub fn is_registered(&self) -> bool {
        Client::is_registered(self)
    }
}
