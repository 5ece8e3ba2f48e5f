import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { provideEngineEntry } from "../public/engine-entry.js";
import {
  type CredentialProvider,
  EmbedTokenCredentialProvider,
  InvalidCredentialsError,
  SignalWire,
  type SignalWireError,
  type SignalWireOptions,
  StaticCredentialProvider,
  User,
  WebRTCCall,
} from "../index.js";
import { Field } from "../store/fields.gen.js";
import { type EngineConfig, type EngineEntry, ValueKind } from "../wasm/engine.js";
import { createdCall, delivered, failure, freshEngine, recorder, type ScriptedEngine, set } from "./scripted-engine.js";

let engine: ScriptedEngine;
beforeEach(() => {
  engine = freshEngine();
});

const provider = new StaticCredentialProvider({ token: "sat" });

function coded(code: string | number) {
  return (error: unknown) => (error as SignalWireError).code === code;
}

const PLAIN: EngineConfig = {
  hasProvider: true,
  hasRefresh: false,
  wantsFingerprint: false,
  skipAuthentication: false,
  skipConnection: false,
  skipRegister: false,
  persistSession: false,
  reconnectAttachedCalls: false,
};

test("the constructor starts the engine, and the options say what it is to defer", () => {
  const rows: [SignalWireOptions, EngineConfig][] = [
    [{}, PLAIN],
    [{ skipAuthentication: true }, { ...PLAIN, skipAuthentication: true }],
    [{ skipConnection: true, skipRegister: true }, { ...PLAIN, skipConnection: true, skipRegister: true }],
    [{ persistSession: true }, { ...PLAIN, persistSession: true }],
    [{ persist: true }, { ...PLAIN, persistSession: true }],
    [{ persist: true, persistSession: false }, { ...PLAIN, persistSession: true }],
    [{ reconnectAttachedCalls: true, endpoints: { rest: "localhost:1" } }, { ...PLAIN, reconnectAttachedCalls: true, endpoints: { rest: "localhost:1" } }],
    [{ allowedHosts: ["example.test"] }, { ...PLAIN, allowedHosts: ["example.test"] }],
  ];
  for (const [options, config] of rows) {
    new SignalWire(provider, options);
    assert.deepEqual(engine.client.commands, [["start"]]);
    assert.deepEqual(engine.client.config, config);
  }
});

test("the engine is told what there is to ask for a credential", () => {
  const withRefresh = { authenticate: () => Promise.resolve({}), refresh: () => Promise.resolve({}) };
  const rows: [CredentialProvider | undefined, Partial<EngineConfig>][] = [
    [undefined, { hasProvider: false }],
    [{ authenticate: withRefresh.authenticate }, { wantsFingerprint: true }],
    [provider, {}],
    [withRefresh, { hasRefresh: true, wantsFingerprint: true }],
    [new EmbedTokenCredentialProvider("localhost:1", "c2c_1"), { hasRefresh: true, embedHost: "localhost:1" }],
    [new EmbedTokenCredentialProvider({ host: "localhost:1", token: "c2c_1" }), { hasRefresh: true, embedHost: "localhost:1" }],
  ];
  for (const [given, differs] of rows) {
    new SignalWire(given);
    assert.deepEqual(engine.client.config, { ...PLAIN, ...differs });
  }
});

test("the constructor throws for an endpoint that is none, and where there is no WebRTC", () => {
  engine.refuseConfig = failure("HostInvalid");
  assert.throws(() => new SignalWire(provider, { endpoints: { rest: "no host" } }), { name: "InvalidParams", code: "host_invalid" });
  Object.assign(globalThis, { RTCPeerConnection: undefined });
  assert.throws(() => new SignalWire(provider), { name: "DependencyError", message: "Dependency WebRTC API is not set or available." });
});

test("an engine that cannot be made is a DependencyError with its cause", () => {
  const csp = new Error("refused by the policy");
  provideEngineEntry(() => {
    throw csp;
  });
  assert.throws(() => new SignalWire(provider), { name: "DependencyError", cause: csp });
});

