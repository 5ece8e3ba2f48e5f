//! The network: sockets, the frames on their way, and what becomes of them.

use std::collections::BTreeMap;

use signalwire_space::world;
use signalwire_wasm::engine::io::{Input, Millis, SocketId};
use signalwire_wasm::engine::wire::Opaque;
use signalwire_wasm::engine::wire::json::Json;
use signalwire_wasm::engine::wire::rpc::Incoming;

use super::Stage;
use super::client::Who;
use super::requests::Ordered;
use super::setup::Reach;

/// Which way a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    ToSpace,
    ToPage,
}

/// What becomes of a frame that a [`Rule`] matches.
#[derive(Clone, Copy, Debug)]
pub enum Fate {
    /// It is lost.
    Lost,
    /// It is overtaken: comes so much later.
    Late(Millis),
    /// It comes, and the same again so much later.
    Twice(Millis),
    /// The sockets are cut as it is sent: it is lost with whatever is on the way.
    Cuts,
    /// It says something else.
    Altered(fn(&str) -> String),
}

/// Something wrong with the network: frames with this text fare so.
pub struct Rule {
    pub way: Way,
    pub text: &'static str,
    pub fate: Fate,
    /// How often; frames before and after pass.
    pub times: usize,
}

/// Which way nothing passes, on a socket that both ends believe to be open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deafness {
    /// What the page sends is lost; what the space says comes through, its close does not.
    Sends,
    /// What the space says is lost, its close too.
    Receives,
    /// Both.
    Both,
}

/// One socket, seen from both ends.
#[derive(Debug, Default)]
pub struct Wire {
    /// The page has been told that it is open.
    pub open: bool,
    /// The page wants no more of it.
    pub forgotten: bool,
    /// No frame passes any more.
    pub cut: bool,
    /// Something on the way swallows what it should pass on.
    deaf: Option<Deafness>,
    /// Frames wait, in both directions.
    stalled: bool,
    waiting: Vec<(Way, String)>,
    /// The close of the space waits behind them.
    close_waits: bool,
    /// When the last frame of each way is through: they do not overtake each other.
    through: [Millis; 2],
}

impl Wire {
    fn swallows(&self, way: Way) -> bool {
        match self.deaf {
            None => false,
            Some(Deafness::Both) => true,
            Some(Deafness::Sends) => way == Way::ToSpace,
            Some(Deafness::Receives) => way == Way::ToPage,
        }
    }

    fn through(&mut self, way: Way) -> &mut Millis {
        let [up, down] = &mut self.through;
        match way {
            Way::ToSpace => up,
            Way::ToPage => down,
        }
    }
}

/// See the module.
#[derive(Default)]
pub struct Network {
    pub wires: BTreeMap<SocketId, Wire>,
    pub rules: Vec<Rule>,
    /// What becomes of requests over HTTP.
    pub(super) ordered: Vec<Ordered>,
}

impl Network {
    pub fn wire(&mut self, socket: SocketId) -> &mut Wire {
        self.wires.get_mut(&socket).expect("a known socket")
    }

    /// Is the socket with this number of the space one that the page uses, and of use?
    pub fn is_alive(&self, socket: u64) -> bool {
        let (_, socket) = page_id(world::SocketId(socket));
        let wire = self.wires.get(&socket);
        wire.is_some_and(|wire| !wire.forgotten && !wire.cut && wire.deaf.is_none())
    }

    /// Is there a socket that the page knows to be open?
    pub fn has_open(&self) -> bool {
        let mut live = self.wires.values();
        live.any(|wire| wire.open && !wire.forgotten && !wire.cut)
    }

    /// Sockets that the page has not given up and that have not closed.
    pub fn open(&self) -> usize {
        let live = self.wires.values();
        live.filter(|wire| !wire.forgotten && !wire.cut).count()
    }
}

/// The space numbers the sockets of all clients together.
const SOCKETS_OF_A_CLIENT: u64 = 1 << 32;

/// Whose socket it is, and the number that the page knows it by.
pub(super) fn page_id(socket: world::SocketId) -> (Who, SocketId) {
    let who = usize::try_from(socket.0 / SOCKETS_OF_A_CLIENT).expect("a few clients");
    let own = u32::try_from(socket.0 % SOCKETS_OF_A_CLIENT).expect("a number of a page");
    (Who(who), SocketId(own))
}

