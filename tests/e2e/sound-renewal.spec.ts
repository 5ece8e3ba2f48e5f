// Sound goes on through every kind of renewal: no pause between two packets is longer because a credential is renewed.
import type { Page } from '@playwright/test';
import { dial, expectHeard } from './harness/people.js';
import { listen, type Pauses } from './harness/pauses.js';
import { renewalsOf, startRenewing } from './harness/renewal.js';
import { expect, expectReady, test } from './harness/test.js';
import type { Space } from './harness/space.js';

/** What nobody hears, in milliseconds: three packets of 20. */
const UNHEARD = 60;
/** Calls, each with every kind once: a pause that a renewal makes is there each time, one that a busy machine makes is not. */
const ROUNDS = 3;
/** Life of a SAT in seconds: it is renewed halfway. */
const LIFE = 8;

const FIRST_BOUND = '/api/fabric/subscriber/devices/token';
const NEXT_BOUND = '/api/fabric/subscriber/devices/refresh';

async function talk(page: Page): Promise<void> {
  await expectReady(page);
  expect(await dial(page, '/public/echo')).toEqual({ done: true });
  await expectHeard(page);
}

/** Everything went on as if nothing had been. */
async function expectUntouched(page: Page, space: Space): Promise<void> {
  expect(await page.evaluate(() => [probe.statuses.at(-1), probe.sockets, probe.clientErrors])).toEqual(['connected', 1, []]);
  await page.evaluate(() => client.destroy());
  await expect.poll(async () => (await space.sessions()).filter(({ connected }) => connected)).toEqual([]);
}

/** Of each kind of renewal one is without a pause, unless the machine makes such pauses also between them. */
function expectUnheard(kinds: readonly string[], rounds: readonly Pauses[]): void {
  const calm = Math.max(...rounds.flatMap((round) => round.calm));
  expect(calm).toBeGreaterThan(0);
  for (const [index, kind] of kinds.entries()) {
    const renewing = rounds.map((round) => round.renewing[index] ?? Number.POSITIVE_INFINITY);
    expect(Math.min(...renewing), `${kind}: ${renewing.join()} ms; between them at most ${calm} ms`).toBeLessThan(Math.max(UNHEARD, calm));
  }
}

test('activation, rotation, falling back to the provider, and by the provider', async ({ another, space }) => {
  test.setTimeout(ROUNDS * 40_000);
  const rounds: Pauses[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const page = await another();
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    await page.route(`**${FIRST_BOUND}`, async (route) => {
      await gate;
      await route.continue();
    });
    await startRenewing(page, { seconds: LIFE, scoped: true, forwards: true, refreshes: true });
    await talk(page);
    const acts = [open, () => {}, () => space.refuse(NEXT_BOUND, 403)];
    rounds.push(await listen(page, space, 4, async (renewed) => acts[renewed]?.()));
    const { refreshed, warnings, refreshes } = await renewalsOf(page);
    expect(refreshed.map(({ mechanism }) => mechanism)).toEqual(['client-bound', 'developer', 'developer']);
    expect(warnings).toMatchObject([{ code: 'credential_refresh_fallback', reason: 'endpoint-failed' }]);
    expect(refreshes).toBe(2);
    await expectUntouched(page, space);
  }
  expectUnheard(['activation', 'rotation', 'falling back', 'by the provider'], rounds);
});

test('by the provider of an embed token', async ({ another, space }) => {
  test.setTimeout(ROUNDS * 30_000);
  const rounds: Pauses[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const page = await another();
    await page.evaluate(([host, token]) => {
      probe.use(new sdk.SignalWire(new sdk.EmbedTokenCredentialProvider(host, token)));
    }, [`localhost:${space.port}`, space.embedToken('/public/echo')] as const);
    await talk(page);
    // First the client learns what time it is there, then that its SAT of two hours ends in a minute.
    await space.advanceClock(0);
    rounds.push(await listen(page, space, 1, async (renewed) => {
      if (renewed === 0) await space.advanceClock(7_140_000);
    }));
    await expectUntouched(page, space);
  }
  expectUnheard(['embed'], rounds);
});
