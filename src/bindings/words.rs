//! The words that cross the boundary as numbers; JavaScript asks for their texts once an instance.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::engine::wire::{K, Sym};

/// The texts of the keys, in the order of their numbers, separated by line feeds.
#[wasm_bindgen]
pub fn keys() -> String {
    K::joined()
}

/// The texts of the known values, in the order of their numbers, separated by line feeds.
#[wasm_bindgen]
pub fn syms() -> String {
    Sym::joined()
}
