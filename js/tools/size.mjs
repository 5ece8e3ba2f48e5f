// `npm run size`: every output raw, gzip 9 and brotli 11, and the gates below. A kilobyte is 1000 bytes.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { main, root } from "./commands.mjs";
import { buildAll } from "./build.mjs";

const dist = join(root, "dist");

/** @typedef {{ name: string, parts: Buffer[], gate?: number, goal?: number }} Output gates and goals in bytes of brotli */

/** What a file weighs in transit when a server compresses it at its best. @param {Buffer} bytes */
function brotli(bytes) {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  }).length;
}

/** Each part is a file of its own and is compressed alone. @param {Output} output */
function measure({ parts }) {
  const sum = (/** @type {(bytes: Buffer) => number} */ weigh) => parts.reduce((total, part) => total + weigh(part), 0);
  return {
    raw: sum((bytes) => bytes.length),
    gzip: sum((bytes) => gzipSync(bytes, { level: 9 }).length),
    brotli: sum(brotli),
  };
}

/** @returns {Promise<Output[]>} */
async function outputs() {
  const { build } = await import("esbuild");
  const { common } = await import("./facade-build.mjs");
  const slim = await build({
    ...common({ minify: true, engine: join(dist, "engine") }),
    entryPoints: ["js/slim.ts"],
    format: "esm",
    write: false,
  });
  const file = (/** @type {string} */ name) => readFileSync(join(dist, name));
  const wasm = file("signalwire.wasm");
  return [
    { name: "click-to-call.js, before the visitor's intent", parts: [file("click-to-call.js")], gate: 12_000, goal: 8_000 },
    { name: "click-to-call-panel.mjs, on intent", parts: [file("click-to-call-panel.mjs")] },
    { name: "signalwire.slim with rxjs + signalwire.wasm", parts: [Buffer.from(slim.outputFiles[0]?.contents ?? []), wasm], gate: 76_000, goal: 61_000 },
    { name: "signalwire.bundle.mjs (one file)", parts: [file("signalwire.bundle.mjs")], gate: 85_000, goal: 66_000 },
    { name: "signalwire.js (script tag)", parts: [file("signalwire.js")], gate: 85_000, goal: 66_000 },
    { name: "signalwire.wasm", parts: [wasm] },
    { name: "engine/glue.js, minified", parts: [await minified("glue.js")] },
  ];
}

/** @param {string} name */
async function minified(name) {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({ entryPoints: [join(dist, "engine", name)], format: "esm", minify: true, write: false });
  return Buffer.from(outputFiles[0]?.contents ?? []);
}

await main(async () => {
  await buildAll({ types: false });
  const rows = (await outputs()).map((output) => ({ ...output, ...measure(output) }));
  const width = Math.max(...rows.map(({ name }) => name.length));
  const cell = (/** @type {number | undefined} */ bytes) => (bytes === undefined ? "" : (bytes / 1000).toFixed(1)).padStart(9);
  console.log(`${"kB".padEnd(width)}${["raw", "gzip 9", "brotli 11", "gate", "goal"].map((head) => head.padStart(10)).join("")}`);
  for (const row of rows) {
    const over = row.gate !== undefined && row.brotli > row.gate;
    const cells = [row.raw, row.gzip, row.brotli, row.gate, row.goal].map((bytes) => ` ${cell(bytes)}`).join("");
    console.log(`${row.name.padEnd(width)}${cells}${over ? "  OVER" : ""}`);
    if (over) process.exitCode = 1;
  }
});
