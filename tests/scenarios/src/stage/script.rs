//! What a scenario is told with: acts of application, user and network, and time.

use serde_json::json;
use signalwire_wasm::engine::call::DialOptions;
use signalwire_wasm::engine::io::{Entity, Input, Kind, Millis, Reply};
use signalwire_wasm::engine::wire::json::Json;

use super::Stage;
use super::network::{Fate, Rule, Way};

/// A promise of `dial()`, and the call that came into being with it.
#[derive(Clone, Copy, Debug)]
pub struct Dialled {
    pub reply: Reply,
    /// The client itself where the dial was refused before there was a call.
    pub call: Entity,
}

/// The scene does not wait for this promise; that it settles is the stage's business.
pub fn unheeded(_: Reply) {}

/// Acts of the application.
impl Stage {
    pub fn connect(&mut self) -> Reply {
        let reply = self.application.promise("connect()");
        self.input(Input::Connect { reply: Some(reply) });
        reply
    }

    /// The constructor is through.
    pub fn start(&mut self) {
        self.input(Input::Start);
    }

    pub fn register(&mut self) -> Reply {
        let reply = self.application.promise("register()");
        self.input(Input::Register { reply });
        reply
    }

    pub fn unregister(&mut self) -> Reply {
        let reply = self.application.promise("unregister()");
        self.input(Input::Unregister { reply });
        reply
    }

    pub fn answer(&mut self, call: Entity) {
        self.answer_with(call, json!({}));
    }

    pub fn answer_with(&mut self, call: Entity, options: serde_json::Value) {
        let options = DialOptions::decode(&Json(&options));
        self.input(Input::Answer { call, options });
    }

    pub fn reject(&mut self, call: Entity) {
        self.input(Input::Reject { call });
    }

    pub fn disconnect(&mut self) -> Reply {
        let reply = self.application.promise("disconnect()");
        self.input(Input::Disconnect { reply });
        reply
    }

    pub fn destroy(&mut self) {
        self.destroyed = true;
        self.input(Input::Destroy);
    }

    pub fn dial(&mut self, to: &str) -> Dialled {
        self.dial_with(to, json!({}))
    }

    pub fn dial_with(&mut self, to: &str, options: serde_json::Value) -> Dialled {
        let reply = self.application.promise("dial()");
        let known: Vec<Entity> = self.application.things.keys().copied().collect();
        let options = DialOptions::decode(&Json(&options));
        let to = to.to_owned();
        self.input(Input::Dial { reply, to, options });
        let made = self.application.things.iter().find(|(entity, thing)| {
            !known.contains(entity) && thing.parent == Some(Entity::CLIENT)
        });
        let call = made.map_or(Entity::CLIENT, |(entity, _)| *entity);
        Dialled { reply, call }
    }

    pub fn abort(&mut self, dialled: Dialled) {
        let reply = dialled.reply;
        self.input(Input::Abort { reply });
    }

    pub fn hang_up(&mut self, call: Entity) -> Reply {
        let reply = self.application.promise("hangup()");
        self.input(Input::Hangup { reply, call });
        reply
    }

    pub fn destroy_call(&mut self, call: Entity) {
        self.input(Input::DestroyCall { call });
    }

    pub fn mute(&mut self, member: Entity, muted: bool) -> Reply {
        self.mute_kind(member, Kind::Audio, muted)
    }

    pub fn mute_kind(&mut self, member: Entity, kind: Kind, muted: bool) -> Reply {
        let reply = self.application.promise("mute()");
        self.input(Input::Mute {
            reply,
            member,
            kind,
            muted,
        });
        reply
    }

    pub fn find_address(&mut self, call: Entity) {
        self.input(Input::FindAddress { call });
    }

    /// The page goes away; the browser then closes its sockets with "going away".
    pub fn page_hides(&mut self, persisted: bool) {
        self.input(Input::PageHide { persisted });
    }

    /// The page comes back from the back/forward cache.
    pub fn page_shows(&mut self) {
        self.input(Input::PageShow);
    }

    /// The page is looked at again.
    pub fn woken(&mut self) {
        self.input(Input::Woke);
    }

    /// A connected client with a call that has sound.
    pub fn talking(&mut self, to: &str) -> Dialled {
        let ready = self.connect();
        self.until_settled(ready);
        let dialled = self.dial(to);
        self.until(10_000, "the call has joined", |stage| {
            stage.status(dialled.call) == "connected" && stage.own_member(dialled.call).is_some()
        });
        dialled
    }
}

/// Acts of user and network.
impl Stage {
    /// The user answers every open prompt.
    pub fn allow(&mut self) {
        for (ticket, stream, tracks) in std::mem::take(&mut self.prompts) {
            self.grant(0, ticket, stream, tracks);
        }
    }

    /// The next frame with this text fares so.
    pub fn once(&mut self, way: Way, text: &'static str, fate: Fate) {
        self.network.rules.push(Rule {
            way,
            text,
            fate,
            times: 1,
        });
    }

    /// Every frame with this text fares so.
    pub fn always(&mut self, way: Way, text: &'static str, fate: Fate) {
        self.network.rules.push(Rule {
            way,
            text,
            fate,
            times: usize::MAX,
        });
    }

    /// The computer sleeps; space and network go on. The page's monotonic clock runs on, or stands
    /// still, as the operating system will have it.
    pub fn sleep(&mut self, millis: Millis, clock_runs: bool) {
        let wakes = self.now + millis;
        self.wakes = Some(wakes);
        if !clock_runs {
            self.behind += millis;
        }
        while self.step(wakes - 1) {}
        self.now = wakes;
        self.wakes = None;
    }
}

/// Time.
impl Stage {
    /// Lets time go by.
    pub fn pass(&mut self, millis: Millis) {
        let until = self.now + millis;
        while self.step(until) {}
        self.now = until;
    }

    /// Lets time go by until something is so; fails when it is not so in time.
    pub fn until(&mut self, limit: Millis, what: &str, so: impl Fn(&Self) -> bool) {
        let latest = self.now + limit;
        while !so(self) {
            assert!(
                self.step(latest),
                "not within {limit} ms: {what}; {:?}",
                self.deeds
            );
        }
    }

    pub fn until_settled(&mut self, reply: Reply) {
        self.until(120_000, "a promise is settled", |stage| {
            stage.is_settled(reply)
        });
    }

    /// Until the application does something by this name; see [`Stage::deeds`].
    pub fn until_deed(&mut self, name: &str) {
        let before = self.times(name);
        self.until(60_000, name, |stage| stage.times(name) > before);
    }

    pub fn until_status(&mut self, call: Entity, status: &str) {
        self.until(60_000, status, |stage| {
            stage.statuses(call).contains(&status.to_owned())
        });
    }
}
