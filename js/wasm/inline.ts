// The engine carried as text in the script. Nothing is decoded before the first client is made.

import { length, text } from "#engine/wasm-text.js";
import { provideEngine } from "./load.js";
import { decodeWasmText } from "./wasm-text.js";

provideEngine(() => new WebAssembly.Module(decodeWasmText(text, length)));
