// `npm run example:backend`: builds the SDK, runs a local space and, beside it, the backend of www/backend/, which prints the
// address of its page. Arguments after `--` are the space's own; the backend reads its settings from the environment.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { CommandFailed, main, root, run, serve } from "./commands.mjs";
import { buildAll } from "./build.mjs";
import { targetDirectory } from "./setup.mjs";

/**
 * Runs a space that ends with this process, whichever way that ends.
 *
 * @param {string} binary @param {readonly string[]} args
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>} `url` is the one of programs on this machine
 */
async function startSpace(binary, args) {
  const free = ["--port", "0", "--undelayed-port", "0", "--log", "error", "--exit-with-stdin"];
  const child = spawn(binary, [...free, ...args], { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
  const gone = once(child, "exit");
  // Whoever waits for it is told; a space that cannot start is told below.
  gone.catch(() => {});
  const stop = async () => {
    child.stdin.end();
    await gone;
  };
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith("READY ")) continue;
    const { base } = JSON.parse(line.slice("READY ".length));
    return { url: base.replace("localhost", "127.0.0.1"), stop };
  }
  throw new CommandFailed(binary, "ended before it was ready");
}

await main(async () => {
  await buildAll({ types: false });
  run("cargo", ["build", "--locked", "--package", "signalwire-space"]);
  const space = await startSpace(join(targetDirectory(), "debug", "signalwire-space"), process.argv.slice(2));
  process.env["SIGNALWIRE_SPACE_URL"] = space.url;
  try {
    process.exitCode = await serve(process.execPath, ["www/backend/server.js"]);
  } finally {
    await space.stop();
  }
});
