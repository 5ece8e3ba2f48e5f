// The only way into the engine. Clients share an instance while it lives; after a trap the next client gets a fresh one.

import type { EngineClient, EngineConfig, EngineEntry, EngineFailure, Entity, Host, ReplyId } from "./engine.js";
import { Instance, type RawClient } from "./instance.js";

/** The way into the engine that this module holds. */
export function engineEntryOf(module: WebAssembly.Module): EngineEntry {
  let current: Instance | undefined;
  const living = (): Instance => {
    if (!current || current.isDead) current = new Instance(module);
    return current;
  };
  return {
    start: () => void living(),
    createClient: (config, host) => new Client(living(), config, host),
    exchange: (host, embedToken) => exchange(living(), host, embedToken),
  };
}

function exchange(instance: Instance, host: string, embedToken: string): Promise<{ token: string; expiry_at: number }> {
  const { glue } = instance;
  const code = glue.diedCode();
  return new Promise((resolve, reject) => {
    const alive = instance.whenDead((thrown) => reject({ code, args: [], number: 0, fatal: false, cause: { thrown } } satisfies EngineFailure));
    const settle = <T>(then: (value: T) => void) => (value: T): void => {
      alive();
      then(value);
    };
    glue.exchange(host, embedToken, { resolve: settle(resolve), reject: settle(reject) });
  });
}

/** A client of the engine whose methods do nothing once it is destroyed, and nothing once its instance is dead. */
class Client implements EngineClient {
  readonly #host: Host;
  readonly #thrownCode: number;
  readonly #alive: () => void;
  #raw: RawClient | undefined;

  constructor(instance: Instance, config: EngineConfig, host: Host) {
    this.#host = host;
    this.#thrownCode = instance.glue.thrownCode();
    this.#alive = instance.whenDead((cause) => {
      this.#raw = undefined;
      host.died(cause);
    });
    try {
      const raw = new instance.glue.Client({ ...config }, host);
      if (!instance.isDead) this.#raw = raw;
    } catch (failure) {
      this.#alive();
      throw failure;
    }
  }

  start(): void {
    this.#raw?.start();
  }

  connect(reply: ReplyId): void {
    this.#raw?.connect(reply);
  }

  disconnect(reply: ReplyId): void {
    this.#raw?.disconnect(reply);
  }

  destroy(): void {
    const raw = this.#raw;
    if (!raw) return;
    this.#raw = undefined;
    raw.destroy();
    // Only now: if destroying traps, the host hears of it.
    this.#alive();
    raw.free();
  }

  register(reply: ReplyId): void {
    this.#raw?.register(reply);
  }

  unregister(reply: ReplyId): void {
    this.#raw?.unregister(reply);
  }

  dial(reply: ReplyId, to: string, options: object): void {
    let plain: object;
    try {
      plain = withoutGetters(options);
    } catch (thrown) {
      this.#host.deliver([["reject", reply, { code: this.#thrownCode, args: [], number: 0, fatal: false, cause: { thrown } }]]);
      return;
    }
    this.#raw?.dial(reply, to, plain);
  }

  abort(reply: ReplyId): void {
    this.#raw?.abort(reply);
  }

  answer(call: Entity, options: object): void {
    // Variables of the call are the caller's; their `toJSON` must not run inside the engine.
    this.#raw?.answer(call, { ...options, userVariables: undefined });
  }

  reject(call: Entity): void {
    this.#raw?.reject(call);
  }

  hangup(reply: ReplyId, call: Entity): void {
    this.#raw?.hangup(reply, call);
  }

  destroyCall(call: Entity): void {
    this.#raw?.destroyCall(call);
  }

  mute(reply: ReplyId, member: Entity, video: boolean, muted: boolean): void {
    this.#raw?.mute(reply, member, video, muted);
  }

  findAddress(call: Entity): void {
    this.#raw?.findAddress(call);
  }
}

/**
 * The application's options as the engine may read them. The engine cannot survive an exception of a getter or of a
 * `toJSON`, so both run here, where the application that wrote them gets what they throw.
 */
function withoutGetters(options: object): object {
  const plain: { userVariables?: unknown } = { ...options };
  const { userVariables } = plain;
  if (typeof userVariables === "object" && userVariables !== null) plain.userVariables = JSON.parse(JSON.stringify(userVariables));
  return plain;
}
