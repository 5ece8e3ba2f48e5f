// The key pair of the page's origin (auth.md §6, §7.9, §8.5): where it lies, who shares it, who takes it along.
import type { Page } from '@playwright/test';
import type { SignalWireOptions } from '../../js/slim.js';
import { signIn } from './harness/people.js';
import { expect, expectReady, expectRegistered, test } from './harness/test.js';

const RSA = 'dpop-keypair';
const EC = 'dpop-keypair-es256';
const FINGERPRINT = /^[\w-]{43}$/;
const UNSTORED = 'signalwire-wasm: the key store cannot be used';

/** What the origin has of keys, and who holds or awaits a lock of theirs. */
interface Kept {
  readonly databases: readonly (string | undefined)[];
  readonly records: readonly IDBValidKey[];
  readonly locks: readonly string[];
}

declare global {
  var pairs: {
    /** One request to the store, which must be there. */
    ask<T>(mode: IDBTransactionMode, request: (store: IDBObjectStore) => IDBRequest<T>): Promise<T>;
    kept(): Promise<Kept>;
    thumbprint(record: string): Promise<string>;
  };
}

/** Runs in the page; it may use nothing from around it. */
function installPairs(): void {
  globalThis.pairs = {
    ask: (mode, request) =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open('sw-dpop');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const asked = request(opening.result.transaction('keys', mode).objectStore('keys'));
          asked.onsuccess = () => resolve(asked.result);
          asked.onerror = () => reject(asked.error);
          opening.result.close();
        };
      }),
    async kept() {
      const databases = (await indexedDB.databases()).map(({ name }) => name);
      const records = databases.includes('sw-dpop') ? await this.ask('readonly', (store) => store.getAllKeys()) : [];
      const { held = [], pending = [] } = await navigator.locks.query();
      return { databases, records, locks: [...held, ...pending].map(({ name, mode }) => `${name} ${mode}`) };
    },
    async thumbprint(record) {
      const { publicKey }: CryptoKeyPair = await this.ask('readonly', (store) => store.get(record));
      const jwk = await crypto.subtle.exportKey('jwk', publicKey);
      const members = JSON.stringify(jwk, jwk.kty === 'RSA' ? ['e', 'kty', 'n'] : ['crv', 'kty', 'x', 'y']);
      const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(members)));
      return btoa(String.fromCharCode(...hash)).replaceAll('+', '-').replaceAll('/', '_').replace('=', '');
    },
  };
}

const kept = (page: Page) => page.evaluate(() => pairs.kept());

/** The page again, without anything of before. */
async function reload(page: Page, entry = '/sdk/signalwire.bundle.mjs'): Promise<void> {
  await page.reload();
  await page.evaluate((file) => probe.load(file), entry);
  await page.evaluate(installPairs);
}

/** A client whose SATs are bound to its key, as a backend makes them; resolves to what the provider was told, once it was asked. */
function bound(page: Page, options?: SignalWireOptions): Promise<string | undefined> {
  return page.evaluate(
    (how) =>
      new Promise<string | undefined>((told) => {
        const authenticate = async (context?: { fingerprint?: string }) => {
          told(context?.fingerprint);
          const body = JSON.stringify({ kind: 'subscriber', fingerprint: context?.fingerprint, scope: 'sat:refresh' });
          const { token } = await (await fetch('/.space/credentials', { method: 'POST', body })).json();
          return { token };
        };
        probe.use(new sdk.SignalWire({ authenticate }, how));
      }),
    options,
  );
}

const destroy = (page: Page) => page.evaluate(() => client.destroy());

test.beforeEach(({ caller }) => caller.evaluate(installPairs));

