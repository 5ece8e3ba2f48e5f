//! `GET /.space/info`: what is in the space, with its development credentials. The stable contract with
//! tests and users; also printed at the start.

use serde_json::{Value, json};

use super::{Fault, FrontDesk};
use crate::world::{World, seeds};

impl FrontDesk {
    pub(super) async fn info_shown(&self) -> Result<Value, Fault> {
        self.info().await.ok_or(Fault::Ending)
    }

    /// The body of the answer; `None` when the space is shutting down.
    pub(crate) async fn info(&self) -> Option<Value> {
        let [port, undelayed] = self.ports;
        self.handle
            .run(move |driver| info(driver.world(), port, undelayed))
            .await
    }
}

fn info(world: &World, port: u16, undelayed: u16) -> Value {
    let directory = world.directory();
    let name_of = |id: &str| directory.by_id(id).map(|address| address.name.clone());
    let subscribers: Vec<Value> = directory
        .subscribers
        .iter()
        .map(|one| {
            json!({
                "reference": one.reference, "id": one.id, "address": name_of(&one.address_id)
            })
        })
        .collect();
    let click_to_call: Vec<Value> = directory
        .click_to_call
        .iter()
        .map(|one| {
            json!({
                "token": one.token,
                "embed_token": one.embed_token,
                "address": name_of(&one.address_id),
            })
        })
        .collect();
    let addresses: Vec<Value> = directory
        .addresses
        .iter()
        .map(|one| json!({ "id": one.id, "name": one.name, "type": one.type_name() }))
        .collect();
    json!({
        "name": seeds::SPACE_NAME,
        "version": env!("CARGO_PKG_VERSION"),
        "base": format!("http://localhost:{port}"),
        "undelayed": format!("http://localhost:{undelayed}"),
        "project_id": world.project_id(),
        "api_token": world.api_token(),
        "hosts": {
            "management": format!("localhost:{port}"),
            "fabric": format!("fabric.localhost:{port}"),
            "embeds": format!("embeds.localhost:{port}"),
            "websocket": format!("puc.localhost:{port}"),
        },
        "subscribers": subscribers,
        "click_to_call": click_to_call,
        "addresses": addresses,
    })
}
