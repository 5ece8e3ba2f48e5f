//! `/.space/network`: how far away the space is, `{ rtt_ms, loss }`.

use serde_json::{Value, json};

use super::body::Members;
use super::{Fault, FrontDesk};

/// The longest round-trip time that can be asked for, in milliseconds.
const LONGEST_RTT_MS: u64 = 10_000;

impl FrontDesk {
    pub(super) fn conditions(&self) -> Value {
        let conditions = self.network.conditions();
        json!({ "rtt_ms": conditions.rtt_ms, "loss": conditions.loss })
    }

    /// A member that is left out stays as it is.
    pub(super) fn set_network(&self, body: &[u8]) -> Result<Value, Fault> {
        let members = Members::read(body, &["rtt_ms", "loss"])?;
        let now = self.network.conditions();
        let rtt_ms = members.integer("rtt_ms", 0..=LONGEST_RTT_MS)?;
        let rtt_ms = rtt_ms.and_then(|rtt| u32::try_from(rtt).ok());
        let loss = members.number("loss", 0.0..=1.0)?;
        self.network
            .set(rtt_ms.unwrap_or(now.rtt_ms), loss.unwrap_or(now.loss));
        Ok(self.conditions())
    }
}
