// What ran: each suite of `npm test` leaves a file of records, one test a line, for check-requirements.mjs.

import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./commands.mjs";

/**
 * @typedef {object} TestRecord
 * @property {string} file from the root
 * @property {string} title of a Rust test, its function
 * @property {"passed" | "failed" | "skipped"} outcome
 */

const folder = join(root, "target", "test-records");

/** Names the file of records to the reporters of node and of Playwright, in their environment. */
export const RECORDS_VARIABLE = "TEST_RECORDS";

/** Forgets every record. */
export function clearRecords() {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}

/** @param {string} suite @returns {string} the path of its file */
export function recordsFile(suite) {
  return join(folder, `${suite}.jsonl`);
}

/**
 * The options of node that run tests, print them, and write their records.
 *
 * @param {string | undefined} file of records; none for a run by hand
 * @returns {string[]}
 */
export function nodeTest(file) {
  const print = ["--test", "--test-reporter=tap", "--test-reporter-destination=stdout"];
  const record = ["--test-reporter=./js/tools/record-reporter.mjs", `--test-reporter-destination=${file}`];
  return file === undefined ? print : [...print, ...record];
}

/** @param {string} file @param {readonly TestRecord[]} records */
export function appendRecords(file, records) {
  appendFileSync(file, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
}

/** @returns {TestRecord[]} of all suites */
export function readRecords() {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => readFileSync(join(folder, name), "utf8").trimEnd().split("\n"))
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** The folder of each crate that has tests, by its name. */
const CRATES = new Map([["signalwire_wasm", ""], ["signalwire_space", "space/"], ["scenarios", "tests/scenarios/"]]);

/**
 * The records of what cargo's runners print, standard output and standard error in one.
 *
 * @param {string} output
 * @param {(path: string) => boolean} [isFile] takes a path from the root
 * @returns {TestRecord[]}
 */
export function recordsOfCargo(output, isFile = (path) => existsSync(join(root, path))) {
  const records = [];
  let main = "";
  for (const line of output.split("\n")) {
    const target = /^ +Running (?:unittests )?(\S+\.rs) \(.*\/(\w+?)-[0-9a-f]+(?:\.wasm)?\)$/.exec(line);
    if (target) main = mainFile(target[1] ?? "", target[2] ?? "", isFile);
    // A file's examples are no functions with a name.
    if (/^ +Doc-tests /.test(line)) main = "";
    const test = /^test (\S+)(?: - should panic)? \.\.\. (ok|FAILED|ignored)/.exec(line);
    if (!test?.[1] || main === "") continue;
    /** @type {TestRecord["outcome"]} */
    const outcome = test[2] === "ok" ? "passed" : test[2] === "FAILED" ? "failed" : "skipped";
    records.push({ ...placeOf(main, test[1].split("::"), isFile), outcome });
  }
  return records;
}

/**
 * The main file of a test binary, from the root; cargo names it from its package.
 *
 * @param {string} path
 * @param {string} binary
 * @param {(path: string) => boolean} isFile
 */
function mainFile(path, binary, isFile) {
  const crate = CRATES.get(binary);
  if (crate !== undefined) return crate + path;
  const found = [...CRATES.values()].map((one) => one + path).filter(isFile);
  if (found.length !== 1) throw new Error(`${found.length} crates have a ${path}`);
  return found[0] ?? "";
}

/**
 * The file of the deepest module that has one; modules within a file do not count.
 *
 * @param {string} main
 * @param {string[]} path modules, and the function
 * @param {(path: string) => boolean} isFile
 */
function placeOf(main, path, isFile) {
  const title = path.at(-1) ?? "";
  const base = main.slice(0, main.lastIndexOf("/") + 1);
  for (let depth = path.length - 1; depth > 0; depth -= 1) {
    const module = base + path.slice(0, depth).join("/");
    const file = [`${module}.rs`, `${module}/mod.rs`].find(isFile);
    if (file !== undefined) return { file, title };
  }
  return { file: main, title };
}
