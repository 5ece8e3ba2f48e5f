//! The only loop, and the only way into the engine.
//!
//! A trampoline: whoever has news puts it into the queue; the first one there runs the loop, and
//! whoever comes while it runs (an application's provider or subscriber calling back) only queues.
//! The engine is borrowed while inputs are drained and at no other time.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use wasm_bindgen::JsValue;

use super::browser::Browser;
use super::held::Held;
use super::host;
use super::timer::Alarm;
use crate::engine::Engine;
use crate::engine::io::{Cx, Input, Millis, Output};

/// The entrance that effects and events are given; does nothing once the client is gone.
pub type Enter = Rc<dyn Fn(Input)>;

/// What the driver drives.
pub trait Machine: 'static {
    /// See [`Engine::handle`].
    fn handle(&mut self, input: Input, cx: &mut Cx<'_>, out: &mut Vec<Output>);
    /// See [`Engine::deadline`].
    fn deadline(&self) -> Option<Millis>;
}

impl Machine for Engine {
    fn handle(&mut self, input: Input, cx: &mut Cx<'_>, out: &mut Vec<Output>) {
        Engine::handle(self, input, cx, out);
    }

    fn deadline(&self) -> Option<Millis> {
        Engine::deadline(self)
    }
}

/// One client: its engine, its queue, and everything that it has open in the browser.
pub struct Driver<M> {
    machine: Held<M>,
    queue: Held<VecDeque<Input>>,
    running: Cell<bool>,
    browser: Browser,
    alarm: Alarm,
}

impl<M: Machine> Driver<M> {
    /// A driver that delivers to `facade`. Dropping it closes everything that it opened.
    pub fn new(machine: M, facade: JsValue) -> Rc<Self> {
        Rc::new_cyclic(|weak: &Weak<Self>| {
            let weak = weak.clone();
            let enter: Enter = Rc::new(move |input| {
                if let Some(driver) = weak.upgrade() {
                    driver.enter(input);
                }
            });
            Self {
                machine: Held::new(machine),
                queue: Held::new(VecDeque::new()),
                running: Cell::new(false),
                alarm: Alarm::new(Rc::clone(&enter)),
                browser: Browser::new(facade, enter),
            }
        })
    }

    /// Takes one input. The caller holds an `Rc` of the driver: what runs inside may let go of others.
    pub fn enter(&self, input: Input) {
        #[cfg(feature = "trap")]
        super::trap::reached();
        self.queue.with(|queue| queue.push_back(input));
        if self.running.replace(true) {
            return;
        }
        while self.has_inputs() {
            while self.has_inputs() {
                for output in self.drain() {
                    self.browser.execute(output);
                }
            }
            self.browser.deliver();
        }
        self.alarm
            .set(self.machine.with(|machine| machine.deadline()));
        self.running.set(false);
    }

    fn has_inputs(&self) -> bool {
        self.queue.with(|queue| !queue.is_empty())
    }

    fn drain(&self) -> Vec<Output> {
        let mut out = Vec::new();
        let inputs = self.queue.with(std::mem::take);
        let mut cx = Cx {
            mono: millis(host::mono()),
            wall: wall(),
            entropy: &mut entropy,
        };
        self.machine.with(|machine| {
            for input in inputs {
                machine.handle(input, &mut cx, &mut out);
            }
        });
        out
    }
}

/// The wall clock.
pub fn wall() -> Millis {
    millis(host::wall())
}

/// Whole milliseconds, rounded down.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub fn millis(time: f64) -> Millis {
    time as Millis
}

fn entropy(buffer: &mut [u8]) {
    // The browser's generator fails only for requests of more than 64 KiB; identifiers from any other
    // source would be guessable, so there is nothing to go on with.
    #[allow(clippy::expect_used)]
    getrandom::fill(buffer).expect("crypto.getRandomValues");
}
