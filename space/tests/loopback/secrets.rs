//! The program with all that it can log, and everything that is secret sent to every place that takes something, both
//! as it should be and not: no line of its log and no refusal repeats any of it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use signalwire_wasm::proof::signer::Signer;
use signalwire_wasm::proof::token_hash;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Response, Socket, connect, dial, request};
use crate::{invite, v4};

const TOKENS: &str = "/api/fabric/subscribers/tokens";
const ROTATE: &str = "/api/fabric/subscribers/tokens/refresh";
const FIRST: &str = "/api/fabric/subscriber/devices/token";
const NEXT: &str = "/api/fabric/subscriber/devices/refresh";
const INVITES: &str = "/api/fabric/subscriber/invites";
const GUESTS: &str = "/api/fabric/guests/tokens";
const EMBEDS: [&str; 2] = ["/api/embeds/tokens", "/api/fabric/embeds/tokens"];
const READS: [&str; 3] = [
    "/api/fabric/subscriber/info",
    "/api/fabric/addresses",
    "/api/fabric/addresses/5a7e11e0-10ca-4002-8000-000000000001",
];
/// Twice so many characters of a secret in a row hold a whole piece of it; shorter ones come about by chance.
const PIECE: usize = 16;

/// The running program, what is secret, and what it refused.
struct Sweep {
    child: Child,
    /// Reads what it logs all the while: a full pipe would hold it up.
    log: Option<JoinHandle<String>>,
    info: Value,
    key: Signer,
    proofs: u32,
    secrets: Vec<(String, String)>,
    refusals: Vec<String>,
}

impl Drop for Sweep {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Sweep {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_signalwire-space"))
            .args(["--port", "0", "--undelayed-port", "0", "--loopback-media"])
            .args(["--log", "trace", "--exit-with-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            log.read_to_string(&mut text).unwrap();
            text
        });
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.map(Result::unwrap).find_map(|line| {
            let info = line.strip_prefix("READY ")?;
            Some(serde_json::from_str(info).unwrap())
        });
        Self {
            child,
            log: Some(log),
            info: ready.unwrap(),
            key: Signer::es256(1),
            proofs: 0,
            secrets: Vec::new(),
            refusals: Vec::new(),
        }
    }

