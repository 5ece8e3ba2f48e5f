// `npm run test:wasm`: the tests of src/web and src/bindings, in headless Chromium. Arguments filter tests by name.

import { createServer } from "node:net";
import { join } from "node:path";
import { main, root, serve } from "./commands.mjs";
import { ensureBrowsers, ensureNodeModules, ensureRust, ensureWasmBindgen } from "./setup.mjs";

/** Listens on a free port of the loopback interface and answers nothing. */
async function silence() {
  /** @type {Set<import("node:net").Socket>} */
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => sockets.delete(socket));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const end = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: address.port, end };
}

/** @param {number} port */
async function bundleHarness(port) {
  const { build } = await import("esbuild");
  const { buildEngine } = await import("./engine-build.mjs");
  const { common } = await import("./facade-build.mjs");
  const engine = join(root, "dist", "test", "engine");
  await buildEngine(engine, { development: false, trap: true });
  const options = common({ minify: false, engine, trap: true });
  await build({
    ...options,
    define: { ...options.define, SILENT_PORT: String(port) },
    entryPoints: ["js/wasm/tests/harness.ts"],
    format: "esm",
    outfile: join(root, "dist", "test", "harness.js"),
    sourcemap: false,
  });
}

await main(async () => {
  ensureRust();
  ensureNodeModules();
  ensureBrowsers();
  const { port, end } = await silence();
  try {
    await bundleHarness(port);
    process.env["CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER"] = ensureWasmBindgen("wasm-bindgen-test-runner");
    process.env["CHROMEDRIVER"] = "/usr/bin/chromedriver";
    process.exitCode = await serve("cargo", [
      "test", "--locked", "--package", "signalwire-wasm", "--lib", "--target", "wasm32-unknown-unknown",
      "--", ...process.argv.slice(2),
    ]);
  } finally {
    end();
  }
});
