import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import {
  Address,
  type Call,
  type CallError,
  isSelfParticipant,
  MediaAccessError,
  Participant,
  SelfParticipant,
  SignalWire,
  type SignalWireError,
  StaticCredentialProvider,
  WebRTCCall,
} from "../index.js";
import { Field } from "../store/fields.gen.js";
import { ValueKind } from "../wasm/engine.js";
import { CALL, createdCall, delivered, endedCall, failure, freshEngine, joinedCall, recorder, SELF, type ScriptedEngine, set } from "./scripted-engine.js";

let engine: ScriptedEngine;
let client: SignalWire;
let call: WebRTCCall;
beforeEach(async () => {
  engine = freshEngine();
  client = new SignalWire(new StaticCredentialProvider({ token: "sat" }));
  const dialling = client.dial("/public/echo");
  engine.client.say(...createdCall(engine.client.replyOf("dial")));
  const made = await dialling;
  assert.ok(made instanceof WebRTCCall);
  call = made;
});

function join(): SelfParticipant {
  engine.client.say(...joinedCall());
  assert.ok(call.self instanceof SelfParticipant);
  return call.self;
}

test("before anything is known: the documented snapshots", () => {
  const { self, selfId, nodeId, localStream, remoteStream, capabilities, rtcPeerConnection, endReason } = call;
  assert.deepEqual([self, selfId, nodeId, localStream, remoteStream], [null, "member-1", null, null, null]);
  assert.deepEqual([capabilities, rtcPeerConnection, endReason], [[], undefined, undefined]);
});

test("a late subscriber of status$ gets the current status alone", async () => {
  engine.client.say(set(CALL, Field.CallStatus, "connecting"), set(CALL, Field.CallStatus, "connected"));
  const statuses = recorder<string>();
  call.status$.subscribe(statuses);
  await delivered();
  assert.deepEqual(statuses.seen, ["connected"]);
});

test("the end: reason known first, destroyed delivered before completion, hang-up resolves", async () => {
  const seen: unknown[] = [];
  call.status$.subscribe({ next: (status) => seen.push([status, call.endReason?.code]), complete: () => seen.push("complete") });
  await delivered();
  const ending = call.hangup();
  engine.client.say(set(CALL, Field.CallStatus, "disconnecting"));
  engine.client.say(...endedCall("normal"), ["resolve", engine.client.replyOf("hangup"), ValueKind.Plain, undefined]);
  await ending;
  await delivered();
  assert.deepEqual(seen, [["trying", undefined], ["disconnecting", "normal"], ["disconnected", "normal"], ["destroyed", "normal"], "complete"]);
  assert.equal(call.rtcPeerConnection, undefined);
});

test("after the end: hang-up resolves, destroy does nothing, streams only complete", async () => {
  engine.client.say(...endedCall("busy"));
  const before = engine.client.commands.length;
  await call.hangup();
  call.destroy();
  const late = recorder<unknown>();
  call.status$.subscribe(late);
  call.address$.subscribe(late);
  await delivered();
  assert.deepEqual(late.seen, ["complete", "complete"]);
  assert.equal(engine.client.commands.length, before);
});

test("errors$ has records, replayed after the end", async () => {
  const thrown = Object.assign(new Error("no"), { name: "NotAllowedError" });
  const denied = { ...failure("MediaDenied", "acquireLocalMedia", "audio"), cause: { thrown } };
  engine.client.say(["patch", CALL, Field.CallErrors, ValueKind.CallError, { kind: "media", fatal: false, failure: denied }], ...endedCall("normal"));
  const records: CallError[] = [];
  call.errors$.subscribe((record) => records.push(record));
  await delivered();
  const [record] = records;
  assert.ok(record?.error instanceof MediaAccessError);
  assert.deepEqual([record.kind, record.fatal, record.callId], ["media", false, "call-1"]);
  const { message, denied: isDenied, fatal, operation, media, originalError, code } = record.error;
  assert.equal(message, "Media access denied for acquireLocalMedia (audio)");
  assert.deepEqual([isDenied, fatal, operation, media, originalError, code], [true, false, "acquireLocalMedia", "audio", thrown, "media_denied"]);
});

test("self is the own member, the same object at each emission, never null on self$", async () => {
  const seen: unknown[] = [];
  call.self$.subscribe((self) => seen.push(self));
  const self = join();
  engine.client.say(["merge", SELF, { audio_muted: true }], ["patch", CALL, Field.CallSelf, ValueKind.Entity, SELF]);
  await delivered();
  assert.deepEqual(seen, [self, self]);
  assert.ok(self instanceof Participant && isSelfParticipant(self));
  assert.deepEqual([self.id, self.name, self.audioMuted, self.videoMuted, self.meta, self.isAudience], ["member-1", "Visitor", true, false, undefined, false]);
});

