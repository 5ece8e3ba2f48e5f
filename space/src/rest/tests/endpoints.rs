//! Success, 401, 403, 404, 422 and CORS of the endpoints, without a socket.

use serde_json::{Value, json};

use super::desk::{Desk, ECHO_TOKEN, basic, body, token};
use crate::rest::Request;
use crate::world::seeds::{API_TOKEN, LIMITED_API_TOKEN, PROJECT_ID};
use crate::world::{Config, Cx, World};

#[test]
fn a_backend_gets_a_sat_for_any_reference() {
    let mut desk = Desk::new();
    let response =
        desk.manage(&json!({ "reference": "ada@example.test", "display_name": "A. L." }));
    assert_eq!(response.status, 200);
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert_eq!(response.header("access-control-allow-origin"), None);
    let issued = body(&response);
    assert_eq!(issued["expires_at"], 1_700_007_200);
    assert_eq!(
        issued["refresh_token"].as_str().unwrap().split('.').count(),
        5
    );
    let info = body(&desk.get(
        "/api/fabric/subscriber/info",
        issued["token"].as_str().unwrap(),
    ));
    assert_eq!(info["id"], issued["subscriber_id"]);
    assert_eq!(info["email"], "ada@example.test");
    assert_eq!(info["display_name"], "A. L.");
    assert_eq!(info["token_kind"], "subscriber");
    assert_eq!(info["fabric_addresses"][0]["name"], "/private/ada");
    assert_eq!(info["sat_claims"], json!({ "expires_at": 1_700_007_200 }));

    let fresh = body(&desk.manage(&json!({ "reference": "Grace Hopper@example.test" })));
    let again = body(&desk.manage(&json!({ "reference": "Grace Hopper@example.test" })));
    assert_eq!(fresh["subscriber_id"], again["subscriber_id"]);
    let info = body(&desk.get(
        "/api/fabric/subscriber/info",
        again["token"].as_str().unwrap(),
    ));
    assert_eq!(info["fabric_addresses"][0]["name"], "/private/grace-hopper");
}

#[test]
fn a_backend_without_the_projects_credentials_gets_401() {
    let mut desk = Desk::new();
    for authorization in [
        None,
        Some(basic(PROJECT_ID, "wrong")),
        Some(basic("wrong", API_TOKEN)),
        Some(basic(PROJECT_ID, LIMITED_API_TOKEN)),
        Some("Basic !!".into()),
        Some(format!("Bearer {API_TOKEN}")),
    ] {
        let response = desk.send(Request {
            method: "POST".into(),
            path: "/api/fabric/subscribers/tokens".into(),
            authorization,
            body: b"{}".to_vec(),
            ..Request::default()
        });
        assert_eq!(response.status, 401);
        assert_eq!(body(&response), json!({ "error": "Unauthorized" }));
        assert!(
            response
                .header("www-authenticate")
                .unwrap()
                .starts_with("Basic")
        );
    }
}

#[test]
fn every_wrong_member_of_the_body_is_named_with_422() {
    let mut desk = Desk::new();
    let response = desk.manage(&json!({}));
    assert_eq!(response.status, 422);
    let first = &body(&response)["errors"][0];
    assert_eq!(first["type"], "validation_error");
    assert_eq!(first["code"], "missing_required_parameter");
    assert_eq!(first["attribute"], "reference");
    assert!(first["url"].as_str().unwrap().starts_with("https://"));

    let response = desk.manage(&json!({
        "reference": "x", "application_id": "no", "password": "short", "fingerprint": "no",
        "region": "moon", "scope": "all", "expire_at": 1, "first_name": 7,
    }));
    assert_eq!(response.status, 422);
    let errors = body(&response)["errors"].clone();
    let named: Vec<&str> = errors
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["attribute"].as_str().unwrap())
        .collect();
    let all = [
        "application_id",
        "password",
        "fingerprint",
        "region",
        "scope",
        "expire_at",
        "first_name",
    ];
    assert_eq!(named, all);
    assert_eq!(desk.manage(&json!([])).status, 400);
    assert_eq!(desk.manage(&json!("text")).status, 400);
}

