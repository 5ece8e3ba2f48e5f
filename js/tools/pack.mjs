// `npm run pack`: signalwire-wasm-<version>.tgz in the repository's root, as it would be published.

import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { capture, main, root, run } from "./commands.mjs";
import { buildAll } from "./build.mjs";

const dist = join(root, "dist");
const stage = join(dist, "package");

/** What stands in dist/ for the public; the rest there are steps on the way. */
const PUBLISHED = [
  "chunks",
  "click-to-call-panel.mjs",
  "click-to-call.js",
  "signalwire.bundle.mjs",
  "signalwire.js",
  "signalwire.mjs",
  "signalwire.slim.mjs",
  "signalwire.wasm",
  "types",
];

await main(async () => {
  await buildAll();
  const { version } = await import("./facade-build.mjs");
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  for (const name of PUBLISHED) cpSync(join(dist, name), join(stage, name), { recursive: true });
  cpSync(join(root, "pkg-template"), stage, { recursive: true });
  cpSync(join(root, "LICENSE"), join(stage, "LICENSE"));
  const manifest = JSON.parse(readFileSync(join(stage, "package.json"), "utf8"));
  writeFileSync(join(stage, "package.json"), `${JSON.stringify({ ...manifest, version: version() }, null, 2)}\n`);

  run(join(root, "node_modules", ".bin", "publint"), ["--strict", stage]);
  const [packed] = JSON.parse(capture("npm", ["pack", stage, "--json", "--pack-destination", dist]));
  renameSync(join(dist, packed.filename), join(root, packed.filename));
  for (const { path, size } of packed.files) console.log(`${String(size).padStart(9)}  ${path}`);
  console.log(`${packed.filename}: ${packed.size} bytes, ${packed.files.length} files`);
});
