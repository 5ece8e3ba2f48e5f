//! The words and numbers that cross the boundary; JavaScript asks for them once an instance.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::engine::error::ErrorCode;
use crate::engine::wire::{K, Sym};

/// The texts of the keys, in the order of their numbers, separated by line feeds.
#[wasm_bindgen]
pub fn keys() -> String {
    K::joined().to_owned()
}

/// The texts of the known values, in the order of their numbers, separated by line feeds.
#[wasm_bindgen]
pub fn syms() -> String {
    Sym::joined().to_owned()
}

/// Number of the code for a failure of the engine itself.
#[wasm_bindgen(js_name = diedCode)]
pub fn died_code() -> u32 {
    ErrorCode::EngineDied.number()
}

/// Number of the code for something that the application's code threw.
#[wasm_bindgen(js_name = thrownCode)]
pub fn thrown_code() -> u32 {
    ErrorCode::Thrown.number()
}
