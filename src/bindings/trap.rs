//! Lets tests kill an instance. Only with the feature `trap`.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::web::trap::arm;

/// Lets the entrance after the next `after` ones (exports, events, continuations, ticks) trap.
#[wasm_bindgen(js_name = trapAt)]
pub fn trap_at(after: u32, overflow: bool) {
    arm(after, overflow);
}
