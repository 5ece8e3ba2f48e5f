import assert from "node:assert/strict";
import { test } from "node:test";
import { offencesIn, snippetsOf } from "./check-snippets.mjs";

const fence = "```";

test("a snippet that does not compile is named with its line in the guide", () => {
  const guide = [
    "# A guide", "",
    `${fence}sh`, "not typescript", fence, "",
    `${fence}ts`, "import { version } from 'signalwire-wasm';", "const text: string = version;", fence, "",
    `${fence}ts`, "import { embeddableCall } from 'signalwire-wasm';", "", "await embeddableCall({ to: 1 });", fence, "",
  ].join("\n");
  const snippets = snippetsOf("docs/guide.md", guide);
  assert.deepEqual(snippets.map(({ line }) => line), [7, 12]);
  const offences = offencesIn(snippets);
  assert.ok(offences.length > 0);
  for (const offence of offences) assert.match(offence, /^docs\/guide\.md:15: /);
});

test("a name that the package does not export is an offence", () => {
  const [offence] = offencesIn(snippetsOf("docs/guide.md", `${fence}ts\nimport { Nothing } from 'signalwire-wasm';\n${fence}\n`));
  assert.match(offence ?? "", /^docs\/guide\.md:2: .*Nothing/);
});
