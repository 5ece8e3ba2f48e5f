// The engine traps in the middle of a call. The build for tests can be told when.
import { expect, expectNothingOpen, expectStatus, test } from './harness/test.js';

test.use({ entry: '/sdk/test/signalwire.trap.mjs' });

declare global {
  /** Lets an entrance into the engine trap: the one after the next `after`. */
  var signalwireTrapAt: (after: number, overflow: boolean) => void;
}

for (const overflow of [false, true]) {
  test(`${overflow ? 'a stack overflow' : 'a panic'} ends everything once, and a new client works`, async ({ caller, space }) => {
    const token = await space.subscriberSat('ada@example.test');
    await caller.evaluate((sat) => probe.connect(sat), token);
    expect(await caller.evaluate(() => probe.dial('/public/echo'))).toEqual({ done: true });
    await expectStatus(caller, 'connected');

    const hangup = await caller.evaluate((deep) => {
      signalwireTrapAt(0, deep);
      return probe.settle(globalThis.call?.hangup() ?? Promise.reject());
    }, overflow);

    const died = { name: 'UnexpectedError', code: 'engine_died', retryable: true };
    expect(hangup).toMatchObject({ done: false, error: died });
    await expectStatus(caller, 'destroyed');
    expect(await caller.evaluate(() => probe.statuses.slice(-2))).toEqual(['failed', 'destroyed']);
    expect(await caller.evaluate(() => globalThis.call?.endReason)).toEqual({ code: 'network' });
    expect(await caller.evaluate(() => probe.callErrors)).toMatchObject([{ kind: 'internal', fatal: true, error: died }]);
    expect(await caller.evaluate(() => probe.clientErrors)).toMatchObject([died]);
    expect(await caller.evaluate(() => probe.settle(client.connect()))).toMatchObject({ done: false, error: died });
    expect(await caller.evaluate(() => probe.open())).toMatchObject({ tracks: 0, peers: 0 });

    await caller.evaluate((sat) => probe.connect(sat), token);
    expect(await caller.evaluate(() => probe.dial('/public/echo'))).toEqual({ done: true });
    await expectStatus(caller, 'connected');
    await caller.evaluate(() => globalThis.call?.hangup());
    await caller.evaluate(() => client.destroy());
    await expect.poll(() => caller.evaluate(() => probe.open())).toEqual({ tracks: 0, peers: 0, sockets: 0 });
  });
}

test('a trap while a call is being made rejects the dial', async ({ caller, space }) => {
  const options = { to: '/public/echo', embedToken: space.embedToken('/public/echo'), host: `localhost:${space.port}` };
  const outcome = await caller.evaluate((given) => {
    const dialling = probe.embedded(given);
    signalwireTrapAt(1, false);
    return dialling;
  }, options);
  expect(outcome).toMatchObject({ done: false, error: { code: 'engine_died' } });
  await expectNothingOpen(caller, space);
});
