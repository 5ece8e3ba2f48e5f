// Client-bound SATs (auth.md §13, E-1 to E-4 and E-13): who renews its credential with its own key, and what the space sees of it.
// The same scenarios run on the published package: what it fails at are its known defects (auth.md §11), named here by their numbers.
import type { Page } from '@playwright/test';
import { ADA, BOB } from './harness/people.js';
import { exchangesOf, renewalsOf, sessionOf, startRenewing } from './harness/renewal.js';
import { expect, expectReady, expectRegistered, REFERENCE, test } from './harness/test.js';
import type { Space } from './harness/space.js';

const CLEO = 'cleo@example.test';

/** Lives of the SATs, in seconds. The published package renews 30 s before the end, we do so halfway through a short life. */
const LONG = { unbound: 60, bound: 90, lost: 40 };
const SHORT = { unbound: 12, bound: 14, lost: 8 };

/** Two rotations, all by the key that the provider was told of, in one session. */
async function rotatesTwice(page: Page, space: Space, reference: string, seconds: number): Promise<void> {
  // Activation, and a rotation twice.
  await expect.poll(async () => (await sessionOf(space, reference))?.reauthenticated, { timeout: 2 * seconds * 1000 }).toBe(3);
  const exchanges = await exchangesOf(page);
  const [fingerprint, ...later] = (await renewalsOf(page)).fingerprints;
  expect(later).toEqual([]);
  expect(fingerprint).toHaveLength(43);
  expect(exchanges.map(({ what, status, signedBy }) => [what, status, signedBy])).toEqual([
    ['token', 201, fingerprint],
    ['refresh', 201, fingerprint],
    ['refresh', 201, fingerprint],
  ]);
  expect(new Set(exchanges.map(({ host }) => host))).toEqual(new Set([`fabric.localhost:${space.port}`]));
  expect(exchanges[0]?.seconds).toBe(900);
  // Each asks for as long a life as the one before had.
  for (const next of exchanges.slice(1)) expect(Math.abs(next.seconds - seconds)).toBeLessThan(5);
  expect(await sessionOf(space, reference)).toMatchObject({ connected: true, registered: true, resumed: 0, jkt: fingerprint });
  expect(await page.evaluate(() => [probe.sockets, probe.clientErrors])).toEqual([1, []]);
}

/** E-2: the backend asks for the scope and passes no fingerprint on. The first key that is used is the one. */
async function bindsOnFirstUse(page: Page, space: Space, seconds: number): Promise<void> {
  await startRenewing(page, { reference: ADA, seconds, scoped: true });
  await rotatesTwice(page, space, ADA, seconds);
}

/** E-3: the backend passes the fingerprint on. The SAT is of use with the key alone, from the first frame. */
async function boundFromTheStart(page: Page, space: Space, seconds: number): Promise<void> {
  await startRenewing(page, { reference: BOB, seconds, scoped: true, forwards: true });
  await rotatesTwice(page, space, BOB, seconds);
}

/** E-4: offline until the SAT has been over for some time. Returns the answers to the later requests for a first bound SAT. */
async function comesBackTooLate(page: Page, space: Space, seconds: number): Promise<number[]> {
  await startRenewing(page, { reference: CLEO, seconds, scoped: true });
  await expectReady(page);
  await expectRegistered(page);
  await expect.poll(async () => (await sessionOf(space, CLEO))?.reauthenticated).toBe(1);
  const before = await sessionOf(space, CLEO);
  await page.context().setOffline(true);
  await space.dropSockets(before?.id ?? undefined);
  const end = (before?.expires_at ?? 0) + seconds / 4;
  await expect.poll(() => Date.now() / 1000, { timeout: 2 * seconds * 1000 }).toBeGreaterThan(end);
  await page.context().setOffline(false);
  await expect.poll(() => sessionOf(space, CLEO)).toMatchObject({ id: before?.id, connected: true, resumed: 1 });
  const again = async () => (await exchangesOf(page)).filter(({ what }) => what === 'token').slice(1);
  await expect.poll(async () => (await again()).length).toBeGreaterThan(0);
  const { fingerprints } = await renewalsOf(page);
  for (const { signedBy } of await exchangesOf(page)) expect(signedBy).toBe(fingerprints[0]);
  expect((await sessionOf(space, CLEO))?.jkt).toBe(fingerprints[0]);
  return (await again()).map(({ status }) => status);
}

