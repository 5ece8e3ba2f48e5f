//! # signalwire-space
//!
//! A local space: it plays the SignalWire cloud on one machine, so that an application can be
//! developed, tested and measured offline, with real calls and without an account.
//!
//! * [`world`]: what a space is, pure and deterministic
//! * [`rest`]: its REST endpoints, as pure functions
//!
//! With the feature `native` (the default) it comes to life:
//!
//! * `space`: starts and stops; `driver`: the one task that owns the world; `faults`: endpoints that fail
//!   on purpose
//! * `net`: ports, TLS, HTTP, files; `ws`: WebSockets; `control`: the front desk `/.space/*`
//! * `media`: the far end of calls, with real packets; `network`: the distance to the browser
//!
//! ```no_run
//! use signalwire_space::{Config, Space};
//! # fn main() -> Result<(), signalwire_space::StartError> {
//! let space = Space::start(Config::default())?;
//! println!("{}", space.info()["base"]);
//! # Ok(())
//! # }
//! ```

pub mod rest;
pub mod world;

#[cfg(feature = "native")]
mod control;
#[cfg(feature = "native")]
mod driver;
#[cfg(feature = "native")]
mod faults;
#[cfg(feature = "native")]
pub mod media;
#[cfg(feature = "native")]
mod net;
#[cfg(feature = "native")]
pub mod network;
#[cfg(feature = "native")]
mod space;
#[cfg(feature = "native")]
mod ws;

#[cfg(feature = "native")]
pub use space::{Config, Space, StartError};
