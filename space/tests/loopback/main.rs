//! The space over real sockets: what only the edges can get wrong.

mod calls;
mod client;
mod desk;
mod faults;
mod hostile;
mod proofs;
mod secrets;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use signalwire_space::{Config, Space, StartError};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use client::{Response, Socket, connect, dial, request};

/// A directory that is removed with its owner.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("space-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn with(self, name: &str, text: &str) -> Self {
        std::fs::write(self.0.join(name), text).unwrap();
        self
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn start() -> Space {
    Space::start(Config::default()).unwrap()
}

fn v4(port: u16) -> SocketAddr {
    (IpAddr::from(Ipv4Addr::LOCALHOST), port).into()
}

async fn get(space: &Space, path: &str, headers: &[&str]) -> Response {
    let stream = dial(v4(space.port()), None).await;
    request(stream, &format!("GET {path}"), "localhost", headers, "").await
}

async fn post(space: &Space, path: &str, headers: &[&str], body: &str) -> Response {
    let stream = dial(v4(space.port()), None).await;
    request(stream, &format!("POST {path}"), "localhost", headers, body).await
}

async fn desk(space: &Space, path: &str) -> Value {
    get(space, &format!("/.space/{path}"), &[]).await.json()
}

/// The header with the project's credentials.
fn project(space: &Space) -> String {
    let info = space.info();
    let text = |key: &str| info[key].as_str().unwrap().to_owned();
    let credentials = STANDARD.encode(format!("{}:{}", text("project_id"), text("api_token")));
    format!("Authorization: Basic {credentials}")
}

async fn sat(space: &Space) -> String {
    let authorization = project(space);
    let body = json!({ "reference": "ada@example.test" }).to_string();
    let answer = post(
        space,
        "/api/fabric/subscribers/tokens",
        &[&authorization],
        &body,
    )
    .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["token"].as_str().unwrap().to_owned()
}

async fn socket(space: &Space) -> Socket {
    Socket::open(dial(v4(space.port()), None).await, "ws://puc.localhost/").await
}

