// From the click to a call with sound: ours against the published reference package, in one browser, call by call
// in turn, each in a fresh browser context (no connection, no TLS session, no cached preflight, no key).
//
//   --calls N   calls of each SDK at each round-trip time (15)
//   --json      the last line is {"rtt0":{"ours_ms":…,"reference_ms":…,"ratio":…},"rtt100":{…}}: medians to `connected`
//   --trace     instead of measuring: what happens when, in one call of each SDK at each round-trip time

import { join } from "node:path";
import { parseArgs } from "node:util";
import { main } from "../../js/tools/commands.mjs";
import { targetDirectory } from "../../js/tools/setup.mjs";
import { launchChromium } from "./browser.mjs";
import { startSpace } from "./local-space.mjs";
import { buildPage, count, heading, inFreshContext, line, machineLoad, medians, ROUNDS, roundTrips, RTTS, SDKS, turn } from "./side-by-side.mjs";
import { printTimeline } from "./timeline.mjs";

const ADDRESS = "/public/tone";
const LABELS = { dialed: "call created", connected: "connected", rtp: "first inbound RTP" };

/** @typedef {import("./side-by-side.mjs").Sdk} Sdk */
/** @typedef {import("./call-page.js").Times} Times */
/** @typedef {{ browser: import("@playwright/test").Browser, space: import("./local-space.mjs").LocalSpace, page: string }} Stage */

await main(async () => {
  const { values } = parseArgs({
    options: { calls: { type: "string", default: String(ROUNDS) }, json: { type: "boolean" }, trace: { type: "boolean" } },
  });
  const calls = count("calls", values.calls);
  const page = await buildPage("call-page");
  const space = await startSpace(join(targetDirectory(), "release", "signalwire-space"), { sdk: "dist" });
  const browser = await launchChromium();
  const stage = { browser, space, page };
  try {
    if (values.trace) await trace(stage);
    else report(await compare(stage, calls), values.json === true);
  } finally {
    await browser.close();
    await space.stop();
  }
});

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
      for (const sdk of turn(round)) times[sdk].push(await oneCall(stage, sdk));
    }
    results.set(rtt, times);
  }
  return results;
}

/**
 * @param {Stage} stage
 * @param {Sdk} sdk
 * @param {boolean} [watched] whether to note what happens when
 */
function oneCall({ browser, space, page: path }, sdk, watched = false) {
  // The reference puts https before whatever it is given; ours would take plain http on a loopback name.
  const host = sdk === "ours" ? `https://${space.host}` : space.host;
  const wanted = { sdk, to: ADDRESS, embedToken: space.embedToken(ADDRESS), host };
  /** @param {import("@playwright/test").Page} page */
  const call = async (page) => {
    const times = await page.evaluate((given) => window.calls.measure(given), wanted);
    await page.evaluate(() => window.calls.end());
    return times;
  };
  return inFreshContext(browser, space.info.undelayed + path, call, watched);
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
  /** @type {Record<string, ReturnType<typeof medians>>} */
  const summary = {};
  console.log(heading("click to …"));
  for (const [rtt, times] of results) {
    for (const end of /** @type {const} */ (["dialed", "connected", "rtp"])) {
      const sides = { ours: times.ours.map((one) => one[end]), reference: times.reference.map((one) => one[end]) };
      console.log(line(`${rtt} ms round trip: ${LABELS[end]}`, sides));
      if (end === "connected") summary[`rtt${rtt}`] = medians(sides);
    }
  }
  for (const sdk of SDKS) {
    const [near, far] = RTTS.map((rtt) => (results.get(rtt)?.[sdk] ?? []).map(({ connected }) => connected));
    console.log(`round trips in series to connected, ${sdk}: ${roundTrips(near ?? [], far ?? []).toFixed(1)}`);
  }
  console.log(machineLoad());
  if (json) console.log(JSON.stringify(summary));
}
