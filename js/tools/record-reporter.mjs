// A reporter of `node --test` that writes records (test-records.mjs); its destination is the file of the suite.

import { relative, sep } from "node:path";
import { root } from "./commands.mjs";

/** @param {AsyncIterable<{ type: string, data: { name: string, file?: string, skip?: unknown, todo?: unknown, details?: { type?: string } } }>} events */
async function* records(events) {
  for await (const { type, data } of events) {
    if ((type !== "test:pass" && type !== "test:fail") || data.details?.type === "suite" || data.file === undefined) continue;
    const skipped = data.skip !== undefined || data.todo !== undefined;
    const outcome = skipped ? "skipped" : type === "test:pass" ? "passed" : "failed";
    yield `${JSON.stringify({ file: sourceOf(data.file), title: data.name, outcome })}\n`;
  }
}

/** The tests of the facade are bundled into a folder beside their sources. @param {string} file */
function sourceOf(file) {
  const path = relative(root, file).split(sep).join("/");
  return path.replace(/\.built-[^/]+\/(.*)\.mjs$/, "$1.ts");
}

// biome-ignore lint/style/noDefaultExport: node reads the default export.
export default records;
