// When the offer leaves: with whatever there is, after 700 ms at the latest.
import { createSocket } from 'node:dgram';
import { expect, expectStatus, test } from './harness/test.js';
import type { Page } from '@playwright/test';
import type { Space } from './harness/space.js';

/** A STUN or TURN server that takes every packet and never answers. */
class DeadServer implements AsyncDisposable {
  /** Packets so far. */
  asked = 0;
  readonly #socket = createSocket('udp4');

  static async start(): Promise<DeadServer> {
    const dead = new DeadServer();
    dead.#socket.on('message', () => {
      dead.asked += 1;
    });
    await new Promise<void>((resolve) => dead.#socket.bind(0, '127.0.0.1', resolve));
    return dead;
  }

  get host(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }
}

/** The time from the local description to the invite, in milliseconds, of a call with these ICE servers. */
async function patience(caller: Page, space: Space, iceServers: RTCIceServer[]): Promise<number> {
  const options = { to: '/public/echo', embedToken: space.embedToken('/public/echo'), host: `localhost:${space.port}` };
  const outcome = await caller.evaluate(([given, servers]) => {
    probe.iceServers = servers;
    return probe.embedded(given);
  }, [options, iceServers] as const);
  expect(outcome).toEqual({ done: true });
  await expectStatus(caller, 'connected');
  return caller.evaluate(() => {
    const invite = probe.sent.find(({ method }) => method === 'verto.invite');
    return (invite?.at ?? Number.NaN) - (probe.described[0] ?? Number.NaN);
  });
}

test('a STUN server that never answers costs 700 ms, and the call is made', async ({ caller, space }) => {
  await using dead = await DeadServer.start();
  const waited = await patience(caller, space, [{ urls: `stun:${dead.host}` }]);
  expect(dead.asked).toBeGreaterThan(0);
  expect(waited).toBeGreaterThan(600);
  // The slack is for a busy machine.
  expect(waited).toBeLessThan(1_000);
});

test('without servers the offer leaves as soon as all is gathered', async ({ caller, space }) => {
  expect(await patience(caller, space, [])).toBeLessThan(600);
});

test('a call that may only be relayed is relayed', async ({ caller, space }) => {
  const token = await space.subscriberSat('ada@example.test');
  await caller.evaluate((sat) => probe.connect(sat), token);
  expect(await caller.evaluate(() => probe.dial('/public/echo', { relayOnly: true }))).toEqual({ done: true });
  await expectStatus(caller, 'connected');
  const kinds = await caller.evaluate(async () => {
    const report = await globalThis.call?.rtcPeerConnection?.getStats();
    const found: string[] = [];
    report?.forEach((stats) => {
      if (stats.type === 'local-candidate') found.push(stats.candidateType);
    });
    return [...new Set(found)];
  });
  expect(kinds).toEqual(['relay']);
  await expect.poll(async () => (await space.call()).legs[0]?.packets_received).toBeGreaterThan(20);
});

test('a call that may only be relayed fails where no relay answers', async ({ caller, space }) => {
  await using dead = await DeadServer.start();
  const token = await space.subscriberSat('ada@example.test');
  const outcome = await caller.evaluate(async ([sat, host]) => {
    probe.iceServers = [{ urls: `turn:${host}`, username: 'ada', credential: 'unused' }];
    probe.connect(sat);
    return probe.dial('/public/echo', { relayOnly: true });
  }, [token, dead.host] as const);
  expect(dead.asked).toBeGreaterThan(0);
  expect(outcome).toMatchObject({ done: false, error: { name: 'CallCreateError', cause: { name: 'IceGatheringError', code: 'no_relay_candidate' } } });
  expect(await space.calls()).toEqual([]);
  expect(await caller.evaluate(() => probe.open())).toEqual({ tracks: 0, peers: 0, sockets: 1 });
});
