//! Tests in a real browser: `npm run test:wasm`.

mod capture;
mod driver;
mod network;
mod peer;
mod reader;
mod stage;
mod trap;

use wasm_bindgen_test::wasm_bindgen_test_configure;

wasm_bindgen_test_configure!(run_in_browser);
