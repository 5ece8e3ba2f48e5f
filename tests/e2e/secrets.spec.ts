// No SAT, proof or resume state is ever in a console, an error, a warning, an address or a storage: not at the sign-in, not
// in a call, not in a renewal of either kind, and not when any of it is refused.
import type { Page } from '@playwright/test';
import { Eavesdropper, holds } from './harness/eavesdropper.js';
import { ADA, dial, endCode, expectHeard, hangUp } from './harness/people.js';
import type { Space } from './harness/space.js';
import { expect, expectReady, openPage, test as base } from './harness/test.js';

const FIRST = '/api/fabric/subscriber/devices/token';
const NEXT = '/api/fabric/subscriber/devices/refresh';

const test = base.extend<{ ears: Eavesdropper }>({
  ears: async ({ page, space, entry }, use) => {
    const ears = await Eavesdropper.of(page);
    await openPage(page, space.info.base, entry);
    await use(ears);
  },
});

interface Wish {
  /** How long each SAT lives, in seconds. */
  readonly life: number;
  /** Asks for SATs that are bound to the key of the page. */
  readonly bound?: boolean;
  /** Hands out one SAT, and never another. */
  readonly once?: boolean;
  readonly persistSession?: boolean;
}

/** A client whose SATs the front desk makes, as a backend would. */
async function begin(page: Page, wish: Wish): Promise<void> {
  await page.evaluate(({ life, bound, once, ...options }) => {
    let asked = 0;
    const fetchSat = async (fingerprint?: string) => {
      asked += 1;
      if (once && asked > 1) throw new Error('the backend refuses');
      const body = JSON.stringify({ kind: 'subscriber', expires_in: life, ...(fingerprint && { fingerprint, scope: 'sat:refresh' }) });
      const { token, expires_at } = await (await fetch('/.space/credentials', { method: 'POST', body })).json();
      return { token, expiry_at: expires_at * 1000 };
    };
    const made = new sdk.SignalWire({
      authenticate: (context) => fetchSat(bound ? context?.fingerprint : undefined),
      ...(!once && { refresh: () => fetchSat() }),
    }, options);
    watch(made);
  }, wish);
}

declare global {
  /** Notes down all that a client tells. */
  var watch: (client: SignalWireClient) => void;
}
type SignalWireClient = typeof client;

test.beforeEach(async ({ ears, page }) => {
  expect(ears).toBeDefined();
  await page.evaluate(() => {
    globalThis.watch = (made) => {
      probe.use(made);
      made.errors$.subscribe(globalThis.note);
      made.warnings$.subscribe(globalThis.note);
      made.credentialRefreshed$.subscribe(globalThis.note);
    };
  });
});

/** All that the call and the client show of themselves. */
async function noteAll(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const value of [client, client.user, client.session, globalThis.call]) globalThis.note(value);
  });
}

function renewals(page: Page, mechanism: string): Promise<number> {
  return page.evaluate((name) => globalThis.overheard.told.filter((text) => text === name).length, mechanism);
}

/** Each of these requests fails with that status, as often as it comes. */
async function fail(space: Space, path: string, status: number): Promise<void> {
  const port = new URL(space.info.undelayed).port;
  const body = JSON.stringify({ path, status, times: 1000 });
  expect((await fetch(`http://127.0.0.1:${port}/.space/faults`, { method: 'POST', body })).status).toBe(200);
}

