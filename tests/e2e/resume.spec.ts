// The socket is lost (wire-protocol.md §3.4, §8): at any moment, silently, half, while the page sleeps. Calls go on.
import type { Page, WebSocketRoute } from '@playwright/test';
import { ADA, BOB, beginDial, dial, endCode, expectHeard, hangUp, incoming, signIn, subscriber } from './harness/people.js';
import { packetsReceived } from './harness/sound.js';
import { expect, expectReady, expectRegistered, openPage, REFERENCE, test } from './harness/test.js';

/** From the cut to a command that the space has carried out. */
const CONTROLLABLE_MS = 1_000;

/** Lets the space cut every socket right after this page sent a frame. */
async function cutAfter(page: Page, method: string): Promise<void> {
  await page.evaluate((wanted) => {
    probe.onSent = (what) => {
      if (what !== wanted) return;
      probe.onSent = undefined;
      void fetch('/.space/drop', { method: 'POST' });
    };
  }, method);
}

const recoveries = (page: Page) => page.evaluate(() => (globalThis as { recoveries?: string[] }).recoveries);

/** Notes the recovery of the watched call from now on. */
async function watchRecovery(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen: string[] = [];
    (globalThis as { recoveries?: string[] }).recoveries = seen;
    globalThis.call?.recoveryEvent$.subscribe(({ action, reason, timestamp }) => {
      seen.push(action);
      if (reason === '' || Math.abs(timestamp - Date.now()) > 60_000) seen.push('without reason or time');
    });
  });
}

test.describe('cut', () => {
  test('while it connects', async ({ caller, space }) => {
    await cutAfter(caller, 'signalwire.connect');
    await signIn(caller, await space.credential('subscriber'));
    await expectRegistered(caller);
    expect(await dial(caller, '/public/echo')).toEqual({ done: true });
    await expectHeard(caller);
  });

  test('while it registers', async ({ caller, space }) => {
    await cutAfter(caller, 'subscriber.online');
    await signIn(caller, await space.credential('subscriber'));
    await expectRegistered(caller);
    await expect.poll(async () => (await space.sessions()).map(({ registered }) => registered)).toEqual([true]);
    expect(await space.placeCall(ADA)).toBe(true);
  });

  test('between invite and answer', async ({ caller, space }) => {
    await subscriber(caller, space);
    await space.setRoundTrip(400);
    await beginDial(caller, '/public/echo');
    // The invite has arrived, and what the space says to it goes down with the socket.
    await expect.poll(async () => (await space.calls()).length, { intervals: [20] }).toBe(1);
    await space.dropSockets();
    await space.setRoundTrip(0);
    await expect.poll(() => caller.evaluate(() => probe.outcome)).toEqual({ done: true });
    await expectHeard(caller);
    expect((await space.calls()).length).toBe(1);
    await hangUp(caller);
  });

  test('while it rings there, and is answered meanwhile', async ({ caller, space, another }) => {
    const callee = await another();
    await subscriber(callee, space, BOB);
    await subscriber(caller, space);
    await dial(caller, '/private/bob');
    await incoming(callee);
    await cutAfter(callee, 'verto.answer');
    await callee.evaluate(() => globalThis.call?.answer());
    await Promise.all([expectHeard(caller), expectHeard(callee)]);
    await hangUp(caller);
    expect(await endCode(callee)).toBe('normal');
  });

  test('while it rings here', async ({ caller, space }) => {
    await subscriber(caller, space);
    await space.placeCall(ADA);
    await incoming(caller);
    await space.dropSockets();
    await expect.poll(() => space.sessions()).toMatchObject([{ connected: true, resumed: 1 }]);
    await caller.evaluate(() => globalThis.call?.answer());
    await expectHeard(caller);
    expect(await caller.evaluate(() => client.session.incomingCalls.length)).toBe(1);
  });

  test('and called in between', async ({ caller, space }) => {
    await subscriber(caller, space);
    await space.setRoundTrip(400);
    await space.dropSockets();
    expect(await space.placeCall(ADA)).toBe(true);
    await space.setRoundTrip(0);
    await incoming(caller);
    await caller.evaluate(() => globalThis.call?.answer());
    await expectHeard(caller);
  });

  test('in a call: one recovery, media all along', async ({ caller, space }) => {
    await subscriber(caller, space);
    await dial(caller, '/public/echo');
    await expectHeard(caller);
    await watchRecovery(caller);
    await space.dropSockets();
    await expect.poll(() => recoveries(caller)).toEqual(['call_recovering', 'call_recovered']);
    expect(await space.sessions()).toMatchObject([{ connected: true, resumed: 1, registered: true }]);
    expect(await caller.evaluate(() => [client.isConnected, globalThis.call?.status])).toEqual([true, 'connected']);
    await expectHeard(caller);
    await caller.evaluate(() => globalThis.call?.self?.mute());
    await expect.poll(async () => (await space.call()).legs[0]?.audio_muted).toBe(true);
    expect(await caller.evaluate(() => probe.clientErrors.map(({ code }) => code))).toEqual([]);
    expect(await recoveries(caller)).toEqual(['call_recovering', 'call_recovered']);
  });

  test('while it hangs up', async ({ caller, space }) => {
    await subscriber(caller, space);
    await dial(caller, '/public/echo');
    await expectHeard(caller);
    await cutAfter(caller, 'verto.bye');
    await hangUp(caller);
    await expect.poll(async () => (await space.call()).ended).toMatchObject({ by: 'client', how: 'bye' });
    await expectReady(caller);
  });

  test('for good: one recovery that fails, and the call ends', async ({ caller, space }) => {
    await subscriber(caller, space);
    await dial(caller, '/public/echo');
    await expectHeard(caller);
    await watchRecovery(caller);
    // A space that restarts knows neither session nor call.
    await space.reset();
    expect(await endCode(caller)).toBe('network');
    expect(await recoveries(caller)).toEqual(['call_recovering', 'call_recovery_failed']);
    await expectReady(caller);
    expect(await dial(caller, '/public/tone')).toEqual({ done: true });
    await expectHeard(caller);
  });

  test('twenty times: controllable again within a second in nineteen', async ({ caller, space }) => {
    await subscriber(caller, space);
    await dial(caller, '/public/echo');
    await expectHeard(caller);
    await expect.poll(() => caller.evaluate(() => globalThis.call?.self?.audioMuted)).toBe(false);
    const times = await caller.evaluate(async (runs) => {
      const taken: number[] = [];
      for (let run = 0; run < runs; run += 1) {
        const lost = new Promise<void>((resolve) => {
          const watch = client.ready$.subscribe((ready) => {
            if (ready) return;
            watch.unsubscribe();
            resolve();
          });
        });
        const cut = performance.now();
        await fetch('/.space/drop', { method: 'POST' });
        await lost;
        await (run % 2 === 0 ? globalThis.call?.self?.mute() : globalThis.call?.self?.unmute());
        taken.push(performance.now() - cut);
      }
      return taken;
    }, 20);
    expect(times.filter((time) => time > CONTROLLABLE_MS).length, times.map(Math.round).join()).toBeLessThanOrEqual(1);
    expect(await caller.evaluate(() => globalThis.call?.status)).toBe('connected');
  });
});

