//! The REST endpoints, as pure functions from a request to a response (auth §4).
//!
//! Every endpoint answers on every host name of the space. What the endpoints mean is in
//! [`crate::world::tokens`] and its neighbours; here is how it looks over HTTP.

mod addresses;
mod message;

use serde_json::{Map, Value};

use crate::world::devices::{Renewal, RenewalRequest};
use crate::world::time::http_date;
use crate::world::tokens::Refusal;
use crate::world::{Cx, World};

pub use message::{Request, Response};

use message::{basic, bearer, body_object, refused};

/// What a cross-origin page may see of an endpoint.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Audience {
    /// Browsers, from any origin, the opaque one (`null`) included.
    Browsers,
    /// Backends: no CORS headers, so that a page cannot use a project's token it has got hold of.
    Backends,
}

/// An endpoint of this space.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Endpoint {
    SubscriberTokens,
    RefreshTokens,
    GuestTokens,
    Invites,
    DeviceToken,
    DeviceRefresh,
    EmbedTokens,
    EmbedGuestTokens,
    WhoAmI,
    Addresses,
    Address,
}

impl Endpoint {
    fn find(method: &str, path: &str) -> Option<Self> {
        match (method, path) {
            ("POST", "/api/fabric/subscribers/tokens") => Some(Self::SubscriberTokens),
            ("POST", "/api/fabric/subscribers/tokens/refresh") => Some(Self::RefreshTokens),
            ("POST", "/api/fabric/subscriber/devices/token") => Some(Self::DeviceToken),
            ("POST", "/api/fabric/subscriber/devices/refresh") => Some(Self::DeviceRefresh),
            ("POST", "/api/fabric/guests/tokens") => Some(Self::GuestTokens),
            ("POST", "/api/fabric/subscriber/invites") => Some(Self::Invites),
            ("POST", "/api/embeds/tokens") => Some(Self::EmbedTokens),
            ("POST", "/api/fabric/embeds/tokens") => Some(Self::EmbedGuestTokens),
            ("GET", "/api/fabric/subscriber/info") => Some(Self::WhoAmI),
            ("GET", "/api/fabric/addresses") => Some(Self::Addresses),
            ("GET", path) if addresses::id_of(path).is_some() => Some(Self::Address),
            _ => None,
        }
    }

    fn audience(self) -> Audience {
        match self {
            Self::SubscriberTokens | Self::RefreshTokens | Self::GuestTokens => Audience::Backends,
            _ => Audience::Browsers,
        }
    }

    fn answer(self, world: &mut World, request: &Request, cx: &mut Cx<'_>) -> Response {
        match self {
            Self::SubscriberTokens => backend(world, request, |world| {
                token(200, request, |body| world.subscriber_token(body, cx))
            }),
            Self::RefreshTokens => backend(world, request, |world| {
                token(201, request, |body| world.rotate(body, cx))
            }),
            Self::GuestTokens => backend(world, request, |world| {
                token(201, request, |body| world.guest_token(body, cx))
            }),
            Self::Invites => match world.inviter(bearer(request), cx) {
                Ok(inviter) => token(201, request, |body| world.invite_by(&inviter, body, cx)),
                Err(refusal) => unstored(unauthenticated(&refusal)),
            },
            Self::DeviceToken => renew(Renewal::First, world, request, cx),
            Self::DeviceRefresh => renew(Renewal::Next, world, request, cx),
            Self::EmbedTokens | Self::EmbedGuestTokens => self.exchange(world, request, cx),
            Self::WhoAmI => unstored(read(world.who_am_i(bearer(request), cx))),
            Self::Addresses => read(addresses::list(world, request, cx)),
            Self::Address => read(addresses::one(world, request, cx)),
        }
    }

    /// The two exchanges that anybody may ask for, as often as the space allows.
    fn exchange(self, world: &mut World, request: &Request, cx: &mut Cx<'_>) -> Response {
        let origin = request.origin.as_deref();
        let caller = format!("{} {}", request.peer, origin.unwrap_or_default());
        if let Err(refusal) = world.admit_exchange(&caller, cx) {
            return unstored(refused(&refusal));
        }
        token(201, request, |body| {
            if self == Self::EmbedTokens {
                world.embed_token(body, origin, cx)
            } else {
                world.embed_guest_token(body, origin, cx)
            }
        })
    }
}

/// Issues a client-bound SAT.
fn renew(renewal: Renewal, world: &mut World, request: &Request, cx: &mut Cx<'_>) -> Response {
    let url = format!("{}{}", request.base, request.path);
    let asked = RenewalRequest {
        renewal,
        sat: bearer(request),
        url: &url,
    };
    match world.renewable(&asked, cx) {
        Ok(claims) => token(201, request, |body| world.renew(&claims, &asked, body, cx)),
        Err(refusal) => unstored(unauthenticated(&refusal)),
    }
}

