// What the space refuses: a typed error, and nothing stays open.
import type { Page } from '@playwright/test';
import type { ErrorFacts, Outcome } from './harness/probe.js';
import { PAGES } from './harness/places.js';
import { Space } from './harness/space.js';
import { expect, expectNothingOpen, test } from './harness/test.js';

/** The error of a promise that must have been rejected; it has what every error of the package has. */
function rejection(outcome: Outcome): ErrorFacts {
  if (outcome.done) throw new Error('it was not refused');
  const { error } = outcome;
  expect(error.isError).toBe(true);
  expect(String(error.advice)).not.toBe('');
  return error;
}

/** Connects with a SAT and returns how that failed. */
async function refusedSat(caller: Page, token: string, endpoints = {}): Promise<ErrorFacts> {
  const outcome = await caller.evaluate(async ([sat, elsewhere]) => {
    probe.connect(sat, { skipConnection: true, endpoints: elsewhere });
    return probe.settle(client.connect());
  }, [token, endpoints] as const);
  const error = rejection(outcome);
  await expect.poll(() => caller.evaluate(() => probe.clientErrors.map(({ code }) => code))).toEqual([error.code]);
  expect(error).toMatchObject({ name: 'InvalidCredentialsError', retryable: false });
  // A client whose credential is bad does not dial either.
  const dialled = rejection(await caller.evaluate(() => probe.dial('/public/echo')));
  expect([dialled, dialled.cause].map((one) => one?.code)).toContain(error.code);
  await caller.evaluate(() => client.destroy());
  return error;
}

test('an embed token that the space does not know', async ({ caller, space }) => {
  const options = { to: '/public/echo', embedToken: 'c2t_nobody', host: `localhost:${space.port}` };
  const error = rejection(await caller.evaluate((given) => probe.embedded(given), options));
  expect(error).toMatchObject({ name: 'RequestError', code: 'embed_token_rejected' });
  expect(error.message).not.toContain('c2t_nobody');
  await expectNothingOpen(caller, space);
});

test('a SAT of another space', async ({ caller, space }) => {
  const other = await Space.start(PAGES);
  try {
    const { websocket, fabric } = space.info.hosts;
    const here = { websocket: `ws://${websocket}`, rest: `http://${fabric}` };
    const foreign = await other.subscriberSat('ada@example.test');
    expect(await refusedSat(caller, foreign, here)).toMatchObject({ code: 'credentials_rejected' });
    await expectNothingOpen(caller, space);
    expect(await other.sessions()).toEqual([]);
  } finally {
    await other.stop();
  }
});

test('what is no SAT at all', async ({ caller, space }) => {
  expect(await refusedSat(caller, 'not-a-sat')).toMatchObject({ code: 'credentials_malformed' });
  await expectNothingOpen(caller, space);
});

test('a SAT that has expired', async ({ caller, space }) => {
  const token = await space.subscriberSat('ada@example.test', { expire_at: Math.floor(Date.now() / 1000) + 1 });
  const whoAmI = () => fetch(`http://127.0.0.1:${space.port}/api/fabric/subscriber/info`, { headers: { authorization: `Bearer ${token}` } });
  await expect.poll(async () => (await whoAmI()).status).toBe(401);
  expect(await refusedSat(caller, token)).toMatchObject({ code: 'credentials_rejected' });
  await expectNothingOpen(caller, space);
});

test('a destination that nobody has', async ({ caller, space }) => {
  const token = await space.subscriberSat('ada@example.test');
  const outcome = await caller.evaluate(async (sat) => {
    probe.connect(sat);
    return probe.dial('/public/nowhere');
  }, token);
  expect(rejection(outcome)).toMatchObject({ name: 'CallCreateError', code: 'call_unknown_destination', retryable: false });
  expect(await caller.evaluate(() => probe.open())).toEqual({ tracks: 0, peers: 0, sockets: 1 });
  // The client is as good as before.
  expect(await caller.evaluate(() => probe.dial('/public/echo'))).toEqual({ done: true });
});

test('a guest dials where its token does not reach', async ({ caller, space }) => {
  const options = { to: '/public/tone', embedToken: space.embedToken('/public/echo'), host: `localhost:${space.port}` };
  const error = rejection(await caller.evaluate((given) => probe.embedded(given), options));
  expect(error).toMatchObject({ name: 'CallCreateError', code: 'call_forbidden', retryable: false });
  expect(await space.calls()).toEqual([]);
  await expectNothingOpen(caller, space);
});
