use wasm_bindgen_test::wasm_bindgen_test;

use super::stage::{Stage, live_tracks, next_task, open_peers};
use crate::engine::io::{
    Constraint, Direction, Input, Output, PeerId, Reply, StreamId, Ticket, Value,
};

const PEER: PeerId = PeerId(1);

/// Makes an offer on `Connect`, reads it when all is gathered, closes on `Disconnect`.
fn script(input: &Input) -> Vec<Output> {
    let receive = |receive| {
        Some(Direction {
            send: false,
            receive,
        })
    };
    match input {
        Input::Connect { .. } => vec![
            Output::CreatePeer {
                peer: PEER,
                remote: StreamId(1),
            },
            Output::MakeOffer {
                ticket: Ticket(1),
                peer: PEER,
                local: None,
                audio: receive(true),
                video: receive(false),
                servers: Vec::new(),
                relay_only: false,
            },
        ],
        Input::Gathered { .. } => vec![Output::ReadDescription {
            ticket: Ticket(2),
            peer: PEER,
        }],
        Input::AnswerApplied { .. } | Input::Disconnect { .. } => {
            vec![Output::ClosePeer { peer: PEER }]
        }
        Input::FindAddress { .. } => vec![Output::ApplyAnswer {
            ticket: Ticket(3),
            peer: PEER,
            sdp: "no session".into(),
        }],
        _ => Vec::new(),
    }
}

#[wasm_bindgen_test]
async fn an_offer_has_the_sections_that_were_asked_for() {
    let stage = Stage::new(script);
    stage.driver.enter(Input::Connect { reply: None });
    stage
        .saw(|input| {
            matches!(
                input,
                Input::OfferMade {
                    ticket: Ticket(1),
                    result: Ok(2)
                }
            )
        })
        .await;
    stage
        .saw(|input| match input {
            Input::Description {
                ticket: Ticket(2),
                sdp: Some(sdp),
            } => {
                sdp.matches("\nm=").count() == 2
                    && sdp.contains("m=audio")
                    && sdp.contains("a=recvonly")
                    && sdp.contains("m=video")
                    && sdp.contains("a=inactive")
                    && sdp.contains("a=candidate:")
            }
            _ => false,
        })
        .await;
    stage.driver.enter(Input::Disconnect { reply: Reply(1) });
    assert_eq!(open_peers(), 0);
}

#[wasm_bindgen_test]
async fn a_connection_closed_while_its_offer_is_made_says_nothing_more() {
    let stage = Stage::new(script);
    stage.driver.enter(Input::Connect { reply: None });
    stage.driver.enter(Input::Disconnect { reply: Reply(1) });
    assert_eq!(open_peers(), 0);
    // Whether Chromium settles what runs on a closed connection is its own affair; events must not come.
    for _ in 0..200 {
        next_task().await;
    }
    assert_eq!(
        stage.count(|input| matches!(input, Input::Candidate { .. } | Input::Gathered { .. })),
        0
    );
}

#[wasm_bindgen_test]
async fn a_bad_answer_is_a_failure() {
    let stage = Stage::new(script);
    stage.driver.enter(Input::Connect { reply: None });
    stage
        .saw(|input| matches!(input, Input::OfferMade { result: Ok(_), .. }))
        .await;
    stage.driver.enter(Input::FindAddress {
        call: crate::engine::io::Entity(1),
    });
    stage
        .saw(|input| {
            matches!(
                input,
                Input::AnswerApplied {
                    ticket: Ticket(3),
                    result: Err(_)
                }
            )
        })
        .await;
    assert_eq!(open_peers(), 0);
}

#[wasm_bindgen_test]
fn an_unknown_connection_is_a_failure_at_once() {
    let stage = Stage::new(|input| match input {
        Input::Disconnect { .. } => vec![Output::ReadDescription {
            ticket: Ticket(2),
            peer: PEER,
        }],
        Input::FindAddress { .. } => script(input),
        _ => Vec::new(),
    });
    stage.driver.enter(Input::FindAddress {
        call: crate::engine::io::Entity(1),
    });
    stage.driver.enter(Input::Disconnect { reply: Reply(1) });
    assert_eq!(
        stage.count(|input| matches!(input, Input::AnswerApplied { result: Err(_), .. })),
        1
    );
    assert_eq!(
        stage.count(|input| matches!(input, Input::Description { sdp: None, .. })),
        1
    );
}

