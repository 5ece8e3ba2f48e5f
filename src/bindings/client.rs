//! The one class: a client. `js/wasm/engine.ts` describes its methods.

use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::engine::Engine;
use crate::engine::call::DialOptions;
use crate::engine::config::Config;
use crate::engine::io::{Entity, Input, Kind, Reply};
use crate::web::{Driver, Object, error};

/// One client. Freeing it closes everything that it has open.
#[wasm_bindgen]
pub struct Client {
    driver: Rc<Driver<Engine>>,
}

#[wasm_bindgen]
impl Client {
    /// Throws an `EngineFailure` for a bad configuration.
    #[wasm_bindgen(constructor)]
    pub fn new(config: JsValue, facade: JsValue) -> Result<Client, JsValue> {
        let config = Config::decode(&Object(config)).map_err(|failure| error(&failure))?;
        Ok(Self {
            driver: Driver::new(Engine::new(config), facade),
        })
    }

    pub fn start(&self) {
        self.enter(Input::Start);
    }

    pub fn connect(&self, reply: u32) {
        self.enter(Input::Connect {
            reply: (reply != 0).then_some(Reply(reply)),
        });
    }

    pub fn disconnect(&self, reply: u32) {
        self.enter(Input::Disconnect {
            reply: Reply(reply),
        });
    }

    pub fn destroy(&self) {
        self.enter(Input::Destroy);
    }

    pub fn register(&self, reply: u32) {
        self.enter(Input::Register {
            reply: Reply(reply),
        });
    }

    pub fn unregister(&self, reply: u32) {
        self.enter(Input::Unregister {
            reply: Reply(reply),
        });
    }

    pub fn dial(&self, reply: u32, to: String, options: JsValue) {
        let options = DialOptions::decode(&Object(options));
        self.enter(Input::Dial {
            reply: Reply(reply),
            to,
            options,
        });
    }

    pub fn abort(&self, reply: u32) {
        self.enter(Input::Abort {
            reply: Reply(reply),
        });
    }

    pub fn answer(&self, call: u32, options: JsValue) {
        let options = DialOptions::decode(&Object(options));
        self.enter(Input::Answer {
            call: Entity(call),
            options,
        });
    }

    pub fn reject(&self, call: u32) {
        self.enter(Input::Reject { call: Entity(call) });
    }

    pub fn hangup(&self, reply: u32, call: u32) {
        self.enter(Input::Hangup {
            reply: Reply(reply),
            call: Entity(call),
        });
    }

    #[wasm_bindgen(js_name = destroyCall)]
    pub fn destroy_call(&self, call: u32) {
        self.enter(Input::DestroyCall { call: Entity(call) });
    }

    pub fn mute(&self, reply: u32, member: u32, video: bool, muted: bool) {
        let kind = if video { Kind::Video } else { Kind::Audio };
        self.enter(Input::Mute {
            reply: Reply(reply),
            member: Entity(member),
            kind,
            muted,
        });
    }

    #[wasm_bindgen(js_name = findAddress)]
    pub fn find_address(&self, call: u32) {
        self.enter(Input::FindAddress { call: Entity(call) });
    }
}

impl Client {
    /// Holds the driver while it runs: the application may free the client from inside.
    fn enter(&self, input: Input) {
        Rc::clone(&self.driver).enter(input);
    }
}
