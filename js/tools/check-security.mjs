// docs/security.md answers each weakness that the protocol is known for: every one has a row, and every test that the page names
// exists. `node js/tools/check-security.mjs` prints each offence.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { unknownTests } from "./check-requirements.mjs";
import { main, root } from "./commands.mjs";

const FILE = "docs/security.md";

/** Those of the specification's review. */
export const WEAKNESSES = Array.from({ length: 32 }, (_, index) => `W-${index + 1}`);

/**
 * The rows of the table of weaknesses, with the tests that they name.
 *
 * @param {string} text
 * @returns {{ id: string, tests: string[] }[]}
 */
export function rowsOf(text) {
  return [...text.matchAll(/^\| (W-\d+) \|(.*)$/gm)].map(([, id = "", rest = ""]) => ({
    id,
    tests: [...rest.matchAll(/(`+)([^`\s]+\.(?:rs|ts|js)::.+?)\1(?!`)/g)].map(([, , test = ""]) => test),
  }));
}

/**
 * What is wrong, one line each.
 *
 * @param {string} text of the page
 * @param {(path: string) => string | undefined} read the text of a file, from the root
 * @returns {string[]}
 */
export function offencesOf(text, read) {
  const rows = rowsOf(text);
  const ids = rows.map(({ id }) => id);
  return [
    ...WEAKNESSES.filter((id) => ids.filter((one) => one === id).length !== 1).map((id) => `${id}: needs one row`),
    ...unknownTests(rows, read),
  ];
}

if (process.argv[1] === import.meta.filename) {
  await main(() => {
    const read = (/** @type {string} */ path) => (existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : undefined);
    const text = readFileSync(join(root, FILE), "utf8");
    const found = offencesOf(text, read);
    for (const line of found) console.error(`${FILE}: ${line}`);
    const tests = rowsOf(text).flatMap((row) => row.tests);
    console.log(`security: ${WEAKNESSES.length} weaknesses, ${tests.length} tests named; ${found.length} offences`);
    if (found.length > 0) process.exitCode = 1;
  });
}
