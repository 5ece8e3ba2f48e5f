// By what a credential is renewed (auth.md §1.12), and what an application is told of it (§10.2): each row of the table, in a page.
import type { Page } from '@playwright/test';
import { exchangesOf, renewalsOf, sessionOf, startRenewing, type Wish } from './harness/renewal.js';
import { expect, expectReady, expectRegistered, test } from './harness/test.js';

/** Life of a SAT in seconds: it is renewed halfway. */
const LIFE = 8;

const FIRST_BOUND = '/api/fabric/subscriber/devices/token';

/** The documented record of a fallback. */
const fallback = (reason: string) => ({
  code: 'credential_refresh_fallback',
  source: 'CredentialProvider',
  reason,
  message: `Client Bound SAT activation declined (${reason}); using developer-provided refresh.`,
});

/** The documented record where nothing renews. */
const noHandler = (expiresAt: number | undefined) => ({
  code: 'credential_no_refresh_handler',
  source: 'CredentialProvider',
  message: "Credential has expiry_at but no refresh handler. Session will terminate at expiry unless the SAT carries 'sat:refresh' scope.",
  expiresAt,
});

/** What somebody is told who subscribes now: all that was said before. */
const seenLate = (page: Page) => page.evaluate(async () => {
  const seen: unknown[] = [];
  const late = client.warnings$.subscribe((warning) => seen.push(warning));
  // A task later whatever is replayed has been.
  await new Promise((resolve) => setTimeout(resolve));
  late.unsubscribe();
  return seen;
});

/** As on a page without Web Crypto. */
const withoutKeys = (page: Page) => page.evaluate(() => {
  Object.defineProperty(crypto, 'subtle', { value: undefined });
});

interface Row extends Wish {
  readonly keyless?: boolean;
  /** Endpoint that fails. */
  readonly refused?: boolean;
  readonly by: 'client-bound' | 'developer';
  readonly warning?: string;
}

const ROWS: Readonly<Record<string, Row>> = {
  'refresh() and the scope: the client': { refreshes: true, scoped: true, by: 'client-bound' },
  'refresh() and no scope: the provider': { refreshes: true, by: 'developer', warning: 'no-scope' },
  'the scope alone: the client': { scoped: true, by: 'client-bound' },
  'refresh(), the scope and no key: the provider': { refreshes: true, scoped: true, keyless: true, by: 'developer', warning: 'no-dpop-support' },
  'refresh(), the scope and a space that refuses: the provider': { refreshes: true, scoped: true, refused: true, by: 'developer', warning: 'endpoint-failed' },
};

for (const [name, row] of Object.entries(ROWS)) {
  test(`${name}, and never the other`, async ({ caller, space }) => {
    const { keyless = false, refused = false, by, warning, ...wish } = row;
    if (keyless) await withoutKeys(caller);
    if (refused) await space.refuse(FIRST_BOUND, 403);
    await startRenewing(caller, { seconds: LIFE, ...wish });
    await expect.poll(async () => (await renewalsOf(caller)).refreshed.length, { timeout: 3 * LIFE * 1000 }).toBe(2);
    const { refreshed, refreshes, fingerprints, warnings, exchanges } = await renewalsOf(caller);
    expect(refreshed.map(({ mechanism }) => mechanism)).toEqual([by, by]);
    expect((refreshed[1]?.expiresAt ?? 0) - (refreshed[0]?.expiresAt ?? 0)).toBeGreaterThan(0);
    expect(Object.keys(refreshed[0] ?? {}).sort()).toEqual(['expiresAt', 'mechanism']);
    expect([fingerprints.length, fingerprints[0]?.length]).toEqual([1, keyless ? undefined : 43]);
    expect(refreshes).toBe(by === 'developer' ? 2 : 0);
    expect(exchanges.length).toBe(by === 'client-bound' ? 3 : Number(refused));
    const told = warning === undefined ? [] : [fallback(warning)];
    expect(warnings).toEqual(told);
    expect(await seenLate(caller)).toEqual(told);
    // A failed activation is an error. What is renewed in another way is none.
    const errors = await caller.evaluate(() => probe.clientErrors.map(({ name: kind, cause }) => [kind, cause?.name]));
    expect(errors).toEqual(refused ? [['DPoPInitError', 'DeviceTokenError']] : []);
    expect(await sessionOf(space)).toMatchObject({ connected: true, registered: true, resumed: 0 });
  });
}

