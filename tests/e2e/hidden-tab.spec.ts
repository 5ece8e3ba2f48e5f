// A tab that was hidden while its credential was due: no timer of it went off and nothing reached it (auth.md §7.7, 2; §13, E-12).
import type { Page } from '@playwright/test';
import { renewalsOf, sessionOf, startRenewing, type Wish } from './harness/renewal.js';
import { expect, expectRegistered, openPage, test } from './harness/test.js';

/** Life of a SAT in seconds: it is due halfway. */
const LIFE = 16;

declare global {
  /** Timers that go off now do nothing. */
  var asleep: boolean;
}

/** Runs before any script of the page. */
function installSleep(): void {
  globalThis.asleep = false;
  const { setTimeout: later } = globalThis;
  const timer = (act: () => void, delay?: number) => later(() => {
    if (!globalThis.asleep) act();
  }, delay);
  globalThis.setTimeout = timer as unknown as typeof setTimeout;
}

/** The page sleeps, or wakes up: the browser says so, and that is all that happens. */
function hide(page: Page, hidden: boolean): Promise<void> {
  return page.evaluate((sleeps) => {
    globalThis.asleep = sleeps;
    Object.defineProperty(document, 'visibilityState', { value: sleeps ? 'hidden' : 'visible', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}

const KINDS: Readonly<Record<string, Wish>> = {
  developer: { refreshes: true },
  'client-bound': { scoped: true },
};

for (const [mechanism, wish] of Object.entries(KINDS)) {
  test(`${mechanism}: a hidden tab past its time renews when it is seen again, before the end`, async ({ page, space, entry }) => {
    let deaf = false;
    const missed: (() => void)[] = [];
    await page.routeWebSocket(/.*/, (route) => {
      const server = route.connectToServer();
      route.onMessage((message) => server.send(message));
      server.onMessage((message) => {
        if (deaf) missed.push(() => route.send(message));
        else route.send(message);
      });
    });
    await page.addInitScript(installSleep);
    await openPage(page, space.info.base, entry);
    await startRenewing(page, { seconds: LIFE, ...wish });
    await expectRegistered(page);
    const activated = mechanism === 'developer' ? 0 : 1;
    await expect.poll(async () => (await sessionOf(space))?.reauthenticated).toBe(activated);
    const before = await sessionOf(space);
    const end = (before?.expires_at ?? 0) * 1000;
    // It knows what time it is there, and so when it is due.
    const answers = () => page.evaluate(() => probe.sent.filter(({ method }) => method === 'answer').length);
    const answered = await answers();
    await space.advanceClock(0);
    await expect.poll(answers).toBeGreaterThan(answered);
    await hide(page, true);
    deaf = true;
    await expect.poll(() => Date.now(), { timeout: LIFE * 1000, intervals: [100] }).toBeGreaterThan(end - (LIFE * 1000) / 3);
    expect((await sessionOf(space))?.reauthenticated).toBe(activated);

    deaf = false;
    await hide(page, false);
    await expect.poll(async () => (await sessionOf(space))?.reauthenticated, { intervals: [50] }).toBe(activated + 1);
    expect(Date.now()).toBeLessThan(end);
    for (const arrive of missed) arrive();
    await expect.poll(async () => (await renewalsOf(page)).refreshed).toMatchObject([{ mechanism }]);
    expect(await sessionOf(space)).toMatchObject({ id: before?.id, connected: true, registered: true });
    expect(await page.evaluate(() => probe.clientErrors)).toEqual([]);
  });
}
