//! Lets tests kill an instance, also one that has everything open. Only with the feature `trap`.

use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::engine::io::{
    Constraint, Cx, Entity, Input, Millis, Output, PeerId, SocketId, StreamId, Ticket, Value,
};
use crate::engine::state::Field;
use crate::web::{Driver, Machine, trap};

/// Lets the entrance after the next `after` ones (exports, events, continuations, ticks) trap.
#[wasm_bindgen(js_name = trapAt)]
pub fn trap_at(after: u32, overflow: bool) {
    trap::arm(after, overflow);
}

/// Opens one of each on `connect()`, and tells the facade when the microphone is on.
struct Opener {
    socket: String,
}

impl Machine for Opener {
    fn handle(&mut self, input: Input, _: &mut Cx<'_>, out: &mut Vec<Output>) {
        match input {
            Input::Connect { .. } => out.extend([
                Output::OpenSocket {
                    socket: SocketId(1),
                    url: self.socket.clone(),
                },
                Output::CreatePeer {
                    peer: PeerId(1),
                    remote: StreamId(1),
                },
                Output::AcquireMedia {
                    ticket: Ticket(1),
                    stream: StreamId(2),
                    audio: Constraint::Any,
                    video: Constraint::Off,
                },
            ]),
            Input::MediaAcquired { .. } => out.push(Output::Patch {
                entity: Entity::CLIENT,
                field: Field::ClientReady,
                value: Value::Bool(true),
            }),
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Millis> {
        None
    }
}

/// A client without a protocol.
#[wasm_bindgen]
pub struct Rehearsal {
    driver: Rc<Driver<Opener>>,
}

#[wasm_bindgen]
impl Rehearsal {
    #[wasm_bindgen(constructor)]
    pub fn new(facade: JsValue, socket: String) -> Self {
        Self {
            driver: Driver::new(Opener { socket }, facade),
        }
    }

    pub fn connect(&self) {
        self.enter(Input::Connect { reply: None });
    }

    pub fn tick(&self) {
        self.enter(Input::Tick);
    }
}

impl Rehearsal {
    fn enter(&self, input: Input) {
        Rc::clone(&self.driver).enter(input);
    }
}
