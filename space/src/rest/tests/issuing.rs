//! Guest SATs and invites: what they are, and every way to be refused one.

use serde_json::{Value, json};

use super::desk::{Desk, basic, body, problems, token};
use crate::rest::Request;
use crate::world::seeds::{LIMITED_API_TOKEN, PROJECT_ID};

const NOW: u64 = 1_700_000_000;
const GUESTS: &str = "/api/fabric/guests/tokens";
const INVITES: &str = "/api/fabric/subscriber/invites";
const STRANGER: &str = "0b9a1d0e-6a52-4c5e-9d0f-3a0f0f8f7a11";

fn pair(code: &str, attribute: &str) -> (String, String) {
    (code.to_owned(), attribute.to_owned())
}

fn names(desk: &mut Desk, sat: &str) -> Vec<String> {
    let listed = body(&desk.get("/api/fabric/addresses", sat));
    let data = listed["data"].as_array().unwrap().clone();
    let name = |one: &Value| one["name"].as_str().unwrap().to_owned();
    data.iter().map(name).collect()
}

#[test]
fn a_guest_sees_its_addresses_and_no_others() {
    let mut desk = Desk::new();
    let [echo, bob] = ["/public/echo", "/private/bob"].map(|name| desk.address(name));
    let response = desk.backend(GUESTS, &json!({ "allowed_addresses": [bob, echo, bob] }));
    assert_eq!(response.status, 201);
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert_eq!(response.header("access-control-allow-origin"), None);
    let issued = body(&response);
    assert_eq!(issued["expires_at"], NOW + 7200);
    let parts = |token: &Value| token.as_str().unwrap().split('.').count();
    assert_eq!(
        [parts(&issued["token"]), parts(&issued["refresh_token"])],
        [5, 5]
    );
    let sat = token(&response);
    assert_eq!(names(&mut desk, &sat), ["/public/echo", "/private/bob"]);
    let info = desk.who(&sat);
    assert_eq!(info["token_kind"], "guest");
    assert_eq!(info["fabric_addresses"], json!([]));
    assert_eq!(info["email"], "");
    assert_eq!(info["sat_claims"], json!({ "expires_at": NOW + 7200 }));
    let hidden = desk.address("/public/tone");
    let path = format!("/api/fabric/addresses/{hidden}");
    assert_eq!(desk.get(&path, &sat).status, 404);
}

#[test]
fn a_guest_token_says_where_the_space_is_as_it_was_told() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let mut desk = Desk::new();
    let echo = desk.address("/public/echo");
    for (ch, wanted) in [
        (json!(null), "puc.localhost:1"),
        (json!("us-central"), "us-central"),
    ] {
        let asked = json!({ "allowed_addresses": [echo], "ch": ch, "region": "us-central" });
        let issued = body(&desk.backend(GUESTS, &asked));
        for key in ["token", "refresh_token"] {
            let header = issued[key].as_str().unwrap().split('.').next().unwrap();
            let header = URL_SAFE_NO_PAD.decode(header).unwrap();
            let header: Value = serde_json::from_slice(&header).unwrap();
            assert_eq!(header["ch"], wanted);
        }
    }
}

#[test]
fn every_wrong_list_of_addresses_is_named() {
    let mut desk = Desk::new();
    let echo = desk.address("/public/echo");
    let key = "allowed_addresses";
    for (list, code) in [
        (json!(null), "missing_required_parameter"),
        (json!([]), "invalid_parameter"),
        (json!(vec![&echo; 11]), "invalid_parameter"),
        (json!(echo), "invalid_parameter"),
        (json!([7]), "invalid_parameter"),
        (json!(["/public/echo"]), "invalid_parameter"),
        (json!([echo, STRANGER]), "must_belong_to_project"),
    ] {
        let response = desk.backend(GUESTS, &json!({ key: list }));
        assert_eq!(problems(&response), [pair(code, key)], "{list}");
    }
    assert_eq!(
        desk.backend(GUESTS, &json!({ key: vec![&echo; 10] }))
            .status,
        201
    );
    let stranger = desk.backend(GUESTS, &json!({ key: [STRANGER] }));
    let message = &body(&stranger)["errors"][0]["message"];
    assert_eq!(message, "The addresses must belong to the project");
    let all = json!({ "expire_at": NOW, "region": "moon", "ch": "x" });
    let named = [
        pair("missing_required_parameter", key),
        pair("invalid_parameter", "expire_at"),
        pair("invalid_parameter", "region"),
        pair("invalid_parameter", "ch"),
    ];
    assert_eq!(problems(&desk.backend(GUESTS, &all)), named);
}