/// Serves whoever presents the project's credentials.
fn backend(
    world: &mut World,
    request: &Request,
    serve: impl FnOnce(&mut World) -> Response,
) -> Response {
    if basic(request).is_some_and(|(id, token)| world.may_issue(&id, &token)) {
        return serve(world);
    }
    unstored(refused(&Refusal::Unauthorized)).with(
        "WWW-Authenticate",
        "Basic realm=\"space\", charset=\"UTF-8\"",
    )
}

/// A response of a token endpoint.
fn token(
    status: u16,
    request: &Request,
    make: impl FnOnce(&Map<String, Value>) -> Result<Value, Refusal>,
) -> Response {
    unstored(match body_object(&request.body) {
        None => Response::error(400, "Bad Request"),
        Some(body) => match body.and_then(|body| make(&body)) {
            Ok(issued) => Response::json(status, &issued),
            Err(refusal) => refused(&refusal),
        },
    })
}

/// A response that holds a token or speaks of its bearer: never to be stored (RFC 6749 §5.1).
fn unstored(response: Response) -> Response {
    response.with("Cache-Control", "no-store")
}

/// A response to a Bearer SAT.
fn read(answer: Result<Value, Refusal>) -> Response {
    match answer {
        Ok(body) => Response::json(200, &body),
        Err(refusal) => unauthenticated(&refusal),
    }
}

/// The refusal of a Bearer SAT, with what to present instead (RFC 6750 §3).
fn unauthenticated(refusal: &Refusal) -> Response {
    let response = refused(refusal);
    match refusal {
        Refusal::Unauthorized => {
            response.with("WWW-Authenticate", "Bearer error=\"invalid_token\"")
        }
        _ => response,
    }
}

/// Whether the path belongs to the REST endpoints, known or not.
pub fn owns(path: &str) -> bool {
    path.starts_with("/api/")
}

/// Answers a request whose path is under `/api/`. Every answer tells the time of the space, by which a
/// client finds out how wrong its own clock is (auth §7.7).
pub fn answer(world: &mut World, request: &Request, cx: &mut Cx<'_>) -> Response {
    dispatch(world, request, cx).with("Date", &http_date(cx.wall))
}

/// Whether an endpoint has this path.
pub fn has_endpoint(path: &str) -> bool {
    ["GET", "POST"]
        .iter()
        .any(|method| Endpoint::find(method, path).is_some())
}

/// The failure of an endpoint that has no reason to fail, with this status, and the seconds of a
/// `Retry-After`.
pub fn fail(request: &Request, status: u16, retry_after_s: Option<u64>, cx: &Cx<'_>) -> Response {
    let mut response = unstored(Response::error(status, "ordered at the front desk"))
        .with("Date", &http_date(cx.wall));
    if let Some(seconds) = retry_after_s {
        response = response.with("Retry-After", &seconds.to_string());
    }
    match Endpoint::find(&request.method, &request.path).map(Endpoint::audience) {
        Some(Audience::Backends) => response,
        _ => shared(response),
    }
}

fn dispatch(world: &mut World, request: &Request, cx: &mut Cx<'_>) -> Response {
    if request.method == "OPTIONS" {
        return preflight(request);
    }
    match Endpoint::find(&request.method, &request.path) {
        Some(endpoint) => {
            let response = endpoint.answer(world, request, cx);
            if endpoint.audience() == Audience::Browsers {
                shared(response)
            } else {
                response
            }
        }
        None => {
            let detail = format!(
                "this space has no endpoint {} {}",
                request.method, request.path
            );
            shared(Response::not_found(detail))
        }
    }
}

/// The answer to a CORS preflight. An endpoint for backends alone grants nothing; an unknown one
/// does, so that the page gets to read the error that names it.
fn preflight(request: &Request) -> Response {
    let asked = request.requested_method.as_deref().unwrap_or("GET");
    let audience = Endpoint::find(asked, &request.path).map(Endpoint::audience);
    let response = Response::empty(204);
    if audience == Some(Audience::Backends) {
        return response;
    }
    shared(response)
        .with("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
        .with(
            "Access-Control-Allow-Headers",
            "authorization, content-type, accept, dpop",
        )
}

/// Lets every origin read the response: it was authorised by a token, never by a cookie.
fn shared(response: Response) -> Response {
    response.with("Access-Control-Allow-Origin", "*").with(
        "Access-Control-Expose-Headers",
        "DPoP-Nonce, Retry-After, Date",
    )
}

#[cfg(test)]
mod tests;
