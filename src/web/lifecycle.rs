//! The page's own life.

use wasm_bindgen::JsValue;

use super::driver::Enter;
use super::host::{self, Events};
use crate::engine::io::Input;

// What `js/wasm/host/lifecycle.ts` reports.
const HIDDEN: u32 = 0;
const SHOWN: u32 = 1;

pub struct Lifecycle {
    listener: JsValue,
    _events: Events,
}

impl Lifecycle {
    pub fn new(enter: Enter) -> Self {
        let events = Events::new(move |what, number, _: JsValue| {
            enter(match what {
                HIDDEN => Input::PageHide {
                    persisted: number == 1,
                },
                SHOWN => Input::PageShow,
                _ => Input::Woke,
            });
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
