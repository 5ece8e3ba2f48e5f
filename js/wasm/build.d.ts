// What the build puts beside the sources: js/tools/engine-build.mjs writes the modules, js/tools/facade-build.mjs
// sets the constant.

/** The version of the package. */
declare const SIGNALWIRE_WASM_VERSION: string;

/** Whether the engine of this build can be made to trap. */
declare const SIGNALWIRE_WASM_TRAP: boolean;

/** wasm-bindgen's glue as a function of the names that it takes from its surroundings. */
declare module "#engine/glue.js" {
  export function glue(webAssembly: unknown, host: unknown): unknown;
}

/** The engine in the form that `decodeWasmText` reads. */
declare module "#engine/wasm-text.js" {
  export const length: number;
  export const text: string;
}