test('the key cannot be taken out of the browser, and is the same after a reload', async ({ caller, complaints }) => {
  const fingerprint = await bound(caller);
  expect(fingerprint).toMatch(FINGERPRINT);
  await expectReady(caller);
  expect(await kept(caller)).toEqual({ databases: ['sw-dpop'], records: [RSA], locks: ['sw-dpop shared'] });
  expect(await caller.evaluate((record) => pairs.thumbprint(record), RSA)).toBe(fingerprint);
  const secret = await caller.evaluate(async (record) => {
    const { privateKey }: CryptoKeyPair = await pairs.ask('readonly', (store) => store.get(record));
    const { name, modulusLength, publicExponent, hash } = privateKey.algorithm as RsaHashedKeyAlgorithm;
    const formats = ['jwk', 'pkcs8'] as const;
    const outcomes = await Promise.all(formats.map((format) => crypto.subtle.exportKey(format, privateKey).then(() => 'exported', (error) => error.name)));
    return [outcomes, privateKey.extractable, privateKey.usages, name, modulusLength, [...publicExponent], hash.name];
  }, RSA);
  expect(secret).toEqual([['InvalidAccessError', 'InvalidAccessError'], false, ['sign'], 'RSASSA-PKCS1-v1_5', 2048, [1, 0, 1], 'SHA-256']);

  await reload(caller);
  expect(await bound(caller)).toBe(fingerprint);
  await expectReady(caller);
  expect(complaints).toEqual([]);
});

for (const locks of [true, false]) {
  test(`two tabs that start at once share one fingerprint, ${locks ? 'in turn' : 'also without Web Locks'}`, async ({ caller, another, complaints }) => {
    const other = await another(caller);
    await other.evaluate(installPairs);
    if (!locks) {
      for (const page of [caller, other]) await page.evaluate(() => Object.defineProperty(navigator, 'locks', { value: undefined }));
    }
    const [first, second] = await Promise.all([bound(caller), bound(other)]);
    expect(first).toMatch(FINGERPRINT);
    expect(second).toBe(first);
    await Promise.all([expectReady(caller), expectReady(other)]);
    expect(complaints).toEqual([]);
  });
}

test('two clients of one page share one fingerprint', async ({ caller }) => {
  const [first, second] = await Promise.all([bound(caller), bound(caller)]);
  expect(first).toMatch(FINGERPRINT);
  expect(second).toBe(first);
});

test('the last who uses the key removes it; who goes before leaves it', async ({ caller, another, complaints }) => {
  const other = await another(caller);
  const fingerprint = await bound(caller);
  expect(await bound(other)).toBe(fingerprint);
  await destroy(other);
  await expect.poll(() => kept(caller)).toEqual({ databases: ['sw-dpop'], records: [RSA], locks: ['sw-dpop shared'] });
  expect(await bound(other)).toBe(fingerprint);
  await destroy(other);
  await caller.evaluate(() => client.disconnect());
  await expect.poll(() => kept(caller)).toEqual({ databases: ['sw-dpop'], records: [RSA], locks: ['sw-dpop shared'] });

  await destroy(caller);
  await expect.poll(() => kept(caller)).toEqual({ databases: ['sw-dpop'], records: [], locks: [] });
  const next = await bound(caller);
  expect(next).toMatch(FINGERPRINT);
  expect(next).not.toBe(fingerprint);
  expect(complaints).toEqual([]);
});

test('without Web Locks nobody knows who else uses the key, and it stays', async ({ caller }) => {
  await caller.evaluate(() => Object.defineProperty(navigator, 'locks', { value: undefined }));
  const fingerprint = await bound(caller);
  await destroy(caller);
  expect(await bound(caller)).toBe(fingerprint);
});

