// A session that outlives its token: the provider's `refresh()` brings the next SAT in time, and a call goes on.
import type { Page } from '@playwright/test';
import { dial, endCode, expectHeard } from './harness/people.js';
import { packetsReceived } from './harness/sound.js';
import { expect, expectReady, test } from './harness/test.js';

/** How long each SAT lives, in seconds: it is renewed in the second half of that. */
const LIFE = 12;

interface Refreshed {
  readonly mechanism: string;
  readonly expiresAt?: number;
}

declare global {
  var refreshed: Refreshed[];
  var refuses: boolean;
}

/** A client whose SATs the space's front desk makes, as a backend would. */
async function renewing(page: Page): Promise<void> {
  await page.evaluate((life) => {
    globalThis.refreshed = [];
    globalThis.refuses = false;
    const fetchSat = async () => {
      if (globalThis.refuses) throw new Error('the backend refuses');
      const body = JSON.stringify({ kind: 'subscriber', expires_in: life });
      const { token, expires_at } = await (await fetch('/.space/credentials', { method: 'POST', body })).json();
      return { token, expiry_at: expires_at * 1000 };
    };
    const made = new sdk.SignalWire({ authenticate: fetchSat, refresh: fetchSat });
    made.credentialRefreshed$.subscribe((record) => globalThis.refreshed.push(record));
    probe.use(made);
  }, LIFE);
  await expectReady(page);
}

test('a call outlives its SAT twice, and nobody notices', async ({ caller, space, complaints }) => {
  await renewing(caller);
  expect(await dial(caller, '/public/echo')).toEqual({ done: true });
  await expectHeard(caller);
  await expect.poll(() => caller.evaluate(() => globalThis.refreshed.length), { timeout: 3 * LIFE * 1000 }).toBe(2);
  const [first, second] = await caller.evaluate(() => globalThis.refreshed);
  expect(first?.mechanism).toBe('developer');
  expect(second?.expiresAt).toBeGreaterThan(first?.expiresAt ?? 0);
  const before = await packetsReceived(caller);
  await expect.poll(() => packetsReceived(caller)).toBeGreaterThan(before + 10);
  expect(await caller.evaluate(() => [probe.statuses.at(-1), globalThis.call?.status, client.isRegistered])).toEqual(['connected', 'connected', true]);
  // One session, on one socket, with the newest credential.
  const sessions = await space.sessions();
  expect(sessions.map(({ resumed }) => resumed)).toEqual([0]);
  expect(await caller.evaluate(() => probe.open().sockets)).toBe(1);
  expect(complaints).toEqual([]);
});

test('without another SAT the session ends at its end, told once', async ({ caller }) => {
  await renewing(caller);
  expect(await dial(caller, '/public/echo')).toEqual({ done: true });
  await caller.evaluate(() => {
    globalThis.refuses = true;
  });
  expect(await endCode(caller)).toBe('expired');
  expect(await caller.evaluate(() => [client.isConnected, client.isRegistered])).toEqual([false, false]);
});
