// Calls between people, and from the space: both directions, every way in which one ends, and how the caller tells them apart.
import type { Page } from '@playwright/test';
import { ADA, BOB, dial, endCode, errorOf, expectHeard, hangUp, incoming, signIn, subscriber } from './harness/people.js';
import { audioEnergy, framesDecoded } from './harness/sound.js';
import { expect, expectNothingOpen, expectStatus, REFERENCE, test } from './harness/test.js';

const answer = (page: Page, options?: object) => page.evaluate((how) => globalThis.call?.answer(how), options);
const reject = (page: Page) => page.evaluate(() => globalThis.call?.reject());
const statuses = (page: Page) => page.evaluate(() => probe.statuses);
const inCalls = (page: Page) => page.evaluate(() => client.session.incomingCalls.length);

/** Sound arrives, and it is no silence. */
async function expectSound(page: Page): Promise<void> {
  await expectHeard(page);
  // Chromium decodes a remote track only while an element plays it.
  await page.evaluate(() => {
    const element = new Audio();
    element.srcObject = globalThis.call?.remoteStream ?? null;
    return element.play();
  });
  await expect.poll(() => audioEnergy(page)).toBeGreaterThan(0);
}

async function expectPictures(page: Page): Promise<void> {
  const before = await framesDecoded(page);
  await expect.poll(() => framesDecoded(page)).toBeGreaterThan(before + 5);
}

test.describe('between two browsers', () => {
  test('sound both ways', async ({ caller, space, another, complaints }) => {
    await subscriber(caller, space);
    const callee = await another();
    await subscriber(callee, space, BOB);
    expect(await dial(caller, '/private/bob')).toEqual({ done: true });
    const call = await incoming(callee);
    expect(call).toMatchObject({ from: '/private/ada', fromName: 'Ada', to: '/private/bob', direction: 'inbound', status: 'ringing' });
    await expectStatus(caller, 'ringing');
    expect(await callee.evaluate(() => probe.asked)).toBe(0);
    const answered = callee.evaluate(() => new Promise((resolve) => globalThis.call?.answered$.subscribe(resolve)));
    await answer(callee);
    expect(await answered).toBe(true);
    await Promise.all([expectSound(caller), expectSound(callee)]);
    expect(await statuses(callee)).toEqual(['ringing', 'connecting', 'connected']);
    expect(await statuses(caller)).toEqual(['trying', 'ringing', 'connecting', 'connected']);
    expect(await callee.evaluate(() => globalThis.call?.self?.id)).toBeTruthy();
    await hangUp(callee);
    expect(await endCode(caller)).toBe('normal');
    expect([await inCalls(callee), await callee.evaluate(() => client.session.calls.length)]).toEqual([0, 0]);
    for (const page of [caller, callee]) expect(await page.evaluate(() => probe.open())).toEqual({ tracks: 0, peers: 0, sockets: 1 });
    expect(complaints).toEqual([]);
  });

  test('pictures both ways', async ({ caller, space, another }) => {
    await subscriber(caller, space);
    const callee = await another();
    await subscriber(callee, space, BOB);
    expect(await dial(caller, '/private/bob', { video: true, receiveVideo: true })).toEqual({ done: true });
    await incoming(callee);
    await answer(callee, { audio: true, video: true, receiveVideo: true });
    expect(await callee.evaluate(() => globalThis.call?.answerMediaOptions)).toMatchObject({ video: true });
    await Promise.all([expectHeard(caller), expectHeard(callee)]);
    await Promise.all([expectPictures(caller), expectPictures(callee)]);
    await hangUp(caller);
    expect(await endCode(callee)).toBe('normal');
    await expectNothingOpenButSocket(caller);
    await expectNothingOpenButSocket(callee);
  });

  test('a mute is heard of on the other side, and nothing is sent', async ({ caller, space, another }) => {
    await subscriber(caller, space);
    const callee = await another();
    await subscriber(callee, space, BOB);
    await dial(caller, '/private/bob');
    await incoming(callee);
    await answer(callee);
    await Promise.all([expectHeard(caller), expectHeard(callee)]);
    await expect.poll(() => caller.evaluate(() => globalThis.call?.self?.audioMuted)).toBe(false);
    await caller.evaluate(() => globalThis.call?.self?.mute());
    await expect.poll(async () => (await space.calls()).flatMap(({ legs }) => legs.map((leg) => leg.audio_muted)).filter(Boolean).length).toBeGreaterThan(0);
    expect(await caller.evaluate(() => globalThis.call?.localStream?.getAudioTracks().some((track) => track.readyState === 'live' && track.enabled) ?? false)).toBe(false);
    await caller.evaluate(() => globalThis.call?.self?.unmute());
    await expectHeard(callee);
  });

  test('the caller gives up while it rings', async ({ caller, space, another }) => {
    await subscriber(caller, space);
    const callee = await another();
    await subscriber(callee, space, BOB);
    await dial(caller, '/private/bob');
    await incoming(callee);
    await hangUp(caller);
    expect(await caller.evaluate(() => globalThis.call?.endReason?.code)).toBe('cancelled');
    expect(await endCode(callee)).toBe('cancelled');
    expect(await inCalls(callee)).toBe(0);
    // Whoever answers too late finds nothing and asks for no microphone.
    await answer(callee);
    expect(await callee.evaluate(() => [probe.asked, probe.open().peers])).toEqual([0, 0]);
  });

  test('the callee declines; the first decision stands', async ({ caller, space, another }) => {
    await subscriber(caller, space);
    const callee = await another();
    await subscriber(callee, space, BOB);
    await dial(caller, '/private/bob');
    await incoming(callee);
    const answered = callee.evaluate(() => new Promise((resolve) => globalThis.call?.answered$.subscribe(resolve)));
    await callee.evaluate(() => {
      globalThis.call?.reject();
      globalThis.call?.answer();
      globalThis.call?.reject();
    });
    expect(await answered).toBe(false);
    expect(await endCode(caller)).toBe('declined');
    expect(await endCode(callee)).toBe('declined');
    expect(await statuses(callee)).toEqual(['ringing', 'disconnected', 'destroyed']);
    expect(await callee.evaluate(() => probe.asked)).toBe(0);
  });

  test('answered in one of two places, it ends in the other', async ({ caller, space, another }) => {
    await subscriber(caller, space);
    const places = [await another(), await another()] as const;
    for (const place of places) await subscriber(place, space, BOB);
    await dial(caller, '/private/bob');
    for (const place of places) await incoming(place);
    const [first, second] = places;
    await answer(first);
    await Promise.all([expectHeard(caller), expectHeard(first)]);
    await expectStatus(second, 'destroyed');
    expect(await second.evaluate(() => globalThis.call?.endReason)).toMatchObject({ cause: 'LOSE_RACE', causeCode: 502 });
    await hangUp(first);
    expect(await endCode(caller)).toBe('normal');
  });

  test('a client that disconnects while it rings is no longer called', async ({ caller, space, another }) => {
    await subscriber(caller, space);
    const callee = await another();
    await subscriber(callee, space, BOB);
    await dial(caller, '/private/bob');
    await incoming(callee);
    await callee.evaluate(() => client.disconnect());
    await expectStatus(callee, 'destroyed');
    await expectNothingOpen(callee);
    // Nobody declined: the last client that rang is gone.
    expect(await endCode(caller)).toBe('not_registered');
  });
});

