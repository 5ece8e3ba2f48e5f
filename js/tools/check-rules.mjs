// The rule of dependencies (src/lib.rs) as far as a compiler does not see to it: words that have no business in a
// room. Comments and tests are not searched. `node js/tools/check-rules.mjs` prints each offence with its place.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { main, root } from "./commands.mjs";

/** @typedef {{ room: string, not: RegExp, why: string, except?: RegExp }} Rule */

const PROTOCOL = /\bverto\b|"signalwire\.|\bjsonrpc\b|"(?:call|member)\.\w|\/api\//;

/** @type {Rule[]} */
export const RULES = [
  { room: "src/engine", not: /\b(?:wasm_bindgen|web_sys|js_sys|gloo_\w+|getrandom)\b/, why: "the engine does not know the browser" },
  { room: "src/engine", not: /\bstd::time\b|\bInstant\b|\bSystemTime\b/, why: "the engine is told the time" },
  { room: "src/engine", not: /\bHash(?:Map|Set)\b/, why: "the order of a hash map is not the same twice" },
  { room: "src/engine", not: /\basync\b|\.await\b|\bthread(?:_local)?\b/, why: "the engine is driven" },
  { room: "src/engine", not: /\bcrate::(?:web|bindings)\b/, why: "nothing stands below the engine" },
  { room: "src/web", not: PROTOCOL, why: "web knows no protocol word" },
  { room: "src/web", not: /\bcrate::bindings\b/, why: "bindings stand on web" },
  { room: "src/web", not: /\.borrow(?:_mut)?\(/, why: "a borrow lives in Held::with and nowhere else", except: /\/held\.rs$/ },
  { room: "src/bindings", not: PROTOCOL, why: "bindings convert and forward" },
  { room: "js/wasm", not: /from "\.\.\/(?:\.\.\/)?(?:store|public)\//, why: "store and facade stand on wasm" },
  { room: "js/wasm", not: PROTOCOL, why: "the host functions know no protocol word" },
  { room: "js/store", not: /from "\.\.\/public\//, why: "the facade stands on the store" },
  { room: "js/store", not: PROTOCOL, why: "the store knows no protocol word", except: /\.gen\.ts$/ },
  { room: "js/public", not: PROTOCOL, why: "the facade knows no frames and no endpoint paths" },
  { room: "js/public", not: /\bset(?:Timeout|Interval)\b/, why: "the engine keeps the time" },
  { room: "js/click-to-call", not: /from "\.\.\/(?!click-to-call)(?:store|wasm|public)\/(?!types)/, why: "the button is a user of the package" },
  { room: "space/src/world", not: /\bstd::(?:time|net|fs|thread)\b|\btokio\b|\bHash(?:Map|Set)\b/, why: "the world is pure and the same twice" },
  { room: "space/src", not: /\bsignalwire_wasm::(?!engine::wire\b|proof\b)/, why: "the space shares frames and proofs with the SDK, and no behaviour" },
  { room: "www", not: /\bfrom ["'](?!\/|\.)|\.\.\/(?:js|src|dist)\//, why: "pages use the built package", except: /^www\/backend\/[^/]+$/ },
];

/** No file is longer. */
const LONGEST = 600;
const ROOMS = ["src", "space", "js", "www", "tests"];

/** @param {string} room @returns {string[]} the paths of its source files, from the root */
function files(room) {
  return readdirSync(join(root, room), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(?:rs|ts|mjs|js|css|html)$/.test(name) && !/(?:^|\/)(?:target|node_modules|\.built-[^/]*)\//.test(name))
    .map((name) => `${room}/${name}`);
}

/** @param {string} path */
function isTest(path) {
  return /\/tests?(?:\/|\.rs$)|\.test\.|\/golden\.rs$/.test(path);
}

/** A source with its comments blanked out, line for line, and a Rust file's unit tests cut off. @param {string} text */
function code(text) {
  const blank = (/** @type {string} */ comment) => comment.replace(/[^\n]/g, " ");
  const bare = text.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/(^|\s)\/\/.*$/gm, blank);
  const tests = bare.indexOf("#[cfg(test)]\nmod tests {");
  return tests < 0 ? bare : bare.slice(0, tests);
}

/**
 * What offends in one file, one line each.
 *
 * @param {string} path from the root
 * @param {string} text
 * @returns {string[]}
 */
export function offencesIn(path, text) {
  const found = [];
  const lines = code(text).split("\n");
  for (const { room, not, why, except } of RULES) {
    if (!path.startsWith(`${room}/`) || isTest(path) || except?.test(path)) continue;
    lines.forEach((line, index) => {
      const word = not.exec(line)?.[0];
      if (word !== undefined) found.push(`${path}:${index + 1}: ${word}: ${why}`);
    });
  }
  const length = text.split("\n").length - 1;
  if (length > LONGEST) found.push(`${path}: ${length} lines, more than ${LONGEST}`);
  return found;
}

if (process.argv[1] === import.meta.filename) {
  await main(() => {
    const found = ROOMS.flatMap(files).flatMap((path) => offencesIn(path, readFileSync(join(root, path), "utf8")));
    for (const line of found) console.error(line);
    console.log(`rules: ${RULES.length} and a limit of ${LONGEST} lines; ${found.length} offences`);
    if (found.length > 0) process.exitCode = 1;
  });
}
