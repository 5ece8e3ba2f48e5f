// What happens when in one call: requests and frames as Chromium's network layer sees them (connections and preflights
// too), and the steps of the page's own browser calls.

/** @typedef {{ at: number, what: string }} Step `at` in milliseconds since 1970 */

/** Ends of URLs and frames say nothing about time, and may say something that is secret. */
const SHOWN_URL = /^(\w+:\/\/[^/]+)(\/[^?]*)?/;

/**
 * Notes what happens in a page that has not been opened yet.
 *
 * @param {import("@playwright/test").Page} page
 * @returns {Promise<() => Promise<Step[]>>} gives what has been noted, in the order of time
 */
export async function watch(page) {
  const network = await watchNetwork(page);
  await page.addInitScript(watchBrowserCalls);
  return async () => {
    const own = /** @type {Step[]} */ (await page.evaluate("window.steps"));
    return [...network(), ...own].sort((a, b) => a.at - b.at);
  };
}

/**
 * @param {string} title
 * @param {Step[]} steps
 * @param {number} click in milliseconds since 1970
 */
export function printTimeline(title, steps, click) {
  console.log(`\n${title}`);
  for (const { at, what } of steps) if (at >= click) console.log(`${(at - click).toFixed(0).padStart(7)} ms  ${what}`);
}

/** @param {import("@playwright/test").Page} page @returns {Promise<() => Step[]>} */
async function watchNetwork(page) {
  const client = await page.context().newCDPSession(page);
  /** Seconds of the monotonic clock, which the network layer counts in. @type {{ at: number, what: string }[]} */
  const notes = [];
  /** @type {Map<string, string>} */
  const names = new Map();
  let wallLessMonotonic = 0;
  const note = (/** @type {number} */ at, /** @type {string} */ what) => notes.push({ at, what });
  const name = (/** @type {string} */ id) => names.get(id) ?? id;
  client.on("Network.requestWillBeSent", ({ requestId, request, timestamp, wallTime }) => {
    wallLessMonotonic = wallTime - timestamp;
    names.set(requestId, `${request.method} ${shown(request.url)}`);
    note(timestamp, `→ ${name(requestId)}`);
  });
  client.on("Network.responseReceived", ({ requestId, response, timestamp }) => {
    note(timestamp, `← ${name(requestId)} ${response.status}`);
    const timing = response.timing;
    if (!timing || timing.connectStart < 0) return;
    const since = (/** @type {number} */ ms) => timing.requestTime + ms / 1000;
    note(since(timing.connectStart), `  ${name(requestId)}: connecting`);
    note(since(timing.sendStart), `  ${name(requestId)}: connected, sending`);
  });
  client.on("Network.webSocketCreated", ({ requestId, url }) => names.set(requestId, shown(url)));
  client.on("Network.webSocketWillSendHandshakeRequest", ({ requestId, timestamp }) => note(timestamp, `→ ${name(requestId)}: handshake`));
  client.on("Network.webSocketHandshakeResponseReceived", ({ requestId, timestamp }) => note(timestamp, `← ${name(requestId)}: open`));
  client.on("Network.webSocketFrameSent", ({ timestamp, response }) => note(timestamp, `→ frame ${kind(response.payloadData)}`));
  client.on("Network.webSocketFrameReceived", ({ timestamp, response }) => note(timestamp, `← frame ${kind(response.payloadData)}`));
  await client.send("Network.enable");
  return () => notes.map(({ at, what }) => ({ at: (at + wallLessMonotonic) * 1000, what }));
}

/** @param {string} url */
function shown(url) {
  const [, origin = "", path = ""] = SHOWN_URL.exec(url) ?? [];
  return `${origin}${path}`;
}

/** What a frame is, without what it holds. @param {string} text */
function kind(text) {
  const frame = JSON.parse(text);
  if (typeof frame.method !== "string") return `reply to ${String(frame.id).slice(0, 8)}`;
  const inner = frame.params?.message?.method ?? frame.params?.event_type ?? frame.params?.params?.method;
  const event = frame.params?.params?.event_type;
  return [frame.method, inner, event, String(frame.id).slice(0, 8)].filter(Boolean).join(" ");
}

/** Runs in the page before its scripts. */
function watchBrowserCalls() {
  /** @type {Step[]} */
  const steps = [];
  const note = (/** @type {string} */ what) => steps.push({ at: performance.timeOrigin + performance.now(), what });
  Object.assign(window, { steps, note });
  const timed = (/** @type {any} */ owner, /** @type {string} */ method) => {
    const original = owner[method];
    owner[method] = function (/** @type {unknown[]} */ ...given) {
      note(`  ${method} …`);
      const result = original.apply(this, given);
      Promise.resolve(result).then(
        () => note(`  ${method} done`),
        (error) => note(`  ${method} failed: ${error}`),
      );
      return result;
    };
  };
  timed(MediaDevices.prototype, "getUserMedia");
  timed(MediaDevices.prototype, "enumerateDevices");
  if (globalThis.SubtleCrypto) timed(SubtleCrypto.prototype, "generateKey");
  for (const method of ["createOffer", "setLocalDescription", "setRemoteDescription"]) timed(RTCPeerConnection.prototype, method);
  window.RTCPeerConnection = class extends RTCPeerConnection {
    /** @param {RTCConfiguration} [configuration] */
    constructor(configuration) {
      note("  new RTCPeerConnection …");
      super(configuration);
      note(`  new RTCPeerConnection done, ${configuration?.iceServers?.length ?? 0} servers`);
      this.addEventListener("icecandidate", ({ candidate }) => note(`  candidate ${candidate?.type ?? "-"} ${candidate?.protocol ?? ""} ${candidate?.address ?? ""}`));
      this.addEventListener("icegatheringstatechange", () => note(`  gathering ${this.iceGatheringState}`));
      this.addEventListener("iceconnectionstatechange", () => note(`  ICE ${this.iceConnectionState}`));
      this.addEventListener("connectionstatechange", () => note(`  peer ${this.connectionState}`));
    }
  };
}
