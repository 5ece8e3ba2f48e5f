//! The page's own life.

use wasm_bindgen::JsValue;

use super::driver::Enter;
use super::host::{self, Events};
use crate::engine::io::Input;

pub struct Lifecycle {
    listener: JsValue,
    _events: Events,
}

impl Lifecycle {
    pub fn new(enter: Enter) -> Self {
        let events = Events::new(move |_, number, _: JsValue| {
            enter(Input::PageHide {
                persisted: number == 1,
            })
        });
        Self {
            listener: host::lifecycle(&events),
            _events: events,
        }
    }
}

impl Drop for Lifecycle {
    fn drop(&mut self) {
        host::close(&self.listener);
    }
}
