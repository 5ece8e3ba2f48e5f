//! Calls that come in, over real sockets and with offers of the real media edge.

use serde_json::{Value, json};

use crate::client::Socket;
use crate::{desk, eventually, post, sat, session, start};

/// The next frame that is an event of verto, acknowledged; its inner message.
async fn verto_event(socket: &mut Socket) -> Value {
    loop {
        let frame = socket.frame().await;
        if frame["params"]["event_type"] == "webrtc.message" {
            return frame["params"]["params"].clone();
        }
    }
}

fn about(id: &str, method: &str, params: &Value) -> Value {
    let mut params = params.clone();
    params["dialogParams"] = json!({ "callID": id });
    let message = json!({ "jsonrpc": "2.0", "id": "i", "method": method, "params": params });
    json!({ "callID": id, "node_id": "", "message": message })
}

#[tokio::test]
async fn the_space_calls_a_subscriber_who_declines_or_answers_nonsense() {
    let space = start();
    let body = r#"{"to":"ada@example.test"}"#;
    let unreached = post(&space, "/.space/calls", &[], body).await;
    assert_eq!(unreached.status, 409);
    assert_eq!(unreached.json(), json!({ "error": "not_registered" }));

    let sat = sat(&space).await;
    let (mut socket, ..) = session(&space, &sat).await;
    socket.ask("subscriber.online", json!({})).await;
    let answers = [
        (
            "verto.bye",
            json!({ "cause": "USER_BUSY", "causeCode": "17" }),
            "declined",
        ),
        ("verto.answer", json!({ "sdp": "nonsense" }), "refused"),
    ];
    for (at, (method, params, how)) in answers.into_iter().enumerate() {
        let body = r#"{"to":"/private/ada","from":"The shop","media":"video"}"#;
        let called = post(&space, "/.space/calls", &[], body).await;
        assert_eq!(called.status, 201);
        let called = called.json();
        let id = called["calls"][0].as_str().unwrap();
        let invite = verto_event(&mut socket).await;
        assert_eq!(invite["method"], "verto.invite");
        assert_eq!(invite["params"]["callID"], id);
        assert_eq!(invite["params"]["caller_id_number"], "The shop");
        let sdp = invite["params"]["sdp"].as_str().unwrap();
        assert!(sdp.contains("m=audio") && sdp.contains("m=video"));
        assert!(sdp.contains("a=candidate"), "complete with candidates");
        let live = &desk(&space, "calls").await[at];
        assert_eq!(live["state"], "ringing");
        assert_eq!(live["direction"], "inbound");
        assert_eq!(live["peer"], Value::Null);
        let (done, _) = socket.ask("webrtc.verto", about(id, method, &params)).await;
        assert_eq!(done["result"]["result"]["result"]["callID"], id, "{done}");
        let over = eventually(&space, "calls", |calls| calls[at]["state"] == "ended").await;
        assert_eq!(over[at]["ended"]["how"], how);
    }
    let bye = verto_event(&mut socket).await;
    assert_eq!(bye["params"]["cause"], "INCOMPATIBLE_DESTINATION");
}

#[tokio::test]
async fn a_call_that_the_space_cannot_make_is_refused_by_the_members_name() {
    let space = start();
    for (body, member) in [
        ("{}", "to"),
        (r#"{"to":7}"#, "to"),
        (r#"{"to":"/public/echo"}"#, "to"),
        (r#"{"to":"nobody@example.test"}"#, "to"),
        (r#"{"to":"ada@example.test","from":""}"#, "from"),
        (r#"{"to":"ada@example.test","from":null}"#, "from"),
        (r#"{"to":"ada@example.test","media":"smell"}"#, "media"),
        (r#"{"to":"ada@example.test","mediä":"video"}"#, "mediä"),
        ("[]", "body"),
    ] {
        let refused = post(&space, "/.space/calls", &[], body).await;
        assert_eq!(refused.status, 422, "{body}");
        let why = refused.json()["error"].as_str().unwrap().to_owned();
        assert!(why.contains(member), "{why}");
    }
    assert_eq!(desk(&space, "calls").await, json!([]));
}
