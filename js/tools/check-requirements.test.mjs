import assert from "node:assert/strict";
import test from "node:test";
import { IDS, offencesOf, parseRequirements, testsNotPassed, unknownTests } from "./check-requirements.mjs";
import { recordsOfCargo } from "./test-records.mjs";

const SPEC = "tests/e2e/patterns.spec.ts";
const WORLD = "space/src/world/tests/tokens.rs";

/** Every requirement, tested. */
const COMPLETE = IDS.map((id) => ({ id, tests: [`${SPEC}::a guest`] }));

/** @param {string} id @param {string} test */
const one = (id, test) => [{ id, tests: [test] }];

test("the file is read: tables, strings, arrays on one line and on several", () => {
  const text = `# about\n\n[REQ-1]\ntests = ["a.rs::b", "c.ts::d, e"]\n[REQ-24a]\ntests = [\n  "f.ts::g [h]",\n  "i.ts::j",\n]\n[REQ-2]\nnot_testable = "a \\"word\\""\n`;
  assert.deepEqual(parseRequirements(text), [
    { id: "REQ-1", tests: ["a.rs::b", "c.ts::d, e"] },
    { id: "REQ-24a", tests: ["f.ts::g [h]", "i.ts::j"] },
    { id: "REQ-2", not_testable: 'a "word"' },
  ]);
});

test("what cannot be read is no requirement that passes", () => {
  for (const bad of [
    'tests = ["a.ts::b"]',
    "[REQ-1]\nnonsense",
    '[REQ-1]\ntest = ["a.ts::b"]',
    "[REQ-1]\ntests = []",
    '[REQ-1]\ntests = "a.ts::b"',
    '[REQ-1]\nnot_testable = ""',
    '[REQ-1]\nnot_testable = "a"\nnot_testable = "b"',
    '[REQ-1]\nopen = "later"',
  ]) assert.throws(() => parseRequirements(bad), Error, bad);
});

test("every requirement has to be there, once, and answered in one way", () => {
  assert.deepEqual(offencesOf(COMPLETE), []);
  assert.deepEqual(offencesOf(COMPLETE.filter(({ id }) => id !== "REQ-24a")), ["REQ-24a: is missing"]);
  assert.match(offencesOf([...COMPLETE, ...one("REQ-7", SPEC)]).join(), /^REQ-7: is unknown, or there twice$/);
  assert.match(offencesOf([...COMPLETE, ...one("REQ-105", SPEC)]).join(), /^REQ-105: is unknown/);
  const with7 = (/** @type {object} */ answer) => COMPLETE.map((row) => (row.id === "REQ-7" ? { id: "REQ-7", ...answer } : row));
  assert.match(offencesOf(with7({})).join(), /^REQ-7: needs one of/);
  assert.match(offencesOf(with7({ tests: [SPEC], not_testable: "a document" })).join(), /^REQ-7: needs one of/);
  assert.deepEqual(offencesOf(with7({ not_testable: "a document" })), []);
});

test("a test that is named exists", () => {
  const texts = new Map([
    [SPEC, "test('a guest\\'s call', async () => {});"],
    [WORLD, "#[test]\n#[should_panic]\nfn a_guest_dials() {}\nfn scene() {}\n#[tokio::test(start_paused = true)]\nasync fn over_http() {}\n"],
  ]);
  const unknown = (/** @type {string} */ name) => unknownTests(one("REQ-1", name), (path) => texts.get(path)).join();
  assert.equal(unknown(`${SPEC}::guest's call`), "");
  assert.equal(unknown(`${WORLD}::a_guest_dials`), "");
  assert.equal(unknown(`${WORLD}::over_http`), "");
  assert.match(unknown(`${SPEC}::a host`), /^REQ-1: .* has no test "a host"$/);
  assert.match(unknown(`${WORLD}::a_guest`), /has no test/);
  assert.match(unknown(`${WORLD}::scene`), /has no test/);
  assert.match(unknown("tests/e2e/none.spec.ts::a guest"), /there is no/);
  assert.match(unknown(SPEC), /names no test/);
});

test("a test that is named has run and passed, wherever it ran", () => {
  const record = (/** @type {string} */ file, /** @type {string} */ title, /** @type {"passed" | "failed" | "skipped"} */ outcome = "passed") =>
    ({ file, title, outcome });
  const bad = (/** @type {string} */ name, /** @type {import("./test-records.mjs").TestRecord[]} */ ...records) =>
    testsNotPassed(one("REQ-1", name), records).join();
  assert.equal(bad(`${SPEC}::a guest`, record(SPEC, "patterns › a guest calls")), "");
  assert.match(bad(`${SPEC}::a guest`), /did not run/);
  assert.match(bad(`${SPEC}::a guest`, record("tests/e2e/other.spec.ts", "a guest")), /did not run/);
  assert.match(bad(`${SPEC}::a guest`, record(SPEC, "a guest"), record(SPEC, "a guest", "skipped")), /^REQ-1: skipped/);
  assert.match(bad(`${SPEC}::a guest`, record(SPEC, "a guest", "failed")), /failed/);
  assert.equal(bad(`${WORLD}::a_guest`, record(WORLD, "a_guest"), record(WORLD, "a_guest_dials", "failed")), "");
  assert.match(bad(`${WORLD}::a_guest`, record(WORLD, "a_guest_dials")), /did not run/);
});

test("what cargo prints names each test by its file", () => {
  const files = ["space/src/world/tests/tokens.rs", "space/src/rest/mod.rs", "space/src/world/seeds.rs", "space/tests/loopback/main.rs", "space/tests/loopback/tls.rs"];
  const output = `
     Running unittests src/lib.rs (target/debug/deps/signalwire_space-1abebf2afd8d6982)

running 4 tests
test world::tests::tokens::a_guest_dials ... ok
test rest::a_long_body ... FAILED
test world::seeds::tests::every_id ... ignored, takes long
test world::seeds::tests::too_long - should panic ... ok
     Running tests/loopback/main.rs (target/debug/deps/loopback-ed8d18d0adbe3c5b)
test tls::both ... ok
test plain ... ok
   Doc-tests signalwire_space
test space/src/lib.rs - Space (line 3) ... ok
     Running unittests src/lib.rs (target/wasm32-unknown-unknown/debug/deps/signalwire_wasm-15a4801a8a4819ee.wasm)
test web::reader::tests::words ... ok
`;
  assert.deepEqual(recordsOfCargo(output, (path) => files.includes(path)).map(({ file, title, outcome }) => `${file}::${title} ${outcome}`), [
    "space/src/world/tests/tokens.rs::a_guest_dials passed",
    "space/src/rest/mod.rs::a_long_body failed",
    "space/src/world/seeds.rs::every_id skipped",
    "space/src/world/seeds.rs::too_long passed",
    "space/tests/loopback/tls.rs::both passed",
    "space/tests/loopback/main.rs::plain passed",
    "src/lib.rs::words passed",
  ]);
});