for (const [bound, mechanism] of [[false, 'developer'], [true, 'client-bound']] as const) {
  test(`${mechanism}: a sign-in, a call, renewals, a lost socket, a sign-out`, async ({ page, space, ears }) => {
    await begin(page, { life: 12, bound });
    await expectReady(page);
    expect(await dial(page, '/public/echo')).toEqual({ done: true });
    await expectHeard(page);
    await expect.poll(() => renewals(page, mechanism), { timeout: 30_000 }).toBeGreaterThan(1);
    await space.dropSockets();
    await expect.poll(async () => (await space.sessions())[0]?.resumed).toBe(1);
    await hangUp(page);
    await noteAll(page);
    const secrets = await ears.secrets();
    // SATs of the backend and of the space, proofs, and the state.
    expect(secrets.length).toBeGreaterThan(bound ? 6 : 3);
    expect(await ears.leaks(secrets)).toEqual([]);
    // A SAT goes to the space that it names, and nowhere that this leads to.
    const bearers = await page.evaluate(() => globalThis.overheard.bearers);
    expect(bearers.length).toBeGreaterThan(bound ? 3 : 1);
    const alone = { cache: 'no-store', credentials: 'omit', redirect: 'error', referrerPolicy: 'no-referrer' };
    for (const bearer of bearers) expect(bearer).toEqual({ origin: `http://${space.info.hosts.fabric}`, ...alone });
    await page.evaluate(() => client.destroy());
    expect(await ears.leaks(secrets)).toEqual([]);
  });
}

test('without `persistSession` no SAT is in any storage; with it, in one place, until the end', async ({ page, ears }) => {
  await begin(page, { life: 600 });
  await expectReady(page);
  expect(await ears.leaks(await ears.secrets())).toEqual([]);
  await page.evaluate(() => client.destroy());
  await begin(page, { life: 600, persistSession: true });
  await expectReady(page);
  const stored = () => page.evaluate(() => JSON.stringify(localStorage));
  await expect.poll(stored).toContain('sw:cached_credential');
  const secrets = await ears.secrets();
  expect(await ears.leaks(secrets)).toEqual(['localStorage']);
  const text = await stored();
  expect(secrets.filter((secret) => holds(text, secret)).length).toBe(1);
  await page.evaluate(() => client.destroy());
  await expect.poll(stored).not.toContain('sw:cached_credential');
  expect(await ears.leaks(secrets)).toEqual([]);
});

const errorNames = (page: Page) => page.evaluate(() => probe.clientErrors.map(({ name }) => name));

for (const [path, errors] of [[FIRST, ['DPoPInitError']], [NEXT, []]] as const) {
  test(`a bound session whose key the space refuses: refresh() steps in (${path.split('/').at(-1)})`, async ({ page, space, ears }) => {
    await fail(space, path, 403);
    await begin(page, { life: 12, bound: true });
    await expectReady(page);
    expect(await dial(page, '/public/echo')).toEqual({ done: true });
    await expect.poll(() => renewals(page, 'developer'), { timeout: 20_000 }).toBeGreaterThan(0);
    expect(await errorNames(page)).toEqual(errors);
    expect(await page.evaluate(() => globalThis.overheard.told)).toContain('endpoint-failed');
    expect(await page.evaluate(() => globalThis.call?.status)).toBe('connected');
    await noteAll(page);
    expect(await ears.leaks(await ears.secrets())).toEqual([]);
  });
}

test('a bound session whose key the space refuses, and nobody steps in', async ({ page, space, ears }) => {
  await fail(space, NEXT, 401);
  await begin(page, { life: 12, bound: true, once: true });
  await expectReady(page);
  expect(await dial(page, '/public/echo')).toEqual({ done: true });
  expect(await endCode(page)).toBe('expired');
  expect(await errorNames(page)).toEqual(['TokenRefreshError', 'InvalidCredentialsError']);
  await noteAll(page);
  expect(await ears.leaks(await ears.secrets())).toEqual([]);
});

