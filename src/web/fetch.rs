//! HTTP exchanges.

use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::driver::Enter;
use super::held::Slots;
use super::host::{self, Settled};
use super::reader::Object;
use crate::engine::io::{FetchFailure, HttpRequest, HttpResponse, Input, Ticket};
use crate::engine::wire::Opaque;
use crate::engine::wire::rest::{Body, Expect};

/// An exchange that runs; dropping it cancels.
pub struct Running(JsValue);

impl Drop for Running {
    fn drop(&mut self) {
        host::close(&self.0);
    }
}

pub struct Requests {
    enter: Enter,
    running: Rc<Slots<Running>>,
}

impl Requests {
    pub fn new(enter: Enter) -> Self {
        Self {
            enter,
            running: Rc::new(Slots::new()),
        }
    }

    pub fn start(&self, ticket: Ticket, request: HttpRequest) {
        self.running.reserve(ticket.0);
        // Weak, or what runs would outlive the client that it runs for.
        let (enter, running) = (Rc::clone(&self.enter), Rc::downgrade(&self.running));
        let exchange = send(request, move |result| {
            drop(
                running
                    .upgrade()
                    .and_then(|running| running.release(ticket.0)),
            );
            enter(Input::Fetched { ticket, result });
        });
        drop(self.running.fill(ticket.0, exchange));
    }

    pub fn cancel(&self, ticket: Ticket) {
        drop(self.running.release(ticket.0));
    }
}

/// Sends one request; `then` gets the answer, once, and never before this function has returned.
pub fn send(
    request: HttpRequest,
    then: impl FnOnce(Result<HttpResponse, FetchFailure>) + 'static,
) -> Running {
    let expect = request.expect;
    let settled = host::settled(Box::new(move |settled| then(answer(expect, settled))));
    #[allow(clippy::cast_precision_loss)]
    let timeout = request.timeout as f64;
    Running(host::request(
        &request.url,
        request.body,
        request.bearer,
        timeout,
        settled,
    ))
}

fn answer(expect: Expect, settled: Settled) -> Result<HttpResponse, FetchFailure> {
    let Settled {
        code,
        number,
        text,
        value,
        more,
    } = settled;
    match (code, number) {
        (0, 0) => Err(FetchFailure::Network(Opaque::new(value))),
        (0, _) => Err(FetchFailure::Timeout),
        _ => Ok(HttpResponse {
            status: u16::try_from(code).unwrap_or_default(),
            status_text: text,
            retry_after: number.checked_sub(1),
            date: more.map(|seconds| u64::from(seconds).saturating_mul(1_000)),
            nonce: value.as_string(),
            body: value
                .is_object()
                .then(|| Body::decode(expect, &Object(value)))
                .flatten(),
        }),
    }
}
