import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { encodeWasmText } from "./wasm-text.mjs";

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL("../wasm/wasm-text.ts", import.meta.url))],
  bundle: true,
  format: "esm",
  write: false,
});
/** @type {{ decodeWasmText(text: string, length: number): Uint8Array }} */
const { decodeWasmText } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0]?.contents ?? []).toString("base64")}`);

/** @param {Uint8Array} bytes */
function roundTrip(bytes) {
  const text = encodeWasmText(bytes);
  assert.deepEqual(Buffer.from(decodeWasmText(text, bytes.length)), Buffer.from(bytes));
  return text;
}

test("every byte value survives, also when all are equally common", () => {
  roundTrip(Uint8Array.from({ length: 256 }, (_, index) => index));
});

test("nothing, and one byte, survive", () => {
  roundTrip(new Uint8Array());
  for (let byte = 0; byte < 256; byte++) roundTrip(Uint8Array.of(byte));
});

test("skewed noise survives", () => {
  let state = Buffer.alloc(0);
  const parts = [];
  for (let block = 0; block < 2000; block++) {
    state = createHash("sha256").update(state).update(String(block)).digest();
    parts.push(state.map((byte) => (byte & 1 ? byte % 17 : byte)));
  }
  roundTrip(Buffer.concat(parts));
});

test("the text is ASCII that no script can misread", () => {
  const text = roundTrip(Uint8Array.from({ length: 4096 }, (_, index) => (index * 7919) >> 3));
  assert.match(text, /^[ -~]+$/);
  assert.doesNotMatch(text, /["'`$<\\]/);
});
