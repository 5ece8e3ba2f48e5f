import assert from "node:assert/strict";
import { test } from "node:test";
import { delivered } from "./scripted-engine.js";

test("a page is told when the package is there, after its script has run", async () => {
  const page = new EventTarget();
  const told: unknown[] = [];
  page.addEventListener("signalwire:js:ready", (event) => told.push((event as CustomEvent).detail));
  Object.assign(globalThis, { window: page });
  await import("../public/ready.js");
  await delivered();
  assert.deepEqual(told, [{ version: "0.0.0-test" }]);
});
