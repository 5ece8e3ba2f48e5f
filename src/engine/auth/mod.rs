//! Credentials: what they are, where they lead, and how an embed token becomes one.

pub mod credential;
pub mod embed;
pub mod host;

pub use credential::Credential;
pub use host::{Endpoints, Scheme};
