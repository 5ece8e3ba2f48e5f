// The key of one client: found or made when it is asked for, and let go of with the client.

import { type DpopAlgorithm, type DpopKey, dpopKey, generate, isUsable } from "./dpop-key.js";
import { exclusively, type GiveBack, ifUnused, lockManager, transact, use } from "./key-store.js";

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
  #key: DpopKey | undefined;
  /** As long as the pair that is used is the stored one. */
  #giveBack: GiveBack | undefined;
  /** What is being done; the next waits for it. Never rejects. */
  #work: Promise<unknown> = Promise.resolve();
  #attempt: AbortController | undefined;
  #over = false;

  constructor(algorithm: DpopAlgorithm) {
    this.#algorithm = algorithm;
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
    this.#work = this.#work.then(() => this.#remove((store) => store.clear()));
    return this.#work;
  }

  /** The client is over. With `remove` the stored pair goes, too, if this client was the last to use it. Nobody waits. */
  end(remove: boolean): void {
    this.#over = true;
    this.#key = undefined;
    this.#attempt?.abort();
    // Without locks nobody knows who else uses it.
    const removed = remove && this.#giveBack && lockManager() && this.#remove((store) => store.delete(RECORDS[this.#algorithm]));
    void Promise.resolve(removed).then(() => this.#leave());
  }

  async #find(create: boolean): Promise<DpopKey | undefined> {
    const since = performance.now();
    // Fails also where there is no database yet.
    let pair = await this.#stored(PATIENCE, create).catch(() => undefined);
    if (!pair && create) {
      const left = PATIENCE - (performance.now() - since);
      // Making one takes a slow machine seconds, in which nothing is locked.
      const fresh = await generate(this.#algorithm);
      pair = (await this.#stored(left, false, fresh).catch((error: unknown) => this.#complain(error))) ?? fresh;
    }
    return pair && dpopKey(this.#algorithm, pair);
  }

  /**
   * The stored pair, which is in use from now on; `fresh` where there was none. One that does not work counts as none, and is
   * removed for the sake of a fresh one to come if `repair` is given.
   */
  #stored(patience: number, repair: boolean, fresh?: CryptoKeyPair): Promise<CryptoKeyPair | undefined> {
    const record = RECORDS[this.#algorithm];
    // A client that is over begins nothing.
    return this.#inTime(this.#over ? 0 : patience, async (signal) => {
      const giveBack = await use(signal);
      try {
        const found: CryptoKeyPair | undefined = await transact(Boolean(fresh), signal, (store) => {
          // That there is one already, of another tab, is no error of the transaction: the next request reads it.
          if (fresh) store.add(fresh, record).onerror = (event) => event.preventDefault();
          return store.get(record);
        });
        const usable = await isUsable(this.#algorithm, found);
        signal.throwIfAborted();
        if (usable) {
          this.#giveBack = giveBack;
          return found;
        }
        if (found && repair) await transact(false, signal, (store) => store.delete(record));
        return undefined;
      } finally {
        if (this.#giveBack !== giveBack) await giveBack();
      }
    });
  }

  /** Removes what is stored, if nobody but this client uses it. Never rejects. */
  #remove(act: (store: IDBObjectStore) => IDBRequest): Promise<unknown> {
    return this.#inTime(PATIENCE, async (signal) => {
      const used = this.#giveBack;
      await this.#leave();
      const removed = await ifUnused(() => transact(false, signal, act));
      if (removed || !used) return;
      const giveBack = await use(signal);
      if (this.#over) await giveBack();
      else this.#giveBack = giveBack;
    }).catch(() => undefined);
  }

  async #leave(): Promise<void> {
    const giveBack = this.#giveBack;
    this.#giveBack = undefined;
    await giveBack?.();
  }

  async #inTime<T>(patience: number, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    const { signal } = attempt;
    const timer = setTimeout(() => attempt.abort(), patience);
    if (patience <= 0) attempt.abort();
    try {
      return await exclusively(signal, () => act(signal));
    } finally {
      clearTimeout(timer);
    }
  }

  #complain(error: unknown): undefined {
    if (this.#over) return undefined;
    const name = error instanceof Error ? error.name : "no Error";
    console.warn(`signalwire-wasm: the key store cannot be used (${name}). The key is kept in memory alone.`);
  }
}
