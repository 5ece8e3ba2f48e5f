// `npm test`: everything that can be tested on one machine; closes with one line of sums.
// `npm test -- native` runs one suite alone. A full run ends with the check of tests/requirements.toml.

import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { main, root, run } from "./commands.mjs";
import { buildAll } from "./build.mjs";
import { checkRequirements } from "./check-requirements.mjs";
import { ensureTestPrograms, ensureNodeModules, ensureRust } from "./setup.mjs";
import { appendRecords, clearRecords, nodeTest, readRecords, RECORDS_VARIABLE, recordsFile, recordsOfCargo } from "./test-records.mjs";

/**
 * @typedef {object} Suite
 * @property {string} name
 * @property {string} command
 * @property {string[]} args
 * @property {() => void | Promise<void>} [prepare]
 * @property {boolean} [cargo] prints what ran in cargo's way; the other suites write it themselves
 */

/** Of the tools, and of the example backend, which runs in Node as they do. @returns {string[]} */
function toolTests() {
  return [join("js", "tools"), join("www", "backend")].flatMap((folder) =>
    readdirSync(join(root, folder)).filter((name) => /\.test\.m?js$/.test(name)).map((name) => join(folder, name)));
}

/** @type {Suite[]} */
const SUITES = [
  {
    name: "native",
    command: "cargo",
    args: ["test", "--locked", "--workspace", "--exclude", "wasm-bindgen-pinned"],
    cargo: true,
  },
  {
    name: "tools",
    command: process.execPath,
    // By name: for a folder, node would run every script in it.
    args: [...nodeTest(recordsFile("tools")), ...toolTests()],
  },
  { name: "facade", command: process.execPath, args: ["js/tests/run.mjs"] },
  { name: "wasm", command: process.execPath, args: ["js/tools/test-wasm.mjs"], cargo: true },
  {
    name: "e2e",
    command: join("node_modules", ".bin", "playwright"),
    args: ["test", "--config", "tests/e2e/playwright.config.ts"],
    prepare: () => buildAll({ types: false, trap: true }),
  },
  {
    name: "packaging",
    command: process.execPath,
    args: [...nodeTest(recordsFile("packaging")), "tests/packaging/package.test.mjs"],
    prepare: () => {
      run("cargo", ["build", "--locked", "--quiet", "--package", "signalwire-space"]);
      run(process.execPath, ["js/tools/pack.mjs"]);
    },
  },
];

/** How the runners say what they counted: cargo and wasm-bindgen-test, node, and the project's own reporter. */
const COUNTS = [
  /^test result: \w+\. (?<passed>\d+) passed; (?<failed>\d+) failed; (?<skipped>\d+) ignored/gm,
  /^# pass (?<passed>\d+)\n# fail (?<failed>\d+)/gm,
  /^(?<passed>\d+) passed, (?<failed>\d+) failed(?:, (?<skipped>\d+) skipped)?$/gm,
];

/** @param {Suite} suite */
async function runSuite(suite) {
  console.log(`\n== ${suite.name}`);
  await suite.prepare?.();
  const { output, code } = await captured(suite);
  if (suite.cargo) appendRecords(recordsFile(suite.name), recordsOfCargo(output));
  const sums = { passed: 0, failed: 0, skipped: 0 };
  for (const pattern of COUNTS) {
    for (const { groups } of output.matchAll(pattern)) {
      sums.passed += Number(groups?.["passed"]);
      sums.failed += Number(groups?.["failed"]);
      sums.skipped += Number(groups?.["skipped"] ?? 0);
    }
  }
  // A suite that broke before it could count, or that found no test, has failed.
  if ((code !== 0 && sums.failed === 0) || sums.passed + sums.failed === 0) sums.failed += 1;
  return sums;
}

/**
 * Runs a suite and returns what it printed. Of cargo that is both outputs in their order: the tests go to one, the
 * binary that they belong to to the other.
 *
 * @param {Suite} suite
 * @returns {Promise<{ output: string, code: number }>}
 */
function captured({ name, command, args, cargo = false }) {
  return new Promise((resolve, reject) => {
    const [program, given] = cargo ? ["sh", ["-c", 'exec "$0" "$@" 2>&1', command, ...args]] : [command, args];
    const env = { ...process.env, [RECORDS_VARIABLE]: recordsFile(name) };
    const child = spawn(program, given, { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output += text;
      process.stdout.write(text);
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ output, code: code ?? 1 }));
  });
}

await main(async () => {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) throw new Error(`no suite named ${unknown.join(", ")}`);
  ensureRust();
  ensureNodeModules();
  ensureTestPrograms();
  clearRecords();
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const suite of SUITES.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    const sums = await runSuite(suite);
    total.passed += sums.passed;
    total.failed += sums.failed;
    total.skipped += sums.skipped;
  }
  console.log("\n== requirements");
  const offences = checkRequirements(wanted.length === 0 ? readRecords() : undefined);
  total[offences === 0 ? "passed" : "failed"] += 1;
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  if (total.failed > 0) process.exitCode = 1;
});
