//! The one alarm of a client: the engine's deadline.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::closure::Closure;

use super::driver::{Enter, millis};
use super::host;
use crate::engine::io::{Input, Millis};

/// `setTimeout` takes a signed 32-bit number of milliseconds; a longer wait is done in parts.
const LONGEST: Millis = 0x7fff_ffff;

pub struct Alarm {
    tick: Closure<dyn Fn()>,
    at: Rc<Cell<Option<Millis>>>,
}

impl Alarm {
    pub fn new(enter: Enter) -> Self {
        let at = Rc::new(Cell::new(None));
        let rung = Rc::clone(&at);
        let tick = Closure::new(move || {
            rung.set(None);
            enter(Input::Tick);
        });
        Self { tick, at }
    }

    /// Asks for a tick at this point of the monotonic clock, and no other.
    pub fn set(&self, deadline: Option<Millis>) {
        if self.at.replace(deadline) == deadline {
            return;
        }
        let delay = deadline.map(|at| at.saturating_sub(millis(host::mono())).min(LONGEST));
        #[allow(clippy::cast_precision_loss)]
        host::alarm(&self.tick, delay.map_or(-1.0, |delay| delay as f64));
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        host::alarm(&self.tick, -1.0);
    }
}
