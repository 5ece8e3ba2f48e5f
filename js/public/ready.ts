/** Tells scripts that may have run earlier that the package is there (api.md §1). */

/** The version of this package. */
export const version: string = SIGNALWIRE_WASM_VERSION;

/** Always true: for a script that asks before it waits for the event. */
export const ready: boolean = true;

// In the next microtask, when the script tag's global has been set.
if (typeof window !== "undefined" && typeof CustomEvent === "function") {
  queueMicrotask(() => window.dispatchEvent(new CustomEvent("signalwire:js:ready", { detail: { version } })));
}
