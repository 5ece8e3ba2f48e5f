/**
 * What a client, its calls and their members share: the engine behind them, the store, the promises.
 *
 * Until the engine is there (the page may still be fetching it) commands wait in their order. When the
 * client is over, for whichever reason, everything is closed once and every later command is refused.
 */

import { ErrorNumber } from "../store/errors.gen.js";
import { Field } from "../store/fields.gen.js";
import { guard } from "../store/microtask.js";
import type { Node } from "../store/node.js";
import { Store } from "../store/store.js";
import { ClientKey, isAlgorithm } from "../wasm/client-key.js";
import {
  type Change,
  type EngineClient,
  type EngineConfig,
  type EngineEntry,
  type EngineFailure,
  type Host,
  type HostCredential,
  type ProviderSource,
  ValueKind,
} from "../wasm/engine.js";
import type { CredentialProvider } from "./credentials.js";
import { engineEntry } from "./engine-entry.js";
import { errorNumbered, errorOf, isFailure } from "./errors.js";
import { Records } from "./records.js";
import type { SignalWireOptions } from "./types.js";
import { publicValue } from "./values.js";

/** One client's link to its engine. */
export class Core implements Host {
  readonly store = new Store((...given) => publicValue(this, ...given), errorOf);
  readonly #provider: CredentialProvider | undefined;
  readonly #config: EngineConfig;
  readonly #records: Records;
  readonly #key: ClientKey;
  #engine: EngineClient | undefined;
  #queue: ((engine: EngineClient) => void)[] = [];
  #over: EngineFailure | undefined;

  constructor(provider: CredentialProvider | undefined, config: EngineConfig, options: SignalWireOptions) {
    const { storageImplementation, dpopAlgorithm = "RS256" } = options;
    this.#provider = provider;
    this.#config = config;
    this.#records = Records.of(storageImplementation);
    if (!isAlgorithm(dpopAlgorithm)) throw errorNumbered(ErrorNumber.OptionInvalid, "dpopAlgorithm");
    this.#key = new ClientKey(dpopAlgorithm);
  }

