// From the client's constructor to `ready$`: ours against the published reference package. `--help` says what is timed.

import { join } from "node:path";
import { parseArgs } from "node:util";
import { main } from "../../js/tools/commands.mjs";
import { targetDirectory } from "../../js/tools/setup.mjs";
import { launchChromium } from "./browser.mjs";
import { startSpace } from "./local-space.mjs";
import { buildPage, count, heading, inFreshContext, line, machineLoad, medians, ROUNDS, roundTrips, RTTS, SDKS, turn } from "./side-by-side.mjs";
import { printTimeline } from "./timeline.mjs";

const HELP = `\
From the client's constructor to ready$ being true: ours against the published reference package, in one browser, client by
client in turn, each in a fresh browser context (no connection, no TLS session, no key, no compiled code).

Both SDKs stand loaded and evaluated in the page: no download is timed. What an SDK puts off until the first client is timed;
of ours that the wasm is decoded, compiled and instantiated. Everything goes over TLS, but for the question of the
application's provider to its own backend: that goes to the page's origin, on a connection that stands.

  static   StaticCredentialProvider with a subscriber's SAT
  embed    EmbedTokenCredentialProvider
  bound    a provider of the application's own, which forwards the fingerprint and asks for sat:refresh

  --clients N   clients of each SDK in each case (${ROUNDS})
  --json        the last line is {"static_rtt0":{"ours_ms":…,"reference_ms":…,"ratio":…,"ours_round_trips":…,
                "reference_round_trips":…},"embed_rtt0":{…},…,"bound_rtt100":{…}}: medians to ready, and the round trips in
                series, counted between 0 and 100 ms of round-trip time
  --trace       instead of measuring: what happens when, with one client of each SDK in each case
`;

const CASES = /** @type {const} */ (["static", "embed", "bound"]);
const ADDRESS = "/public/tone";

/** @typedef {typeof CASES[number]} Case */
/** @typedef {import("./side-by-side.mjs").Sdk} Sdk */
/** @typedef {import("./auth-page.js").Times} Times */
/** @typedef {{ browser: import("@playwright/test").Browser, space: import("./local-space.mjs").LocalSpace, page: string }} Stage */
/** @typedef {Map<string, Record<Sdk, Times[]>>} Results by case and round-trip time */

await main(async () => {
  const { values } = parseArgs({
    options: {
      clients: { type: "string", default: String(ROUNDS) },
      help: { type: "boolean" },
      json: { type: "boolean" },
      trace: { type: "boolean" },
    },
  });
  if (values.help) return console.log(HELP);
  const clients = count("clients", values.clients);
  const page = await buildPage("auth-page");
  const space = await startSpace(join(targetDirectory(), "release", "signalwire-space"), { sdk: "dist" });
  const browser = await launchChromium();
  const stage = { browser, space, page };
  try {
    if (values.trace) await trace(stage);
    else report(await compare(stage, clients), values.json === true);
  } finally {
    await browser.close();
    await space.stop();
  }
});

/** @param {Stage} stage @param {number} clients @returns {Promise<Results>} */
async function compare(stage, clients) {
  /** @type {Results} */
  const results = new Map(RTTS.flatMap((rtt) => CASES.map((kind) => [key(kind, rtt), { ours: [], reference: [] }])));
  // The first round warms the browser's own processes, which outlive its contexts.
  for (let round = 0; round <= clients; round++) {
    for (const rtt of RTTS) {
      await stage.space.desk("POST", "network", { rtt_ms: rtt });
      for (const kind of CASES) {
        for (const sdk of turn(round)) {
          const times = await oneClient(stage, sdk, kind);
          if (round > 0) results.get(key(kind, rtt))?.[sdk].push(times);
        }
      }
    }
  }
  return results;
}

/**
 * @param {Stage} stage
 * @param {Sdk} sdk
 * @param {Case} kind
 * @param {boolean} [watched] whether to note what happens when
 */
