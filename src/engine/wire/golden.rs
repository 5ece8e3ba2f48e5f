//! The golden frames of `tests/wire`, through the native Reader. The browser's Reader is held against
//! the same files: both must read the same.

use serde_json::Value;

use super::json::Json;
use super::rpc::{Incoming, Served};

fn frames(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

/// Compares each frame with its committed reading, or writes the readings with `UPDATE=1`.
fn check(file: &str, text: &str, read: impl Fn(&Value) -> String) {
    let mut frames = frames(text);
    if std::env::var_os("UPDATE").is_some() {
        let mut out = String::from("[\n");
        for (index, entry) in frames.iter_mut().enumerate() {
            let reading = read(&entry["frame"]);
            entry["reads"] = Value::String(reading);
            let comma = if index == 0 { "" } else { ",\n" };
            out.push_str(&format!("{comma}  {entry}"));
        }
        out.push_str("\n]\n");
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/wire")
            .join(file);
        std::fs::write(path, out).unwrap();
        return;
    }
    assert!(!frames.is_empty());
    for entry in frames {
        assert_eq!(
            read(&entry["frame"]),
            entry["reads"].as_str().unwrap(),
            "{}",
            entry["name"]
        );
    }
}

#[test]
fn frames_to_a_client() {
    check(
        "to_client.json",
        include_str!("../../../tests/wire/to_client.json"),
        |frame| format!("{:?}", Incoming::decode(&Json(frame))),
    );
}

#[test]
fn frames_to_a_space() {
    check(
        "to_space.json",
        include_str!("../../../tests/wire/to_space.json"),
        |frame| format!("{:?}", Served::decode(&Json(frame))),
    );
}
