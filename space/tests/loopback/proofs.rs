//! Client-bound SATs over real sockets: what a page's key is asked for, and what ends a session.

use serde_json::{Value, json};
use signalwire_space::Space;
use signalwire_wasm::proof::signer::Signer;

use crate::client::{Response, connect};
use crate::{desk, eventually, post, project, session, socket, start};

const FIRST: &str = "/api/fabric/subscriber/devices/token";

/// The time of the space, in seconds.
async fn now(space: &Space) -> u64 {
    desk(space, "clock").await["wall_ms"].as_u64().unwrap() / 1000
}

async fn credential(space: &Space, key: &Signer) -> String {
    let asked = json!({
        "kind": "subscriber", "scope": "sat:refresh", "fingerprint": key.fingerprint(),
    });
    let made = post(space, "/.space/credentials", &[], &asked.to_string()).await;
    made.json()["token"].as_str().unwrap().to_owned()
}

async fn renew(space: &Space, sat: &str, proof: &str) -> Response {
    let bearer = format!("Authorization: Bearer {sat}");
    let asked = json!({ "dpop_token": proof, "expire_in": 900 });
    post(space, FIRST, &[&bearer], &asked.to_string()).await
}

#[tokio::test]
async fn a_key_renews_its_sat_and_proves_it_on_the_socket() {
    let space = start();
    let key = Signer::rs256();
    let sat = credential(&space, &key).await;
    let htu = format!("http://localhost{FIRST}");
    let claims = json!({ "jti": "1", "htm": "POST", "htu": htu, "iat": now(&space).await });
    let proof = key.proof(&claims);
    let answer = renew(&space, &sat, &proof).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let bound = answer.json()["token"].as_str().unwrap().to_owned();
    let again = renew(&space, &sat, &proof).await;
    assert_eq!(again.status, 401, "a replay");
    let mut socket = socket(&space).await;
    let (answer, _) = socket.ask("signalwire.connect", connect(&bound)).await;
    assert_eq!(answer["error"]["code"], -32002);
    let claims = json!({
        "jti": "2", "rpc": "request", "mth": "signalwire.connect", "iat": now(&space).await,
    });
    let mut params = connect(&bound);
    params["dpop_token"] = json!(key.proof(&claims));
    let (answer, _) = socket.ask("signalwire.connect", params).await;
    let cnf = &answer["result"]["authorization"]["cnf"];
    assert_eq!(cnf["jkt"], key.fingerprint());
    let sessions = desk(&space, "sessions").await;
    assert_eq!(sessions[0]["jkt"], key.fingerprint());
    assert_eq!(sessions[0]["reauthenticated"], 0);
}

#[tokio::test]
async fn the_desk_asks_for_nonces_and_bears_with_wrong_clocks() {
    let space = start();
    let first = json!({ "nonce": false, "iat_tolerance_s": 60, "resume": true });
    assert_eq!(desk(&space, "proofs").await, first);
    let rules = r#"{"nonce":true,"iat_tolerance_s":600}"#;
    let set = post(&space, "/.space/proofs", &[], rules).await;
    let wanted = json!({ "nonce": true, "iat_tolerance_s": 600, "resume": true });
    assert_eq!(set.json(), wanted);
    let key = Signer::es256(1);
    let sat = credential(&space, &key).await;
    let behind = now(&space).await - 500;
    let mut claims = json!({ "jti": "1", "htm": "POST", "htu": FIRST, "iat": behind });
    let answer = renew(&space, &sat, &key.proof(&claims)).await;
    assert_eq!(answer.status, 401);
    claims["nonce"] = json!(answer.header("dpop-nonce").unwrap());
    let answer = renew(&space, &sat, &key.proof(&claims)).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    for wrong in [
        r#"{"nonce":1}"#,
        r#"{"resume":"no"}"#,
        r#"{"iat_tolerance_s":3601}"#,
        r#"{"x":1}"#,
    ] {
        let answer = post(&space, "/.space/proofs", &[], wrong).await;
        assert_eq!(answer.status, 422, "{wrong}");
    }
    post(&space, "/.space/reset", &[], "").await;
    assert_eq!(desk(&space, "proofs").await, first);
}

/// Nothing but the request over HTTP wakes the space here.
#[tokio::test]
async fn a_refresh_token_that_is_used_again_closes_a_live_session() {
    let space = start();
    let authorization = project(&space);
    let ask = async |path: &str, body: Value| {
        let path = format!("/api/fabric/subscribers/tokens{path}");
        post(&space, &path, &[&authorization], &body.to_string()).await
    };
    let first = ask("", json!({ "reference": "ada@example.test" }))
        .await
        .json();
    let (socket, ..) = session(&space, first["token"].as_str().unwrap()).await;
    let rotation = |pair: &Value| json!({ "refresh_token": pair["refresh_token"] });
    let second = ask("/refresh", rotation(&first)).await;
    assert_eq!(second.status, 201, "{second:?}");
    assert_eq!(ask("/refresh", rotation(&second.json())).await.status, 201);
    // Its successor is used, so this is no lost answer.
    let reused = ask("/refresh", rotation(&first)).await;
    assert_eq!(reused.json()["errors"][0]["code"], "invalid_parameter");
    assert_eq!(socket.closed().await, Some(4401));
    eventually(&space, "sessions", |shown| *shown == json!([])).await;
}
