// `npm run build`: the whole SDK into dist/.
//   --development  readable output, panic messages, quick to build
//   --facade       leaves the engine as it was built last
//   --trap         builds, besides, dist/test/signalwire.trap.mjs: the bundle on an engine that can be made to trap

import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { main, root } from "./commands.mjs";
import { ensureNodeModules, ensureRust } from "./setup.mjs";

const dist = join(root, "dist");

/** @param {{ development?: boolean, facade?: boolean, trap?: boolean, types?: boolean }} [options] */
export async function buildAll({ development = false, facade = false, trap = false, types = true } = {}) {
  ensureNodeModules();
  const { buildFacade, buildTypes, common } = await import("./facade-build.mjs");
  const engine = join(dist, "engine");
  if (!facade) {
    ensureRust();
    const { buildEngine } = await import("./engine-build.mjs");
    await buildEngine(engine, { development, trap: false });
    if (trap) await buildEngine(join(dist, "test", "engine"), { development, trap: true });
  }
  mkdirSync(dist, { recursive: true });
  cpSync(join(engine, "signalwire.wasm"), join(dist, "signalwire.wasm"));
  await buildFacade({ minify: !development, engine, out: dist });
  if (types) buildTypes();
  if (trap) {
    const { build } = await import("esbuild");
    await build({
      ...common({ minify: !development, engine: join(dist, "test", "engine"), trap }),
      entryPoints: ["js/browser.ts"],
      format: "esm",
      outfile: join(dist, "test", "signalwire.trap.mjs"),
    });
  }
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      development: { type: "boolean" },
      facade: { type: "boolean" },
      trap: { type: "boolean" },
    },
  });
  await main(() => buildAll(values));
}
