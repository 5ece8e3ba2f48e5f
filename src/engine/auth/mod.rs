//! Credentials: what they are, where they lead, how an embed token becomes one, and what proofs say.

pub mod credential;
pub mod dpop;
pub mod embed;
pub mod host;

pub use credential::Credential;
pub use host::{Endpoints, Scheme};