/** A socket of which either direction can be stopped without anybody being told. */
interface Line {
  /** Nothing of the page arrives any more. */
  mute: boolean;
  /** Nothing arrives at the page any more. */
  deaf: boolean;
}

/** Puts every later socket of a page onto such a line; returns them as they come. */
async function lines(page: Page): Promise<Line[]> {
  const found: Line[] = [];
  await page.routeWebSocket(/.*/, (route: WebSocketRoute) => {
    const line = { mute: false, deaf: false };
    found.push(line);
    const server = route.connectToServer();
    route.onMessage((message) => {
      if (!line.mute) server.send(message);
    });
    server.onMessage((message) => {
      if (!line.deaf) route.send(message);
    });
  });
  return found;
}

test.describe('a socket that looks alive', () => {
  const FAULTS = { 'says nothing more': { deaf: true, mute: true }, 'receives and no longer sends': { deaf: false, mute: true } };
  for (const [name, fault] of Object.entries(FAULTS)) {
    test(`and ${name} is replaced, and the call goes on`, async ({ page, space, entry }) => {
      const found = await lines(page);
      await openPage(page, space.info.base, entry);
      await subscriber(page, space);
      await dial(page, '/public/echo');
      await expectHeard(page);
      Object.assign(found[0] ?? {}, fault);
      await expect.poll(() => space.sessions(), { timeout: 30_000 }).toMatchObject([{ connected: true, resumed: 1 }]);
      await expectReady(page);
      await expectHeard(page);
      await hangUp(page);
      expect((await space.call()).ended).toMatchObject({ by: 'client', how: 'bye' });
      expect(found.length).toBe(2);
    });
  }
});

test.describe('the page comes back', () => {
  test('after it was told that it may be cached: ready and online again', async ({ caller, space }) => {
    await subscriber(caller, space);
    // What every browser says around its cache; page-return.spec.ts has the whole way in the one that can be made to take it.
    await caller.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
    await expect.poll(async () => (await space.sessions()).filter(({ connected }) => connected)).toEqual([]);
    await caller.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
    await expectReady(caller);
    await expectRegistered(caller);
    await expect.poll(async () => (await space.sessions()).filter(({ connected }) => connected)).toMatchObject([{ registered: true }]);
    expect(await space.placeCall(ADA)).toBe(true);
    await incoming(caller);
  });
});

test.describe('the reference', { tag: '@reference' }, () => {
  test.use({ entry: REFERENCE });

  test('resumes, and its call goes on', async ({ caller, space }) => {
    await subscriber(caller, space);
    await dial(caller, '/public/echo');
    await expectHeard(caller);
    await space.dropSockets();
    await expect.poll(() => space.sessions()).toMatchObject([{ connected: true, resumed: 1 }]);
    const before = await packetsReceived(caller);
    await expect.poll(() => packetsReceived(caller)).toBeGreaterThan(before + 20);
    await hangUp(caller);
    expect((await space.call()).ended).toMatchObject({ by: 'client', how: 'bye' });
  });
});