async function expectNothingOpenButSocket(page: Page): Promise<void> {
  await expect.poll(() => page.evaluate(() => probe.open())).toEqual({ tracks: 0, peers: 0, sockets: 1 });
}

test.describe('the space calls', () => {
  for (const media of ['audio', 'video'] as const) {
    test(`with ${media}`, async ({ caller, space }) => {
      await subscriber(caller, space);
      expect(await space.placeCall('/private/ada', { from: '/public/tone', media })).toBe(true);
      expect(await incoming(caller)).toMatchObject({ from: '/public/tone', direction: 'inbound' });
      await answer(caller, media === 'video' ? { audio: true, video: true, receiveVideo: true } : undefined);
      await expectHeard(caller);
      if (media === 'video') await expectPictures(caller);
      await space.hangUp();
      expect(await endCode(caller)).toBe('normal');
      await expectNothingOpenButSocket(caller);
    });
  }

  test('somebody who is not online, and says so', async ({ space }) => {
    expect(await space.placeCall(BOB)).toBe(false);
  });

  test('two callers at once: one is answered, the other declined', async ({ caller, space }) => {
    const lists = () => caller.evaluate(() => client.session.incomingCalls.map(({ from, status }) => `${from} ${status}`));
    await subscriber(caller, space);
    await space.placeCall(ADA, { from: '/public/echo' });
    await space.placeCall(ADA, { from: '/public/tone' });
    await expect.poll(lists).toEqual(['/public/tone ringing', '/public/echo ringing']);
    expect(await caller.evaluate(() => client.session.calls.map(({ from }) => from))).toEqual(['/public/tone', '/public/echo']);
    await incoming(caller, '/public/tone');
    await reject(caller);
    await expectStatus(caller, 'destroyed');
    await incoming(caller, '/public/echo');
    await answer(caller);
    await expectHeard(caller);
    expect(await lists()).toEqual(['/public/echo connected']);
    // A bye with this cause, before any answer, is how a client declines (wire-protocol.md §5.5).
    expect((await space.calls()).flatMap(({ ended }) => ended ?? [])).toMatchObject([{ by: 'client', how: 'declined', cause: 'USER_BUSY' }]);
  });

  test('a call while another one is up', async ({ caller, space }) => {
    await subscriber(caller, space);
    await dial(caller, '/public/echo');
    await expectHeard(caller);
    await caller.evaluate(() => {
      (globalThis as { first?: unknown }).first = globalThis.call;
    });
    await space.placeCall(ADA, { from: '/public/tone' });
    await incoming(caller);
    await answer(caller);
    await expectHeard(caller);
    expect(await caller.evaluate(() => client.session.calls.map(({ status }) => status))).toEqual(['connected', 'connected']);
    await hangUp(caller);
    expect(await caller.evaluate(() => client.session.calls.map(({ direction, status }) => `${direction} ${status}`))).toEqual(['outbound connected']);
  });
});

