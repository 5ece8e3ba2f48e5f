use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen_test::wasm_bindgen_test;

use super::stage::{
    Acts, Script, Stage, go_online, hide_from_view, hide_page, parse, show_page, wake_page,
};
use crate::engine::auth::Credential;
use crate::engine::error::{ErrorCode, Failure};
use crate::engine::io::{Entity, Input, Output, Reply, Source, StoreChange, Ticket, Value};
use crate::engine::state::Field;
use crate::web::{Driver, Object};

fn settle(reply: u32) -> Output {
    Output::Settle {
        reply: Reply(reply),
        result: Ok(Value::Nothing),
    }
}

fn authenticate(ticket: u32, source: Source) -> Output {
    Output::Authenticate {
        ticket: Ticket(ticket),
        source,
        fingerprint: None,
    }
}

fn command(call: u32) -> Input {
    Input::FindAddress { call: Entity(call) }
}

/// Answers each command with a promise of its number.
fn echo(input: &Input) -> Vec<Output> {
    match input {
        Input::FindAddress { call } => vec![settle(call.0)],
        _ => Vec::new(),
    }
}

#[wasm_bindgen_test]
fn what_a_subscriber_calls_is_done_after_the_batch_that_called_it() {
    let acts = Acts {
        deliver: Box::new({
            let once = std::cell::Cell::new(false);
            move |driver| {
                if !once.replace(true) {
                    driver.enter(command(2));
                    driver.enter(command(3));
                }
            }
        }),
        ..Acts::default()
    };
    let stage = Stage::with(echo, acts);
    stage.driver.enter(command(1));
    assert_eq!(
        *stage.batches.borrow(),
        [
            r#"[["resolve",1,0,null]]"#,
            r#"[["resolve",2,0,null],["resolve",3,0,null]]"#
        ]
    );
}

