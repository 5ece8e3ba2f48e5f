//! Streams: what devices give, what the application gave, and what a peer connection receives.

use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::driver::Enter;
use super::held::Slots;
use super::host::{self, Settled};
use super::reader::value;
use crate::engine::io::{Constraint, Input, Kind, MediaFailure, StreamId, Ticket, Tracks};
use crate::engine::wire::Opaque;

/// A MediaStream; dropping it stops the tracks that were acquired for it.
struct Stream(JsValue);

impl Drop for Stream {
    fn drop(&mut self) {
        host::close(&self.0);
    }
}

pub struct Streams {
    enter: Enter,
    live: Rc<Slots<Stream>>,
}

impl Streams {
    pub fn new(enter: Enter) -> Self {
        Self {
            enter,
            live: Rc::new(Slots::new()),
        }
    }

    pub fn acquire(&self, ticket: Ticket, id: StreamId, audio: &Constraint, video: &Constraint) {
        self.live.reserve(id.0);
        // Weak, or a question that nobody answers would keep the client's other streams on.
        let (enter, live) = (Rc::clone(&self.enter), Rc::downgrade(&self.live));
        let settled = host::settled(Box::new(move |settled| {
            let result = if settled.code == 0 {
                Err(media_failure(settled))
            } else {
                let tracks = Tracks {
                    audio: settled.number & 1 != 0,
                    video: settled.number & 2 != 0,
                };
                let stream = Stream(settled.value);
                if let Some(live) = live.upgrade() {
                    drop(live.fill(id.0, stream));
                }
                Ok(tracks)
            };
            enter(Input::MediaAcquired { ticket, result });
        }));
        host::acquire(&constraints(audio), &constraints(video), settled);
    }

    pub fn adopt(&self, id: StreamId, given: &[Opaque]) {
        self.hold(id, host::adopt(given.iter().map(value).collect()));
    }

    /// Makes the stream for what a new peer connection receives.
    pub fn remote(&self, id: StreamId) -> JsValue {
        let stream = host::remote();
        self.hold(id, stream.clone());
        stream
    }

    pub fn stop_tracks(&self, id: StreamId, kind: Kind, peers: Vec<JsValue>) {
        host::stop_tracks(&self.stream(id), kind.text(), peers);
    }

    pub fn restore(
        &self,
        ticket: Ticket,
        peer: &JsValue,
        id: StreamId,
        kind: Kind,
        constraint: &Constraint,
    ) {
        let enter = Rc::clone(&self.enter);
        let settled = host::settled(Box::new(move |settled| {
            let result = if settled.code == 0 {
                Err(media_failure(settled))
            } else {
                Ok(())
            };
            enter(Input::TrackRestored { ticket, result });
        }));
        host::restore(
            peer,
            &self.stream(id),
            kind.text(),
            &constraints(constraint),
            settled,
        );
    }

    pub fn release(&self, id: StreamId) {
        drop(self.live.release(id.0));
    }

    /// The MediaStream, or undefined.
    pub fn stream(&self, id: StreamId) -> JsValue {
        self.live
            .with(id.0, |stream| stream.0.clone())
            .unwrap_or_default()
    }

    fn hold(&self, id: StreamId, stream: JsValue) {
        self.live.reserve(id.0);
        drop(self.live.fill(id.0, Stream(stream)));
    }
}

fn constraints(constraint: &Constraint) -> JsValue {
    match constraint {
        Constraint::Off => JsValue::FALSE,
        Constraint::Any => JsValue::TRUE,
        Constraint::Given(given) => value(given),
    }
}

fn media_failure(settled: Settled) -> MediaFailure {
    MediaFailure {
        name: settled.text,
        thrown: Opaque::new(settled.value),
    }
}
