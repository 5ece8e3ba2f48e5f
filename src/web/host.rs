//! The functions of `js/wasm/host.ts`, one set for each instance of the engine.
//!
//! None of them throws unless it says `catch`: an exception that crosses wasm leaves it unusable.
//! An asynchronous one takes a function that [`settled`] made and calls it once.

use wasm_bindgen::prelude::*;

/// How an asynchronous browser sequence ended; each function of the host says what the parts mean.
pub struct Settled {
    /// Zero for a failure.
    pub code: u32,
    pub number: u32,
    pub text: String,
    /// What was made, or what was thrown.
    pub value: JsValue,
    /// Another number, where the function says what it is; the others leave it out.
    pub more: Option<u32>,
}

/// The JavaScript function through which an asynchronous sequence reports, once.
pub fn settled(then: Box<dyn FnOnce(Settled)>) -> JsValue {
    Closure::once_into_js(
        move |code: u32, number: u32, text: String, value: JsValue, more: Option<u32>| {
            then(Settled {
                code,
                number,
                text,
                value,
                more,
            });
        },
    )
}

/// Through which an object with events reports: what happened, a number, a value.
pub type Events = Closure<dyn Fn(u32, u32, JsValue)>;

#[wasm_bindgen(js_namespace = host)]
extern "C" {
    // Keyed reads of objects without getters: parsed JSON, and copies that the facade made.
    pub fn get(object: &JsValue, key: u32) -> Option<JsValue>;
    pub fn str(object: &JsValue, key: u32) -> Option<String>;
    /// The index of a known value, else -1.
    pub fn sym(object: &JsValue, key: u32) -> i32;
    /// NaN for what is no finite number.
    pub fn num(object: &JsValue, key: u32) -> f64;
    /// 0, 1, or 2 for what is no boolean.
    pub fn bool(object: &JsValue, key: u32) -> u32;
    pub fn objects(object: &JsValue, key: u32) -> Vec<JsValue>;
    pub fn strings(object: &JsValue, key: u32) -> Vec<String>;
    pub fn json(object: &JsValue, key: u32) -> Option<String>;
    pub fn any(object: &JsValue, key: u32) -> Option<JsValue>;
    /// The header of a token in compact serialisation, when it is an object.
    pub fn header(object: &JsValue, key: u32) -> Option<JsValue>;

    /// Milliseconds of the monotonic clock.
    pub fn mono() -> f64;
    /// Milliseconds since the epoch.
    pub fn wall() -> f64;
    /// Starts the one alarm of `tick` anew; a negative delay only stops it.
    pub fn alarm(tick: &Closure<dyn Fn()>, delay: f64);

    // What goes to the facade: an empty list, its elements, and its delivery.
    pub fn batch() -> JsValue;
    pub fn change(batch: &JsValue, op: u32, id: u32, number: u32, kind: u32, value: &JsValue);
    pub fn deliver(facade: &JsValue, batch: &JsValue);
    /// `cause_kind`: 0 none, 1 a failure, 2 something thrown.
    pub fn failure(
        code: u32,
        args: Vec<String>,
        number: i32,
        fatal: bool,
        cause_kind: u32,
        cause: &JsValue,
    ) -> JsValue;
    #[wasm_bindgen(js_name = callError)]
    pub fn call_error(kind: &str, fatal: bool, failure: &JsValue) -> JsValue;
    #[wasm_bindgen(js_name = endReason)]
    pub fn end_reason(code: &str, cause: Option<String>, cause_code: Option<i32>) -> JsValue;
    /// `expires_at`: milliseconds since the epoch, or NaN where the warning does not say.
    pub fn notice(code: &str, reason: &str, expires_at: f64) -> JsValue;
    #[wasm_bindgen(js_name = list)]
    pub fn texts(texts: Vec<String>) -> JsValue;
    #[wasm_bindgen(js_name = list)]
    pub fn numbers(numbers: Vec<JsValue>) -> JsValue;

    /// Closes something that the host opened and forgets it; its events cease. Once is enough.
    pub fn close(object: &JsValue);

    /// `source`: 0 the provider, 1 the provider's newer credential, 2 the record under the key `text`; for the
    /// provider `text` is the fingerprint.
    /// → code 1, value the credential or nothing; code 0, value what was thrown.
    pub fn authenticate(facade: &JsValue, source: u32, text: Option<String>, settled: JsValue);
    /// Loads the key pair, or makes it. → code 1, text the thumbprint; code 0 where there is none.
    #[wasm_bindgen(js_name = ensureKey)]
    pub fn ensure_key(facade: &JsValue, create: bool, settled: JsValue);
    /// Signs a proof: the claims as JSON, and the token that `ath` is made of. → code 1, text the proof; code 0,
    /// value what was thrown.
    #[wasm_bindgen(js_name = signProof)]
    pub fn sign_proof(facade: &JsValue, claims: &str, ath_of: Option<String>, settled: JsValue);
    /// Writes the text under the key, or, where it is `own`, removes the record that still is this text.
    pub fn store(facade: &JsValue, key: &str, text: &str, own: bool);
    /// Returns what [`close`] cancels it by. → code the status, number Retry-After in seconds plus one or
    /// zero, text the reason phrase, value the parsed body of a 2xx, the text of DPoP-Nonce of another, more the
    /// date in seconds since 1970; code 0, number 1 for a time-out, value what was thrown.
    pub fn request(
        url: &str,
        body: Option<String>,
        bearer: Option<String>,
        timeout: f64,
        settled: JsValue,
    ) -> JsValue;
    /// Nothing when it could not even be tried; its end is reported then, too.
    pub fn socket(url: &str, events: &Events) -> Option<JsValue>;
    pub fn send(socket: &JsValue, text: &str);
    /// Closes with a code of the private range; [`close`] has to follow.
    pub fn leave(socket: &JsValue, code: u16);

    /// → code 1, number 1 for audio plus 2 for video, value the stream; code 0, text the name, value the exception.
    pub fn acquire(audio: &JsValue, video: &JsValue, settled: JsValue);
    pub fn adopt(given: Vec<JsValue>) -> JsValue;
    #[wasm_bindgen(js_name = stopTracks)]
    pub fn stop_tracks(stream: &JsValue, kind: &str, peers: Vec<JsValue>);
    /// → code 1; code 0, text the name, value the exception.
    pub fn restore(
        peer: &JsValue,
        stream: &JsValue,
        kind: &str,
        constraint: &JsValue,
        settled: JsValue,
    );

    /// A new stream for what a peer connection receives.
    pub fn remote() -> JsValue;
    #[wasm_bindgen(catch)]
    pub fn peer(remote: &JsValue, events: &Events) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = addServer)]
    pub fn add_server(
        servers: &JsValue,
        urls: Vec<String>,
        username: Option<String>,
        credential: Option<String>,
    );
    /// Makes an offer, or the answer to `offer`. Directions: 1 for sending plus 2 for receiving, -1 for no section.
    /// → code 1, number the transports; code 0, value the exception.
    pub fn describe(
        peer: &JsValue,
        offer: Option<String>,
        local: &JsValue,
        audio: i32,
        video: i32,
        servers: &JsValue,
        relay_only: bool,
        settled: JsValue,
    );
    pub fn description(peer: &JsValue) -> Option<String>;
    /// → code 1; code 0, value the exception.
    pub fn answer(peer: &JsValue, sdp: &str, settled: JsValue);

    /// Reports that the page goes away (what 0, number 1 when it may come back), that it comes back (1), and that the
    /// visitor or the network does (2). Returns what [`close`] ends it by.
    pub fn lifecycle(events: &Events) -> JsValue;
}
