import assert from "node:assert/strict";
import test from "node:test";
import { offencesOf, rowsOf, WEAKNESSES } from "./check-security.mjs";

/** @param {string} id @param {string} [tests] */
const row = (id, tests = "answered") => `| ${id} | something | closed. ${tests} |`;
const COMPLETE = WEAKNESSES.map((id) => row(id)).join("\n");
const read = (/** @type {string} */ path) => (path === "tests/a.rs" ? "#[test]\nfn holds() {}" : undefined);

test("a row names its tests among other words, also with backticks in them", () => {
  const text = row("W-3", "`refresh()` and `tests/a.rs::holds`, ``tests/b.spec.ts::without `c` nothing``");
  assert.deepEqual(rowsOf(text), [{ id: "W-3", tests: ["tests/a.rs::holds", "tests/b.spec.ts::without `c` nothing"] }]);
});

test("every weakness has one row, and every test that is named exists", () => {
  assert.deepEqual(offencesOf(COMPLETE, read), []);
  assert.deepEqual(offencesOf(COMPLETE.replace("| W-7 |", "| W-6 |"), read), ["W-6: needs one row", "W-7: needs one row"]);
  const named = (/** @type {string} */ tests) => offencesOf(COMPLETE.replace(row("W-32"), row("W-32", tests)), read);
  assert.deepEqual(named("`tests/a.rs::holds`"), []);
  assert.match(named("`tests/a.rs::does_not`").join(), /^W-32: tests\/a.rs has no test/);
  assert.match(named("`tests/b.rs::holds`").join(), /^W-32: there is no tests\/b.rs/);
});
