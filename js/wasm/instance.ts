// One instance of the engine. Each has its own memory, its own glue, its own host functions and its own list of what
// is open. An exception out of a raw export means that its memory can no longer be trusted: it is never entered again.

import { glue } from "#engine/glue.js";
import { Closables } from "./closables.js";
import { createHost } from "./host.js";
import { Words } from "./host/reads.js";

/** The class that wasm-bindgen makes of src/bindings/client.rs. */
export interface RawClient {
  start(): void;
  connect(reply: number): void;
  disconnect(reply: number): void;
  destroy(): void;
  register(reply: number): void;
  unregister(reply: number): void;
  dial(reply: number, to: string, options: object): void;
  abort(reply: number): void;
  answer(call: number, options: object): void;
  reject(call: number): void;
  hangup(reply: number, call: number): void;
  destroyCall(call: number): void;
  mute(reply: number, member: number, video: boolean, muted: boolean): void;
  findAddress(call: number): void;
  free(): void;
}

/** What wasm-bindgen's glue exports. */
export interface Glue {
  readonly Client: new (config: object, facade: object) => RawClient;
  exchange(host: string, embedToken: string, promise: object): void;
  keys(): string;
  syms(): string;
  diedCode(): number;
  thrownCode(): number;
  /** Only in a build for tests, like the class that opens one thing of each kind. */
  trapAt?(after: number, overflow: boolean): void;
  readonly Rehearsal?: new (facade: object, socket: string) => { connect(): void; tick(): void };
  initSync(options: { module: WebAssembly.Module }): unknown;
}

type Export = (...given: unknown[]) => unknown;

/** The most parameters that an export has; a wrapper of fixed arity costs 5 ns a call, a rest parameter ten times that. */
const ARITY = 8;

/** An instance that lives until it traps. */
export class Instance {
  readonly glue: Glue;
  readonly #closables = new Closables();
  readonly #mourners = new Set<(cause: unknown) => void>();
  #dead = false;

  constructor(module: WebAssembly.Module) {
    const words = new Words();
    this.glue = glue(this.#shadow(), createHost(this.#closables, words)) as Glue;
    this.glue.initSync({ module });
    words.learn(this.glue.keys(), this.glue.syms());
    if (SIGNALWIRE_WASM_TRAP) Object.assign(globalThis, { signalwireTrapAt: this.glue.trapAt });
  }

  get isDead(): boolean {
    return this.#dead;
  }

  /** Calls `mourn` once if the instance dies; returns how to take that back. */
  whenDead(mourn: (cause: unknown) => void): () => void {
    this.#mourners.add(mourn);
    return () => this.#mourners.delete(mourn);
  }

  /** The `WebAssembly` that the glue sees: instances of it have guarded exports. */
  #shadow(): unknown {
    const instantiate = (module: WebAssembly.Module, imports: WebAssembly.Imports) => {
      const { exports } = new WebAssembly.Instance(module, imports);
      return { exports: Object.fromEntries(Object.entries(exports).map(([name, value]) => [name, this.#guarded(value)])) };
    };
    return {
      Module: WebAssembly.Module,
      // An arrow function cannot be called with `new`, as the glue does; `new` takes the object that this returns.
      Instance: function Instance(module: WebAssembly.Module, imports: WebAssembly.Imports) {
        return instantiate(module, imports);
      },
    };
  }

  #guarded(value: WebAssembly.ExportValue): unknown {
    if (typeof value !== "function") return value;
    const raw = value as Export;
    if (raw.length > ARITY) throw new RangeError(`an export has ${raw.length} parameters, more than the guard passes on`);
    return (a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, f: unknown, g: unknown, h: unknown) => {
      // The glue takes several results apart, which works with an empty list and not with undefined.
      if (this.#dead) return [];
      try {
        return raw(a, b, c, d, e, f, g, h);
      } catch (cause) {
        this.#die(cause);
        return [];
      }
    };
  }

  /** Any exception counts: a stack overflow has another class in each browser. */
  #die(cause: unknown): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#closables.closeAll();
    for (const mourn of this.#mourners) {
      try {
        mourn(cause);
      } catch (error) {
        reportError(error);
      }
    }
    this.#mourners.clear();
  }
}
