/** Where the facade gets the engine from; each entry of the package says so once. */

import { ErrorNumber } from "../store/errors.gen.js";
import type { EngineEntry } from "../wasm/engine.js";
import { errorOf } from "./errors.js";

/** The engine at once, or a promise while the page still fetches it. May throw. */
export type EngineEntrySource = () => EngineEntry | Promise<EngineEntry>;

let source: EngineEntrySource = () => {
  throw new Error("This build of signalwire-wasm has no engine.");
};

/** Says where the engine comes from. */
export function provideEngineEntry(next: EngineEntrySource): void {
  source = next;
}

/**
 * Asked for by every client and every exchange, on first use, never while a module is imported.
 *
 * Throws a `DependencyError` where WebAssembly is missing or the page's Content-Security-Policy forbids it.
 */
export function engineEntry(): EngineEntry | Promise<EngineEntry> {
  try {
    return source();
  } catch (thrown) {
    throw errorOf({ code: ErrorNumber.DependencyMissing, args: ["WebAssembly"], number: 0, fatal: true, cause: { thrown } });
  }
}

/**
 * Starts the engine ahead of the first client, so that a click does not wait for it (some 10 ms).
 *
 * For a page that sees a call coming, say because the pointer has reached the button. Does nothing where the engine has
 * started, and nothing where it cannot start: the first client says why. Never throws.
 */
export function warmUp(): void {
  try {
    const entry = engineEntry();
    if (!(entry instanceof Promise)) return entry.start();
    entry.then((fetched) => fetched.start()).catch(() => undefined);
  } catch {
    // Whoever makes a client or an exchange meets the same error and is told of it.
  }
}
