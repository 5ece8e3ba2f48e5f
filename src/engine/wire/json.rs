//! [`Reader`] for `serde_json` values: native tests and the local space.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use serde_json::Value;

use super::reader::{Opaque, Reader};
use super::words::{K, Sym};

/// As lenient as the browser's decoder about the bits that fill up the last character.
const BASE64URL: GeneralPurpose =
    GeneralPurpose::new(&URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));

/// A borrowed JSON value as a [`Reader`].
#[derive(Clone, Copy, Debug)]
pub struct Json<'a>(pub &'a Value);

impl Json<'_> {
    fn member(&self, key: K) -> Option<&Value> {
        self.0.get(key.text())
    }
}

impl Reader for Json<'_> {
    fn get(&self, key: K) -> Option<Self> {
        self.0.get(key.text()).filter(|v| v.is_object()).map(Json)
    }

    fn str(&self, key: K) -> Option<String> {
        self.member(key)?.as_str().map(str::to_owned)
    }

    fn sym(&self, key: K) -> Option<Sym> {
        Sym::parse(self.member(key)?.as_str()?)
    }

    fn num(&self, key: K) -> Option<f64> {
        self.member(key)?.as_f64().filter(|n| n.is_finite())
    }

    fn bool(&self, key: K) -> Option<bool> {
        self.member(key)?.as_bool()
    }

    fn each(&self, key: K, visit: &mut dyn FnMut(Self)) {
        let elements = self.0.get(key.text()).and_then(Value::as_array);
        for element in elements.into_iter().flatten().filter(|e| e.is_object()) {
            visit(Json(element));
        }
    }

    fn strs(&self, key: K) -> Vec<String> {
        match self.member(key) {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(all)) => all
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            _ => Vec::new(),
        }
    }

    fn json(&self, key: K) -> Option<String> {
        self.member(key)
            .filter(|v| v.is_object())
            .map(Value::to_string)
    }

    fn opaque(&self, key: K) -> Option<Opaque> {
        self.member(key)
            .filter(|v| !v.is_null())
            .map(|v| Opaque::new(v.clone()))
    }

    fn header(&self, token: K, name: K) -> Option<Option<String>> {
        let part = self.member(token)?.as_str()?.split('.').next()?;
        let bytes = BASE64URL.decode(part.trim_end_matches('=')).ok()?;
        let header: Value = serde_json::from_slice(&bytes).ok()?;
        header.is_object().then(|| Json(&header).str(name))
    }

    fn whole(&self) -> Opaque {
        Opaque::new(self.0.clone())
    }
}