    fn port(&self) -> u16 {
        let base = self.info["base"].as_str().unwrap();
        base.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// What a backend of the project shows.
    fn basic(&self) -> String {
        let [id, token] = ["project_id", "api_token"].map(|key| self.info[key].as_str().unwrap());
        format!("Basic {}", STANDARD.encode(format!("{id}:{token}")))
    }

    /// Remembers a secret; gives it back.
    fn secret(&mut self, what: &str, text: &str) -> String {
        self.secrets.push((what.to_owned(), text.to_owned()));
        text.to_owned()
    }

    /// A member of an answer that is one.
    fn take(&mut self, answer: &Response, member: &str) -> String {
        let body = answer.json();
        let text = body[member].as_str();
        self.secret(member, text.unwrap_or_else(|| panic!("{answer:?}")))
    }

    async fn ask(&mut self, line: &str, authorization: &str, body: &str) -> Response {
        let stream = dial(v4(self.port()), None).await;
        let header = format!("Authorization: {authorization}");
        let answer = request(stream, line, "localhost", &[&header], body).await;
        if answer.status >= 400 {
            self.refusals.push(answer.body.clone());
        }
        answer
    }

    async fn post(&mut self, path: &str, authorization: &str, body: &Value) -> Response {
        let line = format!("POST {path}");
        self.ask(&line, authorization, &body.to_string()).await
    }

    /// A proof of the key, with the claims of its kind.
    fn proof(&mut self, mut claims: Value) -> String {
        self.proofs += 1;
        claims["jti"] = json!(format!("proof-{}", self.proofs));
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        claims["iat"] = json!(now);
        let proof = self.key.proof(&claims);
        self.secret("proof", &proof)
    }

    async fn said(&mut self, socket: &mut Socket, method: &str, params: Value) -> Value {
        let (answer, _) = socket.ask(method, params).await;
        if answer["error"].is_object() || answer["result"]["result"]["error"].is_object() {
            self.refusals.push(answer.to_string());
        }
        answer
    }

    async fn socket(&self) -> Socket {
        Socket::open(dial(v4(self.port()), None).await, "ws://puc.localhost/").await
    }

    /// Every endpoint with what it wants; gives an unbound and a bound SAT.
    async fn honestly(&mut self) -> [String; 2] {
        let basic = self.basic();
        self.secret("credentials of the project", &basic);
        let reference =
            json!({ "reference": "ada@example.test", "password": "correct horse battery" });
        self.secret("password", "correct horse battery");
        let plain = self.post(TOKENS, &basic, &reference).await;
        let sat = self.take(&plain, "token");
        let refresh = self.take(&plain, "refresh_token");
        let rotated = self
            .post(ROTATE, &basic, &json!({ "refresh_token": refresh }))
            .await;
        self.take(&rotated, "token");
        self.take(&rotated, "refresh_token");
        let scoped = json!({
            "reference": "ada@example.test", "scope": "sat:refresh",
            "fingerprint": self.key.fingerprint(),
        });
        let scoped = self.post(TOKENS, &basic, &scoped).await;
        let scoped = self.take(&scoped, "token");
        let bearer = format!("Bearer {scoped}");
        let proof = self.proof(json!({ "htm": "POST", "htu": FIRST }));
        let first = json!({ "dpop_token": proof, "expire_in": 900 });
        let first = self.post(FIRST, &bearer, &first).await;
        let first = self.take(&first, "token");
        let bearer = format!("Bearer {first}");
        let ath = token_hash(&first);
        let proof = self.proof(json!({ "htm": "POST", "htu": NEXT, "ath": ath }));
        let next = json!({ "dpop_token": proof, "expire_in": 900 });
        let next = self.post(NEXT, &bearer, &next).await;
        let bound = self.take(&next, "token");
        let guest = json!({ "allowed_addresses": [READS[2].rsplit('/').next()] });
        let guest = self.post(GUESTS, &basic, &guest).await;
        self.take(&guest, "token");
        self.take(&guest, "refresh_token");
        for read in READS {
            let answer = self
                .ask(&format!("GET {read}"), &format!("Bearer {sat}"), "")
                .await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        let made = self
            .post("/.space/credentials", "", &json!({ "kind": "embed" }))
            .await;
        let embed = self.take(&made, "token");
        let exchanged = self.post(EMBEDS[1], "", &json!({ "token": embed })).await;
        self.take(&exchanged, "token");
        [sat, bound]
    }

    /// Every secret in every place of every endpoint, and in some that there are not.
    async fn perversely(&mut self, bound: &str) {
        let secrets: Vec<String> = self.secrets.iter().map(|(_, text)| text.clone()).collect();
        let paths = [
            TOKENS, ROTATE, FIRST, NEXT, INVITES, GUESTS, EMBEDS[0], EMBEDS[1],
        ];
        let basic = self.basic();
        let desks = [
            "credentials",
            "revoke",
            "faults",
            "limits",
            "proofs",
            "network",
            "clock",
        ];
        for secret in &secrets {
            let everywhere = json!({
                "token": secret, "refresh_token": secret, "dpop_token": secret, "expire_in": secret,
                "reference": [secret], "fingerprint": secret, "scope": secret, "expire_at": secret,
                "allowed_addresses": [secret], "address_id": secret, "application_id": secret,
                "password": [secret], "region": [secret],
            });
            for path in paths {
                for authorization in [format!("Bearer {secret}"), basic.clone()] {
                    self.post(path, &authorization, &everywhere).await;
                    let cut = format!("{{\"token\":\"{secret}");
                    self.ask(&format!("POST {path}"), &authorization, &cut)
                        .await;
                }
            }
            for path in [FIRST, NEXT] {
                let body = json!({ "dpop_token": secret, "expire_in": 900 });
                self.post(path, &format!("Bearer {bound}"), &body).await;
            }
            for read in READS {
                let line = format!("GET {read}?token={secret}&page_token={secret}");
                self.ask(&line, &format!("Bearer x{secret}"), "").await;
            }
            for desk in desks {
                let path = format!("/.space/{desk}");
                let known = json!({ "kind": "subscriber", "scope": secret, "fingerprint": secret });
                self.post(&path, "", &known).await;
                let wrong = json!({ "jti": [secret], "status": secret, "times": secret });
                self.post(&path, "", &wrong).await;
            }
            self.ask(&format!("GET /sdk/x?sat={secret}"), "", "").await;
            self.ask(&format!("PUT /api/x?sat={secret}"), "", "").await;
        }
    }

    /// The same on a socket, before and after it is authenticated.
    async fn on_the_socket(&mut self, sat: &str, bound: &str) {
        let proof = self.proof(json!({ "rpc": "request", "mth": "signalwire.connect" }));
        let mut socket = self.socket().await;
        let mut params = connect(bound);
        params["dpop_token"] = json!(proof);
        let answer = self
            .said(&mut socket, "signalwire.connect", params.clone())
            .await;
        let protocol = answer["result"]["protocol"].clone();
        let event = socket.event().await;
        let state = event["params"]["authorization_state"].as_str().unwrap();
        let state = self.secret("authorization_state", state);
        let mut stranger = self.socket().await;
        for (state, protocol) in [(&json!(state), &protocol), (&json!(sat), &json!(sat))] {
            let mut resume = connect(bound);
            resume["authorization_state"] = state.clone();
            resume["protocol"] = protocol.clone();
            self.said(&mut stranger, "signalwire.connect", resume).await;
        }
        self.said(&mut stranger, "signalwire.connect", params).await;
        let secrets: Vec<String> = self.secrets.iter().map(|(_, text)| text.clone()).collect();
        for secret in &secrets {
            let wrong = format!("x{secret}");
            self.said(&mut stranger, "signalwire.connect", connect(&wrong))
                .await;
            let mut odd = connect(sat);
            odd["authentication"] = json!({ "jwt_token": [secret] });
            odd["protocol"] = json!({ "of": secret });
            self.said(&mut stranger, "signalwire.connect", odd).await;
            let renewal = json!({
                "authentication": { "project": secret, "jwt_token": wrong }, "dpop_token": secret,
            });
            self.said(&mut socket, "signalwire.reauthenticate", renewal)
                .await;
            let unproven = json!({
                "authentication": { "project": "", "jwt_token": bound }, "dpop_token": secret,
            });
            self.said(&mut socket, "signalwire.reauthenticate", unproven)
                .await;
            self.said(
                &mut socket,
                "subscriber.unknown",
                json!({ "token": secret }),
            )
            .await;
            let mut call = invite("c-1", "/public/nobody");
            call["message"]["params"]["dialogParams"]["userVariables"] = json!({ "sat": secret });
            self.said(&mut socket, "webrtc.verto", call).await;
            let text = format!("{{\"jsonrpc\":\"2.0\",\"method\":\"{secret}");
            socket.say(Message::text(text)).await;
            socket
                .send(&json!({ "jsonrpc": "2.0", "id": 7, "result": { "token": secret } }))
                .await;
        }
        let answer = self.said(&mut socket, "subscriber.online", json!({})).await;
        assert_eq!(
            answer["result"]["code"], "200",
            "it is all the same to a session"
        );
        socket.close(None).await;
    }

    /// Ends the program; gives what it logged.
    fn log(&mut self) -> String {
        drop(self.child.stdin.take());
        self.log.take().unwrap().join().unwrap()
    }
}

/// The first piece of a secret that the text holds. The header of a token is none: it names its kind.
fn leak<'a>(text: &str, secret: &'a str) -> Option<&'a str> {
    let hidden = secret.split_once('.').map_or(secret, |(_, rest)| rest);
    let last = hidden.len().saturating_sub(PIECE);
    let starts = (0..last).step_by(PIECE).chain([last]);
    let mut pieces = starts.map(|at| &hidden[at..hidden.len().min(at + PIECE)]);
    pieces.find(|piece| text.contains(piece))
}

