//! The exchange of an embed token, for a provider that works without a client.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::engine::auth::embed::{self, Exchanged};
use crate::engine::error::Failure;
use crate::web::{error, send, wall};

#[wasm_bindgen(js_namespace = host)]
extern "C" {
    /// Settles the promise that was given to [`exchange`].
    fn exchanged(promise: &JsValue, failure: &JsValue, token: &str, expiry_at: f64);
}

/// Exchanges `embed_token` at `host`; `promise` is settled by the host's `exchanged`, once.
#[wasm_bindgen]
pub fn exchange(host: &str, embed_token: &str, promise: JsValue) {
    let request = match embed::request(host, embed_token) {
        Ok(request) => request,
        Err(failure) => return settle(&promise, Err(failure)),
    };
    // Nobody can cancel an exchange; its own time limit ends it.
    std::mem::forget(send(request, move |result| {
        settle(&promise, embed::outcome(result, wall()))
    }));
}

fn settle(promise: &JsValue, outcome: Result<Exchanged, Failure>) {
    match outcome {
        Ok(Exchanged { token, expiry_at }) => {
            #[allow(clippy::cast_precision_loss)]
            exchanged(promise, &JsValue::UNDEFINED, &token, expiry_at as f64);
        }
        Err(failure) => exchanged(promise, &error(&failure), "", 0.0),
    }
}
