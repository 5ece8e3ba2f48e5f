//! [`Reader`] for objects of the browser: one typed, keyed JavaScript read a crossing.

use wasm_bindgen::JsValue;

use super::host;
use crate::engine::wire::{K, Opaque, Reader, Sym};

/// An object of the browser: a parsed frame, a parsed body, or options that the facade copied.
///
/// It has no getters that could throw, and it is not null.
pub struct Object(pub JsValue);

impl Reader for Object {
    fn get(&self, key: K) -> Option<Self> {
        host::get(&self.0, key.index()).map(Self)
    }

    fn str(&self, key: K) -> Option<String> {
        host::str(&self.0, key.index())
    }

    fn sym(&self, key: K) -> Option<Sym> {
        Sym::at(host::sym(&self.0, key.index()).try_into().ok()?)
    }

    fn num(&self, key: K) -> Option<f64> {
        Some(host::num(&self.0, key.index())).filter(|number| !number.is_nan())
    }

    fn bool(&self, key: K) -> Option<bool> {
        match host::bool(&self.0, key.index()) {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn each(&self, key: K, visit: &mut dyn FnMut(Self)) {
        for object in host::objects(&self.0, key.index()) {
            visit(Self(object));
        }
    }

    fn strs(&self, key: K) -> Vec<String> {
        host::strings(&self.0, key.index())
    }

    fn json(&self, key: K) -> Option<String> {
        host::json(&self.0, key.index())
    }

    fn opaque(&self, key: K) -> Option<Opaque> {
        host::any(&self.0, key.index()).map(Opaque::new)
    }

    fn header(&self, token: K, name: K) -> Option<Option<String>> {
        let header = host::header(&self.0, token.index())?;
        Some(Self(header).str(name))
    }

    fn whole(&self) -> Opaque {
        Opaque::new(self.0.clone())
    }
}

/// What an [`Opaque`] of the browser holds.
pub fn value(opaque: &Opaque) -> JsValue {
    opaque.get::<JsValue>().cloned().unwrap_or_default()
}