/// A socket that has connected; its state and protocol.
async fn session(space: &Space, sat: &str) -> (Socket, String, String) {
    let mut socket = socket(space).await;
    let (answer, _) = socket.ask("signalwire.connect", connect(sat)).await;
    let event = socket.event().await;
    let state = &event["params"]["authorization_state"];
    let protocol = &answer["result"]["protocol"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (socket, text(state), text(protocol))
}

fn invite(id: &str, to: &str) -> Value {
    let dialog = json!({ "callID": id, "destination_number": to });
    json!({
        "callID": id, "node_id": "",
        "message": {
            "jsonrpc": "2.0", "id": "v", "method": "verto.invite",
            "params": { "sdp": "v=0\r\n", "dialogParams": dialog },
        },
    })
}

/// Reads the front desk until what it shows is as wanted.
async fn eventually(space: &Space, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let limit = Instant::now() + Duration::from_secs(20);
    loop {
        let shown = desk(space, path).await;
        if wanted(&shown) {
            return shown;
        }
        assert!(Instant::now() < limit, "{path} still shows {shown}");
    }
}

#[tokio::test]
async fn one_port_takes_plain_text_and_tls_on_both_loopback_addresses() {
    let space = start();
    for ip in [
        IpAddr::from(Ipv4Addr::LOCALHOST),
        IpAddr::from(Ipv6Addr::LOCALHOST),
    ] {
        for port in [space.port(), space.undelayed_port()] {
            for name in [None, Some("fabric.localhost")] {
                let stream = dial((ip, port).into(), name).await;
                let answer = request(stream, "GET /.space/info", "localhost", &[], "").await;
                assert_eq!((answer.status, answer.json()), (200, space.info().clone()));
            }
        }
    }
}

#[tokio::test]
async fn every_name_of_this_machine_is_served_and_no_other() {
    let space = start();
    let at = v4(space.port());
    let path = "/api/fabric/subscriber/info";
    for own in [
        "localhost:1",
        "fabric.localhost",
        "embeds.localhost:7",
        "127.0.0.1",
        "[::1]:9",
    ] {
        let answer = request(dial(at, None).await, &format!("GET {path}"), own, &[], "").await;
        assert_eq!(answer.status, 401, "{own}");
    }
    for foreign in ["evil.test", "localhost.evil.test", "10.0.0.1"] {
        for path in [path, "/", "/.space/info"] {
            let line = format!("GET {path}");
            let answer = request(dial(at, None).await, &line, foreign, &[], "").await;
            assert_eq!(answer.status, 421, "{foreign}");
        }
    }
}

#[tokio::test]
async fn the_front_desk_is_closed_to_foreign_pages() {
    let space = start();
    for foreign in [
        "null",
        "https://evil.test",
        "http://localhost:1",
        "http://localhost",
    ] {
        let origin = format!("Origin: {foreign}");
        for (method, path) in [("GET", "info"), ("POST", "reset"), ("OPTIONS", "reset")] {
            let line = format!("{method} /.space/{path}");
            let stream = dial(v4(space.port()), None).await;
            let answer = request(stream, &line, "localhost", &[&origin], "").await;
            assert_eq!(answer.status, 403, "{method} {path} from {foreign}");
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
    for port in [space.port(), space.undelayed_port()] {
        let origin = format!("Origin: http://localhost:{port}");
        let answer = get(&space, "/.space/info", &[&origin]).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    let unknown = get(&space, "/.space/nothing", &[]).await;
    assert_eq!(unknown.status, 404);
    assert!(unknown.body.contains("GET /.space/nothing"));
}

#[tokio::test]
async fn the_front_desk_is_closed_to_other_machines_whatever_they_call_it() {
    // The address that a packet to elsewhere would leave from; nothing is sent.
    let probe = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let Ok(()) = probe.connect("192.0.2.1:9") else {
        eprintln!("no interface but loopback: nobody else can come in");
        return;
    };
    let own = probe.local_addr().unwrap().ip();
    let config = Config {
        host: Some(own),
        ..Config::default()
    };
    let space = Space::start(config).unwrap();
    for path in ["GET /.space/info", "POST /.space/reset"] {
        let stream = dial((own, space.port()).into(), None).await;
        let answer = request(stream, path, "localhost", &[], "").await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(!answer.body.contains("api_token"));
    }
    assert_eq!(get(&space, "/.space/info", &[]).await.status, 200);
}

#[tokio::test]
async fn the_front_desk_refuses_what_it_does_not_know() {
    let space = start();
    for (desk, body) in [
        ("network", r#"{"rtt":10}"#),
        ("drop", r#"{"sesion":1}"#),
        ("network", "[]"),
        ("network", r#"{"loss":2}"#),
        ("reset", r#"{"all":true}"#),
        ("hangup", r#"{"call":"c-1"}"#),
        ("drop", r#"{"session":"1"}"#),
        ("clock", "{}"),
        ("clock", r#"{"advance_ms":-1}"#),
        ("clock", r#"{"advance_ms":1.5}"#),
        ("credentials", "{}"),
        ("credentials", r#"{"kind":"guest","reference":"x"}"#),
        ("revoke", "{}"),
        ("revoke", r#"{"jti":"a","subscriber_id":"b"}"#),
        ("limits", r#"{"exchanges_per_minute":"many"}"#),
        ("click-to-call", "{}"),
        ("click-to-call", r#"{"address":"/public/nothing"}"#),
        (
            "click-to-call",
            r#"{"address":"/public/echo","origins":["shop.test"]}"#,
        ),
    ] {
        let answer = post(&space, &format!("/.space/{desk}"), &[], body).await;
        assert_eq!(answer.status, 422, "{desk} {body}");
        assert!(answer.body.contains("error"));
    }
}

#[tokio::test]
async fn the_endpoints_answer_over_http() {
    let space = start();
    let bearer = format!("Authorization: Bearer {}", sat(&space).await);
    let origin = "Origin: null";
    let info = get(&space, "/api/fabric/subscriber/info", &[&bearer, origin]).await;
    assert_eq!(info.json()["email"], "ada@example.test");
    assert_eq!(info.header("access-control-allow-origin"), Some("*"));
    let found = get(
        &space,
        "/api/fabric/addresses?name=%2Fpublic%2Fecho",
        &[&bearer],
    )
    .await;
    assert_eq!(found.json()["data"][0]["name"], "/public/echo");
    let link = found.json()["links"]["self"].as_str().unwrap().to_owned();
    assert!(
        link.starts_with("http://localhost/api/fabric/addresses?"),
        "{link}"
    );
    let stream = dial(v4(space.port()), None).await;
    let asked = ["Access-Control-Request-Method: POST", origin];
    let line = "OPTIONS /api/fabric/embeds/tokens";
    let preflight = request(stream, line, "localhost", &asked, "").await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-origin"), Some("*"));
    let unknown = get(&space, "/api/nothing", &[]).await;
    assert_eq!(unknown.status, 404);
    assert!(
        unknown.json()["detail"]
            .as_str()
            .unwrap()
            .contains("GET /api/nothing")
    );
    let large = "x".repeat((4 << 20) + 1);
    assert_eq!(
        post(&space, "/api/fabric/embeds/tokens", &[], &large)
            .await
            .status,
        413
    );
}

#[tokio::test]
async fn pages_come_with_their_policy_and_nothing_outside_is_served() {
    let outside = Directory::new("outside").with("secret.txt", "secret");
    let www = Directory::new("www")
        .with("index.html", "<p>home")
        .with("app.js", "1");
    let sdk = Directory::new("sdk").with("engine.wasm", "\0asm");
    #[cfg(unix)]
    std::os::unix::fs::symlink(&outside.0, www.0.join("link")).unwrap();
    let config = Config {
        www: www.0.clone(),
        sdk: sdk.0.clone(),
        ..Config::default()
    };
    let space = Space::start(config).unwrap();
    let home = get(&space, "/", &[]).await;
    assert_eq!((home.status, home.body.as_str()), (200, "<p>home"));
    let policy = home.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval';"));
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
    let script = get(&space, "/app.js?v=1", &[]).await;
    assert_eq!(
        script.header("content-type"),
        Some("text/javascript; charset=utf-8")
    );
    let wasm = get(&space, "/sdk/engine.wasm", &[]).await;
    assert_eq!(wasm.header("content-type"), Some("application/wasm"));
    assert_eq!(wasm.header("access-control-allow-origin"), Some("*"));
    for path in [
        "/link/secret.txt",
        "/../outside/secret.txt",
        "/%2e%2e/x",
        "/sdk/../app.js",
        "/no",
    ] {
        let answer = get(&space, path, &[]).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.json()["detail"].as_str().unwrap().contains("GET /"));
    }
    assert_eq!(post(&space, "/app.js", &[], "").await.status, 404);
}

#[tokio::test]
async fn a_call_over_ws_and_over_wss() {
    let space = start();
    let sat = sat(&space).await;
    for name in [None, Some("puc.localhost")] {
        let scheme = if name.is_some() { "wss" } else { "ws" };
        let url = format!("{scheme}://puc.localhost:{}", space.port());
        let mut socket = Socket::open(dial(v4(space.port()), name).await, &url).await;
        let (refused, _) = socket.ask("signalwire.connect", connect("a.b.c")).await;
        assert_eq!(refused["error"]["code"], -32002);
        let (answer, _) = socket.ask("signalwire.connect", connect(&sat)).await;
        let servers = answer["result"]["ice_servers"].as_array().unwrap();
        assert!(
            servers[0]["urls"][0]
                .as_str()
                .unwrap()
                .starts_with("turn:127.0.0.1:")
        );
        let id = format!("call-{scheme}");
        let (created, events) = socket
            .ask("webrtc.verto", invite(&id, "/public/busy"))
            .await;
        assert_eq!(
            created["result"]["result"]["result"]["message"],
            "CALL CREATED"
        );
        assert_eq!(events.len(), 1, "the authorization state alone");
        let bye = socket.event().await;
        assert_eq!(bye["params"]["method"], "verto.bye");
        assert_eq!(bye["params"]["params"]["callID"], json!(id));
        socket.close(None).await;
        eventually(&space, "sessions", |sessions| sessions == &json!([])).await;
    }
    let calls = desk(&space, "calls").await;
    assert_eq!(calls.as_array().unwrap().len(), 2);
    assert_eq!(calls[0]["address"], "/public/busy");
    assert_eq!(calls[0]["state"], "ended");
    assert_eq!(calls[0]["ended"]["cause"], "USER_BUSY");
    assert_eq!(calls[0]["ended"]["cause_code"], 17);
    assert_eq!(calls[0]["ended"]["by"], "space");
}

#[tokio::test]
async fn an_offer_that_media_cannot_take_ends_the_call() {
    let space = start();
    let sat = sat(&space).await;
    let (mut socket, ..) = session(&space, &sat).await;
    let (created, _) = socket
        .ask("webrtc.verto", invite("c-1", "/public/echo"))
        .await;
    assert_eq!(
        created["result"]["result"]["result"]["message"],
        "CALL CREATED"
    );
    let bye = socket.event().await;
    assert_eq!(bye["params"]["params"]["cause"], "INCOMPATIBLE_DESTINATION");
}

#[tokio::test]
async fn the_code_of_a_close_decides_what_becomes_of_the_calls() {
    let space = start();
    let sat = sat(&space).await;
    let going_away = CloseFrame {
        code: CloseCode::Away,
        reason: "".into(),
    };
    for (frame, kept) in [(Some(going_away), true), (None, false)] {
        let (mut socket, ..) = session(&space, &sat).await;
        let id = format!("kept-{kept}");
        socket
            .ask("webrtc.verto", invite(&id, "/public/silent"))
            .await;
        socket.close(frame).await;
        let gone = eventually(&space, "sessions", |sessions| {
            sessions
                .as_array()
                .unwrap()
                .iter()
                .all(|one| one["connected"] == false)
        });
        gone.await;
        let calls = desk(&space, "calls").await;
        let call = calls
            .as_array()
            .unwrap()
            .iter()
            .find(|call| call["id"] == json!(id))
            .unwrap();
        assert_eq!(call["ended"].is_null(), kept, "{call}");
    }
}

#[tokio::test]
async fn a_socket_that_was_cut_is_resumed() {
    let space = start();
    let sat = sat(&space).await;
    let (socket, state, protocol) = session(&space, &sat).await;
    let cut = post(&space, "/.space/drop", &[], "").await;
    assert_eq!(cut.json(), json!({ "dropped": 1 }));
    assert_eq!(socket.closed().await, None);
    eventually(&space, "sessions", |sessions| {
        sessions[0]["connected"] == false
    })
    .await;
    let mut params = connect(&sat);
    params["authorization_state"] = json!(state);
    params["protocol"] = json!(protocol);
    let mut socket = self::socket(&space).await;
    let (answer, _) = socket.ask("signalwire.connect", params).await;
    assert_eq!(answer["result"]["protocol"], json!(protocol));
    let sessions = desk(&space, "sessions").await;
    assert_eq!(sessions.as_array().unwrap().len(), 1);
    assert_eq!(sessions[0]["resumed"], 1);
    assert_eq!(sessions[0]["subscriber"], "ada@example.test");
    let shown = sessions.to_string();
    assert!(
        !shown.contains(&state) && !shown.contains(&sat),
        "no secret is shown"
    );
}

#[tokio::test]
async fn a_reset_closes_every_socket_and_forgets_the_network() {
    let space = start();
    let sat = sat(&space).await;
    let (mut socket, ..) = session(&space, &sat).await;
    socket
        .ask("webrtc.verto", invite("c-1", "/public/silent"))
        .await;
    post(
        &space,
        "/.space/network",
        &[],
        r#"{"rtt_ms":20,"loss":0.5}"#,
    )
    .await;
    assert_eq!(post(&space, "/.space/reset", &[], "").await.status, 200);
    assert_eq!(socket.closed().await, Some(1012));
    assert_eq!(
        desk(&space, "network").await,
        json!({ "rtt_ms": 0, "loss": 0.0 })
    );
    assert_eq!(desk(&space, "calls").await, json!([]));
    assert_eq!(desk(&space, "sessions").await, json!([]));
}

#[tokio::test]
async fn the_network_is_as_slow_as_asked_and_the_second_port_is_not() {
    let space = start();
    for wrong in [
        "[]",
        r#"{"rtt_ms":-1}"#,
        r#"{"rtt_ms":20000}"#,
        r#"{"loss":2}"#,
        "x",
    ] {
        assert_eq!(
            post(&space, "/.space/network", &[], wrong).await.status,
            422,
            "{wrong}"
        );
    }
    let set = post(&space, "/.space/network", &[], r#"{"rtt_ms":80}"#).await;
    assert_eq!(set.json(), json!({ "rtt_ms": 80, "loss": 0.0 }));
    // A connection costs one round trip, the request another; TLS one more.
    for (name, trips) in [(None, 2), (Some("localhost"), 3)] {
        let begin = Instant::now();
        let stream = dial(v4(space.port()), name).await;
        request(stream, "GET /.space/info", "localhost", &[], "").await;
        let least = Duration::from_millis(80 * trips);
        assert!(
            begin.elapsed() >= least,
            "{:?} for {trips} trips",
            begin.elapsed()
        );
    }
    let stream = dial(v4(space.undelayed_port()), None).await;
    let answer = request(stream, "GET /.space/network", "localhost", &[], "").await;
    assert_eq!(answer.json()["rtt_ms"], 80);
}

#[tokio::test]
async fn only_the_root_is_a_socket() {
    let space = start();
    let upgrade = [
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    let stream = dial(v4(space.port()), None).await;
    let text = format!(
        "GET /elsewhere HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\n{}\r\n\r\n",
        upgrade.join("\r\n")
    );
    let answer = client::exchange(stream, &text).await;
    assert_eq!(answer.status, 404);
}

#[test]
fn a_space_that_is_dropped_gives_its_ports_back() {
    let space = start();
    let (port, undelayed) = (space.port(), space.undelayed_port());
    let taken = Config {
        port,
        ..Config::default()
    };
    match Space::start(taken.clone()) {
        Err(StartError::Port { port: refused, .. }) => assert_eq!(refused, port),
        other => panic!("{:?}", other.map(|space| space.port())),
    }
    drop(space);
    let limit = Instant::now() + Duration::from_secs(20);
    while std::net::TcpStream::connect(v4(undelayed)).is_ok() {
        assert!(Instant::now() < limit, "the port is still served");
    }
}
