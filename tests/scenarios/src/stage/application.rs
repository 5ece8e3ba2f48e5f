//! The application: the promises it holds and what it observes.

use std::collections::BTreeMap;

use signalwire_wasm::engine::error::{Cause, ErrorCode, Failure};
use signalwire_wasm::engine::io::{Entity, Millis, Reply, Value};
use signalwire_wasm::engine::state::Field;

/// A promise of the public API.
pub struct Promise {
    pub what: &'static str,
    pub settled: Option<(Millis, Result<Value, Failure>)>,
}

/// An observable object.
pub struct Thing {
    pub parent: Option<Entity>,
    pub ended: bool,
    /// Everything it emitted.
    pub emitted: Vec<(Field, Value)>,
}

/// See the module.
pub struct Application {
    pub promises: BTreeMap<Reply, Promise>,
    pub things: BTreeMap<Entity, Thing>,
    last_reply: u32,
}

impl Default for Application {
    fn default() -> Self {
        let client = Thing {
            parent: None,
            ended: false,
            emitted: Vec::new(),
        };
        Self {
            promises: BTreeMap::new(),
            things: BTreeMap::from([(Entity::CLIENT, client)]),
            last_reply: 0,
        }
    }
}

impl Application {
    pub fn promise(&mut self, what: &'static str) -> Reply {
        self.last_reply += 1;
        let reply = Reply(self.last_reply);
        let settled = None;
        self.promises.insert(reply, Promise { what, settled });
        reply
    }

    /// Invariant: a promise is settled once, and an error has what its message asks for.
    pub fn settle(&mut self, now: Millis, reply: Reply, result: Result<Value, Failure>) {
        if let Err(failure) = &result {
            check_failure(failure);
        }
        let promise = self.promises.get_mut(&reply).expect("a known promise");
        assert!(
            promise.settled.is_none(),
            "{} settled twice: {:?}, then {result:?}",
            promise.what,
            promise.settled,
        );
        promise.settled = Some((now, result));
    }

    pub fn pending(&self) -> Vec<&'static str> {
        let open = self.promises.values().filter(|one| one.settled.is_none());
        open.map(|one| one.what).collect()
    }

    /// Invariant: objects are made once, below a living parent.
    pub fn create(&mut self, entity: Entity, parent: Entity) {
        assert!(!self.thing(parent).ended, "a child of something that ended");
        let thing = Thing {
            parent: Some(parent),
            ended: false,
            emitted: Vec::new(),
        };
        let known = self.things.insert(entity, thing);
        assert!(known.is_none(), "{entity:?} was created twice");
    }

    /// Invariant: nothing is emitted after the end.
    pub fn patch(&mut self, entity: Entity, field: Field, value: Value) {
        if let Value::Failure(failure) | Value::CallError { failure, .. } = &value {
            check_failure(failure);
        }
        self.alive(entity).emitted.push((field, value));
    }

    /// Invariant: an object ends once, after its children.
    pub fn end(&mut self, entity: Entity) {
        let child = self
            .things
            .iter()
            .find(|(_, thing)| thing.parent == Some(entity) && !thing.ended);
        assert!(child.is_none(), "{entity:?} ended before its children");
        self.alive(entity).ended = true;
    }

    pub fn alive(&mut self, entity: Entity) -> &mut Thing {
        let thing = self.things.get_mut(&entity).expect("a known object");
        assert!(!thing.ended, "{entity:?} is over");
        thing
    }

    pub fn thing(&self, entity: Entity) -> &Thing {
        self.things.get(&entity).expect("a known object")
    }

    /// Calls that are not over.
    pub fn live_calls(&self) -> Vec<Entity> {
        let calls = self
            .things
            .iter()
            .filter(|(_, one)| one.parent == Some(Entity::CLIENT));
        calls
            .filter(|(_, one)| !one.ended)
            .map(|(entity, _)| *entity)
            .collect()
    }

    /// Every value that a field had, in order.
    pub fn values(&self, entity: Entity, field: Field) -> Vec<&Value> {
        let emitted = self.thing(entity).emitted.iter();
        emitted
            .filter(|(own, _)| *own == field)
            .map(|(_, value)| value)
            .collect()
    }
}

/// Invariant: a message has all of its arguments, and no failure holds a SAT (three dots apart, five
/// parts of base64url; a compact JWE).
fn check_failure(failure: &Failure) {
    // What the application threw is passed on as it is.
    let message = match failure.code {
        ErrorCode::Thrown => "",
        code => code.facts().message,
    };
    for (index, place) in ["{0}", "{1}"].into_iter().enumerate() {
        assert!(
            !message.contains(place) || failure.args.len() > index,
            "{:?} lacks argument {index}",
            failure.code
        );
    }
    for arg in &failure.args {
        assert!(
            arg.matches('.').count() < 4,
            "a secret in {:?}",
            failure.code
        );
    }
    if let Some(Cause::Failure(cause)) = &failure.cause {
        check_failure(cause);
    }
}
