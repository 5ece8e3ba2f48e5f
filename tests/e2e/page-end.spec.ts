// The page goes away in the middle of a call. In Chromium alone: Firefox has closed the sockets of a page that is left
// or reloaded before `pagehide` comes; there the far end learns it from the closed DTLS transport.
import type { Page } from '@playwright/test';
import type { Space } from './harness/space.js';
import { expect, expectStatus, test } from './harness/test.js';

async function call(caller: Page, space: Space): Promise<void> {
  const options = { to: '/public/echo', embedToken: space.embedToken('/public/echo'), host: `localhost:${space.port}` };
  expect(await caller.evaluate((given) => probe.embedded(given), options)).toEqual({ done: true });
  await expectStatus(caller, 'connected');
}

const WAYS: Record<string, (page: Page) => Promise<unknown>> = {
  'leaving the page': (page) => page.goto('about:blank'),
  'reloading the page': (page) => page.reload(),
  'closing the tab': (page) => page.close({ runBeforeUnload: true }),
};

for (const [name, leave] of Object.entries(WAYS)) {
  test(`${name} says goodbye`, async ({ caller, space }) => {
    await call(caller, space);
    await leave(caller);
    // Soon: not by the space's own search for the dead.
    await expect.poll(async () => (await space.call()).ended, { timeout: 2_000 }).toMatchObject({ by: 'client', how: 'bye' });
    await expect.poll(async () => (await space.sessions()).filter(({ connected }) => connected)).toEqual([]);
  });
}

test('a client that keeps its calls over a reload says nothing', async ({ caller, space }) => {
  const token = await space.subscriberSat('ada@example.test');
  await caller.evaluate((sat) => probe.connect(sat, { reconnectAttachedCalls: true }), token);
  expect(await caller.evaluate(() => probe.dial('/public/echo'))).toEqual({ done: true });
  await expectStatus(caller, 'connected');
  await caller.reload();
  await expect.poll(async () => (await space.sessions()).filter(({ connected }) => connected)).toEqual([]);
  expect((await space.call()).state).toBe('joined');
});

test('after a crash of the page the space ends the leg within 30 seconds', async ({ caller, space }) => {
  await call(caller, space);
  const crashed = caller.waitForEvent('crash');
  // The navigation itself never comes to an end.
  await Promise.allSettled([caller.goto('chrome://crash'), crashed]);
  const from = Date.now();
  await expect.poll(async () => (await space.call()).state, { timeout: 35_000 }).toBe('ended');
  const { ended } = await space.call();
  expect(ended).toMatchObject({ by: 'space' });
  expect((ended?.ended_ms ?? Infinity) - from).toBeLessThan(30_000);
});
