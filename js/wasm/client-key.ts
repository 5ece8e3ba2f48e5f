// The key of one client: found or made when it is asked for, and let go of with the client.

import { type DpopAlgorithm, DpopKey, generate, isUsable } from "./dpop-key.js";
import { KeyStore } from "./key-store.js";

/** Names of the records: a pair of one algorithm does not take the place of the other's (auth.md §7.9). */
const RECORDS: Readonly<Record<DpopAlgorithm, string>> = { RS256: "dpop-keypair", ES256: "dpop-keypair-es256" };

/** How long locks and IndexedDB may take for one request, in milliseconds; then it is done without them (auth.md §11, W-23). */
const PATIENCE = 2000;

/** Whether a key can be made by an algorithm of this name. */
export function isAlgorithm(name: string): name is DpopAlgorithm {
  return Object.hasOwn(RECORDS, name);
}

/**
 * One client's use of the key pair of the page's origin. A pair that cannot be stored, or not in time, is the client's own
 * and ends with it.
 */
export class ClientKey {
  readonly #algorithm: DpopAlgorithm;
  readonly #store: KeyStore;
  #key: DpopKey | undefined;
  /** What is being done; the next waits for it. Never rejects. */
  #work: Promise<unknown> = Promise.resolve();
  #attempt: AbortController | undefined;
  #over = false;

  constructor(algorithm: DpopAlgorithm) {
    this.#algorithm = algorithm;
    this.#store = new KeyStore(RECORDS[algorithm]);
  }

  /** As `Host.ensureKey`. */
  ensure(create: boolean): Promise<string | undefined> {
    const found = this.#work.then(async () => {
      const key = this.#key ?? (await this.#find(create).catch(() => undefined));
      if (!this.#over) this.#key = key;
      return this.#key?.fingerprint;
    });
    this.#work = found;
    return found;
  }

  /** As `Host.signProof`. */
  async sign(claims: string, athOf: string | undefined): Promise<string> {
    if (!this.#key) throw new Error("There is no key.");
    return this.#key.sign(claims, athOf);
  }

  /**
   * Removes the pairs of the origin, if nobody else uses one. The client keeps its own in memory, because its session may be
   * bound to it. Never rejects.
   */
  clear(): Promise<unknown> {
    this.#work = this.#work.then(() => this.#inTime(PATIENCE, (signal) => this.#store.clear(signal))).catch(() => undefined);
    return this.#work;
  }

  /** The client is over. With `remove` the stored pair goes, too, if this client was the last to use it. Nobody waits. */
  end(remove: boolean): void {
    this.#over = true;
    this.#key = undefined;
    this.#attempt?.abort();
    this.#inTime(PATIENCE, (signal) => (remove ? this.#store.remove(signal) : this.#store.leave())).catch(() => undefined);
  }

  async #find(create: boolean): Promise<DpopKey | undefined> {
    const since = performance.now();
    // Fails also where there is no database yet.
    let pair = await this.#stored(undefined, create, PATIENCE).catch(() => undefined);
    if (!pair && create) {
      const left = PATIENCE - (performance.now() - since);
      // Making one takes a slow machine seconds, in which nothing is locked.
      const fresh = await generate(this.#algorithm);
      pair = (await this.#stored(fresh, false, left).catch((error: unknown) => this.#complain(error))) ?? fresh;
    }
    return pair && DpopKey.of(this.#algorithm, pair);
  }

  #stored(fresh: CryptoKeyPair | undefined, repair: boolean, patience: number): Promise<CryptoKeyPair | undefined> {
    return this.#inTime(patience, async (signal) => {
      if (this.#over) return undefined;
      return this.#store.use(fresh, repair, (pair) => isUsable(this.#algorithm, pair), signal);
    });
  }

  async #inTime<T>(patience: number, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    const timer = setTimeout(() => attempt.abort(), patience);
    if (patience <= 0) attempt.abort();
    try {
      return await act(attempt.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  #complain(error: unknown): undefined {
    if (this.#over) return undefined;
    const name = error instanceof Error ? error.name : "no Error";
    console.warn(`signalwire-wasm: the key cannot be stored (${name}). It ends with this client.`);
  }
}
