// The entry with the engine inside: npm's default, the one-file bundle and the script tag.

import { provideEngineEntry } from "./public/engine-entry.js";
import { inlineEngine } from "./wasm/inline.js";

provideEngineEntry(inlineEngine);

export * from "./index.js";
