//! What a scenario is told with: acts of application, user and network; looks at what came of them.

use serde_json::json;
use signalwire_wasm::engine::call::DialOptions;
use signalwire_wasm::engine::error::{ErrorCode, Failure};
use signalwire_wasm::engine::io::{Entity, Input, Kind, Millis, Reply, Value};
use signalwire_wasm::engine::state::Field;
use signalwire_wasm::engine::wire::json::Json;

use super::Stage;
use super::network::{Fate, Rule, Way};

/// A promise of `dial()`, and the call that came into being with it.
#[derive(Clone, Copy, Debug)]
pub struct Dialled {
    pub reply: Reply,
    /// The client itself where the dial was refused before there was a call.
    pub call: Entity,
}

/// Acts of the application.
impl Stage {
    pub fn connect(&mut self) -> Reply {
        let reply = self.application.promise("connect()");
        self.input(Input::Connect { reply: Some(reply) });
        reply
    }

    pub fn disconnect(&mut self) -> Reply {
        let reply = self.application.promise("disconnect()");
        self.input(Input::Disconnect { reply });
        reply
    }

    pub fn destroy(&mut self) {
        self.destroyed = true;
        self.input(Input::Destroy);
    }

    pub fn dial(&mut self, to: &str) -> Dialled {
        self.dial_with(to, json!({}))
    }

    pub fn dial_with(&mut self, to: &str, options: serde_json::Value) -> Dialled {
        let reply = self.application.promise("dial()");
        let known: Vec<Entity> = self.application.things.keys().copied().collect();
        let options = DialOptions::decode(&Json(&options));
        let to = to.to_owned();
        self.input(Input::Dial { reply, to, options });
        let made = self.application.things.iter().find(|(entity, thing)| {
            !known.contains(entity) && thing.parent == Some(Entity::CLIENT)
        });
        let call = made.map_or(Entity::CLIENT, |(entity, _)| *entity);
        Dialled { reply, call }
    }

    pub fn abort(&mut self, dialled: Dialled) {
        let reply = dialled.reply;
        self.input(Input::Abort { reply });
    }

    pub fn hang_up(&mut self, call: Entity) -> Reply {
        let reply = self.application.promise("hangup()");
        self.input(Input::Hangup { reply, call });
        reply
    }

    pub fn destroy_call(&mut self, call: Entity) {
        self.input(Input::DestroyCall { call });
    }

    pub fn mute(&mut self, member: Entity, muted: bool) -> Reply {
        self.mute_kind(member, Kind::Audio, muted)
    }

    pub fn mute_kind(&mut self, member: Entity, kind: Kind, muted: bool) -> Reply {
        let reply = self.application.promise("mute()");
        self.input(Input::Mute {
            reply,
            member,
            kind,
            muted,
        });
        reply
    }

    pub fn find_address(&mut self, call: Entity) {
        self.input(Input::FindAddress { call });
    }

    /// The page goes away; the browser then closes its sockets with "going away".
    pub fn page_hides(&mut self, persisted: bool) {
        self.input(Input::PageHide { persisted });
    }

    /// A connected client with a call that has sound.
    pub fn talking(&mut self, to: &str) -> Dialled {
        let ready = self.connect();
        self.until_settled(ready);
        let dialled = self.dial(to);
        self.until(10_000, "the call has joined", |stage| {
            stage.status(dialled.call) == "connected" && stage.own_member(dialled.call).is_some()
        });
        dialled
    }
}

/// Acts of user and network.
impl Stage {
    /// The user answers every open prompt.
    pub fn allow(&mut self) {
        for (ticket, stream, tracks) in std::mem::take(&mut self.prompts) {
            self.grant(0, ticket, stream, tracks);
        }
    }

    /// The next frame with this text fares so.
    pub fn once(&mut self, way: Way, text: &'static str, fate: Fate) {
        self.network.rules.push(Rule {
            way,
            text,
            fate,
            times: 1,
        });
    }

    /// Every frame with this text fares so.
    pub fn always(&mut self, way: Way, text: &'static str, fate: Fate) {
        self.network.rules.push(Rule {
            way,
            text,
            fate,
            times: usize::MAX,
        });
    }

    /// The computer sleeps; space and network go on. The page's monotonic clock runs on, or stands
    /// still, as the operating system will have it.
    pub fn sleep(&mut self, millis: Millis, clock_runs: bool) {
        let wakes = self.now + millis;
        self.wakes = Some(wakes);
        if !clock_runs {
            self.behind += millis;
        }
        while self.step(wakes - 1) {}
        self.now = wakes;
        self.wakes = None;
    }
}

/// Time.
impl Stage {
    /// Lets time go by.
    pub fn pass(&mut self, millis: Millis) {
        let until = self.now + millis;
        while self.step(until) {}
        self.now = until;
    }

    /// Lets time go by until something is so; fails when it is not so in time.
    pub fn until(&mut self, limit: Millis, what: &str, so: impl Fn(&Self) -> bool) {
        let latest = self.now + limit;
        while !so(self) {
            assert!(
                self.step(latest),
                "not within {limit} ms: {what}; {:?}",
                self.deeds
            );
        }
    }

    pub fn until_settled(&mut self, reply: Reply) {
        self.until(120_000, "a promise is settled", |stage| {
            stage.is_settled(reply)
        });
    }

    /// Until the application does something by this name; see [`Stage::deeds`].
    pub fn until_deed(&mut self, name: &str) {
        let before = self.times(name);
        self.until(60_000, name, |stage| stage.times(name) > before);
    }

    pub fn until_status(&mut self, call: Entity, status: &str) {
        self.until(60_000, status, |stage| {
            stage.statuses(call).contains(&status.to_owned())
        });
    }
}

/// Looks at what came of it.
impl Stage {
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
}
