/** An engine that does nothing by itself: it records what it is told, and tests say what it answers. */

import { ErrorNumber } from "../store/errors.gen.js";
import { Field } from "../store/fields.gen.js";
import { provideEngineEntry } from "../public/engine-entry.js";
import { type Change, type EngineClient, type EngineConfig, type EngineEntry, type EngineFailure, type Host, ValueKind } from "../wasm/engine.js";

/** One command that the engine was given. */
export type Command = readonly [name: string, ...given: unknown[]];

/** One client of the scripted engine. */
export class ScriptedClient implements EngineClient {
  readonly commands: Command[] = [];
  /** Called with each command, in the turn in which it is given. */
  onCommand: ((command: Command) => void) | undefined;

  constructor(
    readonly config: EngineConfig,
    readonly host: Host,
  ) {}

  start(): void {
    this.#take("start");
  }
  connect(reply: number): void {
    this.#take("connect", reply);
  }
  disconnect(reply: number): void {
    this.#take("disconnect", reply);
  }
  destroy(): void {
    this.#take("destroy");
  }
  register(reply: number): void {
    this.#take("register", reply);
  }
  unregister(reply: number): void {
    this.#take("unregister", reply);
  }
  dial(reply: number, to: string, options: object): void {
    this.#take("dial", reply, to, options);
  }
  abort(reply: number): void {
    this.#take("abort", reply);
  }
  answer(call: number, options: object): void {
    this.#take("answer", call, options);
  }
  reject(call: number): void {
    this.#take("reject", call);
  }
  hangup(reply: number, call: number): void {
    this.#take("hangup", reply, call);
  }
  destroyCall(call: number): void {
    this.#take("destroyCall", call);
  }
  mute(reply: number, member: number, video: boolean, muted: boolean): void {
    this.#take("mute", reply, member, video, muted);
  }
  findAddress(call: number): void {
    this.#take("findAddress", call);
  }

  /** Delivers one batch. */
  say(...batch: Change[]): void {
    this.host.deliver(batch);
  }

  /** The names of the commands so far. */
  get names(): string[] {
    return this.commands.map(([name]) => name);
  }

  /** The reply number of the last command of that name. */
  replyOf(name: string): number {
    const command = this.commands.filter((given) => given[0] === name).at(-1);
    if (typeof command?.[1] !== "number") throw new Error(`no ${name} was given`);
    return command[1];
  }

  #take(...command: Command): void {
    this.commands.push(command);
    this.onCommand?.(command);
  }
}

/** What the tests see of the engine. */
export class ScriptedEngine implements EngineEntry {
  readonly clients: ScriptedClient[] = [];
  exchanged: [host: string, embedToken: string][] = [];
  exchangeResult: () => Promise<{ token: string; expiry_at: number }> = () => Promise.resolve({ token: "sat", expiry_at: 1 });
  refuseConfig: EngineFailure | undefined;
  starts = 0;

  start(): void {
    this.starts += 1;
  }

  createClient(config: EngineConfig, host: Host): EngineClient {
    if (this.refuseConfig) throw this.refuseConfig;
    const client = new ScriptedClient(config, host);
    this.clients.push(client);
    return client;
  }

  exchange(host: string, embedToken: string): Promise<{ token: string; expiry_at: number }> {
    this.exchanged.push([host, embedToken]);
    return this.exchangeResult();
  }

  /** The last client made. */
  get client(): ScriptedClient {
    const client = this.clients.at(-1);
    if (!client) throw new Error("no client was made");
    return client;
  }
}

/** A fresh engine, used by everything that is made from now on. */
export function freshEngine(): ScriptedEngine {
  const engine = new ScriptedEngine();
  provideEngineEntry(() => engine);
  Object.assign(globalThis, { RTCPeerConnection: class {} });
  return engine;
}

/** A plain value of a field. */
export function set(entity: number, field: number, value: unknown): Change {
  return ["patch", entity, field, ValueKind.Plain, value];
}

/** A failure without anything around it. */
export function failure(code: keyof typeof ErrorNumber, ...args: string[]): EngineFailure {
  return { code: ErrorNumber[code], args, number: 0, fatal: false };
}

/** The entity of the call, and of its own member, that {@link joinedCall} makes. */
export const CALL = 1;
export const SELF = 2;

/** What the engine says when a call has been created; `reply` is the dial's. */
export function createdCall(reply: number): Change[] {
  return [
    ["create", CALL, 0],
    set(CALL, Field.CallId, "call-1"),
    set(CALL, Field.CallTo, "/public/echo"),
    set(CALL, Field.CallDirection, "outbound"),
    set(CALL, Field.CallStatus, "trying"),
    set(CALL, Field.CallSelfId, "member-1"),
    ["resolve", reply, ValueKind.Entity, CALL],
  ];
}

/** What the engine says when the own member is there. */
export function joinedCall(): Change[] {
  return [
    ["create", SELF, CALL],
    ["merge", SELF, { member_id: "member-1", name: "Visitor", audio_muted: false, meta: null }],
    ["patch", CALL, Field.CallSelf, ValueKind.Entity, SELF],
  ];
}

/** What the engine says when the call is over. */
export function endedCall(code: string): Change[] {
  return [
    ["patch", CALL, Field.CallEndReason, ValueKind.EndReason, { code }],
    set(CALL, Field.CallStatus, "disconnected"),
    set(CALL, Field.CallStatus, "destroyed"),
    ["end", SELF],
    ["end", CALL],
  ];
}

/** Lets everything that was deferred so far be delivered. */
export async function delivered(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

/** What a subscriber got, in order. */
export function recorder<T>(): { seen: (T | "complete")[]; next(value: T): void; complete(): void } {
  const seen: (T | "complete")[] = [];
  return { seen, next: (value) => void seen.push(value), complete: () => void seen.push("complete") };
}
