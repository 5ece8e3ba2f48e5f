//! Endpoints that fail as the front desk ordered.

use std::time::Duration;

use serde_json::json;
use signalwire_space::Space;

use crate::client::{Response, dial, request};
use crate::{desk, eventually, get, post, sat, start, v4};

const WHO_AM_I: &str = "/api/fabric/subscriber/info";
const EXCHANGE: &str = "/api/fabric/embeds/tokens";
const C2C: &str = r#"{"token":"c2c_00000000000000000000000000000001"}"#;

async fn order(space: &Space, fault: &str) -> Response {
    post(space, "/.space/faults", &[], fault).await
}

#[tokio::test]
async fn an_endpoint_fails_so_often_and_as_ordered() {
    let space = start();
    let bearer = format!("Authorization: Bearer {}", sat(&space).await);
    let first = r#"{"path":"/api/fabric/subscriber/info","status":503,"retry_after":7,"times":2}"#;
    let second = r#"{"path":"/api/fabric/subscriber/info","status":401}"#;
    order(&space, first).await;
    let shown = order(&space, second).await.json();
    let of = |status: u64, times: u64, retry_after: Option<u64>| {
        json!({
            "path": WHO_AM_I, "status": status, "hang": false, "times": times,
            "retry_after": retry_after, "carried_out": false,
        })
    };
    assert_eq!(shown, json!([of(503, 2, Some(7)), of(401, 1, None)]));
    for status in [503, 503, 401, 200] {
        let answer = get(&space, WHO_AM_I, &[&bearer]).await;
        assert_eq!(answer.status, status);
        let retry_after = (status == 503).then_some("7");
        assert_eq!(answer.header("retry-after"), retry_after);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert!(answer.header("date").is_some());
    }
    assert_eq!(desk(&space, "faults").await, json!([]));
    assert_eq!(post(&space, EXCHANGE, &[], C2C).await.status, 201);
}

#[tokio::test]
async fn an_answer_is_lost_with_or_without_its_work() {
    let space = start();
    let authorization = crate::project(&space);
    let path = "/api/fabric/subscribers/tokens";
    let asked = r#"{"reference":"new@example.test"}"#;
    let people = async || {
        desk(&space, "info").await["subscribers"]
            .as_array()
            .unwrap()
            .len()
    };
    let before = people().await;
    for (carried_out, more) in [(false, 0), (true, 1)] {
        let fault = json!({ "path": path, "status": 500, "carried_out": carried_out });
        order(&space, &fault.to_string()).await;
        let answer = post(&space, path, &[&authorization], asked).await;
        assert_eq!(answer.status, 500);
        assert_eq!(answer.header("access-control-allow-origin"), None);
        assert_eq!(people().await, before + more);
    }
}

#[tokio::test]
async fn an_endpoint_that_hangs_holds_up_nobody_else() {
    let space = start();
    let fault = json!({ "path": EXCHANGE, "hang": true });
    order(&space, &fault.to_string()).await;
    let stream = dial(v4(space.port()), None).await;
    let exchange = format!("POST {EXCHANGE}");
    let hanging = request(stream, &exchange, "localhost", &[], C2C);
    let mut hanging = std::pin::pin!(hanging);
    let met = eventually(&space, "faults", |shown| *shown == json!([]));
    tokio::select! {
        answer = &mut hanging => panic!("answered: {answer:?}"),
        _ = met => {}
    }
    assert_eq!(post(&space, EXCHANGE, &[], C2C).await.status, 201);
    let waited = tokio::time::timeout(Duration::from_millis(100), hanging).await;
    assert!(waited.is_err(), "{waited:?}");
}

#[tokio::test]
async fn faults_are_called_off() {
    let space = start();
    let fault = json!({ "path": EXCHANGE, "status": 500, "times": 3 }).to_string();
    order(&space, &fault).await;
    let off = json!({ "path": EXCHANGE, "times": 0 });
    assert_eq!(order(&space, &off.to_string()).await.json(), json!([]));
    order(&space, &fault).await;
    post(&space, "/.space/reset", &[], "").await;
    assert_eq!(post(&space, EXCHANGE, &[], C2C).await.status, 201);
}

#[tokio::test]
async fn a_wrong_order_is_named() {
    let space = start();
    for (order_of, why) in [
        (json!({ "status": 500 }), "path is required"),
        (json!({ "path": "/api/x", "status": 500 }), "no endpoint"),
        (json!({ "path": EXCHANGE }), "exactly one of"),
        (
            json!({ "path": EXCHANGE, "status": 500, "hang": true }),
            "exactly one of",
        ),
        (json!({ "path": EXCHANGE, "status": 200 }), "status must be"),
        (
            json!({ "path": EXCHANGE, "hang": true, "retry_after": 1 }),
            "goes with a status",
        ),
        (
            json!({ "path": EXCHANGE, "status": 500, "code": 1 }),
            "unknown member",
        ),
    ] {
        let answer = order(&space, &order_of.to_string()).await;
        assert_eq!(answer.status, 422, "{order_of}");
        assert!(
            answer.json()["error"].as_str().unwrap().contains(why),
            "{answer:?}"
        );
    }
    assert_eq!(desk(&space, "faults").await, json!([]));
}
