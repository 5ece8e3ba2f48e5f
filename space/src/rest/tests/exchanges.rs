//! The public exchanges: how often, by whom, and what is left after a revocation.

use serde_json::json;

use super::desk::{Desk, ECHO_TOKEN, body, token};
use crate::rest::{Request, Response};
use crate::world::Input;
use crate::world::embeds::EXCHANGES_PER_MINUTE;
use crate::world::revocation::Revocation;

const EXCHANGES: [&str; 2] = ["/api/embeds/tokens", "/api/fabric/embeds/tokens"];

fn exchange(desk: &mut Desk, peer: &str, origin: Option<&str>) -> Response {
    desk.send(Request {
        method: "POST".into(),
        path: EXCHANGES[1].into(),
        peer: peer.into(),
        origin: origin.map(str::to_owned),
        body: json!({ "token": ECHO_TOKEN }).to_string().into(),
        ..Request::default()
    })
}

#[test]
fn a_caller_that_asks_too_often_is_told_when_to_come_again() {
    let mut desk = Desk::new();
    for count in 0..EXCHANGES_PER_MINUTE {
        let status = exchange(&mut desk, "10.0.0.1", None).status;
        assert_eq!(status, 201, "{count}");
    }
    desk.mono += 30_500;
    let refused = exchange(&mut desk, "10.0.0.1", None);
    assert_eq!(refused.status, 429);
    assert_eq!(body(&refused), json!({ "error": "Too Many Requests" }));
    assert_eq!(refused.header("retry-after"), Some("30"));
    assert_eq!(refused.header("cache-control"), Some("no-store"));
    assert_eq!(exchange(&mut desk, "10.0.0.2", None).status, 201);
    let page = Some("https://shop.test");
    assert_eq!(exchange(&mut desk, "10.0.0.1", page).status, 201);
    desk.mono += 29_499;
    assert_eq!(exchange(&mut desk, "10.0.0.1", None).status, 429);
    desk.mono += 1;
    assert_eq!(exchange(&mut desk, "10.0.0.1", None).status, 201);
}

#[test]
fn the_callers_that_are_counted_do_not_grow_without_end() {
    let mut desk = Desk::new();
    desk.world.limit_exchanges(1);
    assert_eq!(exchange(&mut desk, "first", None).status, 201);
    assert_eq!(exchange(&mut desk, "first", None).status, 429);
    desk.mono += 1;
    for caller in 0..4096 {
        exchange(&mut desk, &caller.to_string(), None);
    }
    let forgotten = exchange(&mut desk, "first", None);
    assert_eq!(forgotten.status, 201, "who came first was forgotten");
}

#[test]
fn what_was_revoked_opens_nothing_and_what_was_got_for_it_neither() {
    let mut desk = Desk::new();
    let embed = token(&desk.post(EXCHANGES[0], &json!({ "token": ECHO_TOKEN })));
    let sat = token(&desk.post(EXCHANGES[1], &json!({ "token": embed })));
    let other = desk.guest();
    let revocation = Revocation::EmbedToken {
        token: embed.clone(),
    };
    desk.input(Input::Revoke(revocation));
    for path in EXCHANGES {
        let response = desk.post(path, &json!({ "token": embed }));
        assert_eq!(response.status, 403);
        assert_eq!(body(&response), json!({ "error": "Forbidden" }));
    }
    let path = "/api/fabric/subscriber/info";
    assert_eq!(desk.get(path, &sat).status, 401);
    assert_eq!(desk.get(path, &other).status, 200);
}

#[test]
fn a_revoked_sat_is_refused_everywhere() {
    let mut desk = Desk::new();
    let ada = desk.ada();
    let id = desk.who(&ada)["id"].as_str().unwrap().to_owned();
    desk.input(Input::Revoke(Revocation::Subscriber { id }));
    for path in ["/api/fabric/subscriber/info", "/api/fabric/addresses"] {
        assert_eq!(desk.get(path, &ada).status, 401);
    }
    let own = desk.address("/private/ada");
    assert_eq!(desk.invite(&ada, &json!({ "address_id": own })).status, 401);
    let again = desk.ada();
    assert_eq!(desk.get("/api/fabric/subscriber/info", &again).status, 200);
}

#[test]
fn every_answer_tells_the_time_of_the_space() {
    let mut desk = Desk::new();
    desk.wall += 500;
    for response in [
        desk.guest_response(),
        desk.get("/api/fabric/subscriber/info", ""),
        desk.get("/api/nothing", ""),
        desk.manage(&json!({})),
    ] {
        let date = Some("Tue, 14 Nov 2023 22:13:20 GMT");
        assert_eq!(response.header("date"), date);
    }
    let shown = desk.get("/api/nothing", "");
    let exposed = shown.header("access-control-expose-headers").unwrap();
    assert!(exposed.contains("Date") && exposed.contains("Retry-After"));
}
