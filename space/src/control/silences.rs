//! `POST /.space/silences` → 200 `{ legs: [{ call, id, audio_ms }] }`: how evenly the sound of browsers comes.
//!
//! `audio_ms` is the longest time, in milliseconds, between two audio packets that arrived at the space from
//! the browser of a live leg, and the time since the last one; `null` before the first. It is measured from
//! the last such request on, or from the first packet.

use serde_json::{Value, json};

use super::body::Members;
use super::{Fault, FrontDesk};
use crate::driver::Driver;

impl FrontDesk {
    pub(super) async fn silences(&self, body: &[u8]) -> Result<Value, Fault> {
        Members::read(body, &[])?;
        self.run(|driver| json!({ "legs": taken(driver) })).await
    }
}

fn taken(driver: &Driver) -> Vec<Value> {
    let mut legs = Vec::new();
    for call in driver.world().calls() {
        for leg in call.legs {
            if let Some(media) = leg.media.filter(|_| leg.connected) {
                let longest = driver.take_silence(media);
                let audio_ms = longest.map(|silence| silence.as_secs_f64() * 1000.0);
                legs.push(json!({ "call": call.id, "id": leg.id, "audio_ms": audio_ms }));
            }
        }
    }
    legs
}
