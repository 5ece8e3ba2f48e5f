// The public names of the package; every entry exports exactly these.

/** The version of this package. */
export const version: string = SIGNALWIRE_WASM_VERSION;
