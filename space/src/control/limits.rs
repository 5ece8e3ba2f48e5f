//! `/.space/limits`: how often anybody may exchange a public token, `{ exchanges_per_minute }`, for each
//! origin of each address. `GET` shows it; `POST` sets it and begins to count anew, so that a test meets
//! 429 (auth §4.7) without hundreds of requests.

use serde_json::{Value, json};

use super::body::{Members, required};
use super::{Fault, FrontDesk};
use crate::world::World;

impl FrontDesk {
    pub(super) async fn limits(&self) -> Result<Value, Fault> {
        self.run(|driver| shown(driver.world())).await
    }

    pub(super) async fn set_limits(&self, body: &[u8]) -> Result<Value, Fault> {
        const KEY: &str = "exchanges_per_minute";
        let members = Members::read(body, &[KEY])?;
        let limit = required(KEY, members.integer(KEY, 0..=u64::from(u32::MAX))?)?;
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        self.run(move |driver| {
            driver.with_world(|world, _| {
                world.limit_exchanges(limit);
                shown(world)
            })
        })
        .await
    }
}

fn shown(world: &World) -> Value {
    json!({ "exchanges_per_minute": world.exchanges_per_minute() })
}
