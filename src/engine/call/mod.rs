//! One call: from the click to its end.

pub mod options;

pub use options::{DialOptions, MediaPlan};
