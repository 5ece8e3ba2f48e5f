import assert from "node:assert/strict";
import { test } from "node:test";
import { Observable } from "rxjs";
import { Field } from "../store/fields.gen.js";
import { Store } from "../store/store.js";
import { ValueKind } from "../wasm/engine.js";
import { CALL, delivered, failure, recorder, SELF, set } from "./scripted-engine.js";

function store(): Store {
  const made = new Store((_kind, value) => value, (reason) => reason);
  made.apply([["create", CALL, 0], ["create", SELF, CALL]]);
  return made;
}

function node(of: Store, entity: number) {
  const found = of.node(entity);
  assert.ok(found);
  return found;
}

/** Uncaught errors of the page, collected instead of ending the test. */
async function uncaught(act: () => void | Promise<void>): Promise<unknown[]> {
  const errors: unknown[] = [];
  const listeners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => errors.push(error));
  await act();
  // rxjs reports on a timer of its own, which is set before this one.
  await new Promise((resolve) => setTimeout(resolve, 0));
  process.removeAllListeners("uncaughtException");
  for (const listener of listeners) process.on("uncaughtException", listener);
  return errors;
}

test("a state replays its current value in a microtask, and nothing inside subscribe()", async () => {
  const made = store();
  made.apply([set(CALL, Field.CallStatus, "trying")]);
  const statuses = recorder<string>();
  const observable = node(made, CALL).observe<string>(Field.CallStatus);
  assert.ok(observable instanceof Observable);
  observable.subscribe(statuses);
  assert.deepEqual(statuses.seen, []);
  await delivered();
  assert.deepEqual(statuses.seen, ["trying"]);
});

test("a state that is not known yet replays nothing, or undefined where that is its contract", async () => {
  const made = store();
  const stream = recorder<unknown>();
  const name = recorder<unknown>();
  node(made, CALL).observe(Field.CallLocalStream).subscribe(stream);
  node(made, SELF).observe(Field.MemberName, { sync: true, blank: true }).subscribe(name);
  assert.deepEqual(name.seen, [undefined]);
  await delivered();
  assert.deepEqual(stream.seen, []);
});

test("all state of a batch is there before the first emission, across objects", () => {
  const made = store();
  const seen: unknown[] = [];
  node(made, CALL)
    .observe(Field.CallSelfId, { sync: true })
    .subscribe((id) => seen.push([id, node(made, SELF).value(Field.MemberName), node(made, CALL).value(Field.CallStatus)]));
  made.apply([
    set(CALL, Field.CallSelfId, "m"),
    ["merge", SELF, { name: "Ann" }],
    set(CALL, Field.CallStatus, "connected"),
  ]);
  assert.deepEqual(seen, [
    [null, undefined, "new"],
    ["m", "Ann", "connected"],
  ]);
});

test("deferred values of different fields keep the order in which they came about", async () => {
  const made = store();
  const order: unknown[] = [];
  const call = node(made, CALL);
  call.observe(Field.CallCapabilities).subscribe((value) => order.push(value));
  call.observe(Field.CallStatus).subscribe((value) => order.push(value));
  await delivered();
  made.apply([set(CALL, Field.CallStatus, "trying"), set(CALL, Field.CallCapabilities, "caps"), set(CALL, Field.CallStatus, "ringing")]);
  await delivered();
  assert.deepEqual(order, ["new", "trying", "caps", "ringing"]);
});

test("an equal value is emitted again only where the table says so", async () => {
  const made = store();
  const call = node(made, CALL);
  const statuses = recorder<unknown>();
  const streams = recorder<unknown>();
  call.observe(Field.CallStatus).subscribe(statuses);
  call.observe(Field.CallLocalStream).subscribe(streams);
  made.apply([set(CALL, Field.CallStatus, "new"), set(CALL, Field.CallLocalStream, "s"), set(CALL, Field.CallLocalStream, "s")]);
  await delivered();
  assert.deepEqual([statuses.seen, streams.seen], [["new"], ["s", "s"]]);
});

test("who subscribes while a batch is emitted gets each value once", () => {
  const made = store();
  const member = node(made, SELF);
  const late = recorder<unknown>();
  member.observe(Field.MemberAudioMuted, { sync: true }).subscribe(() => {
    member.observe(Field.MemberVideoMuted, { sync: true }).subscribe(late);
  });
  made.apply([["merge", SELF, { audio_muted: true, video_muted: true }]]);
  assert.deepEqual(late.seen, [true]);
});

test("a batch that a subscriber causes is applied at once and emitted afterwards", () => {
  const made = store();
  const member = node(made, SELF);
  const order: unknown[] = [];
  member.observe(Field.MemberDeaf, { sync: true }).subscribe((value) => {
    made.apply([["merge", SELF, { name: "second" }]]);
    order.push(["deaf", value, member.value(Field.MemberName)]);
  });
  member.observe(Field.MemberName, { sync: true }).subscribe((value) => order.push(["name", value]));
  made.apply([["merge", SELF, { deaf: true }], ["merge", SELF, { name: "first" }]]);
  assert.deepEqual(order, [
    ["deaf", true, "second"],
    ["name", "first"],
    ["name", "second"],
  ]);
});

