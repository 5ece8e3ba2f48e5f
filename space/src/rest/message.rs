//! HTTP requests and responses, as far as the endpoints need them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use crate::world::body::Problem;
use crate::world::proofs::Unproven;
use crate::world::tokens::Refusal;

/// Where the service explains its error codes; the `url` of a 422 item.
const ERROR_CODES: &str =
    "https://developer.signalwire.com/rest/signalwire-rest/overview/error-codes";

/// A request.
#[derive(Clone, Default)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Without the question mark; empty when there is none.
    pub query: String,
    /// Scheme and host by which the space was reached: `http://fabric.localhost:8080`.
    pub base: String,
    /// The address that the request came from.
    pub peer: String,
    /// The `Origin` header.
    pub origin: Option<String>,
    /// The `Authorization` header. A secret.
    pub authorization: Option<String>,
    /// The `Access-Control-Request-Method` header.
    pub requested_method: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// JSON, or empty.
    pub body: String,
    /// For the log, where a person should see it.
    pub warning: Option<String>,
}

impl Response {
    /// Without a body.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
            warning: None,
        }
    }

    /// With a JSON body.
    pub fn json(status: u16, body: &Value) -> Self {
        Self {
            body: body.to_string(),
            ..Self::empty(status)
        }
        .with("Content-Type", "application/json")
    }

    /// With the body `{"error": …}`.
    pub fn error(status: u16, error: &str) -> Self {
        Self::json(status, &json!({ "error": error }))
    }

    /// 404 with what was not found; the log gets it too.
    pub fn not_found(detail: String) -> Self {
        let body = json!({ "error": "Not Found", "detail": detail });
        Self {
            warning: Some(detail),
            ..Self::json(404, &body)
        }
    }

    /// With one more header.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// The body when it is a JSON object. A name that stands twice is a problem of its own: readers differ in
/// which of the two they take (RFC 8259 §4).
pub(super) fn body_object(body: &[u8]) -> Option<Result<Map<String, Value>, Refusal>> {
    let Object { members, twice } = serde_json::from_slice(body).ok()?;
    if twice.is_empty() {
        return Some(Ok(members));
    }
    let problem = |name: String| {
        let name: String = name.chars().take(80).collect();
        let message = format!("{name} stands twice");
        Problem::new("invalid_parameter", &name, message)
    };
    Some(Err(Refusal::Invalid(
        twice.into_iter().map(problem).collect(),
    )))
}

/// An object, and which of its names stand twice.
#[derive(Default)]
struct Object {
    members: Map<String, Value>,
    twice: Vec<String>,
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut object = Object::default();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if object.members.insert(name.clone(), value).is_some()
                        && !object.twice.contains(&name)
                    {
                        object.twice.push(name);
                    }
                }
                Ok(object)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// The SAT of `Authorization: Bearer` (RFC 6750 §2.1); empty, which no space accepts, without one.
pub(super) fn bearer(request: &Request) -> &str {
    credentials(request, "bearer").unwrap_or_default()
}

/// Name and password of `Authorization: Basic` (RFC 7617).
pub(super) fn basic(request: &Request) -> Option<(String, String)> {
    let decoded = STANDARD.decode(credentials(request, "basic")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// What follows the scheme, whose name has no case (RFC 9110 §11.1).
fn credentials<'a>(request: &'a Request, scheme: &str) -> Option<&'a str> {
    let (named, rest) = request.authorization.as_deref()?.split_once(' ')?;
    named.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

/// The response to a refusal (auth §4.1).
pub(super) fn refused(refusal: &Refusal) -> Response {
    match refusal {
        Refusal::Unauthorized => Response::error(401, "Unauthorized"),
        Refusal::Unproven(why) => unproven(why),
        Refusal::Forbidden => Response::error(403, "Forbidden"),
        Refusal::NotFound => Response::error(404, "Not Found"),
        Refusal::Invalid(problems) => {
            let errors: Vec<Value> = problems.iter().map(item).collect();
            Response::json(422, &json!({ "errors": errors }))
        }
        Refusal::TooMany { retry_after_s } => Response::error(429, "Too Many Requests")
            .with("Retry-After", &retry_after_s.to_string()),
    }
}

/// The refusal of a proof (RFC 9449 §7.1); where a nonce is missing, with one (RFC 9449 §8).
fn unproven(why: &Unproven) -> Response {
    let response = Response::error(401, "Unauthorized");
    match why {
        Unproven::NeedsNonce(nonce) => response
            .with("WWW-Authenticate", "DPoP error=\"use_dpop_nonce\"")
            .with("DPoP-Nonce", nonce),
        _ => Response {
            warning: Some(format!("a proof was refused: {why}")),
            ..response.with("WWW-Authenticate", "DPoP error=\"invalid_dpop_proof\"")
        },
    }
}

fn item(problem: &Problem) -> Value {
    json!({
        "type": "validation_error",
        "code": problem.code,
        "message": problem.message,
        "attribute": problem.attribute,
        "url": format!("{ERROR_CODES}#{}", problem.code),
    })
}
