// On a server: every module entry can be imported, does nothing by it, and says clearly what is missing when it is used.

import assert from "node:assert/strict";

assert.equal(typeof window, "undefined");
const before = new Set(Object.getOwnPropertyNames(globalThis));
for (const entry of ["signalwire-wasm", "signalwire-wasm/slim", "signalwire-wasm/bundle"]) {
  const { SignalWire, StaticCredentialProvider, version, ready } = await import(entry);
  assert.equal(ready, true);
  assert.match(version, /^\d+\.\d+\.\d+/);
  assert.throws(
    () => new SignalWire(new StaticCredentialProvider({ token: "sat" })),
    (error) => error.name === "DependencyError" && /WebRTC/.test(error.message),
  );
}
const added = Object.getOwnPropertyNames(globalThis).filter((name) => !before.has(name));
assert.deepEqual(added, []);