  /** Makes the engine's client, now or when the engine has been fetched. Throws for a bad configuration. */
  attach(): void {
    const entry = engineEntry();
    if (!(entry instanceof Promise)) return this.#attach(entry);
    entry.then((fetched) => this.#attach(fetched)).catch((thrown: unknown) => this.#close(asFailure(thrown), true));
  }

  /** A command that nobody waits for. Without effect when the client is over. */
  command(act: (engine: EngineClient) => void): void {
    if (this.#over) return;
    const engine = this.#engine;
    if (!engine) {
      this.#queue.push(act);
      return;
    }
    try {
      act(engine);
    } catch (thrown) {
      // Nothing that works throws here: the engine is dead, or is given up.
      this.died(thrown);
      guard(() => engine.destroy());
    }
  }

  /**
   * A command whose promise the engine settles. Rejects at once when the client is over, and without
   * doing anything when `signal` was aborted before.
   */
  request<T>(act: (engine: EngineClient, reply: number) => void, signal?: AbortSignal): Promise<T> {
    if (this.#over) return Promise.reject(errorOf(this.#over));
    if (signal?.aborted) return Promise.reject(errorNumbered(ErrorNumber.DialAborted));
    const { replies } = this.store;
    const start = (reply: number) =>
      this.command((engine) => {
        // A command that was given up while it waited for the engine never reaches it.
        if (replies.waits(reply)) act(engine, reply);
      });
    return replies.ask<T>(start, signal && { signal, abort: (reply) => this.#abort(reply) });
  }

  /** `destroy()`: nothing stays open, whatever the engine still had to say. */
  destroy(): void {
    if (this.#over) return;
    const engine = this.#engine;
    if (engine) this.command(() => engine.destroy());
    this.#close({ code: ErrorNumber.ClientDestroyed, args: [], number: 0, fatal: false }, false);
  }

  async authenticate(source: ProviderSource, fingerprint: string | undefined): Promise<HostCredential | null | undefined> {
    const provider = this.#provider;
    if (source === "refresh" && provider?.refresh) return provider.refresh();
    return fingerprint === undefined ? provider?.authenticate() : provider?.authenticate({ fingerprint });
  }

  /** `resetToDefaults()`. */
  async reset(): Promise<void> {
    if (this.#over) throw errorOf(this.#over);
    await Promise.all([this.#records.clear(), this.#key.clear()]);
  }

  ensureKey(create: boolean): Promise<string | undefined> {
    return this.#key.ensure(create);
  }

  signProof(claims: string, athOf: string | undefined): Promise<string> {
    return this.#key.sign(claims, athOf);
  }

  restore(key: string): Promise<HostCredential | undefined> {
    return this.#records.read(key);
  }

  keep(key: string, text: string): void {
    this.#records.write(this, key, text);
  }

  removeOwn(key: string, text: string): void {
    this.#records.removeOwn(this, key, text);
  }

  deliver(batch: readonly Change[]): void {
    this.store.apply(batch);
  }

  died(thrown: unknown): void {
    this.#close({ code: ErrorNumber.EngineDied, args: [], number: 0, fatal: true, cause: { thrown } }, true);
  }

  #attach(entry: EngineEntry): void {
    if (this.#over) return;
    try {
      this.#engine = entry.createClient(this.#config, this);
    } catch (thrown) {
      throw isFailure(thrown) ? errorOf(thrown) : thrown;
    }
    const queue = this.#queue;
    this.#queue = [];
    for (const act of queue) this.command(act);
  }

  #abort(reply: number): void {
    if (this.#engine) this.command((engine) => engine.abort(reply));
    else this.store.replies.reject(reply, errorNumbered(ErrorNumber.DialAborted));
  }

  /** Ends what has not ended: calls first, then the client; then every promise. */
  #close(failure: EngineFailure, broken: boolean): void {
    if (this.#over) return;
    this.#over = failure;
    this.#queue = [];
    this.#engine = undefined;
    this.#key.end(!broken);
    const living = this.store.living();
    const batch: Change[] = living.filter((node) => node.owner === "call").flatMap((call) => lastWords(call, failure, broken));
    for (const field of [Field.ClientConnected, Field.ClientReady, Field.ClientRegistered]) batch.push(plain(0, field, false));
    batch.push(["patch", 0, Field.ClientCalls, ValueKind.Entities, []]);
    if (broken) batch.push(["patch", 0, Field.ClientErrors, ValueKind.Failure, failure]);
    for (const node of [...living].reverse()) batch.push(["end", node.entity]);
    this.store.apply(batch);
    this.store.replies.rejectAll(() => errorOf(failure));
  }
}

/** How a call ends that the engine has not ended. */
function lastWords(call: Node, failure: EngineFailure, broken: boolean): Change[] {
  const { entity } = call;
  const answered = call.value(Field.CallStatus) === "connected";
  const code = broken ? "network" : answered ? "normal" : "cancelled";
  const words: Change[] = [];
  if (broken) words.push(["patch", entity, Field.CallErrors, ValueKind.CallError, { kind: "internal", fatal: true, failure }]);
  if (!call.value(Field.CallEndReason)) words.push(["patch", entity, Field.CallEndReason, ValueKind.EndReason, { code }]);
  if (broken) words.push(plain(entity, Field.CallStatus, "failed"));
  words.push(plain(entity, Field.CallStatus, "destroyed"));
  return words;
}

function plain(entity: number, field: number, value: unknown): Change {
  return ["patch", entity, field, ValueKind.Plain, value];
}

/** Whatever was thrown, as a failure whose Error is the thrown one. */
function asFailure(thrown: unknown): EngineFailure {
  return { code: ErrorNumber.Thrown, args: [], number: 0, fatal: true, cause: { thrown } };
}
