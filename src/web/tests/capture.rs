use wasm_bindgen_test::wasm_bindgen_test;

use super::stage::{Stage, hang_next_capture, live_tracks, next_task};
use crate::engine::io::{Constraint, Input, Kind, Output, Reply, StreamId, Ticket, Tracks, Value};

const STREAM: StreamId = StreamId(1);

fn acquire(audio: Constraint) -> Output {
    Output::AcquireMedia {
        ticket: Ticket(1),
        stream: STREAM,
        audio,
        video: Constraint::Off,
    }
}

/// Acquires on `Connect`, lets go on `Disconnect`.
fn script(input: &Input) -> Vec<Output> {
    match input {
        Input::Connect { .. } => vec![acquire(Constraint::Any)],
        Input::Disconnect { .. } => vec![Output::ReleaseStream { stream: STREAM }],
        _ => Vec::new(),
    }
}

fn acquired(input: &Input) -> bool {
    matches!(
        input,
        Input::MediaAcquired {
            result: Ok(Tracks {
                audio: true,
                video: false
            }),
            ..
        }
    )
}

#[wasm_bindgen_test]
async fn a_released_stream_is_off() {
    let stage = Stage::new(script);
    stage.driver.enter(Input::Connect { reply: None });
    stage.saw(acquired).await;
    assert_eq!(live_tracks(), 1);
    stage.driver.enter(Input::Disconnect { reply: Reply(1) });
    assert_eq!(live_tracks(), 0);
}

#[wasm_bindgen_test]
async fn a_microphone_granted_after_its_release_is_off_at_once() {
    let stage = Stage::new(script);
    stage.driver.enter(Input::Connect { reply: None });
    stage.driver.enter(Input::Disconnect { reply: Reply(1) });
    stage
        .saw(|input| matches!(input, Input::MediaAcquired { .. }))
        .await;
    assert_eq!(live_tracks(), 0);
}

#[wasm_bindgen_test]
async fn a_microphone_granted_after_the_client_is_gone_is_off_at_once() {
    let stage = Stage::new(script);
    stage.driver.enter(Input::Connect { reply: None });
    drop(stage);
    // Another request, made later, is granted later.
    let witness = Stage::new(script);
    witness.driver.enter(Input::Connect { reply: None });
    witness.saw(acquired).await;
    next_task().await;
    assert_eq!(live_tracks(), 1, "the witness's own");
    drop(witness);
    assert_eq!(live_tracks(), 0);
}

#[wasm_bindgen_test]
async fn a_question_nobody_answers_keeps_nothing_on() {
    let stage = Stage::new(|input| match input {
        Input::Disconnect { .. } => vec![Output::AcquireMedia {
            ticket: Ticket(2),
            stream: StreamId(2),
            audio: Constraint::Any,
            video: Constraint::Off,
        }],
        _ => script(input),
    });
    stage.driver.enter(Input::Connect { reply: None });
    stage.saw(acquired).await;
    hang_next_capture();
    stage.driver.enter(Input::Disconnect { reply: Reply(1) });
    drop(stage);
    assert_eq!(live_tracks(), 0);
}

#[wasm_bindgen_test]
async fn a_refusal_keeps_its_name() {
    let stage = Stage::new(|input| match input {
        // Chromium refuses a request for nothing with a TypeError.
        Input::Connect { .. } => vec![acquire(Constraint::Off)],
        _ => Vec::new(),
    });
    stage.driver.enter(Input::Connect { reply: None });
    stage
        .saw(|input| match input {
            Input::MediaAcquired {
                result: Err(failure),
                ..
            } => failure.name == "TypeError",
            _ => false,
        })
        .await;
}

#[wasm_bindgen_test]
async fn a_stopped_kind_is_off_and_leaves_the_stream() {
    let stage = Stage::new(|input| match input {
        Input::Disconnect { .. } => vec![
            Output::StopTracks {
                stream: STREAM,
                kind: Kind::Video,
            },
            Output::Settle {
                reply: Reply(1),
                result: Ok(Value::Stream(STREAM)),
            },
            Output::StopTracks {
                stream: STREAM,
                kind: Kind::Audio,
            },
        ],
        _ => script(input),
    });
    stage.driver.enter(Input::Connect { reply: None });
    stage.saw(acquired).await;
    stage.driver.enter(Input::Disconnect { reply: Reply(1) });
    assert_eq!(live_tracks(), 0);
    // The value was the stream itself.
    assert_eq!(*stage.batches.borrow(), [r#"[["resolve",1,0,{}]]"#]);
}
