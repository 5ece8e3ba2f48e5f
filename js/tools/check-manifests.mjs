// What cargo's and npm's manifests may not bring in: a wasm-only crate in a native build of the SDK, a crate without the
// workspace's lints, an inexact version, the address of a registry. `node js/tools/check-manifests.mjs`

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { capture, main, root } from "./commands.mjs";

/** Crates that only a build for wasm may have. */
const WASM_CRATES = new Set(["wasm-bindgen", "wasm-bindgen-futures", "js-sys", "web-sys", "getrandom", "gloo-net", "gloo-timers"]);

const read = (/** @type {string} */ file) => readFileSync(join(root, file), "utf8");

/** @returns {string[]} */
function wasmCratesInNativeBuild() {
  const tree = capture("cargo", ["tree", "--locked", "--package", "signalwire-wasm", "--edges", "normal", "--prefix", "none", "--format", "{p}"]);
  const crates = tree.split("\n").map((line) => line.split(" ")[0] ?? "");
  return crates.filter((crate) => WASM_CRATES.has(crate)).map((crate) => `a native build of the SDK pulls ${crate}`);
}

/** @returns {string[]} */
function cratesWithoutLints() {
  const { packages } = JSON.parse(capture("cargo", ["metadata", "--locked", "--no-deps", "--format-version=1"]));
  return /** @type {{ name: string, manifest_path: string }[]} */ (packages)
    .filter(({ manifest_path }) => !/^\[lints\]\nworkspace = true$/m.test(readFileSync(manifest_path, "utf8")))
    .map(({ name }) => `crate ${name} does not take the workspace's lints (no unsafe code, clippy)`);
}

/** @returns {string[]} */
function looseVersions() {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(read("package.json"));
  return Object.entries({ ...dependencies, ...devDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
    .map(([name, version]) => `package.json: ${name} ${version} is not an exact version`);
}

/** @returns {string[]} */
function registries() {
  return /"resolved"/.test(read("package-lock.json")) ? ["package-lock.json names a registry"] : [];
}

await main(() => {
  const found = [wasmCratesInNativeBuild, cratesWithoutLints, looseVersions, registries].flatMap((check) => check());
  for (const line of found) console.error(line);
  console.log(`manifests: ${found.length} offences`);
  if (found.length > 0) process.exitCode = 1;
});
