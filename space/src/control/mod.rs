//! The front desk `/.space/*`: what is in the space, and the levers for tests.
//!
//! It shows the development credentials and can drop every call, so it answers only on a loopback
//! host name and never to a page of a foreign origin; it sends no CORS headers.

use serde_json::{Map, Value, json};

use crate::driver::{Driver, Handle};
use crate::network::Network;
use crate::rest::Response;
use crate::world::report::{CallReport, SessionReport};
use crate::world::seeds;
use crate::world::{SocketId, World};

/// The longest round-trip time that can be asked for, in milliseconds.
const LONGEST_RTT_MS: u64 = 10_000;

/// A request to the front desk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// After `/.space/`.
    pub(crate) desk: String,
    /// The `Host` header.
    pub(crate) host: String,
    /// The `Origin` header.
    pub(crate) origin: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// Answers for one space.
#[derive(Clone)]
pub(crate) struct FrontDesk {
    pub(crate) handle: Handle,
    pub(crate) network: Network,
    /// With the delay line, and without.
    pub(crate) ports: [u16; 2],
}

impl FrontDesk {
    /// `GET /.space/info`: the stable contract with tests and users.
    pub(crate) async fn info(&self) -> Option<Value> {
        let [port, undelayed] = self.ports;
        self.handle
            .run(move |driver| info(driver.world(), port, undelayed))
            .await
    }

    pub(crate) async fn answer(&self, request: Request) -> Response {
        if !is_loopback_host(&request.host) || !self.is_own_origin(request.origin.as_deref()) {
            return Response::error(403, "Forbidden");
        }
        let answer = match (request.method.as_str(), request.desk.as_str()) {
            ("GET", "info") => self.info().await,
            ("GET", "sessions") => self.handle.run(|driver| sessions(driver.world())).await,
            ("GET", "calls") => self.handle.run(calls).await,
            ("GET", "network") => Some(self.conditions()),
            ("POST", "network") => match self.set_network(&request.body) {
                Ok(conditions) => Some(conditions),
                Err(why) => return Response::json(422, &json!({ "error": why })),
            },
            ("POST", "reset") => {
                self.network.set(0, 0.0);
                self.handle
                    .run(|driver| driver.reset())
                    .await
                    .map(|()| json!({ "reset": true }))
            }
            ("POST", "hangup") => {
                let hang_up = |driver: &mut Driver| json!({ "hung_up": driver.hang_up_all() });
                self.handle.run(hang_up).await
            }
            ("POST", "drop") => match object(&request.body, &["session"]) {
                Ok(body) => self.drop_sockets(body.get("session").cloned()).await,
                Err(why) => return Response::json(422, &json!({ "error": why })),
            },
            (method, desk) => {
                let detail = format!("the front desk has no {method} /.space/{desk}");
                tracing::warn!("{detail}");
                return Response::not_found(detail);
            }
        };
        match answer {
            Some(body) => Response::json(200, &body).with("Cache-Control", "no-store"),
            None => Response::error(503, "Service Unavailable"),
        }
    }

    /// Cuts sockets as a broken network does: of one session, or all. They can be resumed.
    async fn drop_sockets(&self, session: Option<Value>) -> Option<Value> {
        self.handle
            .run(move |driver| {
                let sessions = driver.world().sessions();
                let meant = sessions
                    .iter()
                    .filter(|one| session.as_ref().is_none_or(|id| *id == one.id));
                let sockets: Vec<SocketId> =
                    meant.filter_map(|one| one.socket).map(SocketId).collect();
                for socket in &sockets {
                    driver.cut(*socket);
                }
                json!({ "dropped": sockets.len() })
            })
            .await
    }

    fn conditions(&self) -> Value {
        let conditions = self.network.conditions();
        json!({ "rtt_ms": conditions.rtt_ms, "loss": conditions.loss })
    }

