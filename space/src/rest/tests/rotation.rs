//! Refresh tokens: single use, the grace of ten seconds, the end of a family.

use serde_json::{Value, json};
use signalwire_wasm::proof::signer::Signer;

use super::desk::{Desk, basic, body, problems};
use crate::rest::{Request, Response};
use crate::world::Input;
use crate::world::revocation::Revocation;
use crate::world::seeds::{LIMITED_API_TOKEN, PROJECT_ID};

const NOW: u64 = 1_700_000_000;
const REFRESH: &str = "/api/fabric/subscribers/tokens/refresh";
const INFO: &str = "/api/fabric/subscriber/info";

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap().to_owned()
}

fn rotate(desk: &mut Desk, pair: &Value) -> Response {
    desk.backend(REFRESH, &json!({ "refresh_token": pair["refresh_token"] }))
}

fn rotated(desk: &mut Desk, pair: &Value) -> Value {
    let response = rotate(desk, pair);
    assert_eq!(response.status, 201, "{}", response.body);
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert_eq!(response.header("access-control-allow-origin"), None);
    body(&response)
}

/// Whether the SAT of a pair is in force.
fn works(desk: &mut Desk, pair: &Value) -> bool {
    desk.get(INFO, &text(pair, "token")).status == 200
}

fn refused(response: &Response, code: &str) {
    let named = [(code.to_owned(), "refresh_token".to_owned())];
    assert_eq!(problems(response), named);
}

fn create(desk: &mut Desk, more: &Value) -> Value {
    let mut asked = json!({ "reference": "ada@example.test" });
    for (key, value) in more.as_object().unwrap() {
        asked[key] = value.clone();
    }
    body(&desk.manage(&asked))
}

fn jti(desk: &mut Desk, pair: &Value) -> String {
    let open = desk.world.read_sat(&text(pair, "token")).unwrap();
    open.jti
}

#[test]
fn a_refresh_token_gives_the_next_pair_for_the_same_person() {
    let mut desk = Desk::new();
    let application = "0b9a1d0e-6a52-4c5e-9d0f-3a0f0f8f7a11";
    let first = create(&mut desk, &json!({ "application_id": application }));
    let before = desk.who(&text(&first, "token"));
    let mut pair = first.clone();
    for round in 1..=10 {
        desk.wall += 7_000_000;
        desk.mono += 7_000_000;
        pair = rotated(&mut desk, &pair);
        assert_eq!(pair["expires_at"], NOW + 7000 * round + 7200);
        let info = desk.who(&text(&pair, "token"));
        assert_eq!(info["id"], before["id"]);
        assert_eq!(
            info["sat_claims"],
            json!({ "expires_at": pair["expires_at"] })
        );
        let claims = desk.world.read_sat(&text(&pair, "token")).unwrap();
        assert_eq!(claims.application_id.as_deref(), Some(application));
    }
    assert_eq!(first["subscriber_id"], before["id"]);
}

#[test]
fn a_refresh_token_outlives_its_sat_by_five_minutes() {
    let mut desk = Desk::new();
    let first = create(&mut desk, &json!({}));
    desk.wall += 7_499_000;
    assert!(!works(&mut desk, &first));
    let pair = rotated(&mut desk, &first);
    desk.wall += 7_500_000;
    let late = rotate(&mut desk, &pair);
    refused(&late, "token_expired");
    assert_eq!(body(&late)["errors"][0]["message"], "Token has expired.");
}

/// T-32.
#[test]
fn a_second_use_ends_the_family_and_no_other() {
    let mut desk = Desk::new();
    let first = create(&mut desk, &json!({}));
    let bystander = create(&mut desk, &json!({}));
    let second = rotated(&mut desk, &first);
    desk.mono += 10_000;
    assert!(works(&mut desk, &first) && works(&mut desk, &second));
    refused(&rotate(&mut desk, &first), "invalid_parameter");
    assert!(!works(&mut desk, &first) && !works(&mut desk, &second));
    refused(&rotate(&mut desk, &second), "invalid_parameter");
    assert!(works(&mut desk, &bystander));
    rotated(&mut desk, &bystander);
}

