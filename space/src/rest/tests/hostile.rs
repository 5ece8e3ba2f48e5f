//! Bodies that mean harm or nothing: every endpoint names what is wrong with a member, and goes on.

use serde_json::{Value, json};

use super::desk::{Desk, ECHO_TOKEN, basic, body, problems};
use crate::rest::{Request, Response};
use crate::world::seeds::{API_TOKEN, PROJECT_ID};

/// An endpoint that takes a body: its members, each with a value that is accepted.
struct Taker {
    path: &'static str,
    authorization: Option<String>,
    good: Value,
}

fn takers(desk: &mut Desk) -> Vec<Taker> {
    let backend = Some(basic(PROJECT_ID, API_TOKEN));
    let ada = desk.ada();
    let print = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
    let later = 1_700_000_100;
    let token = json!({ "token": ECHO_TOKEN });
    let subscriber = json!({
        "reference": "x", "expire_at": later, "application_id": PROJECT_ID,
        "password": "long enough", "fingerprint": print, "scope": "sat:refresh",
        "first_name": "a", "last_name": "b", "display_name": "c", "job_title": "d",
        "time_zone": "e", "country": "f", "company_name": "g", "region": "us-central",
    });
    let guest = json!({
        "allowed_addresses": [desk.address("/public/echo")], "expire_at": later,
        "region": "us-central", "ch": "us-central",
    });
    let invite = json!({ "address_id": desk.address("/private/ada"), "expires_at": later });
    let taker = |path, authorization, good| Taker {
        path,
        authorization,
        good,
    };
    vec![
        taker(
            "/api/fabric/subscribers/tokens",
            backend.clone(),
            subscriber,
        ),
        taker("/api/fabric/guests/tokens", backend, guest),
        taker(
            "/api/fabric/subscriber/invites",
            Some(format!("Bearer {ada}")),
            invite,
        ),
        taker("/api/embeds/tokens", None, token.clone()),
        taker("/api/fabric/embeds/tokens", None, token),
    ]
}

fn send(desk: &mut Desk, taker: &Taker, body: impl Into<Vec<u8>>) -> Response {
    desk.send(Request {
        method: "POST".into(),
        path: taker.path.into(),
        authorization: taker.authorization.clone(),
        body: body.into(),
        ..Request::default()
    })
}

/// What no member takes: wrong types, what is too large, what is too deep for a member.
fn monsters() -> Vec<Value> {
    let nested = (0..100).fold(json!(1), |inner, _| json!([inner]));
    vec![
        json!(true),
        json!(-1),
        json!(0),
        json!(1.5),
        json!(1e300),
        json!({}),
        json!({ "a": { "b": null } }),
        json!([null]),
        json!(["x", 1]),
        json!("\u{0}\u{ffff}\u{1f600}"),
        json!("x".repeat(1_000_000)),
        nested,
    ]
}

#[test]
fn every_member_of_a_wrong_type_or_size_is_named() {
    let mut desk = Desk::new();
    for taker in takers(&mut desk) {
        let good = taker.good.to_string();
        let accepted = send(&mut desk, &taker, good);
        assert!(matches!(accepted.status, 200 | 201), "{}", accepted.body);
        for key in taker.good.as_object().unwrap().keys() {
            for monster in monsters() {
                let mut bad = taker.good.clone();
                bad[key] = monster.clone();
                let response = send(&mut desk, &taker, bad.to_string());
                let shown: String = monster.to_string().chars().take(60).collect();
                let what = format!("{} {key}: {shown}: {}", taker.path, response.status);
                if is_text_for(key, &monster) {
                    let fits = matches!(response.status, 200 | 201 | 401);
                    assert!(fits, "{what}");
                    continue;
                }
                let named = problems(&response);
                assert!(
                    named.iter().all(|(_, name)| name == key),
                    "{what}: {named:?}"
                );
                assert_eq!(named.len(), 1, "{what}");
                assert!(response.body.len() < 1000, "{what}: nothing is echoed");
            }
        }
    }
}

/// Whether the member takes any text of that length; a token of that form is an unknown one.
fn is_text_for(key: &str, value: &Value) -> bool {
    let free = [
        "reference",
        "first_name",
        "last_name",
        "display_name",
        "job_title",
        "time_zone",
        "country",
        "company_name",
        "token",
    ];
    free.contains(&key) && value.as_str().is_some_and(|text| text.len() < 255)
}

