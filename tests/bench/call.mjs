// From the click to a call with sound: ours against the published reference package, in one browser, call by call
// in turn, each in a fresh browser context (no connection, no TLS session, no cached preflight, no key).
//
//   --calls N   calls of each SDK at each round-trip time (15)
//   --json      the last line is {"rtt0":{"ours_ms":…,"reference_ms":…,"ratio":…},"rtt100":{…}}: medians to `connected`
//   --trace     instead of measuring: what happens when, in one call of each SDK at each round-trip time

import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { main, root } from "../../js/tools/commands.mjs";
import { targetDirectory } from "../../js/tools/setup.mjs";
import { launchChromium } from "./browser.mjs";
import { startSpace } from "./local-space.mjs";
import { printTimeline, watch } from "./timeline.mjs";

const ADDRESS = "/public/tone";
const SDKS = /** @type {const} */ (["ours", "reference"]);
/** Round-trip times in milliseconds; the slope between them counts the round trips in series. */
const RTTS = /** @type {const} */ ([0, 100]);
const FEWEST_CALLS = 15;
const LABELS = { dialed: "call created", connected: "connected", rtp: "first inbound RTP" };

/** @typedef {typeof SDKS[number]} Sdk */
/** @typedef {import("./page.js").Times} Times */
/** @typedef {{ browser: import("@playwright/test").Browser, space: import("./local-space.mjs").LocalSpace }} Stage */

await main(async () => {
  const { values } = parseArgs({
    options: { calls: { type: "string", default: String(FEWEST_CALLS) }, json: { type: "boolean" }, trace: { type: "boolean" } },
  });
  const calls = Number(values.calls);
  if (!Number.isInteger(calls) || calls < 1) throw new Error(`--calls ${values.calls}: not a number of calls`);
  await buildPage(join(root, "dist", "bench"));
  const space = await startSpace(join(targetDirectory(), "release", "signalwire-space"), { sdk: "dist" });
  const browser = await launchChromium();
  try {
    if (values.trace) await trace({ browser, space });
    else report(await compare({ browser, space }, calls), values.json === true);
  } finally {
    await browser.close();
    await space.stop();
  }
});

/** @param {string} out */
async function buildPage(out) {
  mkdirSync(out, { recursive: true });
  await build({
    entryPoints: [join(import.meta.dirname, "page.ts")],
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
}

/** @param {Stage} stage @param {number} calls @returns {Promise<Map<number, Record<Sdk, Times[]>>>} by round-trip time */
async function compare(stage, calls) {
  /** @type {Map<number, Record<Sdk, Times[]>>} */
  const results = new Map();
  for (const rtt of RTTS) {
    await stage.space.desk("POST", "network", { rtt_ms: rtt });
    // The first call warms the browser's own processes, which outlive its contexts.
    for (const sdk of SDKS) await oneCall(stage, sdk);
    /** @type {Record<Sdk, Times[]>} */
    const times = { ours: [], reference: [] };
    for (let round = 0; round < calls; round++) {
      const order = round % 2 === 0 ? SDKS : [...SDKS].reverse();
      for (const sdk of order) times[sdk].push(await oneCall(stage, sdk));
    }
    results.set(rtt, times);
  }
  return results;
}

/**
 * @param {Stage} stage
 * @param {Sdk} sdk
 * @param {boolean} [watched] whether to note what happens when
 * @returns {Promise<Times & { steps: import("./timeline.mjs").Step[] }>}
 */
async function oneCall({ browser, space }, sdk, watched = false) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  try {
    const page = await context.newPage();
    const noted = watched ? await watch(page) : undefined;
    await page.goto(`${space.info.undelayed}/sdk/bench/index.html`);
    await page.waitForFunction(() => window.bench !== undefined);
    // The reference puts https before whatever it is given; ours would take plain http on a loopback name.
    const host = sdk === "ours" ? `https://${space.host}` : space.host;
    const wanted = { sdk, to: ADDRESS, embedToken: space.embedToken(ADDRESS), host };
    const times = await page.evaluate((given) => window.bench.measure(given), wanted);
    await page.evaluate(() => window.bench.end());
    return { ...times, steps: (await noted?.()) ?? [] };
  } finally {
    await context.close();
  }
}

/** @param {Stage} stage */
async function trace(stage) {
  for (const rtt of RTTS) {
    await stage.space.desk("POST", "network", { rtt_ms: rtt });
    for (const sdk of SDKS) {
      await oneCall(stage, sdk);
      const { steps, click } = await oneCall(stage, sdk, true);
      printTimeline(`${sdk}, round-trip time ${rtt} ms`, steps, click);
    }
  }
}

/** @param {Map<number, Record<Sdk, Times[]>>} results @param {boolean} json */
function report(results, json) {
  /** @type {Record<string, { ours_ms: number, reference_ms: number, ratio: number }>} */
  const summary = {};
  console.log("click to …, medians in ms (least – most)            ours               reference   ratio");
  for (const [rtt, times] of results) {
    for (const end of /** @type {const} */ (["dialed", "connected", "rtp"])) {
      const [ours, reference] = /** @type {[number[], number[]]} */ (SDKS.map((sdk) => times[sdk].map((one) => one[end])));
      const ratio = median(ours) / median(reference);
      console.log(`${`${rtt} ms round trip: ${LABELS[end]}`.padEnd(40)}${cell(ours)}${cell(reference)}${ratio.toFixed(2).padStart(8)}`);
      if (end === "connected") summary[`rtt${rtt}`] = { ours_ms: round(median(ours), 1), reference_ms: round(median(reference), 1), ratio: round(ratio, 3) };
    }
  }
  for (const sdk of SDKS) console.log(`round trips in series to connected, ${sdk}: ${slope(results, sdk).toFixed(1)}`);
  // What else runs on the machine slows both, and not by the same share: medians of a busy machine are no result.
  console.log(`load of the machine in the last minute: ${(loadavg()[0] ?? 0).toFixed(1)} on ${availableParallelism()} cores`);
  if (json) console.log(JSON.stringify(summary));
}

/** @param {number[]} values */
function cell(values) {
  return `${median(values).toFixed(0)} (${Math.min(...values).toFixed(0)} – ${Math.max(...values).toFixed(0)})`.padStart(22);
}

/** @param {Map<number, Record<Sdk, Times[]>>} results @param {Sdk} sdk */
function slope(results, sdk) {
  const [near, far] = RTTS;
  const at = (/** @type {number} */ rtt) => median((results.get(rtt)?.[sdk] ?? []).map(({ connected }) => connected));
  return (at(far) - at(near)) / (far - near);
}

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

/** @param {number} value @param {number} digits */
function round(value, digits) {
  return Number(value.toFixed(digits));
}
