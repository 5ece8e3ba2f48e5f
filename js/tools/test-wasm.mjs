// `npm run test:wasm`: the tests of src/web and src/bindings, in headless Chromium. Arguments filter tests by name.

import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { main, root, serve } from "./commands.mjs";
import { ensureTestPrograms, ensureNodeModules, ensureRust, ensureWasmBindgen } from "./setup.mjs";

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

/** Marks everything that this run starts. */
const MARK = `SIGNALWIRE_WASM_RUN=${randomUUID()}`;

/** Ends what is left of a run: a test that hangs has its driver killed, and a killed driver leaves its browser. */
function endLeftovers() {
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)) {
    try {
      if (readFileSync(`/proc/${name}/environ`, "latin1").split("\0").includes(MARK)) process.kill(Number(name), "SIGKILL");
    } catch (error) {
      // A process that has ended, or that belongs to somebody else.
      if (!["EACCES", "ENOENT", "EPERM", "ESRCH"].includes(/** @type {NodeJS.ErrnoException} */ (error).code ?? "")) throw error;
    }
  }
}

await main(async () => {
  ensureRust();
  ensureNodeModules();
  ensureTestPrograms();
  const { port, end } = await silence();
  try {
    await bundleHarness(port);
    process.env["CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER"] = ensureWasmBindgen("wasm-bindgen-test-runner");
    process.env["CHROMEDRIVER"] = "/usr/bin/chromedriver";
    const [mark, run] = MARK.split("=");
    process.env[mark ?? ""] = run;
    process.exitCode = await serve("cargo", [
      "test", "--locked", "--package", "signalwire-wasm", "--lib", "--target", "wasm32-unknown-unknown",
      "--", ...process.argv.slice(2),
    ]);
  } finally {
    end();
    endLeftovers();
  }
});