/// Auth §7.9 (14).
#[test]
fn an_answer_that_was_lost_comes_again_until_it_is_used() {
    let mut desk = Desk::new();
    let first = create(&mut desk, &json!({}));
    let second = rotated(&mut desk, &first);
    desk.mono += 9_999;
    desk.wall += 9_999;
    assert_eq!(rotated(&mut desk, &first), second);
    assert!(works(&mut desk, &second));
    let third = rotated(&mut desk, &second);
    assert!(works(&mut desk, &third));
    refused(&rotate(&mut desk, &first), "invalid_parameter");
    assert!(!works(&mut desk, &third));
}

#[test]
fn what_a_token_was_bound_to_its_successors_are() {
    let mut desk = Desk::new();
    let print = Signer::es256(1).fingerprint();
    for scope in [json!(null), json!("sat:refresh")] {
        let pair = create(&mut desk, &json!({ "fingerprint": print, "scope": scope }));
        let before = desk.who(&text(&pair, "token"))["sat_claims"].clone();
        let pair = rotated(&mut desk, &pair);
        let after = desk.who(&text(&pair, "token"))["sat_claims"].clone();
        assert_eq!(after, before, "the clock stands still");
        assert_eq!(after["cnf"]["jkt"], print);
        assert_eq!(after["expires_at"], NOW + 7200);
    }
}

/// T-29: a rotation is no way round the minute, nor round the key of the first use.
#[test]
fn an_unbound_scope_stays_short_until_it_is_bound() {
    let mut desk = Desk::new();
    let key = Signer::es256(1);
    let first = create(&mut desk, &json!({ "scope": "sat:refresh" }));
    let second = rotated(&mut desk, &first);
    assert_eq!(second["expires_at"], NOW + 60);
    let claims = json!({
        "jti": "x", "htm": "POST", "htu": "/api/fabric/subscriber/devices/token", "iat": NOW,
    });
    let asked = json!({ "dpop_token": key.proof(&claims), "expire_in": 900 });
    let sat = text(&second, "token");
    let bound = desk.page("/api/fabric/subscriber/devices/token", &sat, &asked);
    assert_eq!(bound.status, 201);
    let third = rotated(&mut desk, &second);
    assert_eq!(third["expires_at"], NOW + 7200);
    let info = desk.who(&text(&third, "token"));
    assert_eq!(info["sat_claims"]["cnf"]["jkt"], key.fingerprint());
}

#[test]
fn a_guest_stays_within_its_addresses() {
    let mut desk = Desk::new();
    let echo = desk.address("/public/echo");
    let asked = json!({ "allowed_addresses": [echo], "ch": "us-central" });
    let first = body(&desk.backend("/api/fabric/guests/tokens", &asked));
    let second = rotated(&mut desk, &first);
    let seen = body(&desk.get("/api/fabric/addresses", &text(&second, "token")));
    assert_eq!(seen["data"].as_array().unwrap().len(), 1);
    assert_eq!(seen["data"][0]["name"], "/public/echo");
    let [before, after] = [&first, &second].map(|pair| desk.who(&text(pair, "token")));
    assert_eq!(before["id"], after["id"]);
}

#[test]
fn what_is_no_refresh_token_of_this_space_is_refused() {
    let mut desk = Desk::new();
    let pair = create(&mut desk, &json!({}));
    let foreign = create(&mut Desk::seeded(99), &json!({}));
    for token in [
        pair["token"].clone(),
        foreign["refresh_token"].clone(),
        json!("x"),
        json!("a..b.c.d"),
    ] {
        let response = desk.backend(REFRESH, &json!({ "refresh_token": token }));
        refused(&response, "invalid_parameter");
    }
    refused(
        &desk.backend(REFRESH, &json!({})),
        "missing_required_parameter",
    );
    refused(
        &desk.backend(REFRESH, &json!({ "refresh_token": 7 })),
        "invalid_parameter",
    );
    assert_eq!(desk.backend(REFRESH, &json!([])).status, 400);
    let as_sat = desk.get(INFO, &text(&pair, "refresh_token"));
    assert_eq!(as_sat.status, 401, "a refresh token is no SAT");
}