#[test]
fn every_member_that_is_left_out_is_named_or_not_needed() {
    let mut desk = Desk::new();
    let required = ["reference", "allowed_addresses", "address_id", "token"];
    for taker in takers(&mut desk) {
        for key in taker.good.as_object().unwrap().keys() {
            for without in [None, Some(Value::Null)] {
                let mut body = taker.good.clone();
                let members = body.as_object_mut().unwrap();
                members.remove(key);
                members.extend(without.map(|null| (key.clone(), null)));
                let response = send(&mut desk, &taker, body.to_string());
                if required.contains(&key.as_str()) {
                    let missing = "missing_required_parameter".to_owned();
                    assert_eq!(problems(&response), [(missing, key.clone())]);
                } else {
                    assert!(matches!(response.status, 200 | 201), "{}", response.body);
                }
            }
        }
    }
}

#[test]
fn a_body_that_is_no_object_is_a_bad_request() {
    let mut desk = Desk::new();
    let deep = |open: &str, close: &str| open.repeat(4000) + &close.repeat(4000);
    let bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b" ".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"7".to_vec(),
        b"\"token\"".to_vec(),
        b"{".to_vec(),
        b"{}{}".to_vec(),
        b"{\"token\":}".to_vec(),
        b"{\"token\":1e999}".to_vec(),
        b"{\"token\":\"\\ud800\"}".to_vec(),
        b"token=c2c_x".to_vec(),
        vec![0, 159, 146, 150, 255],
        b"{\"token\":\"\xff\xfe\"}".to_vec(),
        deep("[", "]").into(),
        deep("{\"token\":", "}").into(),
        format!("{{\"token\":{}}}", deep("[", "]")).into(),
        "[".repeat(1_000_000).into(),
    ];
    for taker in takers(&mut desk) {
        for bytes in &bodies {
            let response = send(&mut desk, &taker, bytes.clone());
            let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).into_owned();
            assert_eq!(response.status, 400, "{} {shown}", taker.path);
            assert_eq!(body(&response), json!({ "error": "Bad Request" }));
        }
    }
}

#[test]
fn a_name_that_stands_twice_is_named() {
    let mut desk = Desk::new();
    for taker in takers(&mut desk) {
        for (key, value) in taker.good.as_object().unwrap() {
            let good = taker.good.to_string();
            let twice = format!("{{\"{key}\":{value},{}", &good[1..]);
            let response = send(&mut desk, &taker, twice);
            let invalid = "invalid_parameter".to_owned();
            assert_eq!(problems(&response), [(invalid, key.clone())]);
        }
    }
}

#[test]
fn strange_headers_and_queries_are_answered() {
    let mut desk = Desk::new();
    let ada = desk.ada();
    let long = "x".repeat(1_000_000);
    for authorization in [
        "",
        " ",
        "Bearer",
        "Bearer ",
        "Basic",
        "Basic ====",
        "Basic //79",
        "Digest x",
        &format!("Bearer {long}"),
        &format!("Basic {long}"),
        &format!("Bearer {}", ".".repeat(100_000)),
        &format!("Bearer {ada}x"),
        &format!("Bearer {}", &ada[..ada.len() - 1]),
    ] {
        for (method, path) in [
            ("POST", "/api/fabric/subscribers/tokens"),
            ("POST", "/api/fabric/guests/tokens"),
            ("POST", "/api/fabric/subscriber/invites"),
            ("GET", "/api/fabric/subscriber/info"),
            ("GET", "/api/fabric/addresses"),
            ("GET", "/api/fabric/addresses/x"),
        ] {
            let response = desk.send(Request {
                method: method.into(),
                path: path.into(),
                authorization: Some(authorization.to_owned()),
                body: b"{}".to_vec(),
                ..Request::default()
            });
            let shown: String = authorization.chars().take(30).collect();
            assert_eq!(response.status, 401, "{path} {shown}");
        }
    }
    for query in [
        "page_number=-1",
        "page_number=99999999999999999999&page_size=x",
        "page_number=18446744073709551615&page_size=50",
        "sort_by=%00&sort_order=&&&=&name",
        "name=%ff%fe&type=%",
        &format!("name={long}"),
    ] {
        let response = desk.get(&format!("/api/fabric/addresses?{query}"), &ada);
        assert_eq!(response.status, 200);
        assert!(body(&response)["data"].is_array());
    }
    for path in [
        "/api/fabric/addresses/%00",
        "/api/fabric/addresses/../x",
        "/api/",
    ] {
        assert_eq!(desk.get(path, &ada).status, 404, "{path}");
    }
}
