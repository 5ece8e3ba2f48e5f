import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { type Call, type RecoveryEvent, type SDKWarning, SignalWire, StaticCredentialProvider, WebRTCCall } from "../index.js";
import { Field } from "../store/fields.gen.js";
import { type Change, type EngineNotice, ValueKind } from "../wasm/engine.js";
import { delivered, freshEngine, recorder, type ScriptedEngine, set } from "./scripted-engine.js";

const provider = new StaticCredentialProvider({ token: "sat" });

let engine: ScriptedEngine;
let client: SignalWire;
beforeEach(() => {
  engine = freshEngine();
  client = new SignalWire(provider);
});

function calls(...entities: number[]): Change {
  return ["patch", 0, Field.ClientCalls, ValueKind.Entities, entities];
}

/** What the engine says when a call begins that it has not dialled. */
function rings(entity: number, from: string): Change[] {
  return [
    ["create", entity, 0],
    set(entity, Field.CallId, `call-${entity}`),
    set(entity, Field.CallDirection, "inbound"),
    set(entity, Field.CallFrom, from),
    set(entity, Field.CallFromName, `name of ${from}`),
    set(entity, Field.CallTo, "/private/ada"),
    set(entity, Field.CallToName, "Ada"),
    set(entity, Field.CallStatus, "ringing"),
  ];
}

function dialled(entity: number): Change[] {
  return [["create", entity, 0], set(entity, Field.CallDirection, "outbound")];
}

function over(entity: number): Change[] {
  return [set(entity, Field.CallStatus, "destroyed"), ["end", entity]];
}

/** The one call that rings. */
function ringing(): WebRTCCall {
  engine.client.say(...rings(1, "/public/echo"), calls(1));
  const [call] = client.session.incomingCalls;
  assert.ok(call instanceof WebRTCCall);
  return call;
}

function warning(record: EngineNotice): Change {
  return ["patch", 0, Field.ClientWarnings, ValueKind.Notice, record];
}

test("register and unregister settle as the engine says, and isRegistered follows the space", async () => {
  const registered = recorder<boolean>();
  client.isRegistered$.subscribe(registered);
  const registering = client.register();
  engine.client.say(set(0, Field.ClientRegistered, true), ["resolve", engine.client.replyOf("register"), ValueKind.Plain, undefined]);
  assert.equal(await registering, undefined);
  assert.equal(client.isRegistered, true);
  const leaving = client.unregister();
  engine.client.say(["reject", engine.client.replyOf("unregister"), { code: 0, args: [], number: 0, fatal: false, cause: { thrown: new Error("refused") } }]);
  await assert.rejects(leaving, /refused/);
  client.destroy();
  await delivered();
  assert.deepEqual(registered.seen, [false, true, false, "complete"]);
});

test("the session is the same object always, and can be watched before there is one", () => {
  const { session } = client;
  const authenticated = recorder<boolean>();
  session.authenticated$.subscribe(authenticated);
  assert.deepEqual([session.calls, session.incomingCalls, session.authenticated], [[], [], false]);
  engine.client.say(set(0, Field.ClientReady, true));
  engine.client.say(set(0, Field.ClientReady, false));
  assert.deepEqual(authenticated.seen, [false, true, false]);
  assert.equal(client.session, session);
  const other = new SignalWire(provider);
  session.calls.push({} as Call);
  assert.deepEqual(other.session.calls, []);
});

test("ready$ is delivered later, authenticated$ of the session at once, whichever is asked for first", async () => {
  const later = recorder<boolean>();
  const now = recorder<boolean>();
  client.ready$.subscribe(later);
  client.session.authenticated$.subscribe(now);
  assert.deepEqual([later.seen, now.seen], [[], [false]]);
  await delivered();
  assert.deepEqual(later.seen, [false]);
});

