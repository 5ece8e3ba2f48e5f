// The entry with the engine inside: npm's default, the one-file bundle and the script tag.

import "./wasm/inline.js";

export * from "./index.js";