test('whenever a client is destroyed before its key is there, nothing stays locked', async ({ caller, complaints }) => {
  const steps = await caller.evaluate(async () => {
    let left = 0;
    let reached = () => {};
    const step = () => {
      left -= 1;
      if (left === 0) reached();
    };
    /** A step is that the browser is asked for something, and that it has answered. */
    const watch = (api: object, ...names: string[]) => {
      for (const name of names) {
        const ask = Reflect.get(api, name) as (...given: unknown[]) => Promise<unknown> | IDBRequest;
        const asked = function (this: unknown, ...given: unknown[]) {
          const answer = ask.apply(this, given);
          step();
          if (answer instanceof IDBRequest) answer.addEventListener('success', step);
          else void answer.then(step, step);
          return answer;
        };
        Reflect.set(api, name, asked);
      }
    };
    watch(LockManager.prototype, 'request');
    watch(IDBFactory.prototype, 'open');
    watch(IDBObjectStore.prototype, 'add', 'get');
    watch(SubtleCrypto.prototype, 'generateKey', 'sign', 'verify', 'exportKey', 'digest');
    for (let at = 1; ; at++) {
      left = 0;
      if ((await pairs.kept()).databases.length > 0) await pairs.ask('readwrite', (store) => store.clear());
      const isMade = await new Promise<boolean>((resolve) => {
        const authenticate = () => {
          resolve(true);
          return new Promise<never>(() => {});
        };
        const made = new sdk.SignalWire({ authenticate }, { dpopAlgorithm: 'ES256' });
        left = at;
        reached = () => {
          made.destroy();
          resolve(false);
        };
        globalThis.client = made;
      });
      left = 0;
      if (isMade) client.destroy();
      while ((await pairs.kept()).locks.length > 0) await new Promise((next) => setTimeout(next));
      if (isMade) return at;
    }
  });
  // Locks, database, generation, test signature, thumbprint.
  expect(steps).toBeGreaterThan(20);
  expect(complaints).toEqual([]);
  expect(await bound(caller, { dpopAlgorithm: 'ES256' })).toMatch(FINGERPRINT);
  expect((await kept(caller)).locks).toEqual(['sw-dpop shared']);
});

test('a fixed SAT looks for a key and makes none, not even a place for one', async ({ caller, space, complaints }) => {
  await signIn(caller, await space.credential('subscriber'));
  await expectRegistered(caller);
  // Behind whoever looks.
  await caller.evaluate(() => navigator.locks.request('sw-dpop-create', () => {}));
  expect(await kept(caller)).toEqual({ databases: [], records: [], locks: [] });
  expect(complaints).toEqual([]);
});

test('a fixed SAT that is bound is proven by the key that was stored', async ({ caller, complaints }) => {
  const fingerprint = await bound(caller);
  await expectReady(caller);
  await reload(caller);
  const token = await caller.evaluate(async (print) => {
    const body = JSON.stringify({ kind: 'subscriber', fingerprint: print, scope: 'sat:refresh' });
    return (await (await fetch('/.space/credentials', { method: 'POST', body })).json()).token as string;
  }, fingerprint);
  await signIn(caller, token);
  await expect.poll(() => caller.evaluate(() => probe.said.includes('dpop_token'))).toBe(true);
  await expect.poll(() => kept(caller)).toEqual({ databases: ['sw-dpop'], records: [RSA], locks: ['sw-dpop shared'] });
  expect(complaints).toEqual([]);
});

for (const what of ['a text', 'a pair of another algorithm', 'half a pair'] as const) {
  test(`${what} in the place of the key is replaced by a key`, async ({ caller, complaints }) => {
    await bound(caller, { dpopAlgorithm: 'ES256' });
    await expectReady(caller);
    await caller.evaluate(
      async ([found, rsa, ec]) => {
        const pair: CryptoKeyPair = await pairs.ask('readonly', (store) => store.get(ec));
        const { publicKey } = pair;
        const record = found === 'a text' ? 'not a key' : found === 'half a pair' ? { publicKey } : pair;
        await pairs.ask('readwrite', (store) => store.put(record, rsa));
      },
      [what, RSA, EC] as const,
    );
    await reload(caller);
    const fingerprint = await bound(caller);
    expect(fingerprint).toMatch(FINGERPRINT);
    await expectReady(caller);
    expect(await caller.evaluate((record) => pairs.thumbprint(record), RSA)).toBe(fingerprint);
    expect(complaints).toEqual([]);
  });
}