test("calls$ has the newest first; incomingCalls$ emits when its own list changes; both complete with the client", () => {
  const all = recorder<Call[]>();
  const incoming = recorder<Call[]>();
  client.session.calls$.subscribe(all);
  client.session.incomingCalls$.subscribe(incoming);
  engine.client.say(...dialled(1), calls(1));
  engine.client.say(...rings(2, "/public/a"), calls(2, 1));
  const before = client.session.incomingCalls;
  engine.client.say(...over(1), calls(2));
  assert.equal(client.session.incomingCalls, before);
  engine.client.say(...rings(3, "/public/b"), calls(3, 2));
  const late = recorder<Call[]>();
  client.session.incomingCalls$.subscribe(late);
  client.destroy();
  const ids = (seen: (Call[] | "complete")[]) => seen.map((list) => (list === "complete" ? list : list.map(({ from }) => from)));
  assert.deepEqual(ids(all.seen), [[], [undefined], ["/public/a", undefined], ["/public/a"], ["/public/b", "/public/a"], [], "complete"]);
  assert.deepEqual(ids(incoming.seen), [[], ["/public/a"], ["/public/b", "/public/a"], [], "complete"]);
  assert.deepEqual(ids(late.seen), [["/public/b", "/public/a"], [], "complete"]);
  assert.deepEqual([client.session.calls, client.session.incomingCalls], [[], []]);
});

test("a call in a list is the object that dial() resolves with, and the same in each list", async () => {
  const dialling = client.dial("/public/echo");
  engine.client.say(...dialled(1), calls(1), ["resolve", engine.client.replyOf("dial"), ValueKind.Entity, 1]);
  const call = await dialling;
  engine.client.say(...rings(2, "/public/a"), calls(2, 1));
  assert.equal(client.session.calls[1], call);
});

test("an inbound call says who calls whom before anybody hears of it", () => {
  const heard: unknown[] = [];
  client.session.incomingCalls$.subscribe((list) => {
    for (const { from, fromName, to, toName, direction, status } of list) heard.push([from, fromName, to, toName, direction, status]);
  });
  ringing();
  assert.deepEqual(heard, [["/public/echo", "name of /public/echo", "/private/ada", "Ada", "inbound", "ringing"]]);
});

test("answering passes the options on; what was decided is replayed, also after the end", async () => {
  const call = ringing();
  assert.equal(call.answerMediaOptions, undefined);
  const options = { audio: true, video: false, relayOnly: true };
  call.answer(options);
  assert.deepEqual(engine.client.commands.at(-1), ["answer", 1, { audio: true, video: false, relayOnly: true }]);
  engine.client.say(set(1, Field.CallAnswered, true));
  call.answer({ video: true });
  assert.equal(call.answerMediaOptions, options);
  engine.client.say(...over(1));
  const answered = recorder<boolean>();
  call.answered$.subscribe(answered);
  await delivered();
  assert.deepEqual(answered.seen, [true, "complete"]);
});

test("an answer without options, a refusal, and neither of them for a call that is over", async () => {
  const call = ringing();
  call.answer();
  call.reject();
  assert.deepEqual(engine.client.commands.slice(-2), [["answer", 1, {}], ["reject", 1]]);
  assert.equal(call.answerMediaOptions, undefined);
  engine.client.say(set(1, Field.CallAnswered, false), ...over(1));
  const before = engine.client.commands.length;
  call.answer({ audio: true });
  call.reject();
  assert.equal(engine.client.commands.length, before);
  assert.equal(call.answerMediaOptions, undefined);
});

test("options of an answer that cannot be read throw at the caller, and the call rings on", () => {
  const call = ringing();
  const options = {
    get audio(): boolean {
      throw new TypeError("of the application");
    },
  };
  assert.throws(() => call.answer(options), /of the application/);
  assert.equal(engine.client.names.includes("answer"), false);
  assert.equal(call.status, "ringing");
});

test("a subscriber may answer from within", () => {
  client.session.incomingCalls$.subscribe(([call]) => call?.answer());
  ringing();
  assert.equal(engine.client.names.at(-1), "answer");
});

