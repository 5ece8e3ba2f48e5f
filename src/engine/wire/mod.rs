//! Frames and REST bodies: what is read of them, and the text that is written.
//!
//! Shared with the local space, which reads what the engine writes. Types are shared, behaviour is
//! not. One file for each family:
//!
//! * [`words`]: keys and known values
//! * [`reader`], [`writer`]: in and out
//! * [`rpc`]: the JSON-RPC envelope in both directions
//! * [`session`]: `signalwire.*`, `subscriber.*`
//! * [`verto`]: `webrtc.verto` and the inner messages
//! * [`call`]: `call.*` requests, call and member events
//! * [`rest`]: bodies of the REST endpoints

pub mod call;
#[cfg(test)]
mod golden;
#[cfg(feature = "json")]
pub mod json;
pub mod reader;
pub mod rest;
pub mod rpc;
pub mod session;
pub mod verto;
pub mod words;
pub mod writer;

pub use reader::{Opaque, Reader};
pub use words::{K, Sym};
pub use writer::Writer;