#[tokio::test]
async fn no_secret_is_in_a_log_or_in_a_refusal() {
    let mut sweep = Sweep::start();
    let [sat, bound] = sweep.honestly().await;
    sweep.on_the_socket(&sat, &bound).await;
    let limit = json!({ "exchanges_per_minute": 100_000 });
    sweep.post("/.space/limits", "", &limit).await;
    sweep.perversely(&bound).await;
    let log = sweep.log();
    assert!(
        log.contains("a proof was refused"),
        "the log is there: {log}"
    );
    assert!(sweep.refusals.len() > 500, "{}", sweep.refusals.len());
    for (what, secret) in &sweep.secrets {
        assert_eq!(leak(&log, secret), None, "a {what} is in the log");
        let leaky = sweep
            .refusals
            .iter()
            .find(|text| leak(text, secret).is_some());
        assert_eq!(leaky, None, "a {what} is in a refusal");
    }
}

#[test]
fn a_piece_of_a_secret_is_found() {
    let secret = "header.0123456789abcdefghijklmnopqrstuvwxyz";
    for start in 0..=4 {
        let cut = &secret[7 + start..][..2 * PIECE - 1];
        assert!(leak(&format!("… {cut} …"), secret).is_some(), "{cut}");
    }
    assert_eq!(leak("header.0123456789abcde", secret), None);
    assert_eq!(leak("short", "short"), Some("short"));
}