#[test]
fn the_refresh_scope_limits_an_unbound_sat_to_a_minute() {
    let mut desk = Desk::new();
    let print = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
    for scope in [json!("sat:refresh"), json!(["sat:refresh"])] {
        let issued = body(&desk.manage(&json!({ "reference": "x", "scope": scope })));
        assert_eq!(issued["expires_at"], 1_700_000_060);
    }
    let bound = body(
        &desk.manage(&json!({ "reference": "x", "scope": "sat:refresh", "fingerprint": print })),
    );
    assert_eq!(bound["expires_at"], 1_700_007_200);
    let info = body(&desk.get(
        "/api/fabric/subscriber/info",
        bound["token"].as_str().unwrap(),
    ));
    assert_eq!(
        info["sat_claims"],
        json!({ "expires_at": 1_700_007_200, "scope": ["sat:refresh"], "cnf": { "jkt": print } })
    );
}

#[test]
fn an_embed_token_is_made_of_a_c2c_token_and_both_give_a_guest_sat() {
    let mut desk = Desk::new();
    let made = desk.post("/api/embeds/tokens", &json!({ "token": ECHO_TOKEN }));
    assert_eq!(made.status, 201);
    let embed = token(&made);
    assert!(embed.starts_with("c2t_") && embed.len() == 36);
    for credential in [ECHO_TOKEN, embed.as_str()] {
        let response = desk.post("/api/fabric/embeds/tokens", &json!({ "token": credential }));
        assert_eq!(response.status, 201);
        assert_eq!(response.header("cache-control"), Some("no-store"));
        assert_eq!(response.header("access-control-allow-origin"), Some("*"));
        assert_eq!(body(&response)["expires_at"], 1_700_007_200);
        let sat = token(&response);
        let info = body(&desk.get("/api/fabric/subscriber/info", &sat));
        assert_eq!(info["token_kind"], "embed_guest");
        assert_eq!(info["fabric_addresses"], json!([]));
        let listed = body(&desk.get("/api/fabric/addresses", &sat));
        assert_eq!(listed["data"].as_array().unwrap().len(), 1);
        assert_eq!(listed["data"][0]["name"], "/public/echo");
    }
}

#[test]
fn the_exchange_refuses_with_401_403_and_422() {
    let mut desk = Desk::new();
    for path in ["/api/embeds/tokens", "/api/fabric/embeds/tokens"] {
        assert_eq!(
            desk.post(path, &json!({ "token": "c2c_unknown" })).status,
            401
        );
        let missing = desk.post(path, &json!({}));
        assert_eq!(missing.status, 422);
        assert_eq!(body(&missing)["errors"][0]["message"], "token is required");
        assert_eq!(desk.post(path, &json!({ "token": 7 })).status, 422);
    }
    let resource = desk.world.directory_mut().resource_mut(ECHO_TOKEN).unwrap();
    resource.origins = Some(vec!["https://shop.test".into()]);
    let mut from = |origin: Option<&str>| {
        desk.send(Request {
            method: "POST".into(),
            path: "/api/fabric/embeds/tokens".into(),
            origin: origin.map(str::to_owned),
            body: json!({ "token": ECHO_TOKEN }).to_string().into(),
            ..Request::default()
        })
    };
    assert_eq!(from(Some("https://shop.test")).status, 201);
    assert_eq!(from(Some("null")).status, 403);
    let refused = from(None);
    assert_eq!(
        (refused.status, body(&refused)),
        (403, json!({ "error": "Forbidden" }))
    );
    let resource = desk.world.directory_mut().resource_mut(ECHO_TOKEN).unwrap();
    resource.origins = None;
    resource.enabled = false;
    assert_eq!(
        desk.post("/api/fabric/embeds/tokens", &json!({ "token": ECHO_TOKEN }))
            .status,
        403
    );
}

#[test]
fn a_sat_that_is_not_in_force_gets_401() {
    let mut desk = Desk::new();
    let sat = desk.ada();
    let refresh = body(&desk.manage(&json!({ "reference": "x" })))["refresh_token"].clone();
    let foreign = {
        // Another instance: the same seeds, another key.
        let mut source = |bytes: &mut [u8]| bytes.fill(9);
        let mut cx = Cx {
            mono: 0,
            wall: desk.wall,
            entropy: &mut source,
        };
        let config = Config {
            ch: "puc.localhost:1".into(),
            ice_servers: Vec::new(),
        };
        let world = World::new(config, &mut cx);
        Desk {
            world,
            mono: 0,
            wall: desk.wall,
            entropy: 1,
        }
        .ada()
    };
    for bad in [
        "",
        "x",
        "a.b.c",
        refresh.as_str().unwrap(),
        foreign.as_str(),
    ] {
        for path in [
            "/api/fabric/subscriber/info",
            "/api/fabric/addresses",
            "/api/fabric/addresses/x",
        ] {
            let response = desk.get(path, bad);
            assert_eq!(response.status, 401, "{path} with {bad:?}");
            assert!(
                response
                    .header("www-authenticate")
                    .unwrap()
                    .starts_with("Bearer")
            );
            assert_eq!(response.header("access-control-allow-origin"), Some("*"));
        }
    }
    desk.wall += 7_199_000;
    assert_eq!(desk.get("/api/fabric/subscriber/info", &sat).status, 200);
    desk.wall += 1000;
    assert_eq!(desk.get("/api/fabric/subscriber/info", &sat).status, 401);
}

