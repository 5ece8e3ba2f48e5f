use serde_json::Value;
use wasm_bindgen_test::wasm_bindgen_test;

use super::stage::{Stage, parse};
use crate::engine::wire::json::Json;
use crate::engine::wire::rpc::Incoming;
use crate::engine::wire::{K, Reader, Sym};
use crate::web::Object;

/// Everything that a reader says about one key, as text.
fn all<R: Reader>(object: &R, key: K) -> String {
    let mut each = 0;
    object.each(key, &mut |element| {
        each += 1 + u32::from(element.str(K::Id).is_some())
    });
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {each} {:?} {:?} {:?} {}",
        object.get(key).is_some(),
        object.str(key),
        object.sym(key),
        object.num(key),
        object.u64(key),
        object.bool(key),
        object.strs(key),
        object.json(key),
        object.header(key, K::Ch),
        object.opaque(key).is_some(),
    )
}

/// Lets both readers read the same text.
fn both(text: &str) -> (Object, Value) {
    // The host functions stand when a stage has been made.
    drop(Stage::new(|_| Vec::new()));
    (
        Object(parse(text)),
        serde_json::from_str(text).expect("JSON"),
    )
}

#[wasm_bindgen_test]
fn both_readers_say_the_same_of_every_type() {
    for value in [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1",
        "1.5",
        "-7",
        "9007199254740991",
        "1e300",
        "\"\"",
        "\"verto.answer\"",
        "\"caf\u{e9} \\u0000 \u{1F600}\"",
        "{}",
        "[]",
        "{\"id\":\"x\"}",
        "[{\"id\":\"x\"},1,null,[],\"a\",{},\"b\"]",
    ] {
        let (object, json) = both(&format!("{{\"params\":{value}}}"));
        assert_eq!(
            all(&object, K::Params),
            all(&Json(&json), K::Params),
            "{value}"
        );
    }
    let (object, json) = both("{}");
    assert_eq!(all(&object, K::Params), all(&Json(&json), K::Params));
}

#[wasm_bindgen_test]
fn both_readers_find_the_same_header_of_a_token() {
    let header = |part: &str| {
        let text = format!("{{\"token\":{part:?}}}");
        let (object, json) = both(&text);
        let [read, natively] = [
            object.header(K::Token, K::Ch),
            Json(&json).header(K::Token, K::Ch),
        ];
        assert_eq!(read, natively, "{part}");
        read
    };
    let puc = Some(Some("puc.caf\u{e9}".to_owned()));
    // {"ch":"puc.café"}: alone, as the first of several parts, and after a byte order mark.
    assert_eq!(header("eyJjaCI6InB1Yy5jYWbDqSJ9"), puc);
    assert_eq!(header("eyJjaCI6InB1Yy5jYWbDqSJ9.b.c"), puc);
    assert_eq!(header("77u_eyJjaCI6InB1Yy5jYWbDqSJ9"), None);
    // The same and a space: bare, padded, and with a last character that holds more bits than belong to it.
    assert_eq!(header("eyJjaCI6InB1Yy5jYWbDqSJ9IA"), puc);
    assert_eq!(header("eyJjaCI6InB1Yy5jYWbDqSJ9IA=="), puc);
    assert_eq!(header("eyJjaCI6InB1Yy5jYWbDqSJ9IB"), puc);
    // {"ch":7}, {}
    assert_eq!(header("eyJjaCI6N30"), Some(None));
    assert_eq!(header("e30"), Some(None));
    // [], null, {"ch":"<no UTF-8>"}, the alphabet of base64, a character too many, and no base64url at all.
    for part in [
        "W10",
        "bnVsbA",
        "eyJjaCI6Iv8ifQ",
        "77u/e30",
        "e30A1",
        "e 30",
        "",
        "....",
        "%",
    ] {
        assert_eq!(header(part), None, "{part}");
    }
}

#[wasm_bindgen_test]
fn every_word_is_known_by_its_number() {
    for &sym in Sym::ALL {
        let (object, _) = both(&format!("{{\"method\":\"{}\"}}", sym.text()));
        assert_eq!(object.sym(K::Method), Some(sym));
    }
    for &key in K::ALL {
        let (object, _) = both(&format!("{{\"{}\":\"here\"}}", key.text()));
        assert_eq!(object.str(key).as_deref(), Some("here"), "{}", key.text());
    }
}

#[wasm_bindgen_test]
fn every_golden_frame_reads_as_it_does_natively() {
    let frames: Value =
        serde_json::from_str(include_str!("../../../tests/wire/to_client.json")).expect("JSON");
    let frames = frames.as_array().expect("a list");
    assert!(!frames.is_empty());
    for golden in frames {
        let (object, _) = both(&golden["frame"].to_string());
        let read = format!("{:?}", Incoming::decode(&object));
        assert_eq!(
            Some(read.as_str()),
            golden["reads"].as_str(),
            "{}",
            golden["name"]
        );
    }
}