#[test]
fn only_a_backend_with_a_calling_scope_gets_a_guest_token() {
    let mut desk = Desk::new();
    let sat = desk.ada();
    let limited = basic(PROJECT_ID, LIMITED_API_TOKEN);
    for authorization in [None, Some(limited), Some(format!("Bearer {sat}"))] {
        let response = desk.send(Request {
            method: "POST".into(),
            path: GUESTS.into(),
            authorization,
            body: b"{}".to_vec(),
            ..Request::default()
        });
        assert_eq!(response.status, 401);
        assert_eq!(body(&response), json!({ "error": "Unauthorized" }));
    }
}

#[test]
fn a_subscriber_invites_to_its_own_address() {
    let mut desk = Desk::new();
    let ada = desk.ada();
    let own = desk.address("/private/ada");
    let response = desk.invite(&ada, &json!({ "address_id": own }));
    assert_eq!(response.status, 201);
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert_eq!(response.header("access-control-allow-origin"), Some("*"));
    let issued = body(&response);
    assert_eq!(issued["expires_at"], NOW + 7200);
    assert!(issued["refresh_token"].is_null());
    let sat = token(&response);
    assert_eq!(names(&mut desk, &sat), ["/private/ada"]);
    let info = desk.who(&sat);
    assert_eq!(info["token_kind"], "invite");
    assert_eq!(info["email"], "", "who is invited is not the inviter");
    assert_ne!(info["id"], desk.who(&ada)["id"]);
    assert_eq!(info["fabric_addresses"], json!([]));
}

#[test]
fn an_invite_ends_when_it_is_told_to_and_never_after_two_hours() {
    let mut desk = Desk::new();
    let ada = desk.ada();
    let own = desk.address("/private/ada");
    for (key, asked, wanted) in [
        ("expires_at", NOW + 60, NOW + 60),
        ("expire_at", NOW + 60, NOW + 60),
        ("expires_at", NOW + 7201, NOW + 7200),
        ("expires_at", u64::MAX, NOW + 7200),
    ] {
        let issued = body(&desk.invite(&ada, &json!({ "address_id": own, key: asked })));
        assert_eq!(issued["expires_at"], wanted, "{key}: {asked}");
    }
    for (asked, message) in [
        (json!("soon"), "Expires At must be an integer".to_owned()),
        (json!(1.5), "Expires At must be an integer".to_owned()),
        (json!(NOW), format!("Expires At must be greater than {NOW}")),
        (json!(-1), format!("Expires At must be greater than {NOW}")),
    ] {
        let response = desk.invite(&ada, &json!({ "address_id": own, "expires_at": asked }));
        assert_eq!(
            problems(&response),
            [pair("invalid_parameter", "expires_at")]
        );
        assert_eq!(body(&response)["errors"][0]["message"], message);
    }
}

#[test]
fn an_invite_to_anything_else_is_refused() {
    let mut desk = Desk::new();
    let ada = desk.ada();
    let missing = desk.invite(&ada, &json!({}));
    let required = pair("missing_required_parameter", "address_id");
    assert_eq!(problems(&missing), [required]);
    let foreign = [desk.address("/private/bob"), desk.address("/public/echo")];
    let foreign = foreign.map(|id| json!(id)).into_iter();
    for id in foreign.chain([json!(STRANGER), json!("x"), json!(7), json!([])]) {
        let response = desk.invite(&ada, &json!({ "address_id": id }));
        assert_eq!(
            problems(&response),
            [pair("invalid_parameter", "address_id")]
        );
        let message = &body(&response)["errors"][0]["message"];
        assert_eq!(message, "Address is invalid");
    }
}

#[test]
fn only_a_subscriber_invites() {
    let mut desk = Desk::new();
    let own = desk.address("/private/ada");
    let ada = desk.ada();
    let invited = token(&desk.invite(&ada, &json!({ "address_id": own })));
    let guest = token(&desk.backend(GUESTS, &json!({ "allowed_addresses": [own] })));
    let visitor = desk.guest();
    for sat in ["", "x.y.z", &invited, &guest, &visitor] {
        let response = desk.invite(sat, &json!({ "address_id": own }));
        assert_eq!(response.status, 401);
        let asked = response.header("www-authenticate").unwrap();
        assert!(asked.starts_with("Bearer"));
    }
    let response = desk.backend(INVITES, &json!({ "address_id": own }));
    assert_eq!(response.status, 401, "the project's credentials are no SAT");
    desk.wall += 7_200_000;
    assert_eq!(desk.invite(&ada, &json!({ "address_id": own })).status, 401);
}

#[test]
fn a_time_zone_that_is_a_number_is_shown_as_one() {
    let mut desk = Desk::new();
    for (told, shown) in [("-5", json!(-5)), ("Europe/London", json!("Europe/London"))] {
        let asked = json!({ "reference": "ada@example.test", "time_zone": told, "country": "7" });
        let sat = token(&desk.manage(&asked));
        let info = desk.who(&sat);
        assert_eq!(info["time_zone"], shown);
        assert_eq!(info["country"], "7");
    }
}
