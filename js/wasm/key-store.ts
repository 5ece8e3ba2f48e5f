// Where the key pairs of the page's origin lie (auth.md §6.1, §7.9): an IndexedDB, and two Web Locks.
//
// Every client that uses a pair holds the one in shared mode. Whoever reads, adds or removes a pair holds the other
// meanwhile; else it could vanish between being read and being used.

const DATABASE = "sw-dpop";
const STORE = "keys";
const USE = "sw-dpop";
const CREATE = "sw-dpop-create";

/** Gives a lock back; settles when that is done. */
export type GiveBack = () => Promise<void>;

/** Undefined on an insecure origin, and outside of browsers. */
export function lockManager(): LockManager | undefined {
  return globalThis.navigator?.locks;
}

/** Acts while nobody else reads or writes a pair. Without Web Locks it acts as it is. */
export function exclusively<T>(signal: AbortSignal, act: () => Promise<T>): Promise<T> {
  return locked(CREATE, { signal }, act);
}

/** Acts only if nobody uses a pair; resolves to whether it did. Without Web Locks nobody is known to use one. */
export function ifUnused(act: () => Promise<unknown>): Promise<boolean> {
  return locked(USE, { ifAvailable: true }, async (granted) => {
    if (granted) await act();
    return granted;
  });
}

/** A pair is in use until what this resolves to is called. */
export function use(signal: AbortSignal): Promise<GiveBack> {
  return new Promise((resolve, reject) => {
    const given = locked(
      USE,
      { mode: "shared", signal },
      () =>
        new Promise<void>((end) => {
          resolve(() => {
            end();
            return given;
          });
        }),
    ).catch(reject);
  });
}

async function locked<T>(name: string, options: LockOptions, act: (granted: boolean) => Promise<T>): Promise<T> {
  const manager = lockManager();
  return manager ? await manager.request(name, options, (lock) => act(lock !== null)) : await act(true);
}

/**
 * One transaction; resolves to the result of the request that `act` returns, once it is committed. A database that is not
 * there is made only for `create`; else it rejects.
 */
export function transact<T>(create: boolean, signal: AbortSignal, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
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
