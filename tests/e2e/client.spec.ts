// A client with a Subscriber SAT: session, profile, one call after the other, mute, both kinds of ending.
import type { Page } from '@playwright/test';
import { packetsReceived } from './harness/sound.js';
import type { Space } from './harness/space.js';
import { expect, expectNothingOpen, expectStatus, test } from './harness/test.js';

/** A client that is ready. */
async function ready(caller: Page, space: Space): Promise<void> {
  await caller.evaluate((token) => probe.connect(token), await space.subscriberSat('ada@example.test'));
  await expect.poll(() => caller.evaluate(() => client.isConnected)).toBe(true);
}

const dial = (caller: Page, to: string, options: object = {}) =>
  caller.evaluate(([where, how]) => probe.dial(where, how), [to, options] as const);

test('session and profile', async ({ caller, space }) => {
  const token = await space.subscriberSat('ada@example.test');
  const seen = await caller.evaluate(async (sat) => {
    const ready: boolean[] = [];
    const connected: boolean[] = [];
    probe.connect(sat);
    client.ready$.subscribe((value) => ready.push(value));
    client.isConnected$.subscribe((value) => connected.push(value));
    const user = await new Promise<{ email: string; displayName: string | undefined } | undefined>((resolve) => {
      client.user$.subscribe((value) => value && resolve({ email: value.email, displayName: value.displayName }));
    });
    return { ready, connected, user };
  }, token);
  expect(seen.user).toMatchObject({ email: 'ada@example.test', displayName: 'Ada' });
  await expect.poll(() => caller.evaluate(() => client.isConnected)).toBe(true);
  expect(await space.sessions()).toMatchObject([{ subscriber: 'ada@example.test', kind: 'subscriber', authenticated: true }]);
  await caller.evaluate(() => client.disconnect());
  expect(await caller.evaluate(() => client.isConnected)).toBe(false);
  await expectNothingOpen(caller, space);
});

test('two calls in a row on one client', async ({ caller, space, complaints }) => {
  await ready(caller, space);
  for (const nth of [0, 1]) {
    expect(await dial(caller, '/public/echo')).toEqual({ done: true });
    await expectStatus(caller, 'connected');
    await expect.poll(() => packetsReceived(caller)).toBeGreaterThan(10);
    await caller.evaluate(() => globalThis.call?.hangup());
    await expectStatus(caller, 'destroyed');
    expect((await space.calls())[nth]).toMatchObject({ state: 'ended', ended: { by: 'client', how: 'bye' } });
    expect(await caller.evaluate(() => probe.open())).toEqual({ tracks: 0, peers: 0, sockets: 1 });
  }
  await caller.evaluate(() => client.destroy());
  await expectNothingOpen(caller, space);
  expect(complaints).toEqual([]);
});

test('mute is seen by the space and turns the microphone off', async ({ caller, space }) => {
  await ready(caller, space);
  await dial(caller, '/public/echo');
  await expectStatus(caller, 'connected');
  await expect.poll(() => caller.evaluate(() => globalThis.call?.self?.audioMuted)).toBe(false);
  const live = () => caller.evaluate(() => globalThis.call?.localStream?.getAudioTracks().filter((track) => track.readyState === 'live' && track.enabled).length ?? 0);
  expect(await live()).toBe(1);
  for (const muted of [true, false]) {
    await caller.evaluate((off) => (off ? globalThis.call?.self?.mute() : globalThis.call?.self?.unmute()), muted);
    expect(await caller.evaluate(() => globalThis.call?.self?.audioMuted)).toBe(muted);
    await expect.poll(async () => (await space.call()).legs[0]?.audio_muted).toBe(muted);
    await expect.poll(live).toBe(muted ? 0 : 1);
  }
  const before = (await space.call()).legs[0]?.packets_received ?? 0;
  await expect.poll(async () => (await space.call()).legs[0]?.packets_received).toBeGreaterThan(before + 20);
});

test('a busy line ends the call with its reason', async ({ caller, space }) => {
  await ready(caller, space);
  await dial(caller, '/public/busy');
  await expectStatus(caller, 'destroyed');
  const reason = await caller.evaluate(() => globalThis.call?.endReason);
  expect(reason).toEqual({ code: 'busy', cause: 'USER_BUSY', causeCode: 17 });
  expect(await caller.evaluate(() => probe.open())).toEqual({ tracks: 0, peers: 0, sockets: 1 });
});

test('the far end hangs up', async ({ caller, space }) => {
  await ready(caller, space);
  await dial(caller, '/public/tone');
  await expectStatus(caller, 'connected');
  await space.hangUp();
  await expectStatus(caller, 'destroyed');
  expect(await caller.evaluate(() => globalThis.call?.endReason)).toMatchObject({ code: 'normal', causeCode: 16 });
  expect(await caller.evaluate(() => probe.open())).toEqual({ tracks: 0, peers: 0, sockets: 1 });
});

test('the address of a call is looked up when it is asked for', async ({ caller, space }) => {
  await ready(caller, space);
  const requests: string[] = [];
  caller.on('request', (request) => requests.push(new URL(request.url()).pathname));
  await dial(caller, '/public/echo');
  await expectStatus(caller, 'connected');
  expect(requests).not.toContain('/api/fabric/addresses');
  const name = await caller.evaluate(() => new Promise((resolve) => globalThis.call?.address$?.subscribe((address) => resolve(address?.name))));
  expect(name).toBe('/public/echo');
});

test('video comes back from the echo', async ({ caller, space }) => {
  await ready(caller, space);
  await dial(caller, '/public/echo?channel=video');
  await expectStatus(caller, 'connected');
  const decoded = () => caller.evaluate(async () => {
    let frames = 0;
    (await globalThis.call?.rtcPeerConnection?.getStats())?.forEach((stats) => {
      if (stats.type === 'inbound-rtp' && stats.kind === 'video') frames += stats.framesDecoded ?? 0;
    });
    return frames;
  });
  await expect.poll(decoded).toBeGreaterThan(0);
  const before = await decoded();
  await expect.poll(decoded).toBeGreaterThan(before + 10);
  const kinds = await caller.evaluate(() => globalThis.call?.remoteStream?.getTracks().map(({ kind }) => kind).sort());
  expect(kinds).toEqual(['audio', 'video']);
  await caller.evaluate(() => globalThis.call?.hangup());
  expect(await caller.evaluate(() => probe.open())).toEqual({ tracks: 0, peers: 0, sockets: 1 });
});

test('all of it over TLS', async ({ page, space, complaints, entry }) => {
  const { openPage } = await import('./harness/test.js');
  const base = `https://localhost:${space.port}`;
  const plain: string[] = [];
  page.on('request', (request) => request.url().startsWith('http:') && plain.push(request.url()));
  page.on('websocket', (socket) => socket.url().startsWith('ws:') && plain.push(socket.url()));
  await openPage(page, base, entry);
  const options = { to: '/public/echo', embedToken: space.embedToken('/public/echo'), host: base };
  expect(await page.evaluate((given) => probe.embedded(given), options)).toEqual({ done: true });
  await expectStatus(page, 'connected');
  await page.evaluate(() => globalThis.call?.hangup());
  expect(plain).toEqual([]);
  expect(complaints).toEqual([]);
  await expectNothingOpen(page, space);
});
