// What the tests of src/web need of JavaScript: the host functions under the name by which the glue calls them, an
// application made of closures, and a look at what is open.

import { Closables } from "../closables.js";
import { createHost } from "../host.js";
import { Words } from "../host/reads.js";
import { watch } from "./watched.js";

export { trapCase } from "./traps.js";
export { hangNextCapture, liveTracks, openPeers, openSockets, receive, silentSocket } from "./watched.js";

/** Makes the host functions, once for the page. */
export function install(keys: string, syms: string): void {
  if ("host" in globalThis) return;
  const words = new Words();
  words.learn(keys, syms);
  Object.assign(globalThis, { host: createHost(new Closables(), words) });
  watch();
}

/** An application whose functions are the test's. */
export function application(authenticate: () => unknown, deliver: (batch: unknown) => void): object {
  return { authenticate, deliver };
}

/** Resolves in a later task, and leaves the browser time for its own. */
export function task(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve);
  });
}

/** Lets the next `fetch` hang until it is aborted. */
export function hangNextFetch(): void {
  const real = globalThis.fetch;
  globalThis.fetch = (_, init) => {
    globalThis.fetch = real;
    hanging += 1;
    return new Promise((_resolve, reject) => {
      init?.signal?.addEventListener("abort", () => {
        hanging -= 1;
        reject(init.signal?.reason);
      });
    });
  };
}

/** How many requests hang. */
export function hangingFetches(): number {
  return hanging;
}

let hanging = 0;

/** Answers the next `fetch`. */
export function answerNextFetch(status: number, body: string): void {
  const real = globalThis.fetch;
  globalThis.fetch = async () => {
    globalThis.fetch = real;
    return new Response(body, { status, statusText: "Given", headers: { "Retry-After": "7" } });
  };
}

/** What a browser dispatches when the page goes away. */
export function hidePage(persisted: boolean): void {
  window.dispatchEvent(new PageTransitionEvent("pagehide", { persisted }));
}

/** A value of JSON text. */
export function parse(text: string): unknown {
  return JSON.parse(text);
}