test("the engine asks the application's provider; without one there is no credential", async () => {
  new SignalWire(provider);
  assert.deepEqual(await engine.client.host.authenticate("provider", undefined), { token: "sat" });
  assert.deepEqual(await engine.client.host.authenticate("refresh", undefined), { token: "sat" });
  new SignalWire(undefined);
  assert.equal(await engine.client.host.authenticate("provider", undefined), undefined);
  new SignalWire({
    authenticate() {
      throw new Error("thrown at once");
    },
  });
  await assert.rejects(engine.client.host.authenticate("provider", undefined), /thrown at once/);
});

test("a provider is told the fingerprint where there is one, and else called without a context", async () => {
  const told: unknown[][] = [];
  new SignalWire({ authenticate: async (...given) => ({ token: String(told.push(given)) }) });
  await engine.client.host.authenticate("provider", "print");
  await engine.client.host.authenticate("refresh", undefined);
  assert.deepEqual(told, [[{ fingerprint: "print" }], []]);
});

test("a provider is asked as its own object, for a newer credential by refresh(), and need not return a promise", async () => {
  class Own {
    readonly #token = "sat";
    authenticate() {
      return { token: this.#token } as never;
    }
    refresh() {
      return { token: `newer ${this.#token}` } as never;
    }
  }
  new SignalWire(new Own());
  assert.deepEqual(await engine.client.host.authenticate("provider", undefined), { token: "sat" });
  assert.deepEqual(await engine.client.host.authenticate("refresh", undefined), { token: "newer sat" });
});

test("connect and disconnect settle as the engine says; snapshots come before emissions", async () => {
  const client = new SignalWire(provider, { skipConnection: true });
  const ready = recorder<boolean>();
  const connected: [boolean, boolean][] = [];
  client.ready$.subscribe(ready);
  client.isConnected$.subscribe((value) => connected.push([value, client.isConnected]));
  await delivered();
  const connecting = client.connect();
  const reply = engine.client.replyOf("connect");
  engine.client.say(set(0, Field.ClientConnected, true), set(0, Field.ClientReady, true), ["resolve", reply, ValueKind.Plain, undefined]);
  assert.equal(client.isConnected, true);
  assert.equal(await connecting, undefined);
  await delivered();
  assert.deepEqual(ready.seen, [false, true]);
  assert.deepEqual(connected, [
    [false, false],
    [true, true],
  ]);
  const leaving = client.disconnect();
  engine.client.say(["resolve", engine.client.replyOf("disconnect"), ValueKind.Plain, undefined]);
  await leaving;
});

test("errors$ carries the public class, code and advice, and replays the last", async () => {
  const client = new SignalWire(provider);
  engine.client.say(["patch", 0, Field.ClientErrors, ValueKind.Failure, failure("CredentialsExpired")]);
  const errors: Error[] = [];
  client.errors$.subscribe((error) => errors.push(error));
  await delivered();
  const [error] = errors;
  assert.ok(error instanceof InvalidCredentialsError);
  assert.equal(error.name, "InvalidCredentialsError");
  assert.deepEqual([error.code, error.requiresReauth, error.retryable], ["credentials_expired", true, false]);
  assert.equal(error.reason, "Provided credentials have expired.");
  assert.notEqual(error.advice, "");
});

test("user$ replays undefined, then the profile", async () => {
  const client = new SignalWire(provider);
  const users = recorder<User | undefined>();
  client.user$.subscribe(users);
  await delivered();
  engine.client.say(set(0, Field.ClientUser, { id: "u", email: "a@b", display_name: "Ann", fabric_addresses: [] }));
  await delivered();
  assert.equal(users.seen[0], undefined);
  assert.ok(client.user instanceof User);
  assert.deepEqual([client.user.displayName, users.seen.length], ["Ann", 2]);
});

test("dial resolves with the call; options reach the engine without the signal", async () => {
  const client = new SignalWire(provider);
  const { signal } = new AbortController();
  const dialling = client.dial("/public/echo", { audio: true, signal });
  const options = { audio: true, userVariables: {} };
  assert.deepEqual(engine.client.commands.at(-1), ["dial", engine.client.replyOf("dial"), "/public/echo", options]);
  engine.client.say(...createdCall(engine.client.replyOf("dial")));
  const call = await dialling;
  assert.ok(call instanceof WebRTCCall);
  assert.deepEqual([call.id, call.to, call.direction, call.status], ["call-1", "/public/echo", "outbound", "trying"]);
});

test("the query of a destination becomes variables of the call; given ones win", () => {
  const client = new SignalWire(provider);
  const given = { userVariables: { name: "Ann", plan: { seats: 3 } } };
  client.dial("/public/echo?channel=video&name=J%C3%BCrgen+M&x", given).catch(() => undefined);
  const [, , to, options] = engine.client.commands.at(-1) as [string, number, string, { userVariables: object }];
  assert.equal(to, "/public/echo?channel=video&name=J%C3%BCrgen+M&x");
  assert.deepEqual(options.userVariables, { channel: "video", name: "Ann", x: "", plan: { seats: 3 } });
  assert.deepEqual(given, { userVariables: { name: "Ann", plan: { seats: 3 } } });
});

test("dial rejects with the cause in error and cause", async () => {
  const client = new SignalWire(provider);
  const dialling = client.dial("/public/none");
  const cause = { failure: { ...failure("RpcRefused", "NOT FOUND"), number: 404 } };
  engine.client.say(["reject", engine.client.replyOf("dial"), { ...failure("DialUnknown"), cause }]);
  const error = await dialling.catch((thrown: unknown) => thrown);
  assert.deepEqual(Object.keys(error as object).includes("direction"), true);
  const { name, message, code, direction, error: inner, cause: same } = error as SignalWireError & Record<string, unknown>;
  assert.deepEqual([name, message, code, direction], ["CallCreateError", "Call creation failed", "call_unknown_destination", "outbound"]);
  assert.equal(inner, same);
  assert.deepEqual([(inner as SignalWireError).name, (inner as SignalWireError).code, (inner as SignalWireError).message], ["JSONRPCError", 404, "NOT FOUND"]);
});

test("the application's own error comes back unchanged", async () => {
  const client = new SignalWire(provider, { skipConnection: true });
  const own = new TypeError("of the application");
  const connecting = client.connect();
  engine.client.say(["reject", engine.client.replyOf("connect"), { ...failure("Thrown"), cause: { thrown: own } }]);
  assert.equal(await connecting.catch((thrown: unknown) => thrown), own);
  const again = client.connect();
  engine.client.say(["reject", engine.client.replyOf("connect"), { ...failure("Thrown"), cause: { thrown: 42 } }]);
  await assert.rejects(again, { cause: 42 });
});

test("a signal that was aborted before: AbortError, and the engine hears nothing", async () => {
  const client = new SignalWire(provider);
  await assert.rejects(client.dial("/public/echo", { signal: AbortSignal.abort() }), (error) => error instanceof DOMException && error.name === "AbortError");
  assert.deepEqual(engine.client.names, ["start"]);
});

test("a signal that fires while dialling goes to the engine; afterwards it is without effect", async () => {
  const client = new SignalWire(provider);
  const aborter = new AbortController();
  const dialling = client.dial("/public/echo", { signal: aborter.signal });
  const reply = engine.client.replyOf("dial");
  engine.client.onCommand = ([name]) => {
    if (name === "abort") engine.client.say(["reject", reply, failure("DialAborted")]);
  };
  aborter.abort();
  assert.equal(engine.client.replyOf("abort"), reply);
  await assert.rejects(dialling, { name: "AbortError" });

  const second = new AbortController();
  const settled = client.dial("/public/echo", { signal: second.signal });
  engine.client.say(["reject", engine.client.replyOf("dial"), failure("DialTimeout")]);
  await assert.rejects(settled, coded("call_create_timeout"));
  const before = engine.client.commands.length;
  second.abort();
  assert.equal(engine.client.commands.length, before);
});

test("destroy in every state: pending promises reject once, observables complete, later methods reject", async () => {
  const client = new SignalWire(provider);
  const ready = recorder<boolean>();
  const destroyed = recorder<void>();
  client.ready$.subscribe(ready);
  client.destroyed$.subscribe(destroyed);
  const pending = [client.connect(), client.register(), client.dial("/public/echo"), client.unregister(), client.disconnect()];
  client.destroy();
  client.destroy();
  assert.deepEqual(engine.client.names.filter((name) => name === "destroy"), ["destroy"]);
  for (const promise of [...pending, client.connect(), client.register(), client.dial("/x"), client.unregister(), client.disconnect()]) {
    await assert.rejects(promise, coded("client_destroyed"));
  }
  assert.deepEqual(destroyed.seen, [undefined, "complete"]);
  assert.deepEqual(ready.seen, [false, "complete"]);
  engine.client.say(set(0, Field.ClientReady, true), ["end", 0]);
  await delivered();
  assert.deepEqual(ready.seen, [false, "complete"]);
});

test("constructing and destroying twice in a row leaves each client alone", () => {
  new SignalWire(provider).destroy();
  const second = new SignalWire(provider);
  assert.deepEqual(engine.clients.map(({ names }) => names), [["start", "destroy"], ["start"]]);
  second.destroy();
});

test("when the engine dies every promise rejects once, and everything ends in order", async () => {
  const client = new SignalWire(provider);
  const dialling = client.dial("/public/echo");
  engine.client.say(...createdCall(engine.client.replyOf("dial")));
  const call = await dialling;
  const statuses = recorder<string>();
  const errors: unknown[] = [];
  const clientErrors: unknown[] = [];
  call.status$.subscribe(statuses);
  call.errors$.subscribe(({ kind, fatal, error, callId }) => errors.push([kind, fatal, (error as SignalWireError).code, callId]));
  client.errors$.subscribe((error) => clientErrors.push((error as SignalWireError).code));
  const pending = [client.connect(), call.hangup()];
  const trap = new Error("unreachable");
  engine.client.host.died(trap);
  engine.client.host.died(trap);
  for (const promise of pending) await assert.rejects(promise, { code: "engine_died", cause: trap });
  await delivered();
  assert.deepEqual(statuses.seen, ["trying", "failed", "destroyed", "complete"]);
  assert.deepEqual(errors, [["internal", true, "engine_died", "call-1"]]);
  assert.deepEqual(clientErrors, ["engine_died"]);
  assert.deepEqual(call.endReason, { code: "network" });
  await assert.rejects(client.dial("/public/echo"), coded("engine_died"));
  await call.hangup();
  client.destroy();
  assert.equal(engine.client.names.includes("destroy"), false);
});

test("a command that the engine throws at is its death, and nothing of it stays open", async () => {
  const client = new SignalWire(provider);
  engine.client.onCommand = ([name]) => {
    if (name === "dial") throw new Error("unreachable");
  };
  await assert.rejects(client.dial("/public/echo"), coded("engine_died"));
  assert.equal(engine.client.names.at(-1), "destroy");
});

test("options that cannot be read reject; nothing is thrown at the caller", async () => {
  const client = new SignalWire(provider);
  const dialling = client.dial("/public/echo", null as never);
  await assert.rejects(dialling, TypeError);
  assert.deepEqual(engine.client.names, ["start"]);
});

test("while the engine is being fetched commands wait in order; what was given up is left out", async () => {
  let fetched: (entry: EngineEntry) => void = () => assert.fail();
  const fetching = new Promise<EngineEntry>((resolve) => {
    fetched = resolve;
  });
  provideEngineEntry(() => fetching);
  const client = new SignalWire(provider);
  const aborter = new AbortController();
  const aborted = client.dial("/public/tone", { signal: aborter.signal });
  const kept = client.dial("/public/echo");
  aborter.abort();
  await assert.rejects(aborted, { name: "AbortError" });
  const gone = new SignalWire(provider);
  const waiting = gone.connect();
  gone.destroy();
  await assert.rejects(waiting, coded("client_destroyed"));
  fetched(engine);
  await delivered();
  assert.equal(engine.clients.length, 1);
  assert.deepEqual(engine.client.names, ["start", "dial"]);
  engine.client.say(...createdCall(engine.client.replyOf("dial")));
  assert.equal((await kept).to, "/public/echo");
});

test("an engine that cannot be fetched ends the client with that error", async () => {
  const cause = new Error("404");
  provideEngineEntry(() => Promise.reject(cause));
  const client = new SignalWire(provider);
  const errors: Error[] = [];
  client.errors$.subscribe((error) => errors.push(error));
  assert.equal(await client.dial("/public/echo").catch((error: unknown) => error), cause);
  await delivered();
  assert.deepEqual(errors, [cause]);
});
