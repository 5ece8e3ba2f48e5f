// Two things at once: what the browser or the space says late must neither be lost nor leave anything open.
import type { Page } from '@playwright/test';
import type { Space } from './harness/space.js';
import { expect, expectNothingOpen, expectStatus, test } from './harness/test.js';

const IDLE = { tracks: 0, peers: 0, sockets: 1 };

async function ready(caller: Page, space: Space): Promise<void> {
  await caller.evaluate((token) => probe.connect(token), await space.subscriberSat('ada@example.test'));
  await expect.poll(() => caller.evaluate(() => client.isConnected)).toBe(true);
}

/** Dials with the question for the microphone left open; returns when it has been asked. */
async function dialUndecided(caller: Page): Promise<void> {
  await caller.evaluate(() => {
    probe.decision = new Promise((resolve) => Object.assign(globalThis, { allow: resolve }));
    void probe.dial('/public/echo');
  });
  await expect.poll(() => caller.evaluate(() => probe.asked)).toBe(1);
}

const allow = (caller: Page) => caller.evaluate(() => (globalThis as unknown as { allow(): void }).allow());

for (const way of ['signal', 'disconnect', 'destroy'] as const) {
  test(`a microphone that is allowed after ${way} is turned off again`, async ({ caller, space }) => {
    await ready(caller, space);
    await dialUndecided(caller);
    await caller.evaluate((how) => {
      if (how === 'signal') abort.abort();
      else if (how === 'destroy') client.destroy();
      else void client.disconnect();
    }, way);
    await expect.poll(() => caller.evaluate(() => probe.outcome?.done)).toBe(false);
    await allow(caller);
    await expect.poll(() => caller.evaluate(() => probe.granted)).toBe(1);
    if (way === 'signal') await expect.poll(() => caller.evaluate(() => probe.open())).toEqual(IDLE);
    else await expectNothingOpen(caller, space);
    expect(await space.calls()).toEqual([]);
  });
}

test('a slow visitor: the six seconds of a dial begin with the invite', async ({ caller, space }) => {
  await ready(caller, space);
  await caller.clock.install();
  await dialUndecided(caller);
  await caller.clock.fastForward(60_000);
  await caller.clock.resume();
  await allow(caller);
  await expectStatus(caller, 'connected');
});

test('two calls at the same time', async ({ caller, space }) => {
  await ready(caller, space);
  const statuses = () => caller.evaluate(() => (globalThis as unknown as { both: (typeof sdk.WebRTCCall)['prototype'][] }).both.map(({ status }) => status));
  await caller.evaluate(async () => {
    Object.assign(globalThis, { both: await Promise.all([client.dial('/public/echo'), client.dial('/public/tone')]) });
  });
  await expect.poll(statuses).toEqual(['connected', 'connected']);
  await caller.evaluate(() => (globalThis as unknown as { both: (typeof sdk.WebRTCCall)['prototype'][] }).both[0]?.hangup());
  expect(await statuses()).toEqual(['destroyed', 'connected']);
  await expect.poll(async () => (await space.calls()).map(({ address, state }) => [address, state]).sort()).toEqual([
    ['/public/echo', 'ended'],
    ['/public/tone', 'joined'],
  ]);
  await caller.evaluate(() => client.disconnect());
  await expectNothingOpen(caller, space);
});

test('a socket that breaks behind an invite: the dial succeeds or fails in its time', async ({ caller, space }) => {
  await ready(caller, space);
  await space.setRoundTrip(600);
  await caller.evaluate(() => {
    void probe.dial('/public/echo');
  });
  await expect.poll(() => caller.evaluate(() => probe.sent.some(({ method }) => method === 'verto.invite')), { intervals: [10] }).toBe(true);
  await space.dropSockets();
  await space.setRoundTrip(0);
  await expect.poll(() => caller.evaluate(() => probe.outcome), { timeout: 20_000 }).toBeTruthy();
  const outcome = await caller.evaluate(() => probe.outcome);
  if (outcome?.done) await expectStatus(caller, 'connected');
  else expect(outcome).toMatchObject({ error: { name: 'CallCreateError', retryable: true } });
  await caller.evaluate(() => client.disconnect());
  await expectNothingOpen(caller, space);
  await expect.poll(async () => (await space.calls()).every(({ ended }) => ended)).toBe(true);
});

test('disconnect and connect again', async ({ caller, space }) => {
  await ready(caller, space);
  for (const to of ['/public/echo', '/public/tone']) {
    await caller.evaluate(() => client.disconnect());
    await expectNothingOpen(caller, space);
    await caller.evaluate(() => client.connect());
    expect(await caller.evaluate((where) => probe.dial(where), to)).toEqual({ done: true });
    await expectStatus(caller, 'connected');
  }
});

test('hanging up while a mute is on its way settles both', async ({ caller, space }) => {
  await ready(caller, space);
  await caller.evaluate(() => probe.dial('/public/echo'));
  await expectStatus(caller, 'connected');
  await expect.poll(() => caller.evaluate(() => globalThis.call?.self?.audioMuted)).toBe(false);
  const outcomes = await caller.evaluate(() => Promise.all([
    probe.settle(globalThis.call?.self?.mute() ?? Promise.reject()),
    probe.settle(globalThis.call?.hangup() ?? Promise.reject()),
    probe.settle(globalThis.call?.hangup() ?? Promise.reject()),
  ]));
  expect(outcomes.slice(1)).toEqual([{ done: true }, { done: true }]);
  expect(outcomes[0]?.done === true || typeof outcomes[0]?.error.code === 'string').toBe(true);
  expect(await caller.evaluate(() => probe.open())).toEqual(IDLE);
  await expect.poll(async () => (await space.call()).ended).toMatchObject({ by: 'client', how: 'bye' });
});

test('both sides hang up at once', async ({ caller, space }) => {
  await ready(caller, space);
  await caller.evaluate(() => probe.dial('/public/echo'));
  await expectStatus(caller, 'connected');
  await space.setRoundTrip(400);
  const [outcome] = await Promise.all([caller.evaluate(() => probe.settle(globalThis.call?.hangup() ?? Promise.reject())), space.hangUp()]);
  expect(outcome).toEqual({ done: true });
  await expectStatus(caller, 'destroyed');
  expect(await caller.evaluate(() => globalThis.call?.endReason?.code)).toBe('normal');
  expect(await caller.evaluate(() => probe.open())).toEqual(IDLE);
});

test('a subscriber that throws disturbs nobody', async ({ caller, space, complaints }) => {
  await ready(caller, space);
  await caller.evaluate(async () => {
    await probe.dial('/public/echo');
    globalThis.call?.status$.subscribe(() => {
      throw new Error('of the application');
    });
  });
  await expectStatus(caller, 'connected');
  await caller.evaluate(() => globalThis.call?.hangup());
  await expectStatus(caller, 'destroyed');
  expect(complaints.length).toBeGreaterThan(0);
  expect(complaints.every((text) => text.includes('of the application'))).toBe(true);
  expect(await caller.evaluate(() => probe.open())).toEqual(IDLE);
});
