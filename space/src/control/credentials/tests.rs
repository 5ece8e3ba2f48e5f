use serde_json::{Value, json};

use super::{Fault, Order};
use crate::world::{Config, Cx, World};

const NOW: u64 = 1_700_000_000;

struct Desk {
    world: World,
    entropy: u64,
}

impl Desk {
    fn new() -> Self {
        let mut entropy = 1;
        let config = Config {
            ch: "puc.localhost:1".into(),
            ice_servers: Vec::new(),
        };
        let world = with_cx(&mut entropy, |cx| World::new(config, cx));
        Self { world, entropy }
    }

    fn order(&mut self, body: &Value) -> Result<Value, String> {
        let world = &mut self.world;
        with_cx(&mut self.entropy, |cx| {
            let made = Order::read(body.to_string().as_bytes());
            let made = made.and_then(|order| order.carry_out(world, cx));
            made.map_err(|fault| match fault {
                Fault::Unprocessable(why) => why,
                _ => panic!("another fault"),
            })
        })
    }

    fn who(&mut self, sat: &Value) -> Value {
        let world = &self.world;
        with_cx(&mut self.entropy, |cx| {
            world.who_am_i(sat.as_str().unwrap(), cx).unwrap()
        })
    }

    /// The names of the addresses that a SAT sees.
    fn seen(&mut self, sat: &Value) -> Vec<String> {
        let world = &self.world;
        with_cx(&mut self.entropy, |cx| {
            let seen = world.visible_addresses(sat.as_str().unwrap(), cx).unwrap();
            seen.into_iter().map(|one| one.name.clone()).collect()
        })
    }
}

fn with_cx<T>(entropy: &mut u64, act: impl FnOnce(&mut Cx<'_>) -> T) -> T {
    let mut source = |bytes: &mut [u8]| {
        for byte in bytes {
            *entropy = entropy
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            *byte = (*entropy >> 33) as u8;
        }
    };
    act(&mut Cx {
        mono: 0,
        wall: NOW * 1000,
        entropy: &mut source,
    })
}

#[test]
fn every_kind_has_its_default() {
    let mut desk = Desk::new();
    for (kind, token_kind, reference, address) in [
        (
            "subscriber",
            "subscriber",
            json!("ada@example.test"),
            "/private/ada",
        ),
        ("guest", "guest", json!(null), "/public/echo"),
        (
            "invite",
            "invite",
            json!("ada@example.test"),
            "/private/ada",
        ),
    ] {
        let made = desk.order(&json!({ "kind": kind })).unwrap();
        assert_eq!(made["kind"], kind);
        assert_eq!(made["expires_at"], NOW + 7200);
        assert_eq!(made["reference"], reference);
        assert_eq!(made["addresses"], json!([address]));
        assert_eq!(desk.who(&made["token"])["token_kind"], token_kind);
        if kind != "subscriber" {
            assert_eq!(desk.seen(&made["token"]), [address]);
        }
    }
    for (kind, prefix) in [("embed", "c2t_"), ("c2c", "c2c_")] {
        let made = desk.order(&json!({ "kind": kind })).unwrap();
        assert!(made["token"].as_str().unwrap().starts_with(prefix));
        assert_eq!(made["expires_at"], json!(null));
        assert_eq!(made["reference"], json!(null));
        assert_eq!(made["addresses"], json!(["/public/echo"]));
    }
}

#[test]
fn what_is_asked_for_is_what_comes() {
    let mut desk = Desk::new();
    let print = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
    let made = desk.order(&json!({
        "kind": "subscriber", "reference": "grace@example.test", "expires_in": 40,
        "fingerprint": print, "scope": "sat:refresh",
    }));
    let made = made.unwrap();
    assert_eq!(made["addresses"], json!(["/private/grace"]));
    let claims =
        json!({ "expires_at": NOW + 40, "scope": ["sat:refresh"], "cnf": { "jkt": print } });
    assert_eq!(desk.who(&made["token"])["sat_claims"], claims);

    let names = json!(["/public/tone", "/private/bob"]);
    let guest = json!({ "kind": "guest", "addresses": names, "expires_in": 1 });
    let made = desk.order(&guest).unwrap();
    assert_eq!(made["addresses"], names);
    assert_eq!(desk.seen(&made["token"]), ["/public/tone", "/private/bob"]);

    let invite = json!({ "kind": "invite", "reference": "bob@example.test", "expires_in": 99_999 });
    let made = desk.order(&invite).unwrap();
    assert_eq!(made["addresses"], json!(["/private/bob"]));
    assert_eq!(made["expires_at"], NOW + 7200, "no invite lives longer");
}

#[test]
fn a_person_gets_a_public_token_too_and_it_opens() {
    let mut desk = Desk::new();
    for kind in ["embed", "c2c"] {
        let order = json!({ "kind": kind, "address": "/private/bob" });
        let made = desk.order(&order).unwrap();
        let body = json!({ "token": made["token"] });
        let world = &mut desk.world;
        let guest = with_cx(&mut desk.entropy, |cx| {
            world.embed_guest_token(body.as_object().unwrap(), Some("null"), cx)
        });
        let guest = guest.unwrap();
        assert_eq!(desk.seen(&guest["token"]), ["/private/bob"]);
    }
}

#[test]
fn what_is_wrong_is_named() {
    let mut desk = Desk::new();
    for (body, named) in [
        (json!({}), "kind is required"),
        (json!({ "kind": "root" }), "kind must be one of"),
        (
            json!({ "kind": "guest", "reference": "x" }),
            "reference means nothing",
        ),
        (
            json!({ "kind": "embed", "expires_in": 1 }),
            "expires_in means nothing",
        ),
        (
            json!({ "kind": "subscriber", "address": "/public/echo" }),
            "address means nothing",
        ),
        (
            json!({ "kind": "guest", "address": "/no" }),
            r#"nothing is called "/no""#,
        ),
        (
            json!({ "kind": "guest", "addresses": [] }),
            "addresses must not be empty",
        ),
        (
            json!({ "kind": "guest", "addresses": vec!["/public/echo"; 11] }),
            "addresses must be of 1 to 10",
        ),
        (
            json!({ "kind": "guest", "address": "/public/echo", "addresses": [] }),
            "exclude each other",
        ),
        (
            json!({ "kind": "guest", "addresses": ["/public/echo", 1] }),
            "addresses must be",
        ),
        (
            json!({ "kind": "invite", "address": "/public/echo" }),
            "address must be the inviter's own",
        ),
        (
            json!({ "kind": "subscriber", "expires_in": 0 }),
            "expires_in must be",
        ),
        (
            json!({ "kind": "subscriber", "reference": "" }),
            "reference must be",
        ),
        (
            json!({ "kind": "subscriber", "fingerprint": "x" }),
            "fingerprint must be",
        ),
        (
            json!({ "kind": "subscriber", "scope": "all" }),
            "scope must be",
        ),
        (
            json!({ "kind": "subscriber", "expire_at": 1 }),
            r#"unknown member "expire_at""#,
        ),
    ] {
        let why = desk.order(&body).unwrap_err();
        assert!(why.contains(named), "{body}: {why}");
    }
}
