// From a cut socket to a call that can be controlled again: the space cuts, the client comes back, and a mute has been carried
// out by the space. In one call, again and again, in Chromium.
//
//   --runs N   cuts (100)
//   --rtt N    round-trip time in milliseconds (0)
//   --json     the last line is {"runs":…,"within_1s":…,"median_ms":…,"p95_ms":…,"most_ms":…}
//
// Fails when fewer than 95 % come back within a second.

import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { main } from "../../js/tools/commands.mjs";
import { targetDirectory } from "../../js/tools/setup.mjs";
import { launchChromium } from "./browser.mjs";
import { startSpace } from "./local-space.mjs";

const LIMIT_MS = 1_000;
const SHARE = 0.95;
const ADDRESS = "/public/echo";

await main(async () => {
  const { values } = parseArgs({
    options: { runs: { type: "string", default: "100" }, rtt: { type: "string", default: "0" }, json: { type: "boolean" } },
  });
  const runs = Number(values.runs);
  const rtt = Number(values.rtt);
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs}: not a number of runs`);
  const space = await startSpace(join(targetDirectory(), "release", "signalwire-space"), { sdk: "dist" });
  const browser = await launchChromium();
  try {
    await space.desk("POST", "network", { rtt_ms: rtt });
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    await page.goto(space.info.undelayed);
    const { token } = await space.desk("POST", "credentials", { kind: "subscriber" });
    const times = await page.evaluate(cutAgainAndAgain, { token, to: ADDRESS, runs, sdk: "/sdk/signalwire.bundle.mjs" });
    if (!report(times, values.json === true)) process.exitCode = 1;
  } finally {
    await browser.close();
    await space.stop();
  }
});

/**
 * In the page: one call, and what each cut cost it.
 *
 * @param {{ token: string, to: string, runs: number, sdk: string }} wanted
 * @returns {Promise<number[]>} milliseconds
 */
async function cutAgainAndAgain({ token, to, runs, sdk }) {
  const { SignalWire, StaticCredentialProvider } = await import(sdk);
  const client = new SignalWire(new StaticCredentialProvider({ token }));
  const call = await client.dial(to);
  /** @param {{ subscribe(next: (value: any) => void): { unsubscribe(): void } }} values @param {(value: any) => boolean} wanted */
  const first = (values, wanted) => new Promise((resolve) => {
    const watch = values.subscribe((value) => {
      if (!wanted(value)) return;
      watch.unsubscribe();
      resolve(value);
    });
  });
  await first(call.status$, (status) => status === "connected");
  const self = await first(call.self$, (member) => member !== null);
  const times = [];
  for (let run = 0; run < runs; run += 1) {
    const lost = first(client.ready$, (ready) => !ready);
    const cut = performance.now();
    await fetch("/.space/drop", { method: "POST" });
    await lost;
    await (run % 2 === 0 ? self.mute() : self.unmute());
    times.push(performance.now() - cut);
  }
  await call.hangup();
  client.destroy();
  return times;
}

/** @param {readonly number[]} times @param {boolean} json @returns {boolean} whether enough came back in time */
function report(times, json) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN);
  const within = sorted.filter((time) => time <= LIMIT_MS).length;
  const summary = { runs: times.length, within_1s: within, median_ms: at(0.5), p95_ms: at(0.95), most_ms: at(1) };
  console.log(`socket cut → mute carried out by the space: ${within} of ${times.length} within ${LIMIT_MS} ms`);
  console.log(`median ${summary.median_ms} ms, 95 % within ${summary.p95_ms} ms, longest ${summary.most_ms} ms`);
  console.log(`load of the machine in the last minute: ${(loadavg()[0] ?? 0).toFixed(1)} on ${availableParallelism()} cores`);
  if (json) console.log(JSON.stringify(summary));
  return within >= SHARE * times.length;
}
