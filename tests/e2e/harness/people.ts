// Who takes part: clients that are signed in, calls that come in.
import type { Page } from '@playwright/test';
import type { SignalWireOptions } from '../../../js/slim.js';
import type { ErrorFacts, Outcome } from './probe.js';
import { packetsReceived } from './sound.js';
import type { Space } from './space.js';
import { expect, expectReady, expectRegistered, expectStatus } from './test.js';

export const ADA = 'ada@example.test';
export const BOB = 'bob@example.test';

/** A client of a SAT, ready. */
export async function signIn(page: Page, token: string, options?: SignalWireOptions): Promise<void> {
  await page.evaluate(([sat, how]) => probe.connect(sat, how), [token, options] as const);
  await expectReady(page);
}

/** A client of a provider that hands out these SATs in turn; see `probe.provider`. */
export function start(page: Page, tokens: readonly string[], options?: SignalWireOptions): Promise<void> {
  return page.evaluate(([sats, how]) => probe.use(new sdk.SignalWire(probe.provider(sats), how)), [tokens, options] as const);
}

/** A subscriber's client, ready and online. */
export async function subscriber(page: Page, space: Space, reference = ADA, options?: SignalWireOptions): Promise<void> {
  await signIn(page, await space.credential('subscriber', { reference }), options);
  await expectRegistered(page);
}

/** What a call says of itself. */
export interface CallFacts {
  readonly id: string;
  readonly from: string | undefined;
  readonly fromName: string | undefined;
  readonly to: string | undefined;
  readonly direction: string;
  readonly status: string;
}

/** Waits until a call rings at the page, makes it the watched one, and says what it is. */
export async function incoming(page: Page, from?: string): Promise<CallFacts> {
  const ringing = () => page.evaluate((caller) => {
    const found = (client.session?.incomingCalls ?? []).find((one) => one.status === 'ringing' && (!caller || one.from === caller));
    if (!found) return undefined;
    globalThis.call = found as typeof globalThis.call;
    const { id, fromName, to, direction, status } = found;
    return { id, from: found.from, fromName, to, direction, status };
  }, from);
  await expect.poll(ringing).toMatchObject({ status: 'ringing' });
  const facts = (await ringing()) as CallFacts;
  await page.evaluate(() => globalThis.call && probe.watch(globalThis.call));
  return facts;
}

/** Dials; the outcome is that of `dial()`. */
export function dial(page: Page, to: string, options: object = {}): Promise<Outcome> {
  return page.evaluate(([where, how]) => probe.dial(where, how), [to, options] as const);
}

/** Begins to dial. */
export async function beginDial(page: Page, to: string, options: object = {}): Promise<void> {
  await page.evaluate(([where, how]) => {
    void probe.dial(where, how);
  }, [to, options] as const);
}

/** The watched call is over; says why. */
export async function endCode(page: Page): Promise<string | undefined> {
  await expectStatus(page, 'destroyed');
  return page.evaluate(() => globalThis.call?.endReason?.code);
}

/** Hangs the watched call up. */
export async function hangUp(page: Page): Promise<void> {
  expect(await page.evaluate(() => probe.settle(globalThis.call?.hangup() ?? Promise.reject()))).toEqual({ done: true });
  await expectStatus(page, 'destroyed');
}

/** A whole call: connected, heard, hung up. */
export async function talks(page: Page, to: string): Promise<void> {
  expect(await dial(page, to)).toEqual({ done: true });
  await expectHeard(page);
  await hangUp(page);
}

/** The watched call is connected, and packets come. */
export async function expectHeard(page: Page, kind: 'audio' | 'video' = 'audio'): Promise<void> {
  await expectStatus(page, 'connected');
  const before = await packetsReceived(page, kind);
  await expect.poll(() => packetsReceived(page, kind)).toBeGreaterThan(before + 10);
}

/** The error of something that must have failed. */
export function errorOf(outcome: Outcome): ErrorFacts {
  if (outcome.done) throw new Error('it did not fail');
  return outcome.error;
}
