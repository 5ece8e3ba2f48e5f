// The entry without the engine: the application says where it hosts `signalwire.wasm`.

export * from "./index.js";
export { loadEngine } from "./wasm/load.js";
