//! The rule of the Readers, on mutations of the golden frames: whatever has another type than the one
//! asked for reads as absent, what is unknown is passed over, and nothing panics.

use serde_json::{Value, json};
use signalwire_wasm::engine::wire::json::Json;
use signalwire_wasm::engine::wire::rpc::{Incoming, Served};

const TO_CLIENT: &str = include_str!("../../wire/to_client.json");
const TO_SPACE: &str = include_str!("../../wire/to_space.json");

/// A place in a frame: keys, and indices as text.
type Place = Vec<String>;

/// Members whose value may have several types: a number or its text, a text or a list of texts.
const MANIFOLD: &[&str] = &[
    "code",
    "causeCode",
    "channels",
    "event_channel",
    "urls",
    "capabilities",
];
/// Members that are handed on as they stand, with whatever is in them.
const HANDED_ON: &[&str] = &["userVariables"];
/// Members whose presence counts, whatever they are.
const PRESENT: &[&str] = &["event_channel", "result", "error"];

pub fn frames(text: &str) -> Vec<Value> {
    let entries: Vec<Value> = serde_json::from_str(text).expect("golden frames");
    entries
        .into_iter()
        .map(|entry| entry["frame"].clone())
        .collect()
}

pub fn to_client() -> Vec<Value> {
    frames(TO_CLIENT)
}

pub fn to_space() -> Vec<Value> {
    frames(TO_SPACE)
}

fn places(value: &Value, here: &Place, found: &mut Vec<Place>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, child)| (key.clone(), child))
            .collect(),
        Value::Array(elements) => {
            let numbered = elements.iter().enumerate();
            numbered
                .map(|(index, child)| (index.to_string(), child))
                .collect()
        }
        _ => Vec::new(),
    };
    for (key, child) in children {
        let mut place = here.clone();
        place.push(key);
        places(child, &place, found);
        found.push(place);
    }
}

/// Every place of a frame, children before their parents.
fn all_places(frame: &Value) -> Vec<Place> {
    let mut found = Vec::new();
    places(frame, &Place::new(), &mut found);
    found
}

fn pointer(place: &[String]) -> String {
    place.iter().map(|key| format!("/{key}")).collect()
}

fn without(frame: &Value, place: &[String]) -> Value {
    let mut frame = frame.clone();
    let (key, parent) = place.split_last().expect("a place");
    match frame.pointer_mut(&pointer(parent)).expect("a parent") {
        Value::Object(members) => {
            members.remove(key);
        }
        Value::Array(elements) => {
            elements.remove(key.parse().expect("an index"));
        }
        other => panic!("a parent has children: {other}"),
    }
    frame
}

fn with(frame: &Value, place: &[String], value: Value) -> Value {
    let mut frame = frame.clone();
    *frame.pointer_mut(&pointer(place)).expect("a place") = value;
    frame
}

/// One value of each type, and some at the edges of theirs.
fn values() -> Vec<Value> {
    let mut values = vec![
        Value::Null,
        json!(true),
        json!(7),
        json!("text"),
        json!([]),
        json!({}),
    ];
    values.extend([
        json!(-1),
        json!(0.5),
        json!(9_007_199_254_740_993_u64),
        json!(""),
    ]);
    values.extend([json!([[]]), json!([{}]), json!({ "id": {} })]);
    values
}

fn same_type(one: &Value, other: &Value) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

/// Holds every frame and every place in it against the rule. Whatever is in a member that is `handed_on` is
/// the application's.
fn check(frames: &[Value], handed_on: &[&str], read: impl Fn(&Value) -> String) {
    let mut mutations = 0;
    for frame in frames {
        let reading = read(frame);
        for place in all_places(frame) {
            let key = place.last().expect("a key").as_str();
            let (_, parents) = place.split_last().expect("a key");
            if parents.iter().any(|one| handed_on.contains(&one.as_str())) {
                continue;
            }
            let absent = read(&without(frame, &place));
            let original = frame.pointer(&pointer(&place)).expect("a place").clone();
            for value in values() {
                let mutated = with(frame, &place, value.clone());
                let found = read(&mutated);
                mutations += 1;
                let is_exempt = MANIFOLD
                    .iter()
                    .chain(PRESENT)
                    .any(|one| place.iter().any(|k| k == one));
                // An original that reads as absent was of another type itself.
                let was_read = reading != absent && !same_type(&value, &original);
                if was_read && (!is_exempt || value.is_null()) {
                    assert_eq!(found, absent, "{key} = {value} in {frame}");
                }
            }
            if original.is_object() && !handed_on.contains(&key) {
                let more = format!("{}/unheard of", pointer(&place));
                let mut mutated = frame.clone();
                let parent = mutated.pointer_mut(more.rsplit_once('/').expect("a parent").0);
                parent.expect("an object")["unheard of"] = json!({ "id": "x", "sdp": [7] });
                assert_eq!(read(&mutated), reading, "something unknown in {key}");
            }
        }
    }
    assert!(mutations > 1_000, "{mutations} mutations");
}

#[test]
fn another_type_reads_as_absent_at_the_client() {
    check(&to_client(), HANDED_ON, |frame| {
        format!("{:?}", Incoming::decode(&Json(frame)))
    });
}

#[test]
fn another_type_reads_as_absent_at_the_space() {
    check(&to_space(), &[], |frame| {
        format!("{:?}", Served::decode(&Json(frame)))
    });
}

/// Every frame with one place dropped or changed, for whoever has to bear it.
pub fn mutations(frames: &[Value]) -> Vec<Value> {
    let mut all = Vec::new();
    for frame in frames {
        for place in all_places(frame) {
            all.push(without(frame, &place));
            all.extend(values().into_iter().map(|value| with(frame, &place, value)));
        }
    }
    all
}
