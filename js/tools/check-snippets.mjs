// The TypeScript of the guides compiles against the package: every ```ts block of docs/ is a module of its own, under the
// strict settings of the sources. `node js/tools/check-snippets.mjs` prints each offence with its line in the guide.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { main, root } from "./commands.mjs";

/** @typedef {{ guide: string, line: number, text: string }} Snippet `line` is that of the fence, counted from 1 */

/** @param {string} guide its path from the root @param {string} text @returns {Snippet[]} */
export function snippetsOf(guide, text) {
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((found) => ({
    guide,
    line: text.slice(0, found.index).split("\n").length,
    text: found[1] ?? "",
  }));
}

/** @returns {ts.CompilerOptions} */
function settings() {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: ["js/index.ts"] }, ts.sys, root);
  // A snippet ends where the reader goes on.
  return { ...options, noUnusedLocals: false, paths: { "signalwire-wasm": [join(root, "js/index.ts")] } };
}

/**
 * What does not compile, one line each.
 *
 * @param {readonly Snippet[]} snippets
 * @returns {string[]}
 */
export function offencesIn(snippets) {
  const files = new Map(snippets.map((snippet) => [join(root, `${snippet.guide}.${snippet.line}.mts`), snippet]));
  const options = settings();
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path)?.text ?? readFile(path);
  host.getSourceFile = (path, version, ...rest) => {
    const snippet = files.get(path);
    return snippet ? ts.createSourceFile(path, snippet.text, version) : getSourceFile(path, version, ...rest);
  };
  const program = ts.createProgram([...files.keys(), join(root, "js/wasm/build.d.ts")], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, " ");
    const snippet = file && files.get(file.fileName);
    if (!file || !snippet) return `${file?.fileName ?? "options"}: ${text}`;
    return `${snippet.guide}:${snippet.line + 1 + file.getLineAndCharacterOfPosition(start).line}: ${text}`;
  });
}

if (process.argv[1] === import.meta.filename) {
  await main(() => {
    const guides = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`);
    const snippets = guides.flatMap((guide) => snippetsOf(guide, readFileSync(join(root, guide), "utf8")));
    const found = offencesIn(snippets);
    for (const line of found) console.error(line);
    console.log(`snippets: ${snippets.length} of ${guides.length} guides; ${found.length} offences`);
    if (found.length > 0 || snippets.length === 0) process.exitCode = 1;
  });
}
