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