test('everything that is refused', async ({ page, space, ears }) => {
  const sat = await space.credential('subscriber', { reference: ADA });
  const guest = await space.credential('guest', { address: '/public/tone' });
  const foreign = `${btoa(JSON.stringify({ alg: 'dir', typ: 'SAT', ch: 'puc.elsewhere.test' })).replace(/=+$/, '')}.${sat.split('.').slice(1).join('.')}`;
  const [header = '', ...rest] = sat.split('.');
  const made = {
    revoked: await space.credential('subscriber', { reference: 'gone@example.test' }),
    spoilt: [header, ...rest.map((part) => part.split('').reverse().join(''))].join('.'),
    foreign,
    malformed: `Bearer ${sat}`,
    secret: 'not-a-token-and-yet-a-secret-of-somebody',
  };
  await page.evaluate(async (token) => {
    const headers = { authorization: `Bearer ${token}` };
    globalThis.note((await (await fetch('/api/fabric/subscriber/info', { headers })).json()).id);
  }, made.revoked);
  const id = await page.evaluate(() => globalThis.overheard.told.at(-1));
  await space.revoke({ subscriber_id: id ?? '' });
  for (const [name, token] of Object.entries(made)) {
    const outcome = await page.evaluate(async (token) => {
      const options = { skipAuthentication: true, allowedHosts: ['localhost'] };
      const made = new sdk.SignalWire(new sdk.StaticCredentialProvider({ token }), options);
      watch(made);
      const rejected = await made.connect().then(() => undefined, (error: Error) => error);
      globalThis.note(rejected);
      made.destroy();
      return rejected?.name;
    }, token);
    expect(outcome, name).toBe('InvalidCredentialsError');
  }
  // A fresh credential is held against its end also where a stored one would be taken up.
  const late = await page.evaluate(async (token) => {
    const before = globalThis.overheard.urls.length;
    const authenticate = async () => ({ token, expiry_at: Date.now() - 1000 });
    watch(new sdk.SignalWire({ authenticate }, { persistSession: true, skipAuthentication: true }));
    const { code } = await client.connect().then(() => ({ code: '' }), (error) => error);
    client.destroy();
    return [code, globalThis.overheard.urls.length - before];
  }, sat);
  expect(late).toEqual(['credentials_expired', 0]);
  await page.evaluate(async ([token, host]) => {
    const embedded = { to: '/public/echo', embedToken: token, host };
    for (const one of [embedded, { ...embedded, host: 'localhost:1' }]) globalThis.note(await sdk.embeddableCall(one).catch((error: Error) => error));
  }, [made.secret, space.info.hosts.embeds] as const);
  await page.evaluate(async (token) => {
    watch(new sdk.SignalWire(new sdk.StaticCredentialProvider({ token })));
    await client.connect();
    globalThis.note(await client.dial('/public/echo').catch((error: Error) => error));
  }, guest);
  await noteAll(page);
  expect(await ears.leaks([...(await ears.secrets()), sat, guest, ...Object.values(made)])).toEqual([]);
});

test('who leaves a secret anywhere is caught', async ({ page, space, ears }) => {
  const secret = await space.credential('subscriber', { reference: ADA });
  await page.evaluate(async (sat) => {
    const piece = sat.slice(120, 160);
    console.debug(`the SAT is ${piece}`);
    globalThis.note(new Error('refused', { cause: Object.defineProperty(new Error('inside'), 'hidden', { value: { sat: piece } }) }));
    localStorage.setItem('a', piece);
    sessionStorage.setItem('b', piece);
    // biome-ignore lint/suspicious/noDocumentCookie: Firefox ESR has no Cookie Store API.
    document.cookie = `c=${piece}`;
    history.replaceState({ piece }, '', `#${piece}`);
    await caches.open(piece);
    await fetch(`/blank.html?${piece}`);
    const open = indexedDB.open('d');
    const database = await new Promise<IDBDatabase>((resolve) => {
      open.onupgradeneeded = () => open.result.createObjectStore('e');
      open.onsuccess = () => resolve(open.result);
    });
    const write = database.transaction('e', 'readwrite');
    write.objectStore('e').put(piece, 'f');
    await new Promise((resolve) => {
      write.oncomplete = resolve;
    });
    database.close();
  }, secret);
  const places = ['localStorage', 'sessionStorage', 'IndexedDB', 'caches', 'cookies', 'address', 'history', 'performance', 'told', 'urls', 'console'];
  await expect.poll(() => ears.leaks([secret])).toEqual(places);
});