#[test]
fn a_reset_forgets_the_refresh_tokens_and_revokes_nothing() {
    let mut desk = Desk::new();
    let pair = create(&mut desk, &json!({}));
    desk.input(Input::Reset);
    refused(&rotate(&mut desk, &pair), "invalid_parameter");
    assert!(works(&mut desk, &pair));
}

#[test]
fn only_a_backend_rotates() {
    let mut desk = Desk::new();
    let pair = create(&mut desk, &json!({}));
    let asked = json!({ "refresh_token": pair["refresh_token"] }).to_string();
    for authorization in [
        None,
        Some(basic(PROJECT_ID, LIMITED_API_TOKEN)),
        Some(format!("Bearer {}", text(&pair, "token"))),
    ] {
        let response = desk.send(Request {
            method: "POST".into(),
            path: REFRESH.into(),
            authorization,
            body: asked.clone().into(),
            ..Request::default()
        });
        assert_eq!(response.status, 401);
    }
    rotated(&mut desk, &pair);
}

/// W-32: a logout at the backend, which knows one of the SATs or the subscriber.
#[test]
fn a_revocation_takes_the_refresh_tokens_along() {
    for by in ["the first", "the last", "the subscriber"] {
        let mut desk = Desk::new();
        let first = create(&mut desk, &json!({}));
        let bystander = body(&desk.manage(&json!({ "reference": "bob@example.test" })));
        let last = rotated(&mut desk, &first);
        let revocation = match by {
            "the first" => Revocation::Sat {
                jti: jti(&mut desk, &first),
            },
            "the last" => Revocation::Sat {
                jti: jti(&mut desk, &last),
            },
            _ => Revocation::Subscriber {
                id: text(&first, "subscriber_id"),
            },
        };
        desk.input(Input::Revoke(revocation));
        for pair in [&first, &last] {
            assert!(!works(&mut desk, pair), "{by}");
            refused(&rotate(&mut desk, pair), "invalid_parameter");
        }
        assert!(works(&mut desk, &bystander));
        rotated(&mut desk, &bystander);
        let anew = create(&mut desk, &json!({}));
        assert!(works(&mut desk, &anew), "who signs in again is in");
        rotated(&mut desk, &anew);
    }
}

#[test]
fn a_bound_sat_is_of_the_family_of_the_sat_it_came_of() {
    let mut desk = Desk::new();
    let key = Signer::es256(1);
    let path = "/api/fabric/subscriber/devices/token";
    let print = key.fingerprint();
    let first = create(
        &mut desk,
        &json!({ "fingerprint": print, "scope": "sat:refresh" }),
    );
    let claims = json!({ "jti": "x", "htm": "POST", "htu": path, "iat": NOW });
    let asked = json!({ "dpop_token": key.proof(&claims), "expire_in": 900 });
    let bound = body(&desk.page(path, &text(&first, "token"), &asked));
    assert!(works(&mut desk, &bound));
    let revocation = Revocation::Sat {
        jti: jti(&mut desk, &first),
    };
    desk.input(Input::Revoke(revocation));
    assert!(!works(&mut desk, &bound));
    refused(&rotate(&mut desk, &first), "invalid_parameter");
}

#[test]
fn a_family_is_remembered_as_long_as_one_of_it_lives() {
    let mut desk = Desk::new();
    let first = create(&mut desk, &json!({}));
    let mut pair = rotated(&mut desk, &first);
    let of_first = jti(&mut desk, &first);
    for _ in 0..30 {
        desk.wall += 7_000_000;
        desk.mono += 7_000_000;
        pair = rotated(&mut desk, &pair);
        for _ in 0..5 {
            create(&mut desk, &json!({}));
        }
    }
    assert!(works(&mut desk, &pair));
    desk.input(Input::Revoke(Revocation::Sat { jti: of_first }));
    assert!(!works(&mut desk, &pair), "by the SAT of two days ago");
}