impl Stage {
    /// Is the socket with this number of the space one that this client uses?
    pub fn uses_socket(&self, who: Who, socket: u64) -> bool {
        let (owner, _) = page_id(world::SocketId(socket));
        owner == who && self.seen_by(who).network.is_alive(socket)
    }

    fn world_id(&self, socket: SocketId) -> world::SocketId {
        let who = u64::try_from(self.current.0).expect("a few clients");
        world::SocketId(who * SOCKETS_OF_A_CLIENT + u64::from(socket.0))
    }

    pub(super) fn open_socket(&mut self, socket: SocketId, url: &str) {
        assert_eq!(url, "ws://puc.localhost:8080", "the socket of the space");
        let known = self.network.wires.insert(socket, Wire::default());
        assert!(known.is_none(), "{socket:?} used twice");
        let live = self.network.open();
        assert!(live <= 1, "{live} sockets at once");
        let latency = self.setup.latency;
        match self.setup.reach {
            Reach::Nowhere => {}
            Reach::Refused => self.in_page(latency, move |stage| stage.socket_closed(socket)),
            Reach::Up => {
                self.outside(latency, move |stage| {
                    if !stage.network.wire(socket).cut {
                        let socket = stage.world_id(socket);
                        stage.world_input(world::Input::Opened { socket });
                    }
                });
                self.in_page(2 * latency, move |stage| {
                    let wire = stage.network.wire(socket);
                    if !wire.cut && !wire.forgotten {
                        wire.open = true;
                        stage.input(Input::SocketOpened { socket });
                    }
                });
            }
        }
    }

    /// The page learns that a socket is gone, once.
    fn socket_closed(&mut self, socket: SocketId) {
        let wire = self.network.wire(socket);
        wire.cut = true;
        if !std::mem::replace(&mut wire.forgotten, true) {
            self.input(Input::SocketClosed { socket });
        }
    }

    /// Invariant: nothing is sent on a socket that is not open.
    pub(super) fn send_up(&mut self, socket: SocketId, text: String) {
        let wire = self.network.wire(socket);
        assert!(wire.open && !wire.forgotten, "a frame on a closed socket");
        self.check_sat(&text);
        self.send(socket, Way::ToSpace, text);
    }

    pub(super) fn send(&mut self, socket: SocketId, way: Way, text: String) {
        let wire = self.network.wire(socket);
        if wire.cut || wire.swallows(way) {
            return;
        }
        let rule = self
            .network
            .rules
            .iter_mut()
            .find(|rule| rule.times > 0 && rule.way == way && text.contains(rule.text));
        if let Some(rule) = rule {
            rule.times -= 1;
            match rule.fate {
                Fate::Lost => {}
                Fate::Late(more) => self.arrive(self.setup.latency + more, socket, way, text),
                Fate::Twice(more) => {
                    self.in_order(socket, way, text.clone());
                    self.arrive(self.setup.latency + more, socket, way, text);
                }
                Fate::Cuts => self.cut(),
                Fate::Altered(alter) => self.in_order(socket, way, alter(&text)),
            }
            return;
        }
        self.in_order(socket, way, text);
    }

    fn in_order(&mut self, socket: SocketId, way: Way, text: String) {
        let latency = self.setup.latency + self.below(self.setup.jitter + 1);
        let now = self.now;
        let wire = self.network.wire(socket);
        if wire.stalled {
            wire.waiting.push((way, text));
            return;
        }
        let at = wire.through(way);
        *at = (*at).max(now + latency);
        let after = *at - now;
        self.arrive(after, socket, way, text);
    }

    fn arrive(&mut self, after: Millis, socket: SocketId, way: Way, text: String) {
        let deed = move |stage: &mut Stage| {
            let wire = stage.network.wire(socket);
            match way {
                _ if wire.cut => {}
                Way::ToSpace => {
                    let socket = stage.world_id(socket);
                    stage.world_input(world::Input::Frame { socket, text });
                }
                Way::ToPage if wire.forgotten => {}
                Way::ToPage => stage.input(received(socket, &text)),
            }
        };
        match way {
            Way::ToSpace => self.outside(after, deed),
            Way::ToPage => self.in_page(after, deed),
        }
    }

