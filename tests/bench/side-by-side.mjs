// What both comparisons with the reference package share: the page with both SDKs loaded, turns in one browser, medians.

import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "../../js/tools/commands.mjs";
import { watch } from "./timeline.mjs";

export const SDKS = /** @type {const} */ (["ours", "reference"]);
/** Round-trip times in milliseconds; the slope between them counts the round trips in series. */
export const RTTS = /** @type {const} */ ([0, 100]);
/** Medians of fewer say little. */
export const ROUNDS = 15;

/** @typedef {typeof SDKS[number]} Sdk */
/** @typedef {{ ours: number[], reference: number[] }} Sides milliseconds, one for each round */

/**
 * Bundles a page that has both SDKs and puts it where the space serves it.
 *
 * @param {string} name of the script in this folder
 * @returns {Promise<string>} the page's path
 */
export async function buildPage(name) {
  const out = join(root, "dist", "bench", name);
  mkdirSync(out, { recursive: true });
  await build({
    entryPoints: [join(import.meta.dirname, `${name}.ts`)],
    alias: { "signalwire-wasm": "/sdk/signalwire.bundle.mjs" },
    bundle: true,
    external: ["/sdk/*"],
    format: "esm",
    logLevel: "warning",
    minify: true,
    outfile: join(out, "page.mjs"),
    target: "es2022",
  });
  writeFileSync(join(out, "index.html"), '<!doctype html><meta charset="utf-8"><title>Benchmark</title><script type="module" src="page.mjs"></script>\n');
  return `/sdk/bench/${name}/index.html`;
}

/**
 * Opens a page in a browser context of its own, lets it be used, and closes the context: no connection, no TLS session, no
 * cached preflight, no key and no compiled code is left of it.
 *
 * @template T
 * @param {import("@playwright/test").Browser} browser
 * @param {string} url of a page of {@link buildPage}
 * @param {(page: import("@playwright/test").Page) => Promise<T>} use
 * @param {boolean} [watched] whether to note what happens when
 * @returns {Promise<T & { steps: import("./timeline.mjs").Step[] }>}
 */
export async function inFreshContext(browser, url, use, watched = false) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  try {
    const page = await context.newPage();
    const noted = watched ? await watch(page) : undefined;
    await page.goto(url);
    const result = await use(page);
    return { ...result, steps: (await noted?.()) ?? [] };
  } finally {
    await context.close();
  }
}

/** The SDKs in the order of a round: they take turns in being the first. @param {number} round */
export function turn(round) {
  return round % 2 === 0 ? SDKS : [...SDKS].reverse();
}

/** The heading of the lines that {@link line} gives. @param {string} what */
export function heading(what) {
  return `${`${what}, medians in ms (least – most)`.padEnd(40)}${"ours".padStart(22)}${"reference".padStart(22)}   ratio`;
}

/** @param {string} label @param {Sides} sides */
export function line(label, sides) {
  return `${label.padEnd(40)}${cell(sides.ours)}${cell(sides.reference)}${ratio(sides).toFixed(2).padStart(8)}`;
}

/** What `--json` tells of one line. @param {Sides} sides */
export function medians(sides) {
  return {
    ours_ms: round(median(sides.ours), 1),
    reference_ms: round(median(sides.reference), 1),
    ratio: round(ratio(sides), 3),
  };
}

/** Round trips in series: how much longer it takes on the slower network. @param {readonly number[]} near @param {readonly number[]} far */
export function roundTrips(near, far) {
  return round((median(far) - median(near)) / (RTTS[1] - RTTS[0]), 1);
}

/** What else runs on the machine slows both, and not by the same share: medians of a busy machine are no result. */
export function machineLoad() {
  return `load of the machine in the last minute: ${(loadavg()[0] ?? 0).toFixed(1)} on ${availableParallelism()} cores`;
}

/** The number that an option asks for. @param {string} name @param {string | undefined} text */
export function count(name, text) {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${name} ${text}: not a number of ${name}`);
  return number;
}

/** @param {Sides} sides */
function ratio({ ours, reference }) {
  return median(ours) / median(reference);
}

/** @param {readonly number[]} values */
function cell(values) {
  return `${median(values).toFixed(0)} (${Math.min(...values).toFixed(0)} – ${Math.max(...values).toFixed(0)})`.padStart(22);
}

/** @param {readonly number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

/** @param {number} value @param {number} digits */
function round(value, digits) {
  return Number(value.toFixed(digits));
}
