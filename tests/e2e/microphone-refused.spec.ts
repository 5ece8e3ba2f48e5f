// The visitor refuses the microphone: the call goes on as a listener's, unless there is nothing to hear.
import { BARE_CHROMIUM } from './harness/chromium.js';
import { packetsReceived } from './harness/sound.js';
import { expect, expectNothingOpen, expectStatus, test } from './harness/test.js';

test.use({
  launchOptions: { executablePath: '/usr/bin/chromium', args: [...BARE_CHROMIUM, '--use-fake-device-for-media-stream'] },
  // Granting one permission refuses all the others.
  permissions: ['geolocation'],
});

test('the visitor listens on', async ({ caller, space }) => {
  const options = { to: '/public/tone', embedToken: space.embedToken('/public/tone'), host: `localhost:${space.port}` };
  expect(await caller.evaluate((given) => probe.embedded(given), options)).toEqual({ done: true });
  await expectStatus(caller, 'connected');
  await expect.poll(() => packetsReceived(caller)).toBeGreaterThan(20);
  const records = await caller.evaluate(() => probe.callErrors);
  expect(records).toMatchObject([
    { kind: 'media', fatal: false, error: { name: 'MediaAccessError', code: 'media_denied', fatal: false, cause: { name: 'NotAllowedError' } } },
  ]);
  await caller.evaluate(() => globalThis.call?.hangup());
  await expectNothingOpen(caller, space);
});

test('where there is nothing to hear the call ends', async ({ caller, space }) => {
  const token = await space.subscriberSat('ada@example.test');
  const outcome = await caller.evaluate(async (sat) => {
    probe.connect(sat);
    return probe.dial('/public/echo', { receiveAudio: false });
  }, token);
  if (outcome.done) throw new Error('the call was made');
  expect(outcome.error).toMatchObject({ name: 'CallCreateError', cause: { name: 'MediaAccessError', code: 'media_denied', fatal: true } });
  expect(outcome.error.advice).toBeTruthy();
  expect(await space.calls()).toEqual([]);
  expect(await caller.evaluate(() => probe.open())).toEqual({ tracks: 0, peers: 0, sockets: 1 });
});