#[test]
fn the_directory_is_found_by_name_sorted_and_paged() {
    let mut desk = Desk::new();
    let sat = desk.ada();
    let found = body(&desk.get("/api/fabric/addresses?name=%2Fpublic%2Ftone", &sat));
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
    let tone = &found["data"][0];
    assert_eq!(tone["display_name"], "Tone: 440 Hz");
    assert_eq!(tone["type"], "app");
    assert_eq!(
        tone["channels"],
        json!({ "audio": "/public/tone?channel=audio" })
    );
    let id = tone["id"].as_str().unwrap();
    assert_eq!(
        body(&desk.get(&format!("/api/fabric/addresses/{id}"), &sat)),
        *tone
    );
    assert_eq!(desk.get("/api/fabric/addresses/unknown", &sat).status, 404);
    let guest = desk.guest();
    assert_eq!(
        desk.get(&format!("/api/fabric/addresses/{id}"), &guest)
            .status,
        404
    );

    let path = "/api/fabric/addresses?sort_by=name&sort_order=desc&page_size=5";
    let first = body(&desk.get(path, &sat));
    let names = |page: &Value| -> Vec<String> {
        let data = page["data"].as_array().unwrap();
        data.iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        names(&first),
        [
            "/public/unreachable",
            "/public/tone",
            "/public/silent",
            "/public/echo",
            "/public/busy"
        ]
    );
    assert!(first["links"]["prev"].is_null());
    let next = first["links"]["next"].as_str().unwrap();
    let path = next.strip_prefix("http://fabric.localhost:1").unwrap();
    let second = body(&desk.get(path, &sat));
    assert_eq!(names(&second), ["/private/bob", "/private/ada"]);
    assert!(second["links"]["next"].is_null());
    assert!(second["links"]["prev"].is_string());
}

#[test]
fn an_unknown_endpoint_is_named_in_the_answer_and_in_the_log() {
    let mut desk = Desk::new();
    for (method, path) in [
        ("POST", "/api/fabric/subscriber/devices/unbind"),
        ("GET", "/api/fabric/subscribers/tokens"),
        ("DELETE", "/api/fabric/addresses/x"),
    ] {
        let response = desk.send(Request {
            method: method.into(),
            path: path.into(),
            ..Request::default()
        });
        assert_eq!(response.status, 404);
        let detail = format!("this space has no endpoint {method} {path}");
        assert_eq!(
            body(&response),
            json!({ "error": "Not Found", "detail": detail })
        );
        assert_eq!(response.warning, Some(detail));
        assert_eq!(response.header("access-control-allow-origin"), Some("*"));
    }
}

#[test]
fn preflights_are_granted_for_browsers_and_not_for_backends() {
    let mut desk = Desk::new();
    let mut ask = |path: &str, method: &str| {
        desk.send(Request {
            method: "OPTIONS".into(),
            path: path.into(),
            origin: Some("null".into()),
            requested_method: Some(method.into()),
            ..Request::default()
        })
    };
    let granted = ask("/api/fabric/embeds/tokens", "POST");
    assert_eq!((granted.status, granted.body.as_str()), (204, ""));
    assert_eq!(granted.header("access-control-allow-origin"), Some("*"));
    assert_eq!(
        granted.header("access-control-allow-methods"),
        Some("GET, POST, OPTIONS")
    );
    let headers = granted.header("access-control-allow-headers").unwrap();
    assert!(headers.contains("authorization") && headers.contains("dpop"));
    assert_eq!(
        ask("/api/fabric/subscribers/tokens", "POST").header("access-control-allow-origin"),
        None
    );
    assert!(
        ask("/api/unknown", "POST")
            .header("access-control-allow-origin")
            .is_some()
    );
}
