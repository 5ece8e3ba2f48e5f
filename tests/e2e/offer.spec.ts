// When the offer leaves: with whatever there is, after 700 ms at the latest.
import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { expect, expectStatus, test } from './harness/test.js';
import type { Page } from '@playwright/test';
import type { Space } from './harness/space.js';

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
  const dead = createSocket('udp4');
  let asked = 0;
  dead.on('message', () => {
    asked += 1;
  });
  await new Promise<void>((resolve) => dead.bind(0, '127.0.0.1', resolve));
  try {
    const { port } = dead.address() as AddressInfo;
    const waited = await patience(caller, space, [{ urls: `stun:127.0.0.1:${port}` }]);
    expect(asked).toBeGreaterThan(0);
    expect(waited).toBeGreaterThan(600);
    // The rule counts from the call of setLocalDescription; the slack is for a busy machine.
    expect(waited).toBeLessThan(1_000);
  } finally {
    await new Promise<void>((resolve) => dead.close(resolve));
  }
});

test('without servers the offer leaves as soon as all is gathered', async ({ caller, space }) => {
  expect(await patience(caller, space, [])).toBeLessThan(600);
});
