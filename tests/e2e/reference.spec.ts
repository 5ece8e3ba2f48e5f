// The control: the published reference package, unmodified, makes its call on the space. It shares no line with us.
import { packetsReceived, strongestFrequency } from './harness/sound.js';
import { expect, expectReady, expectStatus, REFERENCE, test } from './harness/test.js';
import type { Page } from '@playwright/test';
import type { Space } from './harness/space.js';

test.use({ entry: REFERENCE });

async function hearsAndHangsUp(page: Page, space: Space): Promise<void> {
  await expectStatus(page, 'connected');
  await expect.poll(() => packetsReceived(page)).toBeGreaterThan(20);
  await expect.poll(async () => (await space.call()).legs[0]?.packets_received).toBeGreaterThan(20);
  await page.evaluate(() => globalThis.call?.hangup());
  await expect.poll(async () => (await space.call()).ended).toMatchObject({ by: 'client', how: 'bye' });
}

test('embeddableCall', async ({ caller, space }) => {
  const options = { to: '/public/echo', embedToken: space.embedToken('/public/echo'), host: `localhost:${space.port}` };
  expect(await caller.evaluate((given) => probe.embedded(given), options)).toEqual({ done: true });
  await hearsAndHangsUp(caller, space);
});

test('a client with a SAT', async ({ caller, space }) => {
  const token = await space.subscriberSat('ada@example.test');
  await caller.evaluate((sat) => probe.connect(sat), token);
  await expectReady(caller);
  expect(await caller.evaluate(() => probe.dial('/public/tone'))).toEqual({ done: true });
  await expectStatus(caller, 'connected');
  await expect.poll(() => strongestFrequency(caller)).toBeGreaterThan(434);
  await hearsAndHangsUp(caller, space);
});