test.describe('the caller tells them apart', () => {
  const ENDS = [
    { to: '/public/busy', reason: { code: 'busy', cause: 'USER_BUSY', causeCode: 17 } },
    { to: '/public/unreachable', reason: { code: 'unreachable', cause: 'DESTINATION_OUT_OF_ORDER', causeCode: 27 } },
    { to: '/private/bob', reason: { code: 'not_registered', cause: 'USER_NOT_REGISTERED', causeCode: 606 } },
  ] as const;
  test('busy, unreachable, not online: by the end reason', async ({ caller, space }) => {
    await subscriber(caller, space);
    for (const { to, reason } of ENDS) {
      await dial(caller, to);
      await expectStatus(caller, 'destroyed');
      expect(await caller.evaluate(() => globalThis.call?.endReason), to).toEqual(reason);
    }
  });

  test('declined, by the end reason', async ({ caller, space, another }) => {
    await subscriber(caller, space);
    const callee = await another();
    await subscriber(callee, space, BOB);
    await dial(caller, '/private/bob');
    await incoming(callee);
    await reject(callee);
    await expectStatus(caller, 'destroyed');
    expect(await caller.evaluate(() => globalThis.call?.endReason)).toEqual({ code: 'declined', cause: 'CALL_REJECTED', causeCode: 21 });
  });

  test('forbidden and unknown, by the error of dial()', async ({ caller, space }) => {
    await signIn(caller, await space.credential('guest'));
    expect(errorOf(await dial(caller, '/public/tone'))).toMatchObject({ code: 'call_forbidden', cause: { code: -32001 } });
    // A guest does not learn what there is.
    expect(errorOf(await dial(caller, '/public/nowhere'))).toMatchObject({ code: 'call_forbidden', cause: { code: -32001 } });
    await caller.evaluate(() => client.destroy());
    await signIn(caller, await space.credential('subscriber'));
    expect(errorOf(await dial(caller, '/public/nowhere'))).toMatchObject({ code: 'call_unknown_destination', cause: { code: -32004 } });
  });
});

test.describe('the reference', { tag: '@reference' }, () => {
  test.use({ entry: REFERENCE });

  test('is called by the space, answers, and is heard', async ({ caller, space }) => {
    await subscriber(caller, space);
    await space.placeCall(ADA);
    expect(await incoming(caller)).toMatchObject({ from: '/public/echo', direction: 'inbound', status: 'ringing' });
    await answer(caller);
    await expectHeard(caller);
    await hangUp(caller);
  });

  test('declines', async ({ caller, space }) => {
    await subscriber(caller, space);
    await space.placeCall(ADA);
    await incoming(caller);
    await reject(caller);
    await expect.poll(async () => (await space.call()).ended).toMatchObject({ by: 'client', how: 'declined', cause: 'USER_BUSY' });
  });

  test('hears of a caller who gives up', async ({ caller, space }) => {
    await subscriber(caller, space);
    await space.placeCall(ADA);
    await incoming(caller);
    await space.hangUp();
    await expectStatus(caller, 'destroyed');
  });

  test('two of them talk to each other', async ({ caller, space, another }) => {
    await subscriber(caller, space);
    const callee = await another();
    await subscriber(callee, space, BOB);
    expect(await dial(caller, '/private/bob')).toEqual({ done: true });
    expect(await incoming(callee)).toMatchObject({ from: '/private/ada' });
    await answer(callee);
    await Promise.all([expectHeard(caller), expectHeard(callee)]);
    await hangUp(callee);
    await expectStatus(caller, 'destroyed');
  });
});