async function oneClient({ browser, space, page: path }, sdk, kind, watched = false) {
  const wanted = { sdk, ...(await given(space, sdk, kind)) };
  /** @param {import("@playwright/test").Page} page */
  const measure = (page) => page.evaluate((wanted) => window.clients.measure(wanted), wanted);
  // From the port with the delay: the backend of the application is as far away as the space.
  const times = await inFreshContext(browser, space.info.base + path, measure, watched);
  if (kind === "bound" && !times.fingerprinted) throw new Error(`${sdk}: the provider was told no fingerprint, so that nothing is bound`);
  return times;
}

/**
 * What the client is made with. The reference puts https and wss before every host; ours has to be told to, because it would
 * speak plain text to a loopback name.
 *
 * @param {import("./local-space.mjs").LocalSpace} space
 * @param {Sdk} sdk
 * @param {Case} kind
 * @returns {Promise<Omit<import("./auth-page.js").Wanted, "sdk">>}
 */
async function given(space, sdk, kind) {
  if (kind === "embed") {
    const host = sdk === "ours" ? `https://${space.host}` : space.host;
    return { source: { kind, host, embedToken: space.embedToken(ADDRESS) }, options: {} };
  }
  const { fabric, websocket } = space.info.hosts;
  const options = sdk === "ours" ? { endpoints: { websocket: `wss://${websocket}`, rest: `https://${fabric}` } } : {};
  if (kind === "bound") return { source: { kind }, options };
  const { token, expires_at } = await space.desk("POST", "credentials", { kind: "subscriber" });
  return { source: { kind, credential: { token, expiry_at: expires_at * 1000 } }, options };
}

/** @param {Stage} stage */
async function trace(stage) {
  for (const rtt of RTTS) {
    await stage.space.desk("POST", "network", { rtt_ms: rtt });
    for (const kind of CASES) {
      for (const sdk of SDKS) {
        await oneClient(stage, sdk, kind);
        const { steps, start, ready } = await oneClient(stage, sdk, kind, true);
        printTimeline(`${kind}, ${sdk}, round-trip time ${rtt} ms: ready after ${ready.toFixed(0)} ms`, steps, start);
      }
    }
  }
}

/** @param {Results} results @param {boolean} json */
function report(results, json) {
  /** @type {Record<string, ReturnType<typeof medians> & { ours_round_trips: number, reference_round_trips: number }>} */
  const summary = {};
  console.log(heading("constructor to …"));
  for (const kind of CASES) {
    const [near, far] = /** @type {[Record<Sdk, number[]>, Record<Sdk, number[]>]} */ (RTTS.map((rtt) => sides(results, kind, rtt, "ready")));
    const trips = { ours_round_trips: roundTrips(near.ours, far.ours), reference_round_trips: roundTrips(near.reference, far.reference) };
    for (const rtt of RTTS) {
      const ready = sides(results, kind, rtt, "ready");
      console.log(line(`${kind}, ${rtt} ms round trip: constructed`, sides(results, kind, rtt, "constructed")));
      console.log(line(`${kind}, ${rtt} ms round trip: ready`, ready));
      // What making a pair of RSA keys takes is chance, and the same chance for both.
      if (kind === "bound") console.log(line(`${kind}, ${rtt} ms round trip: ready, less the key`, sides(results, kind, rtt, "keyless")));
      summary[key(kind, rtt)] = { ...medians(ready), ...trips };
    }
    console.log(`${kind}: round trips in series to ready: ours ${trips.ours_round_trips}, reference ${trips.reference_round_trips}`);
  }
  console.log(machineLoad());
  if (json) console.log(JSON.stringify(summary));
}

/**
 * @param {Results} results
 * @param {Case} kind
 * @param {number} rtt
 * @param {"constructed" | "ready" | "keyless"} end `keyless` is ready, less what it took to make the key pair
 * @returns {Record<Sdk, number[]>}
 */
function sides(results, kind, rtt, end) {
  const times = results.get(key(kind, rtt));
  const of = (/** @type {Sdk} */ sdk) => (times?.[sdk] ?? []).map((one) => (end === "keyless" ? one.ready - one.key : one[end]));
  return { ours: of("ours"), reference: of("reference") };
}

/** @param {Case} kind @param {number} rtt */
function key(kind, rtt) {
  return `${kind}_rtt${rtt}`;
}
