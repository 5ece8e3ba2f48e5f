// The first call: a page with an embed token hears an answer, in both browsers.
import { audioEnergy, packetsReceived, strongestFrequency } from './harness/sound.js';
import { expect, expectNothingOpen, expectStatus, test } from './harness/test.js';

test('an echo is heard, and everything is off afterwards', async ({ caller, space, complaints }) => {
  const options = { to: '/public/echo', embedToken: space.embedToken('/public/echo'), host: `localhost:${space.port}` };
  expect(await caller.evaluate((given) => probe.embedded(given), options)).toEqual({ done: true });
  await expectStatus(caller, 'connected');
  const before = await packetsReceived(caller);
  await expect.poll(() => packetsReceived(caller)).toBeGreaterThan(before + 20);
  await expect.poll(async () => (await space.call()).legs[0]?.packets_received).toBeGreaterThan(20);
  const tracks = () => caller.evaluate(() => globalThis.call?.localStream?.getTracks().map(({ readyState }) => readyState));
  expect(await tracks()).toEqual(['live']);
  await caller.evaluate(() => Object.assign(globalThis, { streamBefore: globalThis.call?.localStream }));

  await caller.evaluate(() => globalThis.call?.hangup());

  expect((await space.call()).ended).toMatchObject({ by: 'client', how: 'bye', cause: 'NORMAL_CLEARING' });
  const after = await caller.evaluate(() => ({
    endReason: globalThis.call?.endReason,
    peer: typeof globalThis.call?.rtcPeerConnection,
    tracks: (globalThis as { streamBefore?: MediaStream }).streamBefore?.getTracks().map(({ readyState }) => readyState),
  }));
  expect(after).toEqual({ endReason: expect.objectContaining({ code: 'normal' }), peer: 'undefined', tracks: ['ended'] });
  await expectStatus(caller, 'destroyed');
  await expectNothingOpen(caller, space);
  const statuses = await caller.evaluate(() => probe.statuses);
  expect(statuses.slice(statuses.indexOf('connected'))).toEqual(['connected', 'disconnecting', 'disconnected', 'destroyed']);
  expect(complaints).toEqual([]);
});

test('the tone of the space is in the received sound', async ({ caller, space, browserName }) => {
  const options = { to: '/public/tone', embedToken: space.embedToken('/public/tone'), host: `localhost:${space.port}` };
  expect(await caller.evaluate((given) => probe.embedded(given), options)).toEqual({ done: true });
  await expectStatus(caller, 'connected');
  if (browserName === 'chromium') {
    await expect.poll(() => strongestFrequency(caller)).toBeGreaterThan(434);
    expect(await strongestFrequency(caller)).toBeLessThan(446);
  } else {
    // Firefox suspends an AudioContext where there is no sound card, but its decoder measures.
    const before = await audioEnergy(caller);
    await expect.poll(() => audioEnergy(caller)).toBeGreaterThan(before + 0.001);
  }
});
