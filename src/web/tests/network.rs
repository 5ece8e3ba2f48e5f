use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use super::stage::{
    Stage, answer_next_fetch, hang_next_fetch, hanging_fetches, next_task, open_sockets, receive,
    silent_socket,
};
use crate::engine::io::{
    FetchFailure, HttpRequest, Input, Millis, Output, Reply, SocketId, Ticket,
};
use crate::engine::wire::rest::{Body, Expect};
use crate::engine::wire::rpc::Incoming;

const SOCKET: SocketId = SocketId(3);

fn socket(url: String) -> Stage {
    Stage::new(move |input| match input {
        Input::Connect { .. } => vec![Output::OpenSocket {
            socket: SOCKET,
            url: url.clone(),
        }],
        Input::Disconnect { .. } => vec![
            // A socket that is still opening takes nothing, and does not throw.
            Output::Send {
                socket: SOCKET,
                text: "{}".into(),
            },
            Output::CloseSocket {
                socket: SOCKET,
                again: false,
            },
        ],
        _ => Vec::new(),
    })
}

fn closed(input: &Input) -> bool {
    matches!(input, Input::SocketClosed { socket: SOCKET })
}

#[wasm_bindgen_test]
fn frames_are_told_from_what_is_none() {
    let stage = socket(silent_socket());
    stage.driver.enter(Input::Connect { reply: None });
    for data in [
        r#"{"jsonrpc":"2.0","id":"1","method":"signalwire.ping"}"#,
        r#"{"id":7}"#,
        "7",
        "null",
        "[]",
        "{",
    ] {
        receive(&JsValue::from_str(data));
    }
    receive(&JsValue::from(7));
    let seen = stage.seen.borrow();
    let kinds: Vec<_> = seen.iter().skip(1).map(kind).collect();
    assert_eq!(
        kinds,
        [
            "ping",
            "dropped",
            "dropped",
            "dropped",
            "dropped",
            "thrown",
            "malformed"
        ]
    );
}

fn kind(input: &Input) -> &'static str {
    match input {
        Input::Frame {
            frame: Some(Incoming::Ping { id, .. }),
            ..
        } if id == "1" => "ping",
        Input::Frame { frame: None, .. } => "dropped",
        Input::FrameMalformed {
            thrown: Some(_), ..
        } => "thrown",
        Input::FrameMalformed { thrown: None, .. } => "malformed",
        _ => "other",
    }
}

#[wasm_bindgen_test]
async fn a_closed_socket_says_nothing_more() {
    let stage = socket(silent_socket());
    stage.driver.enter(Input::Connect { reply: None });
    assert_eq!(open_sockets(), 1);
    stage.driver.enter(Input::Disconnect { reply: Reply(1) });
    assert_eq!(open_sockets(), 0);
    receive(&JsValue::from_str("{}"));
    next_task().await;
    assert_eq!(stage.seen.borrow().len(), 2);
}

#[wasm_bindgen_test]
fn a_client_that_is_gone_has_no_socket() {
    let stage = socket(silent_socket());
    stage.driver.enter(Input::Connect { reply: None });
    assert_eq!(open_sockets(), 1);
    drop(stage);
    assert_eq!(open_sockets(), 0);
}

#[wasm_bindgen_test]
async fn a_refused_socket_closes_once() {
    // Port 1 is one that browsers never connect to.
    let stage = socket("ws://127.0.0.1:1".into());
    stage.driver.enter(Input::Connect { reply: None });
    stage.saw(closed).await;
    next_task().await;
    assert_eq!(stage.seen.borrow().len(), 2);
}

#[wasm_bindgen_test]
fn a_malformed_address_is_a_closed_socket() {
    let stage = socket("ws://[".into());
    stage.driver.enter(Input::Connect { reply: None });
    assert_eq!(stage.count(closed), 1);
    stage.driver.enter(Input::Disconnect { reply: Reply(1) });
}

fn requests(url: &'static str, timeout: Millis) -> Stage {
    Stage::new(move |input| match input {
        Input::Connect { .. } => vec![Output::Fetch {
            ticket: Ticket(5),
            request: HttpRequest {
                url: url.into(),
                body: Some("{}".into()),
                bearer: Some("sat".into()),
                timeout,
                expect: Expect::Token,
            },
        }],
        Input::Disconnect { .. } => vec![Output::CancelFetch { ticket: Ticket(5) }],
        _ => Vec::new(),
    })
}

#[wasm_bindgen_test]
async fn an_answer_has_status_reason_and_body() {
    answer_next_fetch(201, r#"{"token":"t","expires_at":9}"#);
    let stage = requests("/", 5_000);
    stage.driver.enter(Input::Connect { reply: None });
    stage
        .saw(|input| match input {
            Input::Fetched {
                ticket: Ticket(5),
                result: Ok(response),
            } => {
                response.status == 201
                    && response.status_text == "Given"
                    && response.retry_after == Some(7)
                    && matches!(&response.body, Some(Body::Token(issued)) if issued.token == "t")
            }
            _ => false,
        })
        .await;
}

#[wasm_bindgen_test]
async fn a_body_of_another_form_or_another_status_is_none() {
    for (status, body) in [
        (200, "<html>"),
        (200, "[]"),
        (200, "{}"),
        (401, r#"{"token":"t"}"#),
    ] {
        answer_next_fetch(status, body);
        let stage = requests("/", 5_000);
        stage.driver.enter(Input::Connect { reply: None });
        stage
            .saw(|input| matches!(input, Input::Fetched { result: Ok(response), .. } if response.body.is_none()))
            .await;
    }
}

#[wasm_bindgen_test]
async fn silence_is_a_time_out() {
    hang_next_fetch();
    let stage = requests("/", 10);
    stage.driver.enter(Input::Connect { reply: None });
    stage
        .saw(|input| {
            matches!(
                input,
                Input::Fetched {
                    result: Err(FetchFailure::Timeout),
                    ..
                }
            )
        })
        .await;
}

#[wasm_bindgen_test]
async fn a_cancelled_exchange_is_aborted() {
    hang_next_fetch();
    let stage = requests("/", 60_000);
    stage.driver.enter(Input::Connect { reply: None });
    stage.driver.enter(Input::Disconnect { reply: Reply(1) });
    assert_eq!(hanging_fetches(), 0);
    // Its ticket is dead in the engine.
    stage
        .saw(|input| {
            matches!(
                input,
                Input::Fetched {
                    result: Err(FetchFailure::Network(_)),
                    ..
                }
            )
        })
        .await;
}

#[wasm_bindgen_test]
async fn an_exchange_ends_with_its_client() {
    hang_next_fetch();
    let stage = requests("/", 60_000);
    stage.driver.enter(Input::Connect { reply: None });
    assert_eq!(hanging_fetches(), 1);
    drop(stage);
    assert_eq!(hanging_fetches(), 0);
}

#[wasm_bindgen_test]
async fn no_network_is_a_failure() {
    let stage = requests("http://127.0.0.1:1/", 5_000);
    stage.driver.enter(Input::Connect { reply: None });
    stage
        .saw(|input| {
            matches!(
                input,
                Input::Fetched {
                    result: Err(FetchFailure::Network(_)),
                    ..
                }
            )
        })
        .await;
}
