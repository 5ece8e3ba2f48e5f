// The packed tarball in a small project outside the repository: installed by npm, type-checked, bundled, imported on a
// server, and called with against a local space in Chromium. `npm run pack` and the space's build come before.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { build } from "esbuild";
import { root } from "../../js/tools/commands.mjs";
import { targetDirectory } from "../../js/tools/setup.mjs";
import { launchChromium } from "../bench/browser.mjs";
import { startSpace } from "../bench/local-space.mjs";

const ADDRESS = "/public/echo";
const PAGES = ["bundled", "slim", "script-tag"];
/** From the click to sound and back, on a machine that builds beside it; in milliseconds. */
const CALL_LIMIT_MS = 30_000;

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const tarball = join(root, `signalwire-wasm-${version}.tgz`);

/** The project's folder. @type {string} */
let project;
/** The package as npm installed it. @type {string} */
let installed;

before(() => {
  project = mkdtempSync(join(tmpdir(), "signalwire-wasm-package-"));
  installed = join(project, "node_modules", "signalwire-wasm");
  cpSync(join(import.meta.dirname, "project"), project, { recursive: true });
  // rxjs comes with it: npm installs what a package names as its peer.
  inProject("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", tarball]);
});

after(() => rmSync(project, { recursive: true, force: true }));

it("brings every file that its manifest names, and its licence", () => {
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  assert.equal(manifest.version, version);
  const named = [...leaves(manifest.exports), manifest.types, manifest.unpkg, manifest.jsdelivr, ...manifest.sideEffects, "LICENSE", "README.md"];
  assert.deepEqual(named.filter((file) => !existsSync(join(installed, file))), []);
});

for (const [module, moduleResolution] of [["esnext", "bundler"], ["node16", "node16"]]) {
  it(`has types for the resolution "${moduleResolution}", strict, libraries checked too`, () => {
    inProject(tool("tsc"), ["--module", `${module}`, "--moduleResolution", `${moduleResolution}`]);
  });
}

it("can be imported without a window", () => {
  inProject(process.execPath, ["without-window.mjs"]);
});

describe("calls in Chromium", () => {
  /** @type {import("../bench/local-space.mjs").LocalSpace} */
  let space;
  /** @type {import("@playwright/test").Browser} */
  let browser;

  before(async () => {
    await build({
      absWorkingDir: project,
      entryPoints: PAGES.map((name) => `${name}.ts`),
      bundle: true,
      format: "esm",
      logLevel: "warning",
      outdir: project,
    });
    const binary = join(targetDirectory(), "debug", "signalwire-space");
    space = await startSpace(binary, { sdk: installed, www: project });
    browser = await launchChromium();
  });

  after(async () => {
    await browser?.close();
    await space?.stop();
  });

  for (const name of PAGES) {
    it(`from a page with ${name}`, { timeout: CALL_LIMIT_MS }, async () => {
      const page = await browser.newPage();
      /** @type {string[]} */
      const complaints = [];
      page.on("pageerror", (error) => complaints.push(String(error)));
      const query = new URLSearchParams({ host: space.host, token: space.embedToken(ADDRESS), to: ADDRESS });
      await page.goto(`${space.info.base}/${name}.html?${query}`);
      const { statuses, packetsReceived, endReason } = await page.evaluate("window.outcome");
      assert.ok(packetsReceived > 0);
      assert.ok(statuses.includes("connected"), statuses.join());
      assert.equal(statuses.at(-1), "destroyed");
      assert.equal(endReason.code, "normal");
      assert.deepEqual(complaints, []);
      await page.close();
    });
  }
});

/** @param {string} command @param {string[]} args */
function inProject(command, args) {
  try {
    execFileSync(command, args, { cwd: project, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { stdout, stderr } = /** @type {{ stdout?: string, stderr?: string }} */ (error);
    assert.fail(`${command} ${args.join(" ")}\n${stdout ?? ""}${stderr ?? ""}`);
  }
}

/** @param {string} name @returns {string} a command of the repository's own node_modules */
function tool(name) {
  return join(root, "node_modules", ".bin", name);
}

/** The files at the ends of an exports map. @param {unknown} map @returns {string[]} */
function leaves(map) {
  return typeof map === "string" ? [map] : Object.values(/** @type {object} */ (map)).flatMap(leaves);
}
