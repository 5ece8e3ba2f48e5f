// TypeScript → the files that people load. Every output holds exactly one copy of the wasm, or none.

import { readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { root, run } from "./commands.mjs";

/** The entries of the npm package, which share their common part as a chunk and leave rxjs to the application. */
const PACKAGE_ENTRIES = {
  signalwire: "js/browser.ts",
  "signalwire.slim": "js/slim.ts",
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
    entryPoints: PACKAGE_ENTRIES,
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

/** Writes the declarations of the public entries, and of what they name. */
export function buildTypes() {
  const folder = join(root, "dist", "types");
  rmSync(folder, { recursive: true, force: true });
  run(join(root, "node_modules", ".bin", "tsc"), ["--project", "tsconfig.types.json"]);
  const named = new Set();
  for (const entry of ["browser.d.ts", "slim.d.ts"]) name(join(folder, entry), named);
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (file.endsWith(".d.ts") && !named.has(join(folder, file))) rmSync(join(folder, file));
  }
}

/** Adds a declaration file and those that it imports. @param {string} file @param {Set<string>} named */
function name(file, named) {
  if (named.has(file)) return;
  named.add(file);
  for (const [, path] of readFileSync(file, "utf8").matchAll(/(?:from |import\()"(\.[^"]+)\.js"/g)) {
    name(join(dirname(file), `${path}.d.ts`), named);
  }
}

/** The one version of package, wasm and crate. @returns {string} */
export function version() {
  const { version: found } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const crate = /^version = "(.*)"$/m.exec(readFileSync(join(root, "Cargo.toml"), "utf8"))?.[1];
  if (found !== crate) throw new Error(`package.json says ${found}, Cargo.toml ${crate}: a release has one version`);
  return found;
}