test("a throwing subscriber disturbs nobody, and its error is not swallowed", async () => {
  const made = store();
  const after = recorder<unknown>();
  const errors = await uncaught(() => {
    const member = node(made, SELF);
    member.observe(Field.MemberName, { sync: true }).subscribe(() => {
      throw new Error("of the application");
    });
    member.observe(Field.MemberName, { sync: true }).subscribe(after);
    made.apply([["merge", SELF, { name: "Ann" }], ["end", SELF]]);
  });
  assert.deepEqual(after.seen, ["Ann", "complete"]);
  assert.deepEqual(errors.map(String), ["Error: of the application"]);
});

test("a change that cannot be applied keeps back neither state nor promises", async () => {
  const broken = new Store((kind, value) => {
    if (kind === ValueKind.CallError) throw new Error("cannot be converted");
    return value;
  }, (reason) => reason);
  const settled = broken.replies.ask((reply) => reply);
  const errors = await uncaught(() => {
    broken.apply([
      ["create", CALL, 0],
      ["patch", CALL, Field.CallErrors, ValueKind.CallError, {}],
      set(CALL, Field.CallStatus, "trying"),
      ["resolve", 1, ValueKind.Plain, "done"],
    ]);
  });
  assert.equal(node(broken, CALL).value(Field.CallStatus), "trying");
  assert.equal(await settled, "done");
  assert.equal(errors.length, 1);
});

test("the end: pending values, then completion; late subscribers see events replayed, states not", async () => {
  const made = store();
  const call = node(made, CALL);
  const statuses = recorder<unknown>();
  const destroyed = recorder<unknown>();
  call.observe(Field.CallStatus).subscribe(statuses);
  call.destroyed$.subscribe(destroyed);
  made.apply([set(CALL, Field.CallErrors, "e1"), set(CALL, Field.CallErrors, "e2"), set(CALL, Field.CallStatus, "destroyed"), ["end", CALL]]);
  assert.deepEqual(destroyed.seen, [undefined, "complete"]);
  assert.deepEqual(statuses.seen, []);
  await delivered();
  assert.deepEqual(statuses.seen, ["new", "destroyed", "complete"]);
  const late = [recorder<unknown>(), recorder<unknown>(), recorder<unknown>()] as const;
  call.observe(Field.CallStatus).subscribe(late[0]);
  call.observe(Field.CallErrors).subscribe(late[1]);
  call.destroyed$.subscribe(late[2]);
  await delivered();
  assert.deepEqual(late.map(({ seen }) => seen), [["complete"], ["e2", "complete"], ["complete"]]);
  assert.equal(call.value(Field.CallStatus), "destroyed");
});

test("what comes for an object that has ended is without effect", async () => {
  const made = store();
  const call = node(made, CALL);
  made.apply([set(CALL, Field.CallStatus, "destroyed"), ["end", CALL]]);
  made.apply([set(CALL, Field.CallStatus, "connected"), ["end", CALL], ["create", 9, CALL]]);
  assert.equal(call.value(Field.CallStatus), "destroyed");
  assert.equal(made.node(9), undefined);
});

test("a merge keeps what is absent, and null means that there is none", () => {
  const made = store();
  made.apply([["merge", SELF, { name: "Ann", subscriber_id: "u", member_id: "m", unknown: 1 }]]);
  made.apply([["merge", SELF, { name: null, talking: true }]]);
  const member = node(made, SELF);
  assert.equal(member.value(Field.MemberName), undefined);
  assert.equal(member.value(Field.MemberUserId), "u");
  assert.equal(member.value(Field.MemberIsTalking), true);
  assert.equal(member.value(Field.MemberId), "m");
});

test("after unsubscribing nothing comes, not even what was deferred", async () => {
  const made = store();
  const statuses = recorder<unknown>();
  node(made, CALL).observe(Field.CallStatus).subscribe(statuses).unsubscribe();
  made.apply([set(CALL, Field.CallStatus, "trying")]);
  await delivered();
  assert.deepEqual(statuses.seen, []);
});

test("a promise is settled by the first who settles it", async () => {
  const made = store();
  const first = made.replies.ask((reply) => made.apply([["resolve", reply, ValueKind.Plain, 1], ["reject", reply, failure("CallEnded")]]));
  assert.equal(await first, 1);
  const pending = made.replies.ask(() => undefined);
  made.replies.rejectAll(() => new Error("over"));
  made.replies.resolve(2, "late");
  await assert.rejects(pending, /over/);
});