const CALLER: PeerId = PeerId(11);
const CALLEE: PeerId = PeerId(12);
const MICROPHONE: StreamId = StreamId(13);
const BOTH: Direction = Direction {
    send: true,
    receive: true,
};

/// Offers audio and video from one connection to another, which answers audio alone, with the microphone.
fn answering(input: &Input) -> Vec<Output> {
    let read = |ticket, peer| Output::ReadDescription {
        ticket: Ticket(ticket),
        peer,
    };
    match input {
        Input::Connect { .. } => vec![Output::AcquireMedia {
            ticket: Ticket(1),
            stream: MICROPHONE,
            audio: Constraint::Any,
            video: Constraint::Off,
        }],
        Input::MediaAcquired { .. } => vec![
            Output::CreatePeer {
                peer: CALLER,
                remote: StreamId(21),
            },
            Output::CreatePeer {
                peer: CALLEE,
                remote: StreamId(22),
            },
            Output::MakeOffer {
                ticket: Ticket(2),
                peer: CALLER,
                local: None,
                audio: Some(BOTH),
                video: Some(BOTH),
                servers: Vec::new(),
                relay_only: false,
            },
        ],
        Input::OfferMade {
            ticket: Ticket(2), ..
        } => vec![read(3, CALLER)],
        Input::Description {
            ticket: Ticket(3),
            sdp: Some(offer),
        } => vec![Output::MakeAnswer {
            ticket: Ticket(4),
            peer: CALLEE,
            offer: offer.clone(),
            local: Some(MICROPHONE),
            audio: Some(BOTH),
            video: None,
            servers: Vec::new(),
            relay_only: false,
        }],
        Input::OfferMade {
            ticket: Ticket(4), ..
        } => vec![read(5, CALLEE)],
        Input::Description {
            ticket: Ticket(5),
            sdp: Some(answer),
        } => vec![Output::ApplyAnswer {
            ticket: Ticket(6),
            peer: CALLER,
            sdp: answer.clone(),
        }],
        Input::AnswerApplied { .. } => vec![Output::Settle {
            reply: Reply(1),
            result: Ok(Value::Stream(MICROPHONE)),
        }],
        _ => Vec::new(),
    }
}

#[wasm_bindgen_test]
async fn an_answer_sends_what_it_has_and_leaves_out_what_was_not_taken() {
    let stage = Stage::new(answering);
    stage.driver.enter(Input::Connect { reply: None });
    stage
        .saw(|input| {
            matches!(
                input,
                Input::AnswerApplied {
                    ticket: Ticket(6),
                    result: Ok(())
                }
            )
        })
        .await;
    let answer = |input: &Input| match input {
        Input::Description {
            ticket: Ticket(5),
            sdp: Some(sdp),
        } => {
            let (audio, video) = sdp.split_once("m=video").expect("both sections");
            let sends = audio.contains("a=sendrecv") && audio.contains("a=msid:");
            sends && audio.contains("a=setup:active") && video.contains("a=inactive")
        }
        _ => false,
    };
    assert_eq!(stage.count(answer), 1);
    // Both sections go over the transport of the first.
    let made = |input: &Input| {
        matches!(
            input,
            Input::OfferMade {
                ticket: Ticket(4),
                result: Ok(1)
            }
        )
    };
    assert_eq!(stage.count(made), 1);
    // The caller hears of the one track that is sent to it.
    stage
        .saw(|input| matches!(input, Input::RemoteTrack { peer: CALLER }))
        .await;
    assert_eq!(live_tracks(), 1);
    drop(stage);
    assert_eq!((open_peers(), live_tracks()), (0, 0));
}

#[wasm_bindgen_test]
async fn a_bad_offer_is_a_failure() {
    let stage = Stage::new(|input| match input {
        Input::Connect { .. } => vec![
            Output::CreatePeer {
                peer: CALLEE,
                remote: StreamId(22),
            },
            Output::MakeAnswer {
                ticket: Ticket(4),
                peer: CALLEE,
                offer: "no session".into(),
                local: None,
                audio: None,
                video: None,
                servers: Vec::new(),
                relay_only: false,
            },
        ],
        _ => Vec::new(),
    });
    stage.driver.enter(Input::Connect { reply: None });
    stage
        .saw(|input| matches!(input, Input::OfferMade { result: Err(_), .. }))
        .await;
}
