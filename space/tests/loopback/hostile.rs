//! What only a real socket can be sent: binary messages, messages without end, bodies without end.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::client::connect;
use crate::{post, sat, session, socket, start};

#[tokio::test]
async fn binary_messages_are_passed_over_and_nothing_is_lost() {
    let space = start();
    let sat = sat(&space).await;
    let mut socket = socket(&space).await;
    let frame = json!({
        "jsonrpc": "2.0", "id": "b", "method": "signalwire.connect", "params": connect(&sat),
    });
    let hidden = frame.to_string().into_bytes();
    for bytes in [vec![], vec![0, 255, 254], vec![7; 100_000], hidden] {
        socket.say(Message::Binary(bytes.into())).await;
    }
    let (answer, _) = socket.ask("signalwire.connect", connect(&sat)).await;
    assert!(answer["result"].is_object(), "{answer}");
}

#[tokio::test]
async fn a_message_of_a_megabyte_is_answered_and_one_of_five_closes_the_socket() {
    let space = start();
    let sat = sat(&space).await;
    let (mut socket, ..) = session(&space, &sat).await;
    let long = "x".repeat(1_000_000);
    let renewal = json!({ "authentication": { "jwt_token": long } });
    let (answer, _) = socket.ask("signalwire.reauthenticate", renewal).await;
    assert_eq!(answer["error"]["code"], -32002);
    let (answer, _) = socket.ask("subscriber.online", json!({})).await;
    assert_eq!(answer["result"]["code"], "200");
    socket.say(Message::text("x".repeat(5 << 20))).await;
    assert_eq!(socket.closed().await, Some(1009));
}

#[tokio::test]
async fn a_long_member_of_a_body_is_named() {
    let space = start();
    let long = "x".repeat(1_000_000);
    let body = json!({ "token": long }).to_string();
    for path in ["/api/embeds/tokens", "/api/fabric/embeds/tokens"] {
        let answer = post(&space, path, &[], &body).await;
        assert_eq!(answer.status, 422);
        assert_eq!(answer.json()["errors"][0]["attribute"], "token");
    }
    let deep = "[".repeat(4000) + &"]".repeat(4000);
    for desk in [
        "calls",
        "click-to-call",
        "clock",
        "credentials",
        "drop",
        "hangup",
        "limits",
        "network",
        "reset",
        "revoke",
    ] {
        let path = format!("/.space/{desk}");
        for body in [&deep, "null", "\u{0}", "{", "7"] {
            let answer = post(&space, &path, &[], body).await;
            assert_eq!(answer.status, 422, "{desk}");
            assert!(answer.body.contains("the body must be a JSON object"));
        }
        let unknown = format!("{{\"{long}\":1}}");
        let answer = post(&space, &path, &[], &unknown).await;
        assert_eq!(answer.status, 422, "{desk}");
        assert!(answer.body.contains("unknown member") && answer.body.len() < 1000);
    }
}

#[tokio::test]
async fn every_member_of_the_front_desk_is_named_when_it_is_wrong() {
    let space = start();
    let long = "x".repeat(1_000_000);
    for (desk, good, members) in [
        (
            "calls",
            json!({ "to": "/private/ada" }),
            &["to", "from", "media"][..],
        ),
        (
            "click-to-call",
            json!({ "address": "/public/echo" }),
            &["address", "origins"],
        ),
        ("clock", json!({}), &["advance_ms"]),
        ("credentials", json!({}), &["kind"]),
        (
            "credentials",
            json!({ "kind": "subscriber" }),
            &["reference", "expires_in", "fingerprint", "scope"],
        ),
        (
            "credentials",
            json!({ "kind": "guest" }),
            &["address", "addresses", "expires_in"],
        ),
        (
            "credentials",
            json!({ "kind": "invite" }),
            &["reference", "address", "expires_in"],
        ),
        ("drop", json!({}), &["session"]),
        ("limits", json!({}), &["exchanges_per_minute"]),
        ("network", json!({}), &["rtt_ms", "loss"]),
        (
            "revoke",
            json!({}),
            &["jti", "subscriber_id", "embed_token"],
        ),
    ] {
        for member in members {
            for monster in [
                json!(true),
                json!(-1),
                json!(1e300),
                json!({ "a": 1 }),
                json!([null]),
                json!([[["x"]]]),
                json!(["x", 1]),
            ] {
                let mut bad = good.clone();
                bad[*member] = monster.clone();
                let path = format!("/.space/{desk}");
                let answer = post(&space, &path, &[], &bad.to_string()).await;
                let why = answer.json()["error"].as_str().unwrap().to_owned();
                assert_eq!(answer.status, 422, "{desk} {member} {monster}: {why}");
                assert!(why.starts_with(member), "{desk} {member} {monster}: {why}");
            }
        }
    }
    let named = json!({ "kind": "subscriber", "reference": long }).to_string();
    let answer = post(&space, "/.space/credentials", &[], &named).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("reference must be") && answer.body.len() < 1000);
}
