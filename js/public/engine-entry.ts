/** Where the facade gets the engine from; each entry of the package says so once. */

import type { EngineEntry } from "../wasm/engine.js";

/** The engine at once, or a promise while the page still fetches it. May throw. */
export type EngineEntrySource = () => EngineEntry | Promise<EngineEntry>;

let source: EngineEntrySource = () => {
  throw new Error("This build of signalwire-wasm has no engine.");
};

/** Says where the engine comes from. */
export function provideEngineEntry(next: EngineEntrySource): void {
  source = next;
}

/** Asked for by every client and every exchange, on first use, never while a module is imported. */
export function engineEntry(): EngineEntry | Promise<EngineEntry> {
  return source();
}