test("a member's observables deliver at once and replay undefined until the space has told", () => {
  const self = join();
  const muted = recorder<boolean | undefined>();
  const talking = recorder<boolean | undefined>();
  self.audioMuted$.subscribe(muted);
  self.isTalking$.subscribe(talking);
  engine.client.say(["merge", SELF, { audio_muted: true, talking: true }]);
  engine.client.say(["merge", SELF, { audio_muted: true }]);
  engine.client.say(...endedCall("normal"));
  assert.deepEqual(muted.seen, [false, true, "complete"]);
  assert.deepEqual(talking.seen, [undefined, true, "complete"]);
});

test("mute and its siblings name kind and wish; a failure rejects", async () => {
  const self = join();
  const settled = [self.mute(), self.unmute(), self.muteVideo(), self.unmuteVideo()];
  const wishes = engine.client.commands.filter(([name]) => name === "mute");
  assert.deepEqual(wishes.map(([, , ...wish]) => wish), [[SELF, false, true], [SELF, false, false], [SELF, true, true], [SELF, true, false]]);
  for (const [, reply] of wishes) engine.client.say(["resolve", reply as number, ValueKind.Plain, undefined]);
  await Promise.all(settled);
  const failing = self.mute();
  engine.client.say(["reject", engine.client.replyOf("mute"), { ...failure("RpcRefused", "no"), number: 403 }]);
  await assert.rejects(failing, { name: "JSONRPCError", code: 403, message: "no" });
});

test("toggling follows what was asked for last, then what the space says", async () => {
  const self = join();
  const last = () => engine.client.commands.at(-1)?.[4];
  const settle = async (toggling: Promise<void>) => {
    engine.client.say(["resolve", engine.client.replyOf("mute"), ValueKind.Plain, undefined]);
    await toggling;
  };
  const first = self.toggleMute();
  assert.equal(last(), true);
  const firstReply = engine.client.replyOf("mute");
  const second = self.toggleMute();
  assert.equal(last(), false);
  engine.client.say(["resolve", firstReply, ValueKind.Plain, undefined]);
  await first;
  await settle(second);
  await settle(self.toggleMute());
  assert.equal(last(), true, "the space has said nothing new yet");
  engine.client.say(["merge", SELF, { audio_muted: true }]);
  engine.client.say(["merge", SELF, { audio_muted: false }]);
  await settle(self.toggleMute());
  assert.equal(last(), true, "a moderator has unmuted in the meantime");
  const refused = self.toggleMuteVideo();
  engine.client.say(["reject", engine.client.replyOf("mute"), failure("CallEnded")]);
  await assert.rejects(refused);
  const again = self.toggleMuteVideo();
  assert.equal(last(), true, "a wish that failed is forgotten");
  await settle(again);
});

test("the address is looked up when somebody asks", async () => {
  const before = engine.client.names.filter((name) => name === "findAddress").length;
  assert.equal(before, 0);
  const addresses = recorder<Address | undefined>();
  call.address$.subscribe(addresses);
  assert.equal(engine.client.names.at(-1), "findAddress");
  const record = { id: "a", name: "echo", display_name: "Echo", type: "room", channels: { audio: "/a?channel=audio", video: "/a?channel=video" } };
  engine.client.say(set(CALL, Field.CallAddress, record));
  await delivered();
  const [address, end] = addresses.seen;
  assert.ok(address instanceof Address);
  assert.deepEqual([address.id, address.displayName, address.type, address.defaultChannel, end], ["a", "Echo", "room", "/a?channel=video", "complete"]);
  assert.equal(call.address, address);
  assert.equal(engine.client.names.filter((name) => name === "findAddress").length, 1);
  void client.dial(address).catch(() => undefined);
  assert.equal(engine.client.commands.at(-1)?.[2], "/a?channel=video");
});

test("an address that the directory does not have is undefined, and completes", async () => {
  const addresses = recorder<Address | undefined>();
  call.address$.subscribe(addresses);
  engine.client.say(set(CALL, Field.CallAddress, undefined));
  await delivered();
  assert.deepEqual(addresses.seen, [undefined, "complete"]);
});

test("destroying the client ends its calls, whatever the engine still says", async () => {
  const live: Call = call;
  const statuses = recorder<string>();
  const self = join();
  live.status$.subscribe(statuses);
  engine.client.say(set(CALL, Field.CallStatus, "connected"));
  client.destroy();
  engine.client.say(...endedCall("normal"));
  await delivered();
  assert.deepEqual(statuses.seen, ["trying", "connected", "destroyed", "complete"]);
  assert.deepEqual(live.endReason, { code: "normal" });
  await live.hangup();
  await assert.rejects(self.mute(), (error) => (error as SignalWireError).code === "client_destroyed");
});

test("a subscriber that destroys the client in the middle of a batch does not cost others their values", async () => {
  const seen: unknown[] = [];
  call.destroyed$.subscribe({ complete: () => client.destroy() });
  call.destroyed$.subscribe({ complete: () => seen.push("second") });
  const ending = call.hangup();
  engine.client.say(...endedCall("normal"), ["resolve", engine.client.replyOf("hangup"), ValueKind.Plain, undefined]);
  await ending;
  assert.deepEqual(seen, ["second"]);
  assert.equal(engine.client.names.at(-1), "destroy");
});
