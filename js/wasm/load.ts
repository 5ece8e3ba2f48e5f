// The engine fetched from where the application hosts it.

import type { EngineEntry } from "./engine.js";
import { engineEntryOf } from "./enter.js";

/** What {@link loadEngine} accepts: an address, a response on its way, the bytes, or a compiled module. */
export type EngineSource = string | URL | Response | PromiseLike<Response> | BufferSource | WebAssembly.Module;

/** No engine where one is needed: {@link loadEngine} was not called before, or it failed. */
export class EngineUnavailableError extends Error {
  /** Stable, for programs. */
  readonly code = "engine_unavailable";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EngineUnavailableError";
  }
}

let entry: EngineEntry | undefined;
let loading: Promise<EngineEntry> | undefined;

/**
 * Fetches and compiles the engine of the slim entry; a second call returns what the first began.
 *
 * Clients may be constructed before it has finished: they wait for it. An application calls it once and early, beside
 * its own start: `loadEngine(new URL("/signalwire.wasm", location.origin))`.
 *
 * Rejects with an {@link EngineUnavailableError} when the file cannot be fetched or compiled; the next call tries again.
 */
export async function loadEngine(source: EngineSource): Promise<void> {
  loading ??= compiled(source).then(
    (module) => {
      entry = engineEntryOf(module);
      return entry;
    },
    (cause: unknown) => {
      loading = undefined;
      const message = "The WebAssembly file of signalwire-wasm could not be loaded. Check its address, and that the page's security policy allows it.";
      throw new EngineUnavailableError(message, { cause });
    },
  );
  await loading;
}

/** The engine, at once or when it has been fetched. */
export function loadedEngine(): EngineEntry | Promise<EngineEntry> {
  if (entry) return entry;
  const missing = "Call loadEngine() with the address of signalwire.wasm before you make a client.";
  return loading ?? Promise.reject(new EngineUnavailableError(missing));
}

async function compiled(source: EngineSource): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return WebAssembly.compile(source);
  const response = await (typeof source === "string" || source instanceof URL ? fetch(source) : source);
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  // Compiling while the bytes arrive needs the right content type; without it they serve as well.
  if (response.headers.get("Content-Type") === "application/wasm") return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}
