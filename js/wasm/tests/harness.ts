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

/** An application whose functions are the test's: asked for a credential by source or key, told batches, told what to keep. */
export function application(authenticate: (source: string) => unknown, deliver: (batch: unknown) => void, keep: (what: string) => void): object {
  return {
    authenticate,
    restore: authenticate,
    deliver,
    keep: (key: string, text: string) => keep(`${key} is ${text}`),
    removeOwn: (key: string, text: string) => keep(`${key} no longer ${text}`),
  };
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

/** What a browser dispatches when the page is shown. */
export function showPage(persisted: boolean): void {
  window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted }));
}

/** What a browser dispatches to the document when the visitor comes back to the page or the page runs again. */
export function wakePage(name: string): void {
  document.dispatchEvent(new Event(name));
}

/** Makes the page one that nobody looks at, or ends that. */
export function hideFromView(hidden: boolean): void {
  // An own property in front of the document's; without it the browser tells.
  if (hidden) Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
  else Reflect.deleteProperty(document, "visibilityState");
}

/** What a browser dispatches when it has found a network. */
export function goOnline(): void {
  window.dispatchEvent(new Event("online"));
}

/** A value of JSON text. */
export function parse(text: string): unknown {
  return JSON.parse(text);
}
