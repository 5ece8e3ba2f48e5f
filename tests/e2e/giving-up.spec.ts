// The application gives up, at every moment at which it can.
import type { Page } from '@playwright/test';
import { expect, expectNothingOpen, expectStatus, test } from './harness/test.js';

const ABORTED = { done: false, error: { name: 'AbortError' } };
const outcome = (caller: Page) => caller.evaluate(() => probe.outcome);

/** The moments of a dial, by what the page has just sent. */
const MOMENTS = [
  { name: 'at once', sent: undefined },
  { name: 'while the first request is on its way', sent: 'fetch' },
  { name: 'during the connect', sent: 'signalwire.connect' },
  { name: 'between invite and answer', sent: 'verto.invite' },
] as const;

for (const { name, sent } of MOMENTS) {
  for (const way of ['signal', 'destroy'] as const) {
    test(`${way}: ${name}`, async ({ caller, space }) => {
      const token = await space.subscriberSat('ada@example.test');
      const embedToken = space.embedToken('/public/echo');
      await caller.evaluate(([how, sat, embed, host, moment]) => {
        const giveUp = () => (how === 'signal' ? abort.abort() : client.destroy());
        probe.onSent = (what) => {
          if (what === moment) giveUp();
        };
        if (how === 'signal') void probe.embedded({ to: '/public/echo', embedToken: embed, host });
        else {
          probe.connect(sat);
          void probe.dial('/public/echo');
        }
        if (!moment) giveUp();
      }, [way, token, embedToken, `localhost:${space.port}`, sent] as const);
      const expected = way === 'signal' ? ABORTED : { done: false, error: { code: 'client_destroyed', name: 'TransportConnectionError' } };
      await expect.poll(() => outcome(caller)).toMatchObject(expected);
      await expectNothingOpen(caller, space);
      // What reached the space was taken back there, too.
      await expect.poll(async () => (await space.calls()).every(({ ended }) => ended)).toBe(true);
    });
  }
}

test('a signal has no effect once the call is made', async ({ caller, space }) => {
  const options = { to: '/public/echo', embedToken: space.embedToken('/public/echo'), host: `localhost:${space.port}` };
  await caller.evaluate((given) => probe.embedded(given), options);
  await caller.evaluate(() => abort.abort());
  await expectStatus(caller, 'connected');
});

test('hanging up before the answer', async ({ caller, space }) => {
  const options = { to: '/public/silent', embedToken: space.embedToken('/public/silent'), host: `localhost:${space.port}` };
  expect(await caller.evaluate((given) => probe.embedded(given), options)).toEqual({ done: true });
  expect(await caller.evaluate(() => globalThis.call?.status)).not.toBe('connected');
  await caller.evaluate(() => globalThis.call?.hangup());
  expect(await caller.evaluate(() => globalThis.call?.endReason)).toMatchObject({ code: 'cancelled' });
  expect((await space.call()).ended).toMatchObject({ by: 'client', how: 'bye' });
  await expectNothingOpen(caller, space);
});

for (const way of ['disconnect', 'destroy'] as const) {
  for (const to of ['/public/silent', '/public/echo']) {
    test(`${way} with a live call to ${to}`, async ({ caller, space }) => {
      await caller.evaluate((token) => probe.connect(token), await space.subscriberSat('ada@example.test'));
      expect(await caller.evaluate((where) => probe.dial(where), to)).toEqual({ done: true });
      if (to === '/public/echo') await expectStatus(caller, 'connected');
      await caller.evaluate((how) => (how === 'destroy' ? client.destroy() : client.disconnect()), way);
      await expectStatus(caller, 'destroyed');
      const code = to === '/public/echo' ? 'normal' : 'cancelled';
      expect(await caller.evaluate(() => globalThis.call?.endReason?.code)).toBe(code);
      await expectNothingOpen(caller, space);
      await expect.poll(async () => (await space.call()).ended).toMatchObject({ by: 'client', how: 'bye' });
    });
  }
}

test('every command after destroy() is refused, and none hangs', async ({ caller, space }) => {
  await caller.evaluate((token) => probe.connect(token), await space.subscriberSat('ada@example.test'));
  await caller.evaluate(() => probe.dial('/public/echo'));
  const outcomes = await caller.evaluate(async () => {
    client.destroy();
    client.destroy();
    return Promise.all([client.connect(), client.dial('/public/echo'), client.disconnect()].map((promise) => probe.settle(promise)));
  });
  for (const one of outcomes) expect(one).toMatchObject({ done: false, error: { code: 'client_destroyed' } });
  expect(await caller.evaluate(() => probe.settle(globalThis.call?.hangup() ?? Promise.reject()))).toEqual({ done: true });
  await expectNothingOpen(caller, space);
});
