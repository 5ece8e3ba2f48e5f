//! The exchange of an embed token, for a provider that works without a client.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::engine::auth::{Credential, embed};
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

fn settle(promise: &JsValue, outcome: Result<Credential, Failure>) {
    match outcome {
        Ok(credential) => {
            #[allow(clippy::cast_precision_loss)]
            let expiry_at = credential.expiry_at.unwrap_or_default() as f64;
            exchanged(
                promise,
                &JsValue::UNDEFINED,
                &credential.token.unwrap_or_default(),
                expiry_at,
            );
        }
        Err(failure) => exchanged(promise, &error(&failure), "", 0.0),
    }
}
