//! A machine that does as the test says, and the functions of `js/wasm/tests/harness.ts`.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::engine::io::{Cx, Input, Millis, Output};
use crate::engine::wire::{K, Sym};
use crate::web::Driver;
use crate::web::driver::Machine;

#[wasm_bindgen(module = "/dist/test/harness.js")]
extern "C" {
    fn install(keys: &str, syms: &str);
    fn application(authenticate: &Asked, deliver: &Told, keep: &Keep) -> JsValue;
    fn task() -> js_sys::Promise;

    #[wasm_bindgen(js_name = liveTracks)]
    pub fn live_tracks() -> u32;
    #[wasm_bindgen(js_name = openPeers)]
    pub fn open_peers() -> u32;
    #[wasm_bindgen(js_name = openSockets)]
    pub fn open_sockets() -> u32;
    #[wasm_bindgen(js_name = silentSocket)]
    pub fn silent_socket() -> String;
    pub fn receive(data: &JsValue);
    #[wasm_bindgen(js_name = hangNextCapture)]
    pub fn hang_next_capture();
    #[wasm_bindgen(js_name = hangNextFetch)]
    pub fn hang_next_fetch();
    #[wasm_bindgen(js_name = hangingFetches)]
    pub fn hanging_fetches() -> u32;
    #[wasm_bindgen(js_name = answerNextFetch)]
    pub fn answer_next_fetch(status: u32, body: &str);
    #[wasm_bindgen(js_name = hidePage)]
    pub fn hide_page(persisted: bool);
    #[wasm_bindgen(js_name = showPage)]
    pub fn show_page(persisted: bool);
    #[wasm_bindgen(js_name = wakePage)]
    pub fn wake_page(name: &str);
    #[wasm_bindgen(js_name = hideFromView)]
    pub fn hide_from_view(hidden: bool);
    #[wasm_bindgen(js_name = goOnline)]
    pub fn go_online();
    pub fn parse(text: &str) -> JsValue;
    #[wasm_bindgen(js_name = trapCase)]
    pub fn trap_case(place: &str, overflow: bool) -> js_sys::Promise;
}

/// What a machine answers to an input.
type Answer = Box<dyn FnMut(&Input) -> Vec<Output>>;

pub struct Script {
    answer: Answer,
    seen: Rc<RefCell<Vec<Input>>>,
    deadline: Option<Millis>,
}

impl Machine for Script {
    fn handle(&mut self, input: Input, cx: &mut Cx<'_>, out: &mut Vec<Output>) {
        if matches!(input, Input::Tick) {
            self.deadline = None;
        }
        if matches!(input, Input::PageHide { persisted: true }) {
            self.deadline = Some(cx.mono + 20);
        }
        out.extend((self.answer)(&input));
        self.seen.borrow_mut().push(input);
    }

    fn deadline(&self) -> Option<Millis> {
        self.deadline
    }
}

type Asked = Closure<dyn Fn(String) -> JsValue>;
type Told = Closure<dyn Fn(JsValue)>;
type Keep = Closure<dyn Fn(String)>;

/// A driver on a scripted machine, its application, and everything that came in.
pub struct Stage {
    pub driver: Rc<Driver<Script>>,
    pub seen: Rc<RefCell<Vec<Input>>>,
    /// The batches as JSON, in order.
    pub batches: Rc<RefCell<Vec<String>>>,
    /// What the application was asked for, and told to keep, in order.
    pub asked: Rc<RefCell<Vec<String>>>,
    pub _application: (Asked, Told, Keep),
}

/// The driver, as its application reaches it.
type Handle = Rc<RefCell<Weak<Driver<Script>>>>;

/// A function of the application.
type Act<T> = Box<dyn Fn(&Driver<Script>) -> T>;

/// What the application does when it is called, with the driver at hand.
pub struct Acts {
    pub authenticate: Act<JsValue>,
    pub deliver: Act<()>,
}

impl Default for Acts {
    fn default() -> Self {
        Self {
            authenticate: Box::new(|_| JsValue::UNDEFINED),
            deliver: Box::new(|_| ()),
        }
    }
}

impl Stage {
    pub fn new(answer: impl FnMut(&Input) -> Vec<Output> + 'static) -> Self {
        Self::with(answer, Acts::default())
    }

    pub fn with(answer: impl FnMut(&Input) -> Vec<Output> + 'static, acts: Acts) -> Self {
        install(K::joined(), Sym::joined());
        let seen = Rc::new(RefCell::new(Vec::new()));
        let batches = Rc::new(RefCell::new(Vec::new()));
        let handle: Handle = Rc::default();
        let (asking, told, kept) = (Rc::clone(&handle), Rc::clone(&handle), Rc::clone(&batches));
        let asked = Rc::new(RefCell::new(Vec::new()));
        let (sources, records) = (Rc::clone(&asked), Rc::clone(&asked));
        let authenticate = Closure::new(move |source: String| {
            sources.borrow_mut().push(source);
            (acts.authenticate)(&driver_of(&asking))
        });
        let keep = Closure::new(move |what: String| records.borrow_mut().push(what));
        let deliver = Closure::new(move |batch: JsValue| {
            let text = js_sys::JSON::stringify(&batch).expect("plain data");
            kept.borrow_mut().push(String::from(text));
            (acts.deliver)(&driver_of(&told));
        });
        let machine = Script {
            answer: Box::new(answer),
            seen: Rc::clone(&seen),
            deadline: None,
        };
        let driver = Driver::new(machine, application(&authenticate, &deliver, &keep));
        handle.replace(Rc::downgrade(&driver));
        Self {
            driver,
            seen,
            batches,
            asked,
            _application: (authenticate, deliver, keep),
        }
    }

    /// Waits until an input like this has come in.
    pub async fn saw(&self, like: impl Fn(&Input) -> bool) {
        while !self.seen.borrow().iter().any(&like) {
            next_task().await;
        }
    }

    pub fn count(&self, like: impl Fn(&Input) -> bool) -> usize {
        self.seen
            .borrow()
            .iter()
            .filter(|input| like(input))
            .count()
    }
}

fn driver_of(handle: &Handle) -> Rc<Driver<Script>> {
    handle
        .borrow()
        .upgrade()
        .expect("whoever runs the driver holds it")
}

/// Lets the browser do what it has to do.
pub async fn next_task() {
    JsFuture::from(task()).await.expect("a task comes");
}
