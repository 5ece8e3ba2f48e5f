// `npm run bench:auth`, `npm run bench:call`, `npm run bench:resume`: sets up what the benchmark needs, then runs it; its arguments are handed on.

import { main, run } from "./commands.mjs";
import { buildAll } from "./build.mjs";
import { ensureTestPrograms, ensureNodeModules, ensureRust } from "./setup.mjs";

await main(async () => {
  const [name, ...args] = process.argv.slice(2);
  ensureNodeModules();
  if (!args.includes("--help")) await prepare();
  run(process.execPath, [`tests/bench/${name}.mjs`, ...args]);
});

async function prepare() {
  ensureRust();
  ensureTestPrograms();
  await buildAll({ types: false });
  run("cargo", ["build", "--locked", "--release", "--package", "signalwire-space"]);
}
