/** What a client keeps beyond its page (auth.md §8): records of local storage, or of what the application gives instead. */

import type { HostCredential } from "../wasm/engine.js";
import type { Storage } from "./types.js";

/** The page's own. Asked for when it is used, because a browser that blocks it throws at the first look. */
const LOCAL_STORAGE: Storage = {
  getItem: async (key) => localStorage.getItem(key),
  setItem: async (key, value) => localStorage.setItem(key, value ?? ""),
  removeItem: async (key) => localStorage.removeItem(key),
  clear: async (scope) => {
    const place = scope === "local" ? localStorage : sessionStorage;
    for (const key of Object.keys(place)) if (key.startsWith("sw:")) place.removeItem(key);
  },
};

const known = new WeakMap<Storage, Records>();

/**
 * The records in one place, shared by the clients of the page that use it.
 *
 * What is asked for happens in that order, across clients: one that is destroyed while the next starts does not take
 * the next one's record with it. Nothing here rejects or throws: where the place cannot be used, that is said once on the
 * console, and the clients go on in memory.
 */
export class Records {
  readonly #place: Storage;
  /** Who wrote a record last, of this page. */
  readonly #writers = new Map<string, object>();
  #before: Promise<unknown> = Promise.resolve();
  #complained = false;

  private constructor(place: Storage) {
    this.#place = place;
  }

  /** The records in the application's storage, or in the page's. */
  static of(place: Storage = LOCAL_STORAGE): Records {
    let found = known.get(place);
    if (!found) {
      found = new Records(place);
      known.set(place, found);
    }
    return found;
  }

  /** The object under a key; undefined where there is none that can be read. */
  read(key: string): Promise<HostCredential | undefined> {
    return this.#next(async () => parsed(await this.#place.getItem(key, "local")));
  }

  /** Writes a record. */
  write(writer: object, key: string, text: string): void {
    void this.#next(() => {
      this.#writers.set(key, writer);
      return this.#place.setItem(key, text, "local");
    });
  }

  /** Removes a record, unless somebody else has written it since, be it the same text. */
  removeOwn(writer: object, key: string, text: string): void {
    void this.#next(async () => {
      if ((this.#writers.get(key) ?? writer) !== writer) return;
      this.#writers.delete(key);
      if ((await this.#place.getItem(key, "local")) === text) await this.#place.removeItem(key, "local");
    });
  }

  /** Removes everything that the SDK has written, whoever wrote it. */
  async clear(): Promise<void> {
    for (const scope of ["local", "session"] as const) {
      await this.#next(() => {
        this.#writers.clear();
        return this.#place.clear(scope);
      });
    }
  }

  #next<T>(act: () => T | Promise<T>): Promise<T | undefined> {
    const done = this.#before.then(act).catch((error: unknown) => this.#complain(error));
    this.#before = done;
    return done;
  }

  /** The name of the error alone: its message may be the application's, and hold what was to be written. */
  #complain(error: unknown): undefined {
    if (this.#complained) return;
    this.#complained = true;
    const name = error instanceof Error ? error.name : "no Error";
    console.warn(`signalwire-wasm: the storage cannot be used (${name}). Sessions are kept in memory alone.`);
  }
}

/** The object that a text stands for. What another program left there is no record. */
function parsed(text: string | null): HostCredential | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