    /// A member that is left out stays as it is.
    fn set_network(&self, body: &[u8]) -> Result<Value, String> {
        let body = object(body, &["rtt_ms", "loss"])?;
        let now = self.network.conditions();
        let rtt_ms = match body.get("rtt_ms") {
            None => now.rtt_ms,
            Some(value) => value
                .as_u64()
                .filter(|rtt| *rtt <= LONGEST_RTT_MS)
                .and_then(|rtt| u32::try_from(rtt).ok())
                .ok_or("rtt_ms must be an integer from 0 to 10000, in milliseconds")?,
        };
        let loss = match body.get("loss") {
            None => now.loss,
            Some(value) => value
                .as_f64()
                .filter(|loss| (0.0..=1.0).contains(loss))
                .ok_or("loss must be a number from 0 to 1")?,
        };
        self.network.set(rtt_ms, loss);
        Ok(self.conditions())
    }

    /// A page of this space, on any of its names and on either port, or no page at all.
    fn is_own_origin(&self, origin: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        let host = origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"));
        host.is_some_and(|host| {
            let port = host
                .rsplit_once(':')
                .and_then(|(_, port)| port.parse().ok());
            is_loopback_host(host) && port.is_some_and(|port| self.ports.contains(&port))
        })
    }
}

/// The body as an object with none but these members; no body is an empty one. A misspelt member would
/// otherwise change nothing, or more than was meant.
fn object(body: &[u8], members: &[&str]) -> Result<Map<String, Value>, String> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    let object: Map<String, Value> =
        serde_json::from_slice(body).map_err(|_| "the body must be a JSON object".to_owned())?;
    match object.keys().find(|key| !members.contains(&key.as_str())) {
        Some(unknown) => Err(format!(
            "unknown member {unknown:?}; known: {}",
            members.join(", ")
        )),
        None => Ok(object),
    }
}

/// Whether a `Host` header names this machine by a name that no DNS server can hand out
/// (RFC 6761 §6.3).
pub(crate) fn is_loopback_host(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost") || name == "127.0.0.1" || name == "::1"
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

fn sessions(world: &World) -> Value {
    let known = world
        .sessions()
        .into_iter()
        .map(|session| session_json(&session));
    let unknown = world.strangers().into_iter().map(|stranger| {
        json!({ "id": null, "socket": stranger.socket, "connected": true, "authenticated": false })
    });
    known.chain(unknown).collect()
}

fn session_json(session: &SessionReport) -> Value {
    json!({
        "id": session.id,
        "protocol": session.protocol,
        "subscriber_id": session.subscriber_id,
        "subscriber": session.reference,
        "kind": session.kind,
        "socket": session.socket,
        "connected": session.socket.is_some(),
        "authenticated": true,
        "registered": session.registered,
        "resumed": session.resumed,
        "created_ms": session.created_ms,
        "calls": session.calls,
    })
}

fn calls(driver: &mut Driver) -> Value {
    let reports = driver.world().calls();
    reports.iter().map(|call| call_json(call, driver)).collect()
}

fn call_json(call: &CallReport, driver: &Driver) -> Value {
    let legs: Vec<Value> = call
        .legs
        .iter()
        .map(|leg| {
            let counts = leg
                .media
                .map(|media| driver.counts(media))
                .unwrap_or_default();
            json!({
                "id": leg.id,
                "member_id": leg.member_id,
                "packets_received": counts.received,
                "packets_sent": counts.sent,
                "connected": leg.connected,
                "audio_muted": leg.audio_muted,
                "video_muted": leg.video_muted,
            })
        })
        .collect();
    let mut entry = json!({
        "id": call.id,
        "address": call.address,
        "session": call.session,
        "state": call.state.text(),
        "held": call.held,
        "digits": call.digits,
        "legs": legs,
        "created_ms": call.created_ms,
    });
    if let Some(end) = &call.ended {
        entry["ended"] = json!({
            "cause": end.cause.name,
            "cause_code": end.cause.code,
            "by": end.by,
            "how": end.how,
            "ended_ms": end.ended_ms,
        });
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::is_loopback_host;

    #[test]
    fn loopback_names() {
        for own in [
            "localhost",
            "localhost:80",
            "a.b.LOCALHOST:1",
            "127.0.0.1:8080",
            "[::1]:8080",
            "[::1]",
        ] {
            assert!(is_loopback_host(own), "{own}");
        }
        for foreign in [
            "",
            "evil.test",
            "localhost.evil.test",
            "notlocalhost",
            "127.0.0.1.evil.test",
            "[::2]:1",
        ] {
            assert!(!is_loopback_host(foreign), "{foreign}");
        }
    }
}
