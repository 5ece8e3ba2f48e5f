// tests/requirements.toml: which test shows which requirement of the specification. Every requirement stands there; every
// test that it names exists. At the end of a full `npm test` every one of them has also run and passed.
// `node js/tools/check-requirements.mjs` checks the names alone.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { main, root } from "./commands.mjs";

/** @typedef {import("./test-records.mjs").TestRecord} TestRecord */
/** @typedef {{ id: string, tests?: string[], not_testable?: string }} Requirement */

const FILE = "tests/requirements.toml";

/** Those of the specification. */
export const IDS = [...Array.from({ length: 104 }, (_, index) => `REQ-${index + 1}`), "REQ-24a"];

const KEYS = /** @type {const} */ (["tests", "not_testable"]);

/**
 * Reads the part of TOML that the file uses: tables, strings, arrays of strings (also over several lines), comments on
 * lines of their own.
 *
 * @param {string} text
 * @returns {Requirement[]}
 */
export function parseRequirements(text) {
  /** @type {Requirement[]} */
  const found = [];
  const joined = text.replace(/^#.*$/gm, "").replace(/\[\s*\n((?:\s*".*",?\s*\n)*)\s*\]/g, (_, items) => `[${items.replace(/\n\s*/g, " ")}]`);
  for (const line of joined.split("\n").map((one) => one.trim()).filter((one) => one !== "")) {
    const table = /^\[([\w-]+)\]$/.exec(line)?.[1];
    const [, key, value] = /^(\w+) = (.+)$/.exec(line) ?? [];
    const last = found.at(-1);
    const known = KEYS.find((one) => one === key);
    if (table !== undefined) found.push({ id: table });
    else if (!known || !last || known in last) throw new Error(`${FILE}: cannot read: ${line}`);
    else Object.assign(last, { [known]: parsedValue(known, value ?? "") });
  }
  return found;
}

/** @param {typeof KEYS[number]} key @param {string} text */
function parsedValue(key, text) {
  const value = JSON.parse(text.replace(/,\s*\]$/, "]"));
  const fits = key === "tests" ? Array.isArray(value) && value.every((one) => typeof one === "string") : typeof value === "string";
  if (!fits || value.length === 0) throw new Error(`${FILE}: ${key} cannot be ${text}`);
  return value;
}

/**
 * What is wrong with the table itself, one line each.
 *
 * @param {readonly Requirement[]} requirements
 * @returns {string[]}
 */
export function offencesOf(requirements) {
  const ids = requirements.map(({ id }) => id);
  return [
    ...IDS.filter((id) => !ids.includes(id)).map((id) => `${id}: is missing`),
    ...ids.filter((id, index) => !IDS.includes(id) || ids.indexOf(id) !== index).map((id) => `${id}: is unknown, or there twice`),
    ...requirements.filter((one) => KEYS.filter((key) => key in one).length !== 1).map(({ id }) => `${id}: needs one of ${KEYS.join(", ")}`),
  ];
}

/**
 * The tests that are named and do not exist, one line each.
 *
 * @param {readonly Requirement[]} requirements
 * @param {(path: string) => string | undefined} read the text of a file, from the root
 * @returns {string[]}
 */
export function unknownTests(requirements, read) {
  return eachTest(requirements, (file, title) => {
    const text = read(file);
    if (text === undefined) return `there is no ${file}`;
    return holds(file, text, title) ? undefined : `${file} has no test ${JSON.stringify(title)}`;
  });
}

/** @param {string} file @param {string} text @param {string} title */
function holds(file, text, title) {
  if (file.endsWith(".rs")) return new RegExp(`#\\[(?:\\w+::)?(?:test|wasm_bindgen_test)(?:\\([^)]*\\))?\\](?:\\s*#\\[[^\\]]*\\])*\\s*(?:async )?fn ${title}\\(`).test(text);
  return text.replace(/\\(['"`])/g, "$1").includes(title);
}

/**
 * The tests that are named and did not pass, one line each.
 *
 * @param {readonly Requirement[]} requirements
 * @param {readonly TestRecord[]} records
 * @returns {string[]}
 */
export function testsNotPassed(requirements, records) {
  return eachTest(requirements, (file, title) => {
    const matching = records.filter((record) => record.file === file && fits(record, title));
    const bad = matching.find(({ outcome }) => outcome !== "passed");
    if (bad) return `${bad.outcome}: ${file}::${bad.title}`;
    return matching.length === 0 ? `did not run: ${file}::${title}` : undefined;
  });
}

/** A function has its whole name, a sentence may be named by a part. @param {TestRecord} record @param {string} title */
function fits(record, title) {
  return record.file.endsWith(".rs") ? record.title === title : record.title.includes(title);
}

/**
 * @param {readonly Requirement[]} requirements
 * @param {(file: string, title: string) => string | undefined} complaint
 */
function eachTest(requirements, complaint) {
  return requirements.flatMap(({ id, tests = [] }) =>
    tests.flatMap((test) => {
      const [file = "", ...rest] = test.split("::");
      const title = rest.join("::");
      const found = title === "" ? `names no test: ${test}` : complaint(file, title);
      return found === undefined ? [] : [`${id}: ${found}`];
    }));
}

/**
 * Checks the file, prints what is wrong and one line of sums.
 *
 * @param {readonly TestRecord[]} [records] of a full run; without them the names alone are checked
 * @returns {number} how much is wrong
 */
export function checkRequirements(records) {
  const requirements = parseRequirements(readFileSync(join(root, FILE), "utf8"));
  const read = (/** @type {string} */ path) => (existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : undefined);
  const found = [
    ...offencesOf(requirements),
    ...unknownTests(requirements, read),
    ...(records ? testsNotPassed(requirements, records) : []),
  ];
  for (const line of found) console.error(line);
  const count = (/** @type {typeof KEYS[number]} */ key) => requirements.filter((one) => key in one).length;
  const sums = `${requirements.length} requirements, ${count("tests")} tested, ${count("not_testable")} not testable`;
  console.log(`${sums}; ${found.length} offences`);
  return found.length;
}

if (process.argv[1] === import.meta.filename) {
  await main(() => {
    if (checkRequirements() > 0) process.exitCode = 1;
  });
}
