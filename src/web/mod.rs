//! The thin browser side of the engine: carries out outputs, turns events into inputs.
//!
//! It knows ids and browser objects, no protocol word, and decides nothing. The browser is reached
//! through [`host`]: sequences that hold no decision are JavaScript functions there, which is a
//! fraction of the weight that the same calls have through `web-sys`.

mod batch;
mod browser;
mod capture;
mod driver;
mod fetch;
mod held;
mod host;
mod keys;
mod lifecycle;
mod peer;
mod reader;
mod socket;
#[cfg(test)]
mod tests;
mod timer;
#[cfg(feature = "trap")]
pub mod trap;

pub use batch::error;
#[cfg(feature = "trap")]
pub use driver::Machine;
pub use driver::{Driver, wall};
pub use fetch::send;
pub use reader::Object;
