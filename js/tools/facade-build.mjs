// TypeScript → the files that people load. Every output holds exactly one copy of the wasm, or none.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { root, run } from "./commands.mjs";

/** The entries of the npm package, which share their common part as a chunk and leave rxjs to the application. */
const PACKAGE_ENTRIES = {
  signalwire: "js/browser.ts",
  "signalwire.slim": "js/slim.ts",
  "signalwire.operators": "js/public/operators.ts",
};

/**
 * @param {{ minify: boolean, engine: string, trap?: boolean }} settings `engine` is the folder with the built engine,
 *   `trap` whether it can be made to trap
 * @returns {import("esbuild").BuildOptions}
 */
export function common({ minify, engine, trap = false }) {
  return {
    absWorkingDir: root,
    alias: { "#engine": engine },
    bundle: true,
    charset: "ascii",
    // rxjs as ES2015 classes is a tenth smaller than its ES5 form, which esbuild would take.
    conditions: ["es2015", "module"],
    define: { SIGNALWIRE_WASM_TRAP: JSON.stringify(trap), SIGNALWIRE_WASM_VERSION: JSON.stringify(version()) },
    legalComments: "none",
    logLevel: "warning",
    minify,
    sourcemap: minify ? false : "inline",
    target: "es2022",
  };
}

/**
 * Builds everything that stands in `dist/` itself.
 *
 * @param {{ minify: boolean, engine: string, out: string }} settings
 */
export async function buildFacade(settings) {
  const { out } = settings;
  const options = common(settings);
  rmSync(join(out, "chunks"), { recursive: true, force: true });
  await build({
    ...options,
    entryPoints: present(PACKAGE_ENTRIES),
    format: "esm",
    splitting: true,
    outdir: out,
    outExtension: { ".js": ".mjs" },
    chunkNames: "chunks/[name]-[hash]",
    external: ["rxjs"],
  });
  await build({ ...options, entryPoints: ["js/browser.ts"], format: "esm", outfile: join(out, "signalwire.bundle.mjs") });
  await build({
    ...options,
    entryPoints: ["js/browser.ts"],
    format: "iife",
    globalName: "SignalWire",
    outfile: join(out, "signalwire.js"),
  });
  await build({ ...options, entryPoints: ["js/click-to-call.ts"], format: "iife", outdir: out });
  await build({
    ...options,
    entryPoints: ["js/click-to-call/panel.ts"],
    format: "esm",
    outfile: join(out, "click-to-call-panel.mjs"),
  });
}

/** @param {Record<string, string>} entries */
function present(entries) {
  return Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(join(root, file))));
}

/** Writes the declarations of the public entries. */
export function buildTypes() {
  rmSync(join(root, "dist", "types"), { recursive: true, force: true });
  run(join(root, "node_modules", ".bin", "tsc"), ["--project", "tsconfig.types.json"]);
}

/** The one version of package, wasm and crate. @returns {string} */
export function version() {
  const { version: found } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const crate = /^version = "(.*)"$/m.exec(readFileSync(join(root, "Cargo.toml"), "utf8"))?.[1];
  if (found !== crate) throw new Error(`package.json says ${found}, Cargo.toml ${crate}: a release has one version`);
  return found;
}