test("a recovery is told step by step, and nothing of it is replayed", async () => {
  const call = ringing();
  const states = recorder<string>();
  const events: RecoveryEvent[] = [];
  call.recoveryState$.subscribe(states);
  call.recoveryEvent$.subscribe((event) => events.push(event));
  const started = Date.now();
  for (const [state, action] of [["recovering", "call_recovering"], ["idle", "call_recovered"]]) {
    engine.client.say(set(1, Field.CallRecoveryState, state), set(1, Field.CallRecoveryEvent, action));
  }
  const late: RecoveryEvent[] = [];
  call.recoveryEvent$.subscribe((event) => late.push(event));
  await delivered();
  assert.deepEqual(states.seen, ["idle", "recovering", "idle"]);
  assert.deepEqual(events.map(({ action }) => action), ["call_recovering", "call_recovered"]);
  for (const { reason, timestamp } of events) assert.ok(reason.length > 0 && timestamp >= started && timestamp <= Date.now());
  assert.deepEqual(late, []);
});

test("warnings have the documented shapes, come late too, and the last ten stay after the end", async () => {
  engine.client.say(warning({ code: "credential_no_refresh_handler", reason: "", expiresAt: 1_800_000_000_000 }));
  for (let turn = 0; turn < 9; turn++) engine.client.say(warning({ code: "credential_refresh_fallback", reason: "no-scope" }));
  const warnings: SDKWarning[] = [];
  client.warnings$.subscribe((record) => warnings.push(record));
  await delivered();
  const [handler, fallback] = warnings;
  assert.deepEqual(handler, {
    code: "credential_no_refresh_handler",
    source: "CredentialProvider",
    message: "Credential has expiry_at but no refresh handler. Session will terminate at expiry unless the SAT carries 'sat:refresh' scope.",
    expiresAt: 1_800_000_000_000,
  });
  assert.deepEqual(fallback, {
    code: "credential_refresh_fallback",
    source: "CredentialProvider",
    reason: "no-scope",
    message: "Client Bound SAT activation declined (no-scope); using developer-provided refresh.",
  });
  engine.client.say(warning({ code: "credential_refresh_fallback", reason: "endpoint-failed" }));
  client.destroy();
  const late = recorder<SDKWarning>();
  client.warnings$.subscribe(late);
  await delivered();
  assert.equal(late.seen.length, 11);
  assert.equal(late.seen.at(-1), "complete");
  assert.equal(late.seen.some((record) => record !== "complete" && record.code === "credential_no_refresh_handler"), false);
});

test("two clients have calls, warnings and registrations of their own, and one outlives the other", async () => {
  const first = engine.client;
  const other = new SignalWire(provider);
  first.say(set(0, Field.ClientRegistered, true));
  engine.client.say(...rings(1, "/public/a"), calls(1), warning({ code: "credential_refresh_fallback", reason: "no-scope" }));
  assert.deepEqual([client.session.calls.length, other.session.calls.length], [0, 1]);
  assert.deepEqual([client.isRegistered, other.isRegistered], [true, false]);
  const [call] = other.session.calls;
  client.destroy();
  assert.equal(other.session.calls[0], call);
  assert.equal(call?.status, "ringing");
  const warnings = recorder<SDKWarning>();
  client.warnings$.subscribe(warnings);
  await delivered();
  assert.deepEqual(warnings.seen, ["complete"]);
});

test("when the engine dies nobody is registered and no call is listed", async () => {
  const registered = recorder<boolean>();
  client.isRegistered$.subscribe(registered);
  const call = ringing();
  engine.client.say(set(0, Field.ClientRegistered, true));
  const registering = client.register();
  engine.client.host.died(new Error("unreachable"));
  await assert.rejects(registering, { code: "engine_died" });
  await delivered();
  assert.deepEqual(registered.seen, [false, true, false, "complete"]);
  assert.deepEqual([client.session.calls, call.status, call.endReason], [[], "destroyed", { code: "network" }]);
  await assert.rejects(client.register(), { code: "engine_died" });
  await assert.rejects(client.unregister(), { code: "engine_died" });
});
