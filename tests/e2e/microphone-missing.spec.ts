// A machine without a microphone: the visitor listens.
import { BARE_CHROMIUM } from './harness/chromium.js';
import { packetsReceived } from './harness/sound.js';
import { expect, expectNothingOpen, expectStatus, test } from './harness/test.js';

test.use({ launchOptions: { executablePath: '/usr/bin/chromium', args: [...BARE_CHROMIUM, '--use-fake-ui-for-media-stream'] } });

test('the call goes on without a microphone', async ({ caller, space }) => {
  const options = { to: '/public/tone', embedToken: space.embedToken('/public/tone'), host: `localhost:${space.port}` };
  expect(await caller.evaluate((given) => probe.embedded(given), options)).toEqual({ done: true });
  await expectStatus(caller, 'connected');
  await expect.poll(() => packetsReceived(caller)).toBeGreaterThan(20);
  const [record, ...more] = await caller.evaluate(() => probe.callErrors);
  expect(more).toEqual([]);
  expect(record).toMatchObject({ kind: 'media', fatal: false, error: { name: 'MediaAccessError', code: 'media_access', fatal: false, cause: { name: 'NotFoundError' } } });
  expect(record?.error.advice).toBeTruthy();
  await caller.evaluate(() => globalThis.call?.hangup());
  await expectNothingOpen(caller, space);
});
