//! The stage: one world, a clock that only the scene moves, sockets of clients, the media edge.

use serde_json::{Map, Value, json};

use crate::world::media::{MediaCommand, MediaEvent};
use crate::world::{Config, Cx, IceServer, Input, Millis, Output, SocketId, Unreached, World};

/// 2024-01-01T00:00:00Z.
pub(super) const START: Millis = 1_704_067_200_000;

/// See the module.
pub(super) struct Scene {
    pub(super) world: World,
    pub(super) mono: Millis,
    /// How far the wall clock was moved ahead.
    advanced: Millis,
    entropy: u64,
    next_socket: u64,
    next_frame: u64,
    /// Everything since it was last looked at.
    out: Vec<Output>,
}

/// A client's end of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Client(pub(super) SocketId);

fn fill(state: &mut u64, bytes: &mut [u8]) {
    for byte in bytes {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        *byte = state.to_be_bytes()[0];
    }
}

fn with_cx<T>(
    entropy: &mut u64,
    [mono, advanced]: [Millis; 2],
    act: impl FnOnce(&mut Cx<'_>) -> T,
) -> T {
    let mut source = |bytes: &mut [u8]| fill(entropy, bytes);
    act(&mut Cx {
        mono,
        wall: START + mono + advanced,
        entropy: &mut source,
    })
}

impl Scene {
    pub(super) fn new() -> Self {
        let mut entropy = 7;
        let config = Config {
            ch: "puc.localhost:8080".into(),
            ice_servers: vec![IceServer {
                urls: vec!["turn:127.0.0.1:3478?transport=udp".into()],
                username: Some("u".into()),
                credential: Some("c".into()),
            }],
        };
        let world = with_cx(&mut entropy, [0, 0], |cx| World::new(config, cx));
        Self {
            world,
            mono: 0,
            advanced: 0,
            entropy,
            next_socket: 1,
            next_frame: 1,
            out: Vec::new(),
        }
    }

    pub(super) fn input(&mut self, input: Input) {
        let Self {
            world,
            entropy,
            mono,
            advanced,
            out,
            ..
        } = self;
        with_cx(entropy, [*mono, *advanced], |cx| {
            world.handle(input, cx, out);
        });
    }

    /// Moves the wall clock, and it alone, ahead.
    pub(super) fn advance(&mut self, by: Millis) {
        self.advanced += by;
        self.input(Input::ClockMoved);
    }

    /// What a token endpoint would give.
    pub(super) fn issue(
        &mut self,
        make: impl FnOnce(&mut World, &Map<String, Value>, &mut Cx<'_>) -> Value,
        body: Value,
    ) -> String {
        let Value::Object(body) = body else {
            panic!("a body is an object")
        };
        let world = &mut self.world;
        let issued = with_cx(&mut self.entropy, [self.mono, self.advanced], |cx| {
            make(world, &body, cx)
        });
        issued["token"].as_str().unwrap().to_owned()
    }

    /// What the world does for a request over HTTP.
    pub(super) fn with_world<T>(&mut self, act: impl FnOnce(&mut World, &mut Cx<'_>) -> T) -> T {
        let world = &mut self.world;
        with_cx(&mut self.entropy, [self.mono, self.advanced], |cx| {
            act(world, cx)
        })
    }

    /// The time on the wall clock, in seconds.
    pub(super) fn seconds(&self) -> u64 {
        (START + self.mono + self.advanced) / 1000
    }

    /// A Subscriber SAT.
    pub(super) fn sat(&mut self, reference: &str) -> String {
        let body = json!({ "reference": reference });
        self.issue(
            |world, body, cx| world.subscriber_token(body, cx).unwrap(),
            body,
        )
    }

    /// A Guest SAT for `/public/echo`.
    pub(super) fn guest_sat(&mut self) -> String {
        let body = json!({ "token": "c2c_00000000000000000000000000000001" });
        self.issue(
            |world, body, cx| world.embed_guest_token(body, None, cx).unwrap(),
            body,
        )
    }

    pub(super) fn open(&mut self) -> Client {
        let socket = SocketId(self.next_socket);
        self.next_socket += 1;
        self.input(Input::Opened { socket });
        Client(socket)
    }

    /// Sends a request; gives its id.
    pub(super) fn request(&mut self, client: Client, method: &str, params: Value) -> String {
        let id = format!("q-{}", self.next_frame);
        self.next_frame += 1;
        self.raw(
            client,
            &json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }),
        );
        id
    }

    pub(super) fn raw(&mut self, client: Client, frame: &Value) {
        let text = frame.to_string();
        self.input(Input::Frame {
            socket: client.0,
            text,
        });
    }

    /// Sends a request; gives the frame that answers it, and leaves the others to be looked at.
    pub(super) fn ask(&mut self, client: Client, method: &str, params: Value) -> Value {
        let id = json!(self.request(client, method, params));
        let frames = self.frames(client);
        let (mut answers, others): (Vec<Value>, Vec<Value>) =
            frames.into_iter().partition(|frame| frame["id"] == id);
        self.out
            .extend(others.into_iter().map(|frame| Output::Send {
                socket: client.0,
                text: frame.to_string(),
            }));
        assert_eq!(answers.len(), 1, "one answer to {method}");
        answers.remove(0)
    }

    /// Sends an inner message about a leg; gives the inner response.
    pub(super) fn verto(
        &mut self,
        client: Client,
        leg: &str,
        method: &str,
        params: Value,
    ) -> Value {
        let answer = self.ask(client, "webrtc.verto", verto(leg, method, params));
        assert_eq!(answer["result"]["code"], "200");
        assert_eq!(answer["result"]["result"]["id"], "inner");
        answer["result"]["result"].clone()
    }

    /// A socket that has connected with this SAT.
    pub(super) fn connected(&mut self, sat: &str) -> (Client, Value) {
        let client = self.open();
        let answer = self.ask(client, "signalwire.connect", connect(sat));
        assert!(answer["result"].is_object(), "{answer}");
        (client, answer["result"].clone())
    }

    /// A socket of Ada.
    pub(super) fn ada(&mut self) -> Client {
        let sat = self.sat("ada@example.test");
        let client = self.connected(&sat).0;
        self.ack_all(client);
        client
    }

    /// A client of this person that can be called; the frames of its making are looked at already.
    pub(super) fn online(&mut self, reference: &str) -> Client {
        let sat = self.sat(reference);
        let client = self.connected(&sat).0;
        self.ask(client, "subscriber.online", json!({}));
        self.ack_all(client);
        client
    }

    /// The space itself calls.
    pub(super) fn call_person(
        &mut self,
        to: &str,
        from: &str,
        video: bool,
    ) -> Result<Vec<String>, Unreached> {
        let now = [self.mono, self.advanced];
        let Self {
            world,
            entropy,
            out,
            ..
        } = self;
        with_cx(entropy, now, |cx| {
            world.call_person(to, from, video, cx, out)
        })
    }

    /// The one invite among the events of a client that rings.
    pub(super) fn invited(&mut self, client: Client) -> Value {
        let events = self.verto_events(client);
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!(events[0]["method"], "verto.invite");
        events[0]["params"].clone()
    }

    /// A client that rings answers; gives the inner response.
    pub(super) fn pick_up(&mut self, client: Client, call: &str) -> Value {
        self.verto(client, call, "verto.answer", answer(call))
    }

    /// A call whose media is up; the frames of its making are looked at already.
    pub(super) fn call(&mut self, client: Client, id: &str, to: &str) -> String {
        let created = self.verto(client, id, "verto.invite", invite(id, to));
        self.answer_media();
        self.connect_media();
        self.ack_all(client);
        created["result"]["memberID"].as_str().unwrap().to_owned()
    }

    /// Every output since the last look, but media commands.
    fn take(&mut self, wanted: impl Fn(&Output) -> bool) -> Vec<Output> {
        let (taken, left) = std::mem::take(&mut self.out)
            .into_iter()
            .partition(|output| wanted(output));
        self.out = left;
        taken
    }

    /// The frames sent to a client since the last look.
    pub(super) fn frames(&mut self, client: Client) -> Vec<Value> {
        let taken = self
            .take(|output| matches!(output, Output::Send { socket, .. } if *socket == client.0));
        taken
            .into_iter()
            .map(|output| match output {
                Output::Send { text, .. } => serde_json::from_str(&text).unwrap(),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    /// The events among them, each acknowledged, as a client does.
    pub(super) fn events(&mut self, client: Client) -> Vec<Value> {
        let mut events = Vec::new();
        for frame in self.frames(client) {
            match frame["method"].as_str() {
                Some("signalwire.event") => {
                    self.raw(
                        client,
                        &json!({ "jsonrpc": "2.0", "id": frame["id"], "result": {} }),
                    );
                    events.push(frame["params"].clone());
                }
                Some("signalwire.ping") => self.pong(client, &frame),
                _ => {}
            }
        }
        events
    }

    pub(super) fn ack_all(&mut self, client: Client) {
        self.events(client);
    }

    /// A client answers the ping with its own time.
    pub(super) fn pong(&mut self, client: Client, ping: &Value) {
        let at = json!({ "timestamp": 1.5 });
        self.raw(
            client,
            &json!({ "jsonrpc": "2.0", "id": ping["id"], "result": at }),
        );
    }

    /// The inner verto messages among the events.
    pub(super) fn verto_events(&mut self, client: Client) -> Vec<Value> {
        self.events(client)
            .into_iter()
            .filter(|event| event["event_type"] == "webrtc.message")
            .map(|event| event["params"].clone())
            .collect()
    }

    /// The codes with which the space closed the socket.
    pub(super) fn closes(&mut self, client: Client) -> Vec<(u16, &'static str)> {
        let taken = self
            .take(|output| matches!(output, Output::Close { socket, .. } if *socket == client.0));
        taken
            .into_iter()
            .map(|output| match output {
                Output::Close { code, reason, .. } => (code, reason),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    pub(super) fn warnings(&mut self) -> Vec<String> {
        let taken = self.take(|output| matches!(output, Output::Log { loud: true, .. }));
        taken
            .into_iter()
            .map(|output| match output {
                Output::Log { line, .. } => line,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    pub(super) fn media_commands(&mut self) -> Vec<MediaCommand> {
        let taken = self.take(|output| matches!(output, Output::Media(_)));
        taken
            .into_iter()
            .map(|output| match output {
                Output::Media(command) => command,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    /// The media edge answers every offer since the last look, and makes those that it was asked for.
    pub(super) fn answer_media(&mut self) {
        for command in self.media_commands() {
            let event = match command {
                MediaCommand::Offer { leg, sdp, .. } => {
                    let sdp = format!("answer to {sdp}");
                    MediaEvent::Answer { leg, sdp }
                }
                MediaCommand::Call { leg, .. } => {
                    let sdp = format!("offer of leg {}", leg.0);
                    MediaEvent::Offered { leg, sdp }
                }
                _ => continue,
            };
            self.input(Input::Media(event));
        }
    }

    /// The media of every leg comes up.
    pub(super) fn connect_media(&mut self) {
        for leg in self.legs() {
            self.input(Input::Media(MediaEvent::Connected { leg }));
        }
    }

    /// The media of every leg dies.
    pub(super) fn kill_media(&mut self) {
        for leg in self.legs() {
            self.input(Input::Media(MediaEvent::Dead { leg }));
        }
    }

    pub(super) fn legs(&self) -> Vec<crate::world::media::LegId> {
        let live = self.world.calls.values();
        live.flat_map(|call| call.legs())
            .filter_map(|leg| leg.media)
            .collect()
    }

    /// Time goes by; the clients named answer what needs an answer. Their events are collected.
    pub(super) fn pass(&mut self, millis: Millis, clients: &[Client]) -> Vec<Value> {
        let until = self.mono + millis;
        let mut events = Vec::new();
        while let Some(at) = self.world.deadline().filter(|at| *at <= until) {
            assert!(at >= self.mono, "a deadline in the past is never kept");
            self.mono = at;
            self.input(Input::Tick);
            for client in clients {
                events.extend(self.events(*client));
            }
        }
        self.mono = until;
        events
    }
}

pub(super) fn connect(sat: &str) -> Value {
    json!({
        "version": { "major": 4, "minor": 0, "revision": 0 },
        "event_acks": true,
        "authentication": { "jwt_token": sat },
        "agent": "signalwire-js/4.0.0",
        "contexts": [], "eventing": [], "topics": [],
    })
}

pub(super) fn resume(sat: &str, state: &str, protocol: &str) -> Value {
    let mut params = connect(sat);
    params["authorization_state"] = json!(state);
    params["protocol"] = json!(protocol);
    params
}

pub(super) fn verto(leg: &str, method: &str, params: Value) -> Value {
    json!({
        "callID": leg,
        "node_id": "",
        "message": { "jsonrpc": "2.0", "id": "inner", "method": method, "params": params },
    })
}

pub(super) fn answer(id: &str) -> Value {
    json!({ "sdp": format!("answer of {id}"), "dialogParams": { "callID": id } })
}

pub(super) fn bye(id: &str) -> Value {
    json!({ "dialogParams": { "callID": id } })
}

pub(super) fn invite(id: &str, to: &str) -> Value {
    json!({
        "sdp": format!("offer of {id}"),
        "dialogParams": {
            "callID": id, "destination_number": to, "remote_caller_id_number": to,
            "userVariables": { "memberCallId": id },
            "screenShare": false, "additionalDevice": false, "pingSupported": true, "version": 1000,
        },
    })
}