#[wasm_bindgen_test]
async fn a_provider_may_call_in_while_it_is_asked() {
    let acts = Acts {
        authenticate: Box::new(|driver| {
            driver.enter(command(1));
            parse(r#"{"token":"t","expiry_at":1234.5}"#)
        }),
        ..Acts::default()
    };
    let stage = Stage::with(
        |input| match input {
            Input::Connect { .. } => vec![authenticate(9, Source::Provider)],
            _ => echo(input),
        },
        acts,
    );
    stage.driver.enter(Input::Connect { reply: None });
    let whole = r#"{"token":"t","expiry_at":1234}"#;
    stage
        .saw(|input| match input {
            Input::Authenticated {
                ticket: Ticket(9),
                result: Ok(Some(credential)),
            } => *credential == Credential::decode(&Object(parse(whole))),
            _ => false,
        })
        .await;
    assert_eq!(*stage.batches.borrow(), [r#"[["resolve",1,0,null]]"#]);
}

#[wasm_bindgen_test]
async fn a_provider_may_give_nothing() {
    let stage = Stage::new(|input| match input {
        Input::Connect { .. } => vec![authenticate(1, Source::Provider)],
        _ => Vec::new(),
    });
    stage.driver.enter(Input::Connect { reply: None });
    stage
        .saw(|input| {
            matches!(
                input,
                Input::Authenticated {
                    result: Ok(None),
                    ..
                }
            )
        })
        .await;
}

#[wasm_bindgen_test]
async fn each_source_is_asked_for_what_it_has() {
    let stage = Stage::new(|input| match input {
        Input::Connect { .. } => vec![
            authenticate(1, Source::Refresh),
            authenticate(2, Source::Stored("record")),
            authenticate(3, Source::Provider),
        ],
        _ => Vec::new(),
    });
    stage.driver.enter(Input::Connect { reply: None });
    for ticket in 1..=3 {
        stage
            .saw(|input| matches!(input, Input::Authenticated { ticket: Ticket(of), .. } if *of == ticket))
            .await;
    }
    assert_eq!(*stage.asked.borrow(), ["refresh", "record", "provider"]);
}

#[wasm_bindgen_test]
fn records_are_written_and_removed_in_order() {
    let store = |change| Output::Store {
        key: "record",
        change,
    };
    let stage = Stage::new(move |_| {
        vec![
            store(StoreChange::Write("a".into())),
            store(StoreChange::RemoveOwn("a".into())),
        ]
    });
    stage.driver.enter(Input::Destroy);
    assert_eq!(*stage.asked.borrow(), ["record is a", "record no longer a"]);
}

#[wasm_bindgen_test]
fn the_application_may_let_go_of_the_client_inside_a_batch() {
    let client: Rc<Cell<Option<Rc<Driver<Script>>>>> = Rc::default();
    let held = Rc::clone(&client);
    let acts = Acts {
        deliver: Box::new(move |driver| {
            // Only the first time there is something to let go of.
            if held.take().is_some() {
                driver.enter(command(2));
            }
        }),
        ..Acts::default()
    };
    let Stage {
        driver,
        batches,
        seen,
        asked: _,
        _application,
    } = Stage::with(echo, acts);
    let weak = Rc::downgrade(&driver);
    client.set(Some(driver));
    // As the exported methods do it: the class is given up, the call that runs is not.
    weak.upgrade().expect("held").enter(command(1));
    assert_eq!(batches.borrow().len(), 2);
    assert_eq!(seen.borrow().len(), 2);
    assert!(weak.upgrade().is_none());
}

#[wasm_bindgen_test]
fn an_inputs_outputs_make_one_batch_in_their_order() {
    let failure = Failure::from(ErrorCode::RpcTimeout)
        .arg("verto.invite")
        .number(-32000)
        .because(ErrorCode::SocketFailed.into());
    let stage = Stage::new(move |_| {
        let patch = |value| Output::Patch {
            entity: Entity(1),
            field: Field::CallStatus,
            value,
        };
        vec![
            Output::Create {
                entity: Entity(1),
                parent: Entity::CLIENT,
            },
            patch(Value::Text("\u{1F600}".into())),
            patch(Value::Texts(vec!["a".into(), "b".into()])),
            patch(Value::Entity(Entity(7))),
            patch(Value::Entities(vec![Entity(7), Entity(1)])),
            patch(Value::Notice {
                code: "plain",
                reason: "why",
                expires_at: None,
            }),
            patch(Value::Notice {
                code: "ends",
                reason: "",
                expires_at: Some(1_800_000_000_000),
            }),
            patch(Value::CallError {
                kind: "media",
                fatal: true,
                failure: failure.clone(),
            }),
            patch(Value::EndReason {
                code: "busy",
                cause: None,
                cause_code: Some(17),
            }),
            Output::End { entity: Entity(1) },
            Output::Settle {
                reply: Reply(4),
                result: Err(failure.clone()),
            },
        ]
    });
    stage.driver.enter(Input::Destroy);
    let status = Field::CallStatus.number();
    let (timeout, lost) = (
        ErrorCode::RpcTimeout.number(),
        ErrorCode::SocketFailed.number(),
    );
    let failure = format!(
        r#"{{"code":{timeout},"args":["verto.invite"],"number":-32000,"fatal":false,"cause":{{"failure":{{"code":{lost},"args":[],"number":0,"fatal":false}}}}}}"#
    );
    let expected = [
        r#"["create",1,0]"#.to_owned(),
        format!(r#"["patch",1,{status},0,"😀"]"#),
        format!(r#"["patch",1,{status},0,["a","b"]]"#),
        format!(r#"["patch",1,{status},1,7]"#),
        format!(r#"["patch",1,{status},5,[7,1]]"#),
        format!(r#"["patch",1,{status},6,{{"code":"plain","reason":"why"}}]"#),
        format!(
            r#"["patch",1,{status},6,{{"code":"ends","reason":"","expiresAt":1800000000000}}]"#
        ),
        format!(r#"["patch",1,{status},3,{{"kind":"media","fatal":true,"failure":{failure}}}]"#),
        format!(r#"["patch",1,{status},4,{{"code":"busy","causeCode":17}}]"#),
        r#"["end",1]"#.to_owned(),
        format!(r#"["reject",4,{failure}]"#),
    ];
    assert_eq!(
        *stage.batches.borrow(),
        [format!("[{}]", expected.join(","))]
    );
}

#[wasm_bindgen_test]
fn nothing_to_tell_is_no_batch() {
    let stage = Stage::new(|_| Vec::new());
    stage.driver.enter(command(1));
    assert!(stage.batches.borrow().is_empty());
}

#[wasm_bindgen_test]
async fn the_deadline_brings_one_tick() {
    let stage = Stage::new(|_| Vec::new());
    stage.driver.enter(Input::PageHide { persisted: true });
    stage.saw(|input| matches!(input, Input::Tick)).await;
    for _ in 0..50 {
        super::stage::next_task().await;
    }
    assert_eq!(stage.count(|input| matches!(input, Input::Tick)), 1);
}

#[wasm_bindgen_test]
fn the_page_going_away_is_told_at_once_and_only_to_the_living() {
    let stage = Stage::new(|_| Vec::new());
    hide_page(false);
    assert_eq!(
        stage.count(|input| matches!(input, Input::PageHide { persisted: false })),
        1
    );
    let seen = Rc::clone(&stage.seen);
    drop(stage);
    hide_page(false);
    assert_eq!(seen.borrow().len(), 1);
}

#[wasm_bindgen_test]
fn a_page_that_comes_back_says_so_but_not_when_it_first_comes() {
    let stage = Stage::new(|_| Vec::new());
    show_page(false);
    assert!(stage.seen.borrow().is_empty());
    show_page(true);
    let shown = |input: &Input| matches!(input, Input::PageShow);
    assert_eq!(stage.count(shown), 1);
    let seen = Rc::clone(&stage.seen);
    drop(stage);
    show_page(true);
    assert_eq!(seen.borrow().len(), 1);
}

#[wasm_bindgen_test]
fn the_visitor_and_the_network_coming_back_are_told_and_only_to_the_living() {
    let stage = Stage::new(|_| Vec::new());
    let woke = |input: &Input| matches!(input, Input::Woke);
    wake_page("visibilitychange");
    wake_page("resume");
    go_online();
    assert_eq!(stage.count(woke), 3);
    hide_from_view(true);
    wake_page("visibilitychange");
    assert_eq!(stage.count(woke), 3, "a page that is not looked at");
    go_online();
    assert_eq!(stage.count(woke), 4, "the network is there all the same");
    hide_from_view(false);
    let seen = Rc::clone(&stage.seen);
    drop(stage);
    wake_page("visibilitychange");
    wake_page("resume");
    go_online();
    assert_eq!(seen.borrow().len(), 4);
}
