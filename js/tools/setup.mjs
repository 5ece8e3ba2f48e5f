// What the scripts need on the machine. Each step is done when it is missing and may be done without
// asking (npm modules, the wasm target, as root on Debian the browsers); otherwise it is named in one line to type.
// This module and what it imports stand on Node alone: it runs before `node_modules` exists. Run alone, it does them all.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Advice, capture, main, root, run, succeeds } from "./commands.mjs";

const TARGET = "wasm32-unknown-unknown";

/** Installs the locked npm modules unless the installed ones are of the present lock file. */
export function ensureNodeModules() {
  const lock = readFileSync(join(root, "package-lock.json"), "utf8");
  const stamp = join(root, "node_modules", ".installed-lock.json");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  console.log("installing npm modules");
  run("npm", ["ci", "--loglevel=error"]);
  writeFileSync(stamp, lock);
}

/** Rust, its wasm target and the sources of the standard library (rebuilt small for the release wasm). */
export function ensureRust() {
  if (!succeeds("cargo", ["--version"])) {
    throw new Advice("Rust is missing; install it with:\n  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh");
  }
  const sysroot = capture("rustc", ["--print", "sysroot"]).trim();
  const target = existsSync(join(sysroot, "lib", "rustlib", TARGET));
  const sources = existsSync(join(sysroot, "lib", "rustlib", "src", "rust", "library", "Cargo.lock"));
  if (target && sources) return;
  if (!succeeds("rustup", ["--version"])) {
    throw new Advice(`this Rust has no ${TARGET} target or no rust-src, and no rustup to add them; install Rust from https://rustup.rs`);
  }
  if (!target) run("rustup", ["target", "add", TARGET]);
  if (!sources) run("rustup", ["component", "add", "rust-src"]);
}

/** Chromium, its driver and Firefox, for tests and benchmarks; curl, for the requests of the guides, which are run as they stand. */
export function ensureTestPrograms() {
  const missing = [
    ["/usr/bin/chromium", "chromium"],
    ["/usr/bin/chromedriver", "chromium-driver"],
    ["/usr/bin/firefox-esr", "firefox-esr"],
    ["/usr/bin/curl", "curl"],
  ].flatMap(([file, name]) => (file && name && !existsSync(file) ? [name] : []));
  if (missing.length === 0) return;
  const line = `apt-get update && apt-get install -y ${missing.join(" ")}`;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    throw new Advice(`programs that the tests need are missing; install them with:\n  sudo sh -c '${line}'`);
  }
  console.log(`installing ${missing.join(", ")}`);
  run("sh", ["-c", line], { env: { DEBIAN_FRONTEND: "noninteractive" } });
}

/** Where cargo puts what it builds. */
export function targetDirectory() {
  const metadata = JSON.parse(capture("cargo", ["metadata", "--no-deps", "--format-version=1"]));
  return /** @type {string} */ (metadata.target_directory);
}

/**
 * The pinned wasm-bindgen tools, built when they are not there yet.
 *
 * @param {"wasm-bindgen" | "wasm-bindgen-test-runner"} name
 * @returns {string} the path of the binary
 */
export function ensureWasmBindgen(name) {
  run("cargo", ["build", "--quiet", "--locked", "--profile", "tools", "--package", "wasm-bindgen-pinned", "--bin", name]);
  return join(targetDirectory(), "tools", name);
}

if (process.argv[1] === import.meta.filename) {
  await main(() => {
    ensureRust();
    ensureNodeModules();
    ensureTestPrograms();
  });
}
