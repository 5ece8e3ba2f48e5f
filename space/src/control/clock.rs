//! `/.space/clock`: the wall clock of the space, which expiries are measured on.
//!
//! `GET` → 200 `{ wall_ms, advanced_ms }`: the time since the epoch, and how far it runs ahead of the
//! machine's. `POST { advance_ms }` moves it ahead (never back; `POST /.space/reset` does that), tells
//! every authenticated socket the new time by a `signalwire.ping`, ends what has expired by then, and
//! answers like `GET`. Durations are not touched: no time limit of the space comes nearer.

use serde_json::{Value, json};

use super::body::{Members, required};
use super::{Fault, FrontDesk};
use crate::driver::Driver;

/// The furthest that the clock can be moved at once: ten years, in milliseconds.
const LONGEST_ADVANCE_MS: u64 = 315_576_000_000;

impl FrontDesk {
    pub(super) async fn clock(&self) -> Result<Value, Fault> {
        self.run(|driver| shown(driver)).await
    }

    pub(super) async fn advance_clock(&self, body: &[u8]) -> Result<Value, Fault> {
        let members = Members::read(body, &["advance_ms"])?;
        let by = members.integer("advance_ms", 0..=LONGEST_ADVANCE_MS)?;
        let by = required("advance_ms", by)?;
        self.run(move |driver| {
            driver.advance_clock(by);
            shown(driver)
        })
        .await
    }
}

fn shown(driver: &Driver) -> Value {
    let (wall_ms, advanced_ms) = driver.clock();
    json!({ "wall_ms": wall_ms, "advanced_ms": advanced_ms })
}
