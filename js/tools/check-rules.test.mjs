import assert from "node:assert/strict";
import test from "node:test";
import { offencesIn, RULES } from "./check-rules.mjs";

/** One line that each room must not hold. */
const OFFENCES = [
  ["src/engine/a.rs", "use wasm_bindgen::JsValue;"],
  ["src/engine/a.rs", "let now = Instant::now();"],
  ["src/engine/a.rs", "use std::collections::HashMap;"],
  ["src/engine/a.rs", "async fn dial() {}"],
  ["src/engine/a.rs", "use crate::web::Driver;"],
  ["src/web/a.rs", 'if method == "signalwire.ping" {'],
  ["src/web/a.rs", "use crate::bindings::client;"],
  ["src/web/a.rs", "self.queue.borrow_mut().pop_front()"],
  ["src/bindings/a.rs", 'let url = [host, "/api/fabric"].concat();'],
  ["js/wasm/host/a.ts", 'import { Store } from "../../store/store.js";'],
  ["js/wasm/a.ts", 'if (frame.method === "call.joined") return;'],
  ["js/store/a.ts", 'import { SignalWire } from "../public/client.js";'],
  ["js/store/a.ts", "const frame = { jsonrpc: version };"],
  ["js/public/a.ts", "const method = verto.invite;"],
  ["js/public/a.ts", "setTimeout(retry, 10);"],
  ["js/click-to-call/a.ts", 'import { Store } from "../store/store.js";'],
  ["space/src/world/a.rs", "use std::time::Duration;"],
  ["space/src/rest/a.rs", "use signalwire_wasm::engine::auth::Credential;"],
  ["www/a.js", 'import { SignalWire } from "signalwire-wasm";'],
];

test("each rule finds what it is there for", () => {
  assert.equal(OFFENCES.length, RULES.length);
  for (const [path, line] of OFFENCES) assert.equal(offencesIn(path ?? "", `\n${line}\n`).length, 1, line);
});

test("comments, tests and other rooms may say anything", () => {
  const line = "setTimeout(verto);";
  assert.deepEqual(offencesIn("js/public/a.ts", `// ${line}\n/* ${line}\n${line} */\n`), []);
  assert.deepEqual(offencesIn("js/public/a.test.ts", line), []);
  assert.deepEqual(offencesIn("src/web/tests/a.rs", line), []);
  assert.deepEqual(offencesIn("src/web/a.rs", `fn a() {}\n#[cfg(test)]\nmod tests {\n${line}\n}\n`), []);
  assert.deepEqual(offencesIn("tests/a.ts", line), []);
});

test("a file has a limit", () => {
  assert.equal(offencesIn("src/a.rs", "\n".repeat(601)).length, 1);
});
