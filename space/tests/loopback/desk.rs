//! The levers of the front desk, over real sockets.

use serde_json::json;

use crate::{desk, get, post, sat, session, start};

#[tokio::test]
async fn the_clock_is_moved_ahead_and_every_session_is_told() {
    let space = start();
    let sat = sat(&space).await;
    let (mut socket, ..) = session(&space, &sat).await;
    let before = desk(&space, "clock").await;
    assert_eq!(before["advanced_ms"], 0);
    let moved = post(&space, "/.space/clock", &[], r#"{"advance_ms":3600000}"#).await;
    let moved = moved.json();
    assert_eq!(moved["advanced_ms"], 3_600_000);
    let earliest = before["wall_ms"].as_u64().unwrap() + 3_600_000;
    let now = moved["wall_ms"].as_u64().unwrap();
    assert!((earliest..earliest + 60_000).contains(&now));
    let ping = socket.frame().await;
    assert_eq!(ping["method"], "signalwire.ping");
    let told = ping["params"]["timestamp"].as_f64().unwrap();
    assert!(told >= earliest as f64 / 1000.0, "{ping}");
    let bearer = format!("Authorization: Bearer {sat}");
    let info = get(&space, "/api/fabric/subscriber/info", &[&bearer]).await;
    assert_eq!(info.status, 200);
    assert!(info.header("date").unwrap().ends_with(" GMT"));
    post(&space, "/.space/reset", &[], "").await;
    assert_eq!(desk(&space, "clock").await["advanced_ms"], 0);
}

#[tokio::test]
async fn a_click_to_call_resource_opens_its_address_to_its_origins() {
    let space = start();
    let body = r#"{"address":"/private/ada","origins":["https://shop.test"]}"#;
    let made = post(&space, "/.space/click-to-call", &[], body).await;
    assert_eq!(made.status, 201);
    let made = made.json();
    assert_eq!(made["address"], "/private/ada");
    assert_eq!(made["origins"], json!(["https://shop.test"]));
    for key in ["token", "embed_token"] {
        let body = json!({ "token": made[key] }).to_string();
        for (origin, status) in [("https://shop.test", 201), ("https://other.test", 403)] {
            let origin = format!("Origin: {origin}");
            let answer = post(&space, "/api/fabric/embeds/tokens", &[&origin], &body).await;
            assert_eq!(answer.status, status, "{origin}");
        }
    }
    let open = post(
        &space,
        "/.space/click-to-call",
        &[],
        r#"{"address":"/public/echo","origins":null}"#,
    );
    assert_eq!(open.await.json()["origins"], json!(null));
}

#[tokio::test]
async fn any_credential_is_made_at_the_desk_and_opens_a_session() {
    let space = start();
    for kind in ["subscriber", "guest", "invite"] {
        let body = json!({ "kind": kind }).to_string();
        let made = post(&space, "/.space/credentials", &[], &body).await;
        assert_eq!(made.status, 201, "{made:?}");
        assert_eq!(made.header("cache-control"), Some("no-store"));
        let token = made.json()["token"].as_str().unwrap().to_owned();
        session(&space, &token).await;
    }
    for kind in ["embed", "c2c"] {
        let body = json!({ "kind": kind }).to_string();
        let made = post(&space, "/.space/credentials", &[], &body).await;
        let body = json!({ "token": made.json()["token"] }).to_string();
        let guest = post(&space, "/api/fabric/embeds/tokens", &[], &body).await;
        let token = guest.json()["token"].as_str().unwrap().to_owned();
        session(&space, &token).await;
    }
    let kinds: Vec<String> = desk(&space, "sessions")
        .await
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["kind"].as_str().unwrap().to_owned())
        .collect();
    let all = [
        "subscriber",
        "guest",
        "invite",
        "embed_guest",
        "embed_guest",
    ];
    assert_eq!(kinds, all);
}

#[tokio::test]
async fn a_session_ends_at_the_expiry_of_its_sat_and_at_its_revocation() {
    let space = start();
    let sat = sat(&space).await;
    let (socket, ..) = session(&space, &sat).await;
    let (other, ..) = session(&space, &sat).await;
    let sessions = desk(&space, "sessions").await;
    assert_eq!(sessions[0]["jti"], sessions[1]["jti"]);
    let body = json!({ "jti": sessions[0]["jti"] }).to_string();
    let revoked = post(&space, "/.space/revoke", &[], &body).await;
    assert_eq!((revoked.status, revoked.body.as_str()), (204, ""));
    assert_eq!(socket.closed().await, Some(4401));
    assert_eq!(other.closed().await, Some(4401));
    let bearer = format!("Authorization: Bearer {sat}");
    let info = get(&space, "/api/fabric/subscriber/info", &[&bearer]).await;
    assert_eq!(info.status, 401);

    let body = r#"{"kind":"guest","expires_in":60}"#;
    let guest = post(&space, "/.space/credentials", &[], body).await.json();
    let (socket, ..) = session(&space, guest["token"].as_str().unwrap()).await;
    post(&space, "/.space/clock", &[], r#"{"advance_ms":60000}"#).await;
    assert_eq!(socket.closed().await, Some(4401));
    assert_eq!(desk(&space, "sessions").await, json!([]));
}

#[tokio::test]
async fn a_revoked_embed_token_is_refused_and_an_unknown_one_is_said_to_be() {
    let space = start();
    let token = "c2t_00000000000000000000000000000001";
    let body = json!({ "embed_token": token }).to_string();
    assert_eq!(post(&space, "/.space/revoke", &[], &body).await.status, 204);
    let body = json!({ "token": token }).to_string();
    let path = "/api/fabric/embeds/tokens";
    assert_eq!(post(&space, path, &[], &body).await.status, 403);
    let unknown = r#"{"embed_token":"c2t_x"}"#;
    let answer = post(&space, "/.space/revoke", &[], unknown).await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn the_limit_of_exchanges_is_set_and_met_by_each_origin_alone() {
    let space = start();
    assert_eq!(desk(&space, "limits").await["exchanges_per_minute"], 600);
    let limit = r#"{"exchanges_per_minute":2}"#;
    let set = post(&space, "/.space/limits", &[], limit).await;
    assert_eq!(set.json()["exchanges_per_minute"], 2);
    let body = r#"{"token":"c2c_00000000000000000000000000000001"}"#;
    for path in ["/api/embeds/tokens", "/api/fabric/embeds/tokens"] {
        assert_eq!(post(&space, path, &[], body).await.status, 201);
    }
    let refused = post(&space, "/api/fabric/embeds/tokens", &[], body).await;
    assert_eq!(refused.status, 429);
    let retry: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&retry));
    assert_eq!(refused.header("access-control-allow-origin"), Some("*"));
    let origin = "Origin: https://shop.test";
    let other = post(&space, "/api/fabric/embeds/tokens", &[origin], body).await;
    assert_eq!(other.status, 201);
    post(&space, "/.space/reset", &[], "").await;
    assert_eq!(desk(&space, "limits").await["exchanges_per_minute"], 600);
}
