//! What the engine tells the store, in the form of `js/wasm/engine.ts`.

use std::cell::Cell;

use wasm_bindgen::JsValue;

use super::host;
use super::reader::value as held;
use crate::engine::error::{Cause, Failure};
use crate::engine::io::{Entity, Reply, Value};
use crate::engine::state::Field;
use crate::engine::wire::Opaque;

// The operations, by their place in the list of `js/wasm/host/changes.ts`.
const CREATE: u32 = 0;
const PATCH: u32 = 1;
const MERGE: u32 = 2;
const END: u32 = 3;
const RESOLVE: u32 = 4;
const REJECT: u32 = 5;

// `ValueKind` of `js/wasm/engine.ts`.
const PLAIN: u32 = 0;
const ENTITY: u32 = 1;
const FAILURE: u32 = 2;
const CALL_ERROR: u32 = 3;
const END_REASON: u32 = 4;
const ENTITIES: u32 = 5;
const NOTICE: u32 = 6;

pub struct Batch {
    changes: JsValue,
    is_empty: Cell<bool>,
}

impl Batch {
    pub fn new() -> Self {
        Self {
            changes: host::batch(),
            is_empty: Cell::new(true),
        }
    }

    pub fn create(&self, entity: Entity, parent: Entity) {
        self.push(CREATE, entity.0, parent.0, PLAIN, &JsValue::UNDEFINED);
    }

    /// `live` is the browser object where `value` names one.
    pub fn patch(&self, entity: Entity, field: Field, live: Option<JsValue>, value: &Value) {
        let (kind, value) = public(live, value);
        self.push(PATCH, entity.0, field.number(), kind, &value);
    }

    pub fn merge(&self, entity: Entity, fields: &Opaque) {
        self.push(MERGE, entity.0, 0, PLAIN, &held(fields));
    }

    pub fn end(&self, entity: Entity) {
        self.push(END, entity.0, 0, PLAIN, &JsValue::UNDEFINED);
    }

    pub fn resolve(&self, reply: Reply, live: Option<JsValue>, value: &Value) {
        let (kind, value) = public(live, value);
        self.push(RESOLVE, reply.0, 0, kind, &value);
    }

    pub fn reject(&self, reply: Reply, failure: &Failure) {
        self.push(REJECT, reply.0, 0, FAILURE, &error(failure));
    }

    /// Nothing is delivered when there is nothing to tell.
    pub fn deliver(&self, facade: &JsValue) {
        if !self.is_empty.replace(true) {
            host::deliver(facade, &self.changes);
        }
    }

    fn push(&self, op: u32, id: u32, number: u32, kind: u32, value: &JsValue) {
        self.is_empty.set(false);
        host::change(&self.changes, op, id, number, kind, value);
    }
}

fn public(live: Option<JsValue>, value: &Value) -> (u32, JsValue) {
    match value {
        Value::Nothing => (PLAIN, JsValue::UNDEFINED),
        Value::Bool(flag) => (PLAIN, JsValue::from_bool(*flag)),
        Value::Text(text) => (PLAIN, JsValue::from_str(text)),
        Value::Texts(texts) => (PLAIN, host::texts(texts.clone())),
        Value::Stream(_) | Value::Peer(_) => (PLAIN, live.unwrap_or_default()),
        Value::Opaque(opaque) => (PLAIN, held(opaque)),
        Value::Entity(entity) => (ENTITY, JsValue::from(entity.0)),
        Value::Entities(entities) => {
            let numbers = entities.iter().map(|entity| JsValue::from(entity.0));
            (ENTITIES, host::numbers(numbers.collect()))
        }
        Value::Notice {
            code,
            reason,
            expires_at,
        } => {
            #[allow(clippy::cast_precision_loss)]
            let expires_at = expires_at.map_or(f64::NAN, |at| at as f64);
            (NOTICE, host::notice(code, reason, expires_at))
        }
        Value::Failure(failure) => (FAILURE, error(failure)),
        Value::CallError {
            kind,
            fatal,
            failure,
        } => (CALL_ERROR, host::call_error(kind, *fatal, &error(failure))),
        Value::EndReason {
            code,
            cause,
            cause_code,
        } => (
            END_REASON,
            host::end_reason(code, cause.clone(), *cause_code),
        ),
    }
}

/// A failure as JavaScript sees it (`EngineFailure`).
pub fn error(failure: &Failure) -> JsValue {
    let (kind, cause) = match &failure.cause {
        None => (0, JsValue::UNDEFINED),
        Some(Cause::Failure(inner)) => (1, error(inner)),
        Some(Cause::Thrown(thrown)) => (2, held(thrown)),
    };
    host::failure(
        failure.code.number(),
        failure.args.clone(),
        failure.number,
        failure.fatal,
        kind,
        &cause,
    )
}
