//! The program itself: its ready line, its end, its log.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// A running program, ended with its owner.
struct Program {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_signalwire-space"))
            .args(["--port", "0", "--loopback-media"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    /// Reads the banner; gives the ready line's object.
    fn ready(&mut self) -> Value {
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(
                self.out.read_line(&mut line).unwrap(),
                0,
                "it ended before it was ready"
            );
            if let Some(info) = line.strip_prefix("READY ") {
                return serde_json::from_str(info).unwrap();
            }
        }
    }

    /// Ends its standard input, waits for it, gives what it logged.
    fn end(mut self) -> (bool, String) {
        drop(self.child.stdin.take());
        let mut log = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        (self.child.wait().unwrap().success(), log)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn port(info: &Value) -> u16 {
    let base = info["base"].as_str().unwrap();
    base.rsplit(':').next().unwrap().parse().unwrap()
}

fn send(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_says_when_it_is_ready_and_ends_with_its_standard_input() {
    let mut program = Program::start(&["--exit-with-stdin"]);
    let info = program.ready();
    let request = "GET /.space/info HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answer = send(port(&info), request);
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    assert_eq!(serde_json::from_str::<Value>(body).unwrap(), info);
    assert!(program.end().0);
}

#[test]
fn its_banner_warns_of_what_an_api_token_can_do() {
    let mut program = Program::start(&["--exit-with-stdin"]);
    let mut banner = String::new();
    while !banner.contains("READY ") {
        assert_ne!(program.out.read_line(&mut banner).unwrap(), 0, "{banner}");
    }
    assert!(banner.contains("An API token can issue a SAT for any user"));
    assert!(banner.contains("rotate the token"));
    assert!(program.end().0);
}

#[cfg(unix)]
#[test]
fn it_ends_on_sigterm() {
    let mut program = Program::start(&[]);
    program.ready();
    let pid = program.child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert!(program.child.wait().unwrap().success());
}

#[test]
fn no_secret_is_logged_even_when_everything_is() {
    let mut program = Program::start(&["--exit-with-stdin", "--log", "trace"]);
    let info = program.ready();
    let [project, token] = ["project_id", "api_token"].map(|key| info[key].as_str().unwrap());
    let basic = STANDARD.encode(format!("{project}:{token}"));
    let body = r#"{"reference":"ada@example.test","password":"correct horse"}"#;
    let issued = send(
        port(&info),
        &format!(
            "POST /api/fabric/subscribers/tokens HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Authorization: Basic {basic}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    );
    let issued: Value = serde_json::from_str(issued.split_once("\r\n\r\n").unwrap().1).unwrap();
    let sat = issued["token"].as_str().unwrap();
    // Refused, and so worth a line: an unknown endpoint, with the SAT.
    let refused = send(
        port(&info),
        &format!(
            "GET /api/nothing?token=hidden HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Authorization: Bearer {sat}\r\n\r\n"
        ),
    );
    assert!(refused.starts_with("HTTP/1.1 404"));
    let ask = |path: &str, body: &str| {
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        let length = body.len();
        let answer = send(
            port(&info),
            &format!("{head}Content-Length: {length}\r\n\r\n{body}"),
        );
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    };
    let made = ask("/.space/credentials", r#"{"kind":"embed"}"#);
    let made: Value = serde_json::from_str(&made).unwrap();
    let embed = made["token"].as_str().unwrap();
    let named = format!(r#"{{"token":"{embed}"}}"#);
    let guest = ask("/api/fabric/embeds/tokens", &named);
    let guest: Value = serde_json::from_str(&guest).unwrap();
    let guest = guest["token"].as_str().unwrap();
    ask("/.space/revoke", &format!(r#"{{"embed_token":"{embed}"}}"#));
    ask("/.space/revoke", &named);
    ask("/api/fabric/embeds/tokens", &named);
    let (_, log) = program.end();
    assert!(log.contains("GET /api/nothing"), "the log is there: {log}");
    for secret in [sat, token, &basic, "correct horse", "hidden", embed, guest] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn a_mistake_is_explained_and_fails() {
    let program = Program::start(&["--prot", "1"]);
    let (success, log) = program.end();
    assert!(!success);
    assert!(log.contains("--prot") && log.contains("--help"), "{log}");
}

#[test]
fn a_port_in_use_is_explained_and_fails() {
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port().to_string();
    let program = Program::start(&["--port", &port]);
    let (success, log) = program.end();
    assert!(!success);
    assert!(log.contains(&port) && log.contains("in use"), "{log}");
}
