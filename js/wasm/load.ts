// The only place that knows where the compiled engine comes from.

/** What {@link loadEngine} accepts: an address, a response on its way, the bytes, or a compiled module. */
export type EngineSource = string | URL | Response | PromiseLike<Response> | BufferSource | WebAssembly.Module;

/** No engine where one is needed: the slim entry was used and {@link loadEngine} was not called, or it failed. */
export class EngineUnavailableError extends Error {
  readonly code = "engine_unavailable";
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EngineUnavailableError";
  }
}

let compile: (() => WebAssembly.Module) | undefined;
let compiled: WebAssembly.Module | undefined;
let loading: Promise<WebAssembly.Module> | undefined;

/** Says how to get the engine at once, on first use. */
export function provideEngine(source: () => WebAssembly.Module): void {
  compile = source;
}

/**
 * Fetches and compiles the engine of the slim entry; a second call returns what the first began.
 *
 * Clients may be constructed before it has finished: they wait for it. An application calls it early, beside its own
 * start, and once: `loadEngine(new URL("/signalwire.wasm", location.origin))`.
 *
 * @throws EngineUnavailableError (as a rejection) when the file cannot be fetched or is not this package's engine; the
 * next call tries again.
 */
export function loadEngine(source: EngineSource): Promise<void> {
  loading ??= fetchModule(source).then(
    (module) => {
      compiled = module;
      return module;
    },
    (cause: unknown) => {
      loading = undefined;
      throw new EngineUnavailableError("The WebAssembly file of signalwire-wasm could not be loaded. Check the address, and that it is served as application/wasm.", { cause });
    },
  );
  return loading.then(() => undefined);
}

/** The compiled engine when it is there (or can be had at once); undefined while it is being fetched. */
export function engineModule(): WebAssembly.Module | undefined {
  compiled ??= compile?.();
  return compiled;
}

/** The compiled engine, waited for. */
export async function engineModuleLoaded(): Promise<WebAssembly.Module> {
  const module = engineModule() ?? (await loading);
  if (module === undefined) throw new EngineUnavailableError("Call loadEngine() with the address of signalwire.wasm before you make a client.");
  return module;
}

async function fetchModule(source: EngineSource): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return WebAssembly.compile(source);
  const response = await (typeof source === "string" || source instanceof URL ? fetch(source) : source);
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  // Streaming needs the right content type; without it the bytes serve as well.
  if (response.headers.get("content-type") === "application/wasm") return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}
