//! # signalwire-space
//!
//! A local space: it plays the SignalWire cloud on one machine, so that an application can be
//! developed, tested and measured offline, with real calls and without an account.
//!
//! * [`world`]: what a space is, pure and deterministic
//! * [`rest`]: its REST endpoints, as pure functions

pub mod world;
pub mod rest;
