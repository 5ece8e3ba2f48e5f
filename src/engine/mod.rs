//! The engine: what a client does, when, and in which order, as pure state machines.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

pub mod auth;
pub mod call;
pub mod config;
pub mod error;
#[cfg(test)]
mod generated;
pub mod io;
pub mod state;
pub mod wire;

use config::Config;
use io::{Cx, Input, Millis, Output};

/// One client: its session and its calls.
#[derive(Debug)]
pub struct Engine {
    config: Config,
}

impl Engine {
    /// A client that has not connected yet.
    pub fn new(config: Config) -> Self {
        Self { config }
    }

    /// Takes one input and appends what is to be done. Never blocks, never looks at a clock.
    pub fn handle(&mut self, input: Input, cx: &mut Cx<'_>, out: &mut Vec<Output>) {
        let _ = (&self.config, input, cx, out);
    }

    /// When [`Input::Tick`] is wanted, on the monotonic clock.
    pub fn deadline(&self) -> Option<Millis> {
        None
    }
}
