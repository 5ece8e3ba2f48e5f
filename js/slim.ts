// The entry without the engine: the application says where it hosts `signalwire.wasm`.

import { provideEngineEntry } from "./public/engine-entry.js";
import { loadedEngine } from "./wasm/load.js";

provideEngineEntry(loadedEngine);

export * from "./index.js";
export { type EngineSource, EngineUnavailableError, loadEngine } from "./wasm/load.js";
