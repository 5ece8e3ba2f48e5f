//! WebSockets: text frames in and out.

use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::driver::Enter;
use super::held::Slots;
use super::host::{self, Events};
use super::reader::Object;
use crate::engine::io::{Input, RECONNECTING, SocketId};
use crate::engine::wire::Opaque;
use crate::engine::wire::rpc::Incoming;

// What `js/wasm/host/sockets.ts` reports.
const OPENED: u32 = 0;
const PARSED: u32 = 1;
const MALFORMED: u32 = 2;

struct Socket {
    object: Option<JsValue>,
    _events: Events,
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Some(object) = &self.object {
            host::close(object);
        }
    }
}

pub struct Sockets {
    enter: Enter,
    open: Rc<Slots<Socket>>,
}

impl Sockets {
    pub fn new(enter: Enter) -> Self {
        Self {
            enter,
            open: Rc::new(Slots::new()),
        }
    }

    pub fn open(&self, id: SocketId, url: &str) {
        self.open.reserve(id.0);
        // Weak: the table holds the socket, and the socket this closure.
        let (enter, open) = (Rc::clone(&self.enter), Rc::downgrade(&self.open));
        let events = Events::new(move |what, _, value: JsValue| match what {
            OPENED => enter(Input::SocketOpened { socket: id }),
            PARSED => {
                // Only an object can be a frame; other JSON is dropped like a frame of no known shape.
                let frame = value
                    .is_object()
                    .then(|| Incoming::decode(&Object(value)))
                    .flatten();
                enter(Input::Frame { socket: id, frame });
            }
            MALFORMED => {
                let thrown = (!value.is_undefined()).then(|| Opaque::new(value));
                enter(Input::FrameMalformed { socket: id, thrown });
            }
            _ => {
                let closed = open.upgrade().and_then(|open| open.release(id.0));
                enter(Input::SocketClosed { socket: id });
                drop(closed);
            }
        });
        let object = host::socket(url, &events);
        drop(self.open.fill(
            id.0,
            Socket {
                object,
                _events: events,
            },
        ));
    }

    pub fn send(&self, id: SocketId, text: &str) {
        if let Some(object) = self.object(id) {
            host::send(&object, text);
        }
    }

    /// `again`: see [`RECONNECTING`].
    pub fn close(&self, id: SocketId, again: bool) {
        if let Some(object) = self.object(id).filter(|_| again) {
            host::leave(&object, RECONNECTING);
        }
        drop(self.open.release(id.0));
    }

    fn object(&self, id: SocketId) -> Option<JsValue> {
        self.open
            .with(id.0, |socket| socket.object.clone())
            .flatten()
    }
}
