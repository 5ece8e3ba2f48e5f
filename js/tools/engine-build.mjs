// Rust → wasm → the two forms in which the facade takes it: the bare file and ASCII text, and beside them the glue
// as a function, so that each instance gets a glue scope (and host functions) of its own.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { capture, root, run } from "./commands.mjs";
import { ensureWasmBindgen, targetDirectory } from "./setup.mjs";
import { encodeWasmText } from "./wasm-text.mjs";

const TARGET = "wasm32-unknown-unknown";

/** What rustc 1.95 emits for this target. Named one by one: `--all-features` would let wasm-opt write what browsers lack. */
const WASM_FEATURES = [
  "bulk-memory",
  "bulk-memory-opt",
  "call-indirect-overlong",
  "extended-const",
  "multivalue",
  "mutable-globals",
  "nontrapping-float-to-int",
  "reference-types",
  "sign-ext",
];

/**
 * @typedef {object} EngineVariant
 * @property {boolean} development keeps panic messages and names, and the stock standard library: quick to build
 * @property {boolean} trap exports functions that panic and overflow the stack, for the tests of that
 */

/**
 * Builds the engine into a folder: `signalwire.wasm`, `wasm-text.js` (default export text, `length`), `glue.js`.
 *
 * @param {string} folder
 * @param {EngineVariant} variant
 */
export async function buildEngine(folder, variant) {
  const built = compile(variant);
  const stage = join(folder, "stage");
  const key = fingerprint(built, variant);
  const keyFile = join(folder, "built-from");
  if (existsSync(keyFile) && readFileSync(keyFile, "utf8") === key) return;

  rmSync(folder, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  bindgen(built, stage, variant);
  const wasmFile = join(folder, "signalwire.wasm");
  const renamed = optimise(join(stage, "signalwire_bg.wasm"), wasmFile, variant);
  const wasm = readFileSync(wasmFile);
  // A template literal holds the text as it is: the encoder avoids the three characters that mean something there.
  writeFileSync(
    join(folder, "wasm-text.js"),
    `export const length = ${wasm.length};\nexport const text = \`${encodeWasmText(wasm)}\`;\n`,
  );
  writeFileSync(join(folder, "glue.js"), withShortNames(await glueFunction(join(stage, "signalwire.js")), renamed));
  writeFileSync(keyFile, key);
}

/** @param {EngineVariant} variant @returns {string} the wasm that cargo wrote */
function compile({ development, trap }) {
  const profile = development ? "dev" : "wasm";
  const args = ["build", "--locked", "--package", "signalwire-wasm", "--lib", "--target", TARGET, "--profile", profile];
  if (trap) args.push("--features", "trap");
  /** @type {Record<string, string>} */
  const env = {};
  if (!development) {
    args.push("-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size");
    env["RUSTC_BOOTSTRAP"] = "1";
    env["RUSTFLAGS"] = "-Zunstable-options -Cpanic=immediate-abort";
  }
  run("cargo", args, { env });
  return join(targetDirectory(), TARGET, development ? "debug" : profile, "signalwire_wasm.wasm");
}

/** @param {string} wasm @param {string} stage @param {EngineVariant} variant */
function bindgen(wasm, stage, { development }) {
  const args = [wasm, "--target", "web", "--no-typescript", "--out-name", "signalwire", "--out-dir", stage];
  if (!development) args.push("--remove-name-section", "--remove-producers-section");
  run(ensureWasmBindgen("wasm-bindgen"), args);
}

/** @typedef {{ imports: [module: string, name: string, short: string][], exports: [name: string, short: string][] }} Renamed */

/**
 * Makes the wasm small, which in a release takes the names between it and the glue, too: they are 80 long ones with
 * hashes, which no compressor shortens.
 *
 * @param {string} from @param {string} to @param {EngineVariant} variant
 * @returns {Renamed | undefined} what wasm-opt named anew
 */
function optimise(from, to, { development }) {
  const level = development ? ["-O1", "--debuginfo"] : ["-Oz", "--strip-target-features", "--minify-imports-and-exports-and-modules"];
  const features = ["--mvp-features", ...WASM_FEATURES.map((name) => `--enable-${name}`)];
  const told = capture(join(root, "node_modules", ".bin", "wasm-opt"), [...level, ...features, from, "--output", to]);
  return development ? undefined : JSON.parse(told);
}

/** Every import is a key of one object in the glue, every export a property of `wasm`. @param {string} glue @param {Renamed | undefined} renamed */
function withShortNames(glue, renamed) {
  if (!renamed) return glue;
  let short = glue;
  const replace = (/** @type {string} */ from, /** @type {string} */ to) => {
    const parts = short.split(from);
    if (parts.length < 2) throw new Error(`the glue does not mention ${from}`);
    short = parts.join(to);
  };
  const [module] = renamed.imports[0] ?? [];
  replace(`"${module}": `, `"${SHORT_MODULE}": `);
  for (const [, name, to] of renamed.imports) replace(` ${name}: `, ` ${to}: `);
  for (const [name, to] of longestFirst(renamed.exports)) if (short.includes(`wasm.${name}`)) replace(`wasm.${name}`, `wasm.${to}`);
  return short;
}

/** What wasm-opt calls the one module of the imports. */
const SHORT_MODULE = "a";

/** So that no name is taken for the beginning of a longer one. @param {Renamed["exports"]} names */
function longestFirst(names) {
  return [...names].sort(([a], [b]) => b.length - a.length);
}

/**
 * wasm-bindgen's glue keeps its instance in a module-level variable and calls host functions by free names.
 * Wrapped in a function whose parameters are those names, each call gives an independent glue.
 *
 * @param {string} glueFile
 * @returns {Promise<string>}
 */
async function glueFunction(glueFile) {
  const { metafile } = await build({ entryPoints: [glueFile], format: "esm", write: false, metafile: true, bundle: true });
  const names = Object.values(metafile.outputs)
    .flatMap((output) => output.exports)
    .filter((name) => name !== "default");
  const { outputFiles } = await build({
    stdin: {
      contents: `import { ${names.join(", ")} } from ${JSON.stringify(glueFile)};\nreceive({ ${names.join(", ")} });`,
      resolveDir: root,
    },
    bundle: true,
    format: "esm",
    target: "es2022",
    write: false,
  });
  const body = outputFiles[0]?.text ?? "";
  return `export function glue(WebAssembly, host) {\nlet exported;\nconst receive = (all) => { exported = all; };\n${body}\nreturn exported;\n}\n`;
}

/** @param {string} wasm @param {EngineVariant} variant */
function fingerprint(wasm, variant) {
  const hash = createHash("sha256").update(JSON.stringify([variant, WASM_FEATURES]));
  for (const file of [wasm, join(root, "package-lock.json"), ...toolSources]) hash.update(readFileSync(file));
  return hash.digest("hex");
}

const toolSources = ["engine-build.mjs", "wasm-text.mjs"].map((name) => join(root, "js", "tools", name));
