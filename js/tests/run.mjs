// The unit tests of store and facade: bundled by esbuild, run by node --test in one process each.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { nodeTest, RECORDS_VARIABLE } from "../tools/test-records.mjs";

const here = import.meta.dirname;
const out = mkdtempSync(join(here, ".built-"));
try {
  const tests = readdirSync(here).filter((name) => name.endsWith(".test.ts"));
  await build({
    entryPoints: tests.map((name) => join(here, name)),
    bundle: true,
    define: { SIGNALWIRE_WASM_VERSION: '"0.0.0-test"' },
    external: ["rxjs"],
    format: "esm",
    logLevel: "warning",
    outdir: out,
    outExtension: { ".js": ".mjs" },
    platform: "node",
    sourcemap: "inline",
    target: "node20",
  });
  const files = tests.map((name) => join(out, name.replace(/ts$/, "mjs")));
  const options = ["--enable-source-maps", ...nodeTest(process.env[RECORDS_VARIABLE])];
  process.exitCode = spawnSync(process.execPath, [...options, ...files], { cwd: join(here, "..", ".."), stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
