//! The counter at which the endpoints are asked: a world and the clocks of its callers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::rest::{Request, Response, answer};
use crate::world::seeds::{API_TOKEN, PROJECT_ID};
use crate::world::{Config, Cx, Input, Millis, World};

pub(super) const ECHO_TOKEN: &str = "c2c_00000000000000000000000000000001";

/// A world and the clock of its caller.
pub(super) struct Desk {
    pub(super) world: World,
    pub(super) mono: Millis,
    pub(super) wall: Millis,
    pub(super) entropy: u64,
}

fn fill(state: &mut u64, bytes: &mut [u8]) {
    for byte in bytes {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        *byte = (*state >> 33) as u8;
    }
}

impl Desk {
    pub(super) fn new() -> Self {
        Self::seeded(1)
    }

    /// A space whose randomness, and so its key, is another's.
    pub(super) fn seeded(mut entropy: u64) -> Self {
        let mut source = |bytes: &mut [u8]| fill(&mut entropy, bytes);
        let mut cx = Cx {
            mono: 0,
            wall: 1_700_000_000_000,
            entropy: &mut source,
        };
        let config = Config {
            ch: "puc.localhost:1".into(),
            ice_servers: Vec::new(),
        };
        let world = World::new(config, &mut cx);
        Self {
            world,
            mono: 0,
            wall: 1_700_000_000_000,
            entropy,
        }
    }

    pub(super) fn send(&mut self, request: Request) -> Response {
        let entropy = &mut self.entropy;
        let mut source = |bytes: &mut [u8]| fill(entropy, bytes);
        let mut cx = Cx {
            mono: self.mono,
            wall: self.wall,
            entropy: &mut source,
        };
        answer(&mut self.world, &request, &mut cx)
    }

    pub(super) fn post(&mut self, path: &str, body: &Value) -> Response {
        self.send(Request {
            method: "POST".into(),
            path: path.into(),
            body: body.to_string().into(),
            ..Request::default()
        })
    }

    pub(super) fn manage(&mut self, body: &Value) -> Response {
        self.backend("/api/fabric/subscribers/tokens", body)
    }

    /// What a backend of the project asks for.
    pub(super) fn backend(&mut self, path: &str, body: &Value) -> Response {
        self.send(Request {
            method: "POST".into(),
            path: path.into(),
            authorization: Some(basic(PROJECT_ID, API_TOKEN)),
            body: body.to_string().into(),
            ..Request::default()
        })
    }

    pub(super) fn invite(&mut self, sat: &str, body: &Value) -> Response {
        self.send(Request {
            method: "POST".into(),
            path: "/api/fabric/subscriber/invites".into(),
            authorization: Some(format!("Bearer {sat}")),
            body: body.to_string().into(),
            ..Request::default()
        })
    }

    /// What a page asks for with a SAT.
    pub(super) fn page(&mut self, path: &str, sat: &str, body: &Value) -> Response {
        self.send(Request {
            method: "POST".into(),
            path: path.into(),
            base: "http://fabric.localhost:1".into(),
            authorization: Some(format!("Bearer {sat}")),
            body: body.to_string().into(),
            ..Request::default()
        })
    }

    pub(super) fn who(&mut self, sat: &str) -> Value {
        body(&self.get("/api/fabric/subscriber/info", sat))
    }

    /// The id of an address by its name.
    pub(super) fn address(&self, name: &str) -> String {
        self.world.directory().by_name(name).unwrap().id.clone()
    }

    pub(super) fn get(&mut self, path: &str, sat: &str) -> Response {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        self.send(Request {
            method: "GET".into(),
            path: path.into(),
            query: query.into(),
            base: "http://fabric.localhost:1".into(),
            authorization: Some(format!("Bearer {sat}")),
            ..Request::default()
        })
    }

    pub(super) fn ada(&mut self) -> String {
        token(&self.manage(&json!({ "reference": "ada@example.test" })))
    }

    pub(super) fn guest_response(&mut self) -> Response {
        self.post("/api/fabric/embeds/tokens", &json!({ "token": ECHO_TOKEN }))
    }

    pub(super) fn guest(&mut self) -> String {
        token(&self.guest_response())
    }

    pub(super) fn input(&mut self, input: Input) {
        let entropy = &mut self.entropy;
        let mut source = |bytes: &mut [u8]| fill(entropy, bytes);
        let mut cx = Cx {
            mono: self.mono,
            wall: self.wall,
            entropy: &mut source,
        };
        self.world.handle(input, &mut cx, &mut Vec::new());
    }
}

pub(super) fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

pub(super) fn body(response: &Response) -> Value {
    serde_json::from_str(&response.body).unwrap()
}

pub(super) fn token(response: &Response) -> String {
    body(response)["token"].as_str().unwrap().to_owned()
}

/// Code and member of each item of a 422.
pub(super) fn problems(response: &Response) -> Vec<(String, String)> {
    assert_eq!(response.status, 422, "{}", response.body);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let errors = body(response)["errors"].as_array().unwrap().clone();
    let problems = errors.iter().map(|one| {
        assert_eq!(one["type"], "validation_error");
        assert!(!one["message"].as_str().unwrap().is_empty());
        assert!(one["url"].as_str().unwrap().starts_with("https://"));
        (text(&one["code"]), text(&one["attribute"]))
    });
    problems.collect()
}