const ENDS: Readonly<Record<string, Wish & { keyless: boolean }>> = {
  'neither refresh() nor the scope': { keyless: false },
  'the scope, no refresh() and no key': { scoped: true, keyless: true },
};

for (const [name, { keyless, ...wish }] of Object.entries(ENDS)) {
  test(`${name}: the session ends with its SAT, which is told before`, async ({ caller, space }) => {
    if (keyless) await withoutKeys(caller);
    await startRenewing(caller, { seconds: LIFE, ...wish });
    await expectRegistered(caller);
    await expect.poll(async () => (await renewalsOf(caller)).warnings.length).toBe(1);
    const end = ((await sessionOf(space))?.expires_at ?? 0) * 1000;
    expect(await seenLate(caller)).toEqual([noHandler(end)]);
    expect(await caller.evaluate(() => [client.isConnected, probe.clientErrors])).toEqual([true, []]);
    await expect.poll(() => caller.evaluate(() => probe.clientErrors.map(({ name: kind, message }) => [kind, message])), { timeout: 2 * LIFE * 1000 })
      .toEqual([['InvalidCredentialsError', 'Provided credentials have expired.']]);
    expect(await renewalsOf(caller)).toMatchObject({ warnings: [noHandler(end)], refreshed: [], exchanges: [] });
    expect(await seenLate(caller)).toEqual([noHandler(end)]);
  });
}

test('a fixed SAT with the scope is renewed by the client, with a key that is made for it', async ({ caller, space }) => {
  const token = await space.credential('subscriber', { expires_in: LIFE, scope: 'sat:refresh' });
  await caller.evaluate((sat) => {
    probe.connect(sat);
    globalThis.refreshed = [];
    client.credentialRefreshed$.subscribe((record) => globalThis.refreshed.push(record));
  }, token);
  await expect.poll(() => caller.evaluate(() => globalThis.refreshed.map(({ mechanism }) => mechanism)), { timeout: 3 * LIFE * 1000 })
    .toEqual(['client-bound', 'client-bound']);
  expect((await sessionOf(space))?.jkt).toHaveLength(43);
  expect(await seenLate(caller)).toEqual([]);
});

test('an activation that failed is tried again after a reconnect, and nothing is told twice', async ({ caller, space }) => {
  await space.refuse(FIRST_BOUND, 403);
  await startRenewing(caller, { seconds: LIFE, scoped: true, refreshes: true });
  await expectReady(caller);
  await expect.poll(async () => (await renewalsOf(caller)).warnings).toEqual([fallback('endpoint-failed')]);
  expect((await sessionOf(space))?.jkt).toBeNull();
  await space.dropSockets();
  await expect.poll(async () => (await sessionOf(space))?.jkt).toHaveLength(43);
  await expect.poll(async () => (await renewalsOf(caller)).refreshed.at(-1)?.mechanism).toBe('client-bound');
  expect((await exchangesOf(caller)).map(({ what, status }) => [what, status])).toEqual([['token', 403], ['token', 201], ['refresh', 201]]);
  expect((await renewalsOf(caller)).warnings).toEqual([fallback('endpoint-failed')]);
  expect(await sessionOf(space)).toMatchObject({ connected: true, resumed: 1 });
});

test('an activation that is not answered leaves it to the provider in time', async ({ caller, space }) => {
  await space.hang(FIRST_BOUND);
  await startRenewing(caller, { seconds: LIFE, scoped: true, refreshes: true });
  await expect.poll(async () => (await renewalsOf(caller)).warnings).toEqual([fallback('activation-timeout')]);
  await expect.poll(async () => (await renewalsOf(caller)).refreshed.map(({ mechanism }) => mechanism)).toEqual(['developer']);
  expect(await sessionOf(space)).toMatchObject({ connected: true, resumed: 0, jkt: null });
});
