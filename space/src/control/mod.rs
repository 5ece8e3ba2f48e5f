//! The front desk `/.space/*`: what is in the space, and the levers for tests.
//!
//! It shows the development credentials and can drop every call, so it answers only on a loopback
//! host name and never to a page of a foreign origin; it sends no CORS headers. A body with an unknown
//! member, or a member of a wrong type, is refused with 422 `{ error }`, which names it.
//!
//! * `info`: `GET info`; `live`: `GET sessions`, `GET calls`, `POST drop`, `POST hangup`
//! * `network`: `GET` and `POST network`; `clock`: `GET` and `POST clock`
//! * `credentials`: `POST credentials`; `click_to_call`: `POST click-to-call`; `revoke`: `POST revoke`
//! * `limits`: `GET` and `POST limits`; `proofs`: `GET` and `POST proofs`; `faults`: `GET` and `POST faults`
//! * `calls`: `POST calls`; `silences`: `POST silences`
//! * `POST reset`: back to the seeds, the machine's clock and a perfect network

mod body;
mod calls;
mod click_to_call;
mod clock;
mod credentials;
mod faults;
mod info;
mod limits;
mod live;
mod network;
mod proofs;
mod revoke;
mod silences;

use serde_json::{Value, json};

use crate::driver::{Driver, Handle};
use crate::network::Network;
use crate::rest::Response;

use body::Members;

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

/// Why the front desk does not do what it is asked.
enum Fault {
    /// 422: the body is wrong, and how.
    Unprocessable(String),
    /// 404: there is no such lever.
    NotFound(String),
    /// 409: the state of the space does not allow it; a word for programs.
    Conflict(&'static str),
    /// 503: the space is shutting down.
    Ending,
}

impl From<Fault> for Response {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unprocessable(why) => Self::json(422, &json!({ "error": why })),
            Fault::NotFound(detail) => Self::not_found(detail),
            Fault::Conflict(what) => Self::json(409, &json!({ "error": what })),
            Fault::Ending => Self::error(503, "Service Unavailable"),
        }
    }
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
    pub(crate) async fn answer(&self, request: Request) -> Response {
        if !is_loopback_host(&request.host) || !self.is_own_origin(request.origin.as_deref()) {
            return Response::error(403, "Forbidden");
        }
        match self.serve(&request).await {
            Ok(response) => response.with("Cache-Control", "no-store"),
            Err(fault) => {
                let response = Response::from(fault);
                if let Some(warning) = &response.warning {
                    tracing::warn!("{warning}");
                }
                response
            }
        }
    }

    async fn serve(&self, request: &Request) -> Result<Response, Fault> {
        let body = request.body.as_slice();
        let desk = (request.method.as_str(), request.desk.as_str());
        let shown = match desk {
            ("GET", "info") => self.info_shown().await?,
            ("GET", "sessions") => self.sessions().await?,
            ("GET", "calls") => self.calls().await?,
            ("GET", "network") => self.conditions(),
            ("GET", "clock") => self.clock().await?,
            ("GET", "limits") => self.limits().await?,
            ("POST", "limits") => self.set_limits(body).await?,
            ("GET", "proofs") => self.proofs().await?,
            ("POST", "proofs") => self.set_proofs(body).await?,
            ("GET", "faults") => self.faults().await?,
            ("POST", "faults") => self.order_fault(body).await?,
            ("POST", "revoke") => {
                self.revoke(body).await?;
                return Ok(Response::empty(204));
            }
            ("POST", "credentials") => self.make_credential(body).await?,
            ("POST", "network") => self.set_network(body)?,
            ("POST", "calls") => self.call_person(body).await?,
            ("POST", "click-to-call") => self.make_resource(body).await?,
            ("POST", "clock") => self.advance_clock(body).await?,
            ("POST", "reset") => self.reset(body).await?,
            ("POST", "silences") => self.silences(body).await?,
            ("POST", "hangup") => self.hang_up(body).await?,
            ("POST", "drop") => self.drop_sockets(body).await?,
            (method, desk) => {
                let detail = format!("the front desk has no {method} /.space/{desk}");
                return Err(Fault::NotFound(detail));
            }
        };
        let makes = matches!(desk, ("POST", "calls" | "click-to-call" | "credentials"));
        Ok(Response::json(if makes { 201 } else { 200 }, &shown))
    }

    async fn reset(&self, body: &[u8]) -> Result<Value, Fault> {
        Members::read(body, &[])?;
        self.network.set(0, 0.0);
        self.run(|driver| driver.reset()).await?;
        Ok(json!({ "reset": true }))
    }

    /// Runs `job` where the world is.
    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Driver) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        self.handle.run(job).await.ok_or(Fault::Ending)
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
