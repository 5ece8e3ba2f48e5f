// `npm start`: builds the SDK and runs the local space, which serves www/ and, under /sdk/, dist/.
// Arguments after `--` are the space's own (`npm start -- --port 0`).

import { main, serve } from "./commands.mjs";
import { buildAll } from "./build.mjs";

await main(async () => {
  await buildAll({ types: false });
  process.exitCode = await serve("cargo", [
    "run", "--locked", "--package", "signalwire-space", "--", ...process.argv.slice(2),
  ]);
});
