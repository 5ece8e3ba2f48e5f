import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { EmbedTokenCredentialProvider, embeddableCall, ready, type SignalWireError, StaticCredentialProvider, version, warmUp } from "../index.js";
import { provideEngineEntry } from "../public/engine-entry.js";
import { createdCall, delivered, endedCall, failure, freshEngine, type ScriptedEngine } from "./scripted-engine.js";

let engine: ScriptedEngine;
beforeEach(() => {
  engine = freshEngine();
});

const OPTIONS = { to: "/public/echo", embedToken: "c2c_1", host: "localhost:1" };

test("importing in Node touches no browser, and the package says that it is there", () => {
  assert.equal(ready, true);
  assert.equal(version, "0.0.0-test");
});

test("warming up starts the engine and makes nothing else; where there is no engine it says nothing", async () => {
  warmUp();
  assert.deepEqual([engine.starts, engine.clients.length, engine.exchanged.length], [1, 0, 0]);
  provideEngineEntry(() => Promise.resolve(engine));
  warmUp();
  await delivered();
  assert.equal(engine.starts, 2);
  provideEngineEntry(() => Promise.reject(new Error("not found")));
  warmUp();
  provideEngineEntry(() => {
    throw new Error("no WebAssembly");
  });
  warmUp();
  await delivered();
});

test("missing options reject, listed in their order, and nothing is made", async () => {
  const rows = [
    [{}, "to, embedToken, host"],
    [{ ...OPTIONS, embedToken: "" }, "embedToken"],
    [{ embedToken: "c2c_1" }, "to, host"],
    [undefined, "to, embedToken, host"],
  ] as const;
  for (const [options, names] of rows) {
    const message = `Dependency Missing required options: ${names} is not set or available.`;
    await assert.rejects(embeddableCall(options as typeof OPTIONS), { name: "DependencyError", code: "dependency_missing", message });
  }
  await assert.rejects(embeddableCall({ ...OPTIONS, signal: AbortSignal.abort() }), { name: "AbortError" });
  assert.equal(engine.clients.length, 0);
});

test("it dials with the exchanged token, and its client goes when the call is over", async () => {
  const calling = embeddableCall(OPTIONS);
  const { embedHost, skipRegister, persistSession } = engine.client.config;
  assert.deepEqual([embedHost, skipRegister, persistSession], ["localhost:1", true, false]);
  assert.deepEqual(engine.client.names, ["start", "dial"]);
  assert.deepEqual(await engine.client.host.authenticate("provider", undefined), { token: "sat", expiry_at: 1 });
  assert.deepEqual(engine.exchanged, [["localhost:1", "c2c_1"]]);
  engine.client.say(...createdCall(engine.client.replyOf("dial")));
  const call = await calling;
  assert.equal(call.status, "trying");
  assert.equal(engine.client.names.includes("destroy"), false);
  engine.client.say(...endedCall("declined"));
  assert.equal(engine.client.names.at(-1), "destroy");
  assert.deepEqual(call.endReason, { code: "declined" });
});

test("its client goes when the call is over before it could be handed out", async () => {
  const calling = embeddableCall(OPTIONS);
  engine.client.say(...createdCall(engine.client.replyOf("dial")), ...endedCall("busy"));
  assert.equal((await calling).status, "destroyed");
  await delivered();
  assert.equal(engine.client.names.at(-1), "destroy");
});

test("a dial that fails, or is aborted, leaves no client behind", async () => {
  const failing = embeddableCall(OPTIONS);
  engine.client.say(["reject", engine.client.replyOf("dial"), failure("CredentialsRejected")]);
  await assert.rejects(failing, { name: "InvalidCredentialsError" });
  assert.equal(engine.client.names.at(-1), "destroy");

  const aborter = new AbortController();
  const aborted = embeddableCall({ ...OPTIONS, signal: aborter.signal });
  aborter.abort();
  engine.client.say(["reject", engine.client.replyOf("abort"), failure("DialAborted")]);
  await assert.rejects(aborted, { name: "AbortError" });
  assert.deepEqual(engine.client.names.slice(-2), ["abort", "destroy"]);
});

test("the embed provider works without a client, and rejects with the public error", async () => {
  const provider = new EmbedTokenCredentialProvider("localhost:1", "c2c_secret");
  assert.deepEqual(await provider.authenticate(), { token: "sat", expiry_at: 1 });
  assert.deepEqual(await provider.refresh(), { token: "sat", expiry_at: 1 });
  engine.exchangeResult = () => Promise.reject(failure("EmbedTokenRejected", "401", "Unauthorized"));
  const error = (await provider.authenticate().catch((thrown: unknown) => thrown)) as SignalWireError;
  assert.deepEqual([error.name, error.code, error.message], ["RequestError", "embed_token_rejected", "Failed to fetch SAT using embed token: 401 Unauthorized"]);
  engine.exchangeResult = () => Promise.reject(failure("RequestTimeout", "10000"));
  await assert.rejects(provider.authenticate(), { name: "RequestTimeoutError", message: "Request timeout after 10000ms", retryable: true });
});

test("no token can be read off a provider", () => {
  const providers = [new EmbedTokenCredentialProvider("localhost:1", "c2c_secret"), new StaticCredentialProvider({ token: "c2c_secret" })];
  for (const provider of providers) assert.equal(JSON.stringify(provider), "{}");
});

test("the static provider resolves to the very object that it was given, and has no refresh", async () => {
  const credentials = { token: "sat", expiry_at: 5 };
  const provider = new StaticCredentialProvider(credentials);
  assert.equal(await provider.authenticate(), credentials);
  assert.equal("refresh" in provider, false);
});
