// The engine carried as text in the script. Nothing is decoded before the first client is made.

import { length, text } from "#engine/wasm-text.js";
import type { EngineEntry } from "./engine.js";
import { engineEntryOf } from "./enter.js";
import { decodeWasmText } from "./wasm-text.js";

let entry: EngineEntry | undefined;

/** The engine, at once. Throws where the page's security policy forbids WebAssembly. */
export function inlineEngine(): EngineEntry {
  entry ??= engineEntryOf(new WebAssembly.Module(decodeWasmText(text, length)));
  return entry;
}