test.describe('ours', () => {
  test('E-1: a plain SAT is renewed by its provider, and by no key', async ({ caller, space }) => {
    await startRenewing(caller, { seconds: SHORT.unbound, refreshes: true });
    await expect.poll(async () => (await sessionOf(space))?.reauthenticated, { timeout: 3 * SHORT.unbound * 1000 }).toBe(2);
    const noted = await renewalsOf(caller);
    expect(noted.fingerprints.map((one) => one?.length)).toEqual([43]);
    expect(noted.refreshes).toBe(2);
    expect(noted.refreshed.map(({ mechanism }) => mechanism)).toEqual(['developer', 'developer']);
    expect(await sessionOf(space)).toMatchObject({ connected: true, resumed: 0, jkt: null });
    expect(await exchangesOf(caller)).toEqual([]);
  });

  test('E-2, E-3 and E-4, side by side', async ({ another, space, browserName }) => {
    const { unbound, bound, lost } = browserName === 'chromium' ? LONG : SHORT;
    test.setTimeout((4 * bound + 30) * 1000);
    const [first, second, third] = [await another(), await another(), await another()];
    const [, , answers] = await Promise.all([
      bindsOnFirstUse(first, space, unbound),
      boundFromTheStart(second, space, bound),
      comesBackTooLate(third, space, lost),
    ]);
    for (const page of [first, second]) {
      const { refreshed, warnings } = await renewalsOf(page);
      expect(refreshed.length).toBeGreaterThanOrEqual(2);
      for (const { mechanism } of refreshed) expect(mechanism).toBe('client-bound');
      expect(warnings).toEqual([]);
    }
    // Whoever comes back with a SAT that is over gets another one, and goes on with it.
    expect(answers.at(-1)).toBe(201);
    await expect.poll(async () => (await sessionOf(space, CLEO))?.expires_at).toBeGreaterThan(Date.now() / 1000);
    expect(await sessionOf(space, CLEO)).toMatchObject({ connected: true, registered: true, resumed: 1 });
  });
});

test.describe('the published package', { tag: '@reference' }, () => {
  test.use({ entry: REFERENCE });

  test('E-1: a plain SAT is renewed by no key, and ends: with a key at hand it never calls refresh()', async ({ caller, space }) => {
    await startRenewing(caller, { seconds: SHORT.unbound, refreshes: true });
    await expectReady(caller);
    expect(await sessionOf(space)).toMatchObject({ connected: true, jkt: null, reauthenticated: 0 });
    await expect.poll(() => sessionOf(space), { timeout: 2 * SHORT.unbound * 1000 }).toBeUndefined();
    const noted = await renewalsOf(caller);
    expect([noted.fingerprints.map((one) => one?.length), noted.refreshes, noted.exchanges]).toEqual([[43], 0, []]);
  });

  test('E-2, E-3 and E-4, side by side', async ({ another, space }) => {
    const { unbound, bound, lost } = LONG;
    test.setTimeout((4 * bound + 30) * 1000);
    const [first, second, third] = [await another(), await another(), await another()];
    const [, , answers] = await Promise.all([
      bindsOnFirstUse(first, space, unbound),
      boundFromTheStart(second, space, bound),
      comesBackTooLate(third, space, lost),
    ]);
    // It asks with the SAT that is over (W-29).
    expect(answers).toEqual([401]);
  });
});
