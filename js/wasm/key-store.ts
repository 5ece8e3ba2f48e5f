// Where the key pair of the page's origin lies (auth.md §6.1, §7.9), and who uses it: IndexedDB and two Web Locks.
//
// Every client that uses the pair holds the one in shared mode. Whoever reads, adds or removes the pair holds the other
// meanwhile; else it could vanish between being read and being used. Without Web Locks one transaction, which adds where
// there is none, makes tabs agree on one pair, and no pair is removed but by `clear`.

const DATABASE = "sw-dpop";
const STORE = "keys";
const USE_LOCK = "sw-dpop";
const CREATE_LOCK = "sw-dpop-create";

/** One client's use of the store. What rejects has left nothing locked and nothing half done. */
export class KeyStore {
  readonly #record: string;
  /** Gives back the lock of those who use the pair; settles when it is given back. */
  #giveBack: (() => Promise<void>) | undefined;

  constructor(record: string) {
    this.#record = record;
  }

  /**
   * The pair, which is in use from now on; `fresh` where there was none. A pair that does not work counts as none, and is
   * removed for the sake of a fresh one to come if `repair` is given. Rejects when `signal` fires.
   */
  use(fresh: CryptoKeyPair | undefined, repair: boolean, works: (pair: CryptoKeyPair | undefined) => Promise<boolean>, signal: AbortSignal) {
    return locked(CREATE_LOCK, { signal }, async (): Promise<CryptoKeyPair | undefined> => {
      const giveBack = await hold(USE_LOCK, signal);
      try {
        const found: CryptoKeyPair | undefined = await transact(fresh !== undefined, signal, (store) => {
          // That there is one already is no error of the transaction: the request after this one reads it.
          if (fresh) store.add(fresh, this.#record).onerror = (event) => event.preventDefault();
          return store.get(this.#record);
        });
        const usable = await works(found);
        signal.throwIfAborted();
        if (usable) {
          this.#giveBack = giveBack;
          return found;
        }
        if (found !== undefined && repair) await transact(false, signal, (store) => store.delete(this.#record));
        return undefined;
      } finally {
        if (this.#giveBack !== giveBack) await giveBack();
      }
    });
  }

  /** Does not use the pair any more, and removes it if nobody else uses it. */
  async remove(signal: AbortSignal): Promise<void> {
    // Without locks nobody knows who else uses it.
    if (!this.#giveBack || !lockManager()) return this.leave();
    try {
      await this.#removeAlone(signal, (store) => store.delete(this.#record));
    } finally {
      await this.leave();
    }
  }

  /** Removes every pair of the origin, if nobody but this client uses one; it may do so further on. */
  async clear(signal: AbortSignal): Promise<void> {
    await this.#removeAlone(signal, (store) => store.clear());
  }

  /** Does not use the pair any more. */
  async leave(): Promise<void> {
    const giveBack = this.#giveBack;
    this.#giveBack = undefined;
    await giveBack?.();
  }

  #removeAlone(signal: AbortSignal, remove: (store: IDBObjectStore) => IDBRequest<undefined>): Promise<void> {
    return locked(CREATE_LOCK, { signal }, async () => {
      const used = this.#giveBack;
      await this.leave();
      const gone = await locked(USE_LOCK, { ifAvailable: true }, async (alone) => {
        if (alone) await transact(false, signal, remove);
        return alone;
      });
      if (gone || !used) return;
      const giveBack = await hold(USE_LOCK, signal);
      if (signal.aborted) void giveBack();
      else this.#giveBack = giveBack;
    });
  }
}

/** Undefined on an insecure origin, and outside of browsers. */
function lockManager(): LockManager | undefined {
  return globalThis.navigator?.locks;
}

/** Acts with the lock, which is given back when that has settled. Without locks it acts as if it had it. */
async function locked<T>(name: string, options: LockOptions, act: (granted: boolean) => Promise<T>): Promise<T> {
  const manager = lockManager();
  return manager ? await manager.request(name, options, (lock) => act(lock !== null)) : await act(true);
}

/** Takes the lock in shared mode; resolves to what gives it back. */
function hold(name: string, signal: AbortSignal): Promise<() => Promise<void>> {
  return new Promise((granted, refused) => {
    let end = (): void => undefined;
    const until = new Promise<void>((resolve) => {
      end = resolve;
    });
    const given = locked(name, { mode: "shared", signal }, () => {
      granted(() => {
        end();
        return given;
      });
      return until;
    }).catch(refused);
  });
}

/**
 * One transaction; resolves to the result of the request that `act` returns, once it is committed. A database that is not
 * there is made only for `create`.
 */
function transact<T>(create: boolean, signal: AbortSignal, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener("abort", () => reject(signal.reason));
    const opening = indexedDB.open(DATABASE, 1);
    opening.onerror = () => reject(opening.error);
    opening.onupgradeneeded = () => {
      if (create && !signal.aborted) opening.result.createObjectStore(STORE);
      else opening.transaction?.abort();
    };
    opening.onsuccess = () => {
      const database = opening.result;
      try {
        signal.throwIfAborted();
        const transaction = database.transaction(STORE, "readwrite");
        const request = act(transaction.objectStore(STORE));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onabort = () => reject(transaction.error);
      } catch (error) {
        reject(error);
      }
      // It stays open until the transaction is through.
      database.close();
    };
  });
}
