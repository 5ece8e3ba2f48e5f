//! # signalwire-wasm
//!
//! A browser calling SDK. This crate holds its engine, pure Rust, and the thin shell that runs the
//! engine inside a browser.
//!
//! ## The rule of dependencies
//!
//! ```text
//! js/public → js/store → js/wasm → bindings → web → engine → (nothing)      web imports js/wasm/host.ts
//! space::{rest,ws,media,control} → space::world → engine::wire, proof
//! tests → anything          www → the built package only
//! ```
//!
//! * [`engine`] imports std and nothing else: no browser, no clock, no randomness, no async. A native
//!   build of this crate fails when that is broken, because every wasm-only dependency is declared for
//!   `target_arch = "wasm32"` alone.
//! * `proof` verifies DPoP proofs for the local space. It stands behind a feature, so that its cryptography is
//!   never in the page's wasm.
//! * `web` carries out the engine's outputs with browser APIs and turns browser events into inputs. It
//!   knows ids and no protocol word, and decides nothing.
//! * `bindings` converts and forwards.
//!
//! `js/tools/check-rules.mjs` checks the rest of the rule by searching each room for forbidden words.

#[cfg(target_arch = "wasm32")]
mod bindings;
pub mod engine;
#[cfg(feature = "proof")]
pub mod proof;
#[cfg(target_arch = "wasm32")]
mod web;
