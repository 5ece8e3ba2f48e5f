// `npm run lint`: rustfmt, clippy (native and wasm), strict TypeScript, Biome, the rule of dependencies. All of them run; one failure fails.

import { join } from "node:path";
import { CommandFailed, main, root, run } from "./commands.mjs";
import { ensureNodeModules, ensureRust } from "./setup.mjs";

/** @type {readonly (readonly [command: string, ...args: string[]])[]} */
const CHECKS = [
  ["cargo", "fmt", "--all", "--check"],
  ["cargo", "clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"],
  ["cargo", "clippy", "--locked", "--package", "signalwire-wasm", "--lib", "--target", "wasm32-unknown-unknown", "--", "-D", "warnings"],
  ["cargo", "clippy", "--locked", "--package", "signalwire-space", "--lib", "--no-default-features", "--target", "wasm32-unknown-unknown", "--", "-D", "warnings"],
  ["tsc", "--project", "tsconfig.json"],
  ["tsc", "--project", "js/tools/tsconfig.json"],
  ["tsc", "--project", "www/backend/tsconfig.json"],
  ["tsc", "--project", "js/tests/tsconfig.json"],
  ["tsc", "--project", "js/tests/tsconfig.reference.json"],
  ["tsc", "--project", "tests/e2e/tsconfig.json"],
  ["tsc", "--project", "tests/bench/tsconfig.json"],
  ["tsc", "--project", "tests/packaging/tsconfig.json"],
  ["biome", "lint", "--error-on-warnings"],
  ["node", "js/tools/check-rules.mjs"],
  ["node", "js/tools/check-manifests.mjs"],
  ["node", "js/tools/check-requirements.mjs"],
  ["node", "js/tools/check-security.mjs"],
  ["node", "js/tools/check-snippets.mjs"],
];

await main(() => {
  ensureRust();
  ensureNodeModules();
  const failures = CHECKS.filter(([command, ...args]) => !passes(command, args));
  for (const check of failures) console.error(`failed: ${check.join(" ")}`);
  console.log(`lint: ${CHECKS.length - failures.length} passed, ${failures.length} failed`);
  if (failures.length > 0) process.exitCode = 1;
});

/** @param {string} command @param {string[]} args */
function passes(command, args) {
  const program = command === "cargo" || command === "node" ? command : join(root, "node_modules", ".bin", command);
  console.log([command, ...args].join(" "));
  try {
    run(program, args);
    return true;
  } catch (error) {
    if (error instanceof CommandFailed) return false;
    throw error;
  }
}