test('each algorithm has a pair of its own', async ({ caller, complaints }) => {
  const rsa = await bound(caller);
  await expectReady(caller);
  await reload(caller);
  const ec = await bound(caller, { dpopAlgorithm: 'ES256' });
  await expectReady(caller);
  expect(ec).toMatch(FINGERPRINT);
  expect(ec).not.toBe(rsa);
  expect((await kept(caller)).records).toEqual([RSA, EC]);
  await destroy(caller);
  await expect.poll(async () => (await kept(caller)).records).toEqual([RSA]);
  expect(await bound(caller)).toBe(rsa);
  expect(complaints).toEqual([]);
});

const FAILURES: Readonly<Record<string, () => void>> = {
  'that hangs': () => {
    IDBFactory.prototype.open = () => ({}) as IDBOpenDBRequest;
  },
  'that throws': () => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('The operation is insecure.', 'SecurityError');
    };
  },
  'that takes no keys': () => {
    IDBObjectStore.prototype.add = () => {
      throw new DOMException('The object could not be cloned.', 'DataCloneError');
    };
  },
  'that is full': () => {
    const { add } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.add = function (...given) {
      const request = add.apply(this, given);
      this.transaction.abort();
      return request;
    };
  },
  'whose lock nobody gives back': () => {
    void navigator.locks.request('sw-dpop-create', () => new Promise(() => {}));
  },
};

for (const [which, spoil] of Object.entries(FAILURES)) {
  test(`with a store ${which} there is a key within two seconds or so, in memory`, async ({ caller, complaints }) => {
    await caller.evaluate(spoil);
    const since = Date.now();
    const fingerprint = await bound(caller);
    // Making an RSA key comes on top.
    expect(Date.now() - since).toBeLessThan(5000);
    expect(fingerprint).toMatch(FINGERPRINT);
    await expectReady(caller);
    await expect.poll(() => complaints).toEqual([expect.stringContaining(UNSTORED)]);
    const { locks } = await caller.evaluate(async () => ({ locks: (await navigator.locks.query()).held?.map(({ name }) => name) }));
    expect(locks).toEqual(which === 'whose lock nobody gives back' ? ['sw-dpop-create'] : []);
    await destroy(caller);
  });
}

test('resetToDefaults() forgets what was kept, and the session goes on', async ({ caller, another, complaints }) => {
  const fingerprint = await bound(caller, { persistSession: true });
  await expectRegistered(caller);
  await caller.evaluate(() => localStorage.setItem('of the application', 'stays'));
  const other = await another(caller);
  expect(await bound(other)).toBe(fingerprint);
  // Another tab uses the key.
  await caller.evaluate(() => client.resetToDefaults());
  expect(await caller.evaluate(() => Object.keys(localStorage))).toEqual(['of the application']);
  expect(await kept(caller)).toEqual({ databases: ['sw-dpop'], records: [RSA], locks: ['sw-dpop shared', 'sw-dpop shared'] });

  await other.close();
  await expect.poll(async () => (await kept(caller)).locks).toEqual(['sw-dpop shared']);
  await caller.evaluate(() => client.resetToDefaults());
  expect(await kept(caller)).toEqual({ databases: ['sw-dpop'], records: [], locks: [] });
  expect(await caller.evaluate(() => [client.isConnected, client.isRegistered])).toEqual([true, true]);
  await reload(caller);
  expect(await bound(caller)).not.toBe(fingerprint);
  expect(complaints).toEqual([]);
});

test.describe('an engine that dies', () => {
  test.use({ entry: '/sdk/test/signalwire.trap.mjs' });

  test('is no sign-out: the key stays, and nobody holds it', async ({ caller }) => {
    const fingerprint = await bound(caller);
    await expectReady(caller);
    const outcome = await caller.evaluate(() => {
      signalwireTrapAt(0, false);
      return probe.settle(client.disconnect());
    });
    expect(outcome).toMatchObject({ done: false, error: { code: 'engine_died' } });
    await expect.poll(() => kept(caller)).toEqual({ databases: ['sw-dpop'], records: [RSA], locks: [] });
    expect(await bound(caller)).toBe(fingerprint);
    await expectReady(caller);
  });
});