    /// The page closes a socket; `code` is what the space gets to see.
    pub(super) fn close_socket(&mut self, socket: SocketId, code: u16) {
        let latency = self.setup.latency;
        let now = self.now;
        let wire = self.network.wire(socket);
        assert!(!wire.forgotten, "{socket:?} closed twice");
        wire.forgotten = true;
        let after = wire.through(Way::ToSpace).saturating_sub(now).max(latency);
        self.outside(after, move |stage| {
            let wire = stage.network.wire(socket);
            if !std::mem::replace(&mut wire.cut, true) {
                let socket = stage.world_id(socket);
                stage.world_input(world::Input::Closed { socket, code });
            }
        });
    }

    /// The space closes a socket.
    pub(super) fn closed_by_space(&mut self, socket: SocketId) {
        let now = self.now;
        let latency = self.setup.latency;
        let wire = self.network.wire(socket);
        let after = wire.through(Way::ToPage).saturating_sub(now).max(latency);
        wire.close_waits = wire.stalled;
        if wire.stalled || wire.deaf.is_some() {
            return;
        }
        self.in_page(after, move |stage| stage.socket_closed(socket));
    }

    /// Every socket breaks, seen at both ends at once; what is on the way is lost.
    pub fn cut(&mut self) {
        for socket in self.break_wires() {
            self.in_page(0, move |stage| stage.socket_closed(socket));
            let socket = self.world_id(socket);
            let code = 1006;
            self.outside(0, move |stage| {
                stage.world_input(world::Input::Closed { socket, code });
            });
        }
    }

    /// Every socket breaks, and only the page sees it.
    pub fn cut_unseen_by_space(&mut self) {
        for socket in self.break_wires() {
            self.in_page(0, move |stage| stage.socket_closed(socket));
        }
    }

    fn break_wires(&mut self) -> Vec<SocketId> {
        let live = self.network.wires.iter_mut().filter(|(_, wire)| !wire.cut);
        live.map(|(socket, wire)| {
            wire.cut = true;
            *socket
        })
        .collect()
    }

    /// Nothing passes on the sockets that are open now, and nobody sees it.
    pub fn stall(&mut self) {
        for wire in self.network.wires.values_mut() {
            wire.stalled = true;
        }
    }

    /// From now on something swallows what passes on the sockets that are open, and nobody sees it.
    pub fn deafen(&mut self, which: Deafness) {
        for wire in self.network.wires.values_mut() {
            wire.deaf = Some(which);
        }
    }

    /// The first socket of the page has a last word, after another one took its place.
    pub fn first_socket_speaks_again(&mut self) {
        let socket = *self.network.wires.keys().next().expect("a socket");
        assert!(self.network.wire(socket).forgotten, "it is of the past");
        let ping = r#"{"jsonrpc":"2.0","id":"late","method":"signalwire.ping","params":{}}"#;
        self.input(Input::SocketOpened { socket });
        self.input(received(socket, ping));
        self.input(received(socket, "no JSON"));
        self.input(Input::SocketClosed { socket });
    }

    /// What was stalled passes at last.
    pub fn flow(&mut self) {
        let mut waiting = Vec::new();
        let mut closed = Vec::new();
        for (socket, wire) in &mut self.network.wires {
            wire.stalled = false;
            closed.extend(std::mem::take(&mut wire.close_waits).then_some(*socket));
            let frames = wire.waiting.drain(..);
            waiting.extend(frames.map(|(way, text)| (*socket, way, text)));
        }
        for (socket, way, text) in waiting {
            self.in_order(socket, way, text);
        }
        for socket in closed {
            self.closed_by_space(socket);
        }
    }
}

fn received(socket: SocketId, text: &str) -> Input {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(frame) => Input::Frame {
            socket,
            frame: Incoming::decode(&Json(&frame)),
        },
        Err(_) => Input::FrameMalformed {
            socket,
            thrown: Some(Opaque::new("SyntaxError")),
        },
    }
}
