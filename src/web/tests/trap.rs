use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use super::stage::{Stage, trap_case};

/// Microphone, peer connection and socket open before; nothing after; one death; and a next instance works.
const EVERYTHING_CLOSED: &str = "before 1 1 1; after 0 0 0; deaths 1; fresh true";

async fn dies(place: &str, before: &str) {
    drop(Stage::new(|_| Vec::new()));
    for overflow in [false, true] {
        let saw = JsFuture::from(trap_case(place, overflow))
            .await
            .expect("a case");
        let expected = EVERYTHING_CLOSED.replace("before 1 1 1", before);
        assert_eq!(
            saw.as_string(),
            Some(expected),
            "{place}, overflow {overflow}"
        );
    }
}

#[wasm_bindgen_test]
async fn a_trap_in_an_export_closes_everything() {
    dies("export", "before 1 1 1").await;
}

#[wasm_bindgen_test]
async fn a_trap_in_an_event_closes_everything() {
    dies("event", "before 1 1 1").await;
}

#[wasm_bindgen_test]
async fn a_trap_after_an_await_closes_everything_and_what_the_await_brought() {
    // Dead before anybody could look: the microphone came with the continuation that trapped.
    dies("continuation", "before 0 0 0").await;
}

#[wasm_bindgen_test]
async fn a_trap_inside_a_delivery_closes_everything() {
    dies("delivery", "before 0 0 0").await;
}
