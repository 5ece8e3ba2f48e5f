// No wait is endless (auth.md REQ-103): every promise of the client, in every state of it, settles when the client ends or disconnects.
import type { Page } from '@playwright/test';
import { ADA, beginDial, dial, incoming, signIn, start, subscriber } from './harness/people.js';
import type { Space } from './harness/space.js';
import { expect, expectNothingOpen, expectStatus, test } from './harness/test.js';

/** Where a client can be. */
interface State {
  readonly name: string;
  /** Brings the client of the page there. */
  readonly enter: (page: Page, space: Space) => Promise<void>;
}

const token = (space: Space) => space.credential('subscriber', { reference: ADA });

const STATES: readonly State[] = [
  { name: 'nothing was begun', enter: async (page, space) => start(page, [await token(space)], { skipAuthentication: true }) },
  { name: 'authenticated', enter: async (page, space) => start(page, [await token(space)], { skipConnection: true }) },
  { name: 'the provider does not answer', enter: (page) => start(page, []) },
  {
    name: 'the socket is opening',
    enter: async (page, space) => {
      const sockets = await page.evaluate(() => probe.sockets);
      await space.setRoundTrip(1_500);
      await start(page, [await token(space)]);
      await expect.poll(() => page.evaluate(() => probe.sockets)).toBe(sockets + 1);
    },
  },
  { name: 'ready', enter: async (page, space) => signIn(page, await token(space), { skipRegister: true }) },
  { name: 'online', enter: (page, space) => subscriber(page, space) },
  {
    name: 'disconnected',
    enter: async (page, space) => {
      await signIn(page, await token(space));
      await page.evaluate(() => client.disconnect());
    },
  },
  {
    name: 'the credential was refused',
    enter: async (page) => {
      await start(page, ['not-a-sat']);
      await expect.poll(() => page.evaluate(() => probe.clientErrors.length)).toBeGreaterThan(0);
    },
  },
  {
    name: 'the socket is lost',
    enter: async (page, space) => {
      await subscriber(page, space);
      await space.setRoundTrip(1_500);
      await space.dropSockets();
      await expect.poll(() => page.evaluate(() => new Promise((resolve) => client.ready$.subscribe(resolve)))).toBe(false);
    },
  },
  {
    name: 'dialling',
    enter: async (page, space) => {
      await subscriber(page, space);
      await space.setRoundTrip(1_500);
      await beginDial(page, '/public/echo');
      await expect.poll(() => page.evaluate(() => probe.sent.at(-1)?.method)).toBe('verto.invite');
    },
  },
  {
    name: 'it rings there',
    enter: async (page, space) => {
      await subscriber(page, space);
      await dial(page, '/public/silent');
    },
  },
  {
    name: 'it rings here',
    enter: async (page, space) => {
      await subscriber(page, space);
      await space.placeCall(ADA);
      await incoming(page);
    },
  },
  {
    name: 'in a call',
    enter: async (page, space) => {
      await subscriber(page, space);
      await dial(page, '/public/echo');
      await expectStatus(page, 'connected');
    },
  },
  {
    name: 'destroyed',
    enter: async (page, space) => {
      await signIn(page, await token(space));
      await page.evaluate(() => client.destroy());
    },
  },
];

const COMMANDS = ['connect', 'register', 'unregister', 'dial', 'hangup', 'mute', 'disconnect'] as const;

/** Gives commands, then `destroy()` or `disconnect()`; the promises come out by themselves. */
async function sweep(page: Page, commands: readonly string[], end: 'destroy' | 'disconnect'): Promise<void> {
  await page.evaluate(([names, last]) => {
    const state = globalThis as { outcomes?: Record<string, unknown> };
    const outcomes: Record<string, unknown> = {};
    state.outcomes = outcomes;
    const given: Record<string, () => Promise<unknown> | undefined> = {
      connect: () => client.connect(),
      register: () => client.register(),
      unregister: () => client.unregister(),
      disconnect: () => client.disconnect(),
      dial: () => client.dial('/public/tone'),
      hangup: () => globalThis.call?.hangup(),
      mute: () => globalThis.call?.self?.mute(),
    };
    const note = (name: string, promise: Promise<unknown> | undefined) => {
      outcomes[name] = promise ? 'pending' : 'nothing to wait for';
      promise?.then(() => { outcomes[name] = 'done'; }, (error) => { outcomes[name] = error instanceof Error ? `${error.name}` : 'no error'; });
    };
    for (const name of names) note(name, given[name]?.());
    if (last === 'destroy') client.destroy();
    else note('the end', client.disconnect());
  }, [commands, end] as const);
  const outcomes = () => page.evaluate(() => Object.entries((globalThis as { outcomes?: Record<string, unknown> }).outcomes ?? {}));
  await expect.poll(async () => (await outcomes()).filter(([, outcome]) => outcome === 'pending')).toEqual([]);
  for (const [name, outcome] of await outcomes()) expect(String(outcome), name).toMatch(/^(done|nothing to wait for|\w*Error)$/);
}

test.describe('every promise settles', () => {
  for (const { name, enter } of STATES) {
    test(name, async ({ caller, space }) => {
      const reset = async () => {
        await caller.evaluate(() => {
          globalThis.call = undefined;
          probe.statuses = [];
          probe.clientErrors = [];
        });
        await space.setRoundTrip(0);
      };
      for (const command of COMMANDS) {
        await reset();
        await enter(caller, space);
        await sweep(caller, [command], 'destroy');
      }
      await reset();
      await enter(caller, space);
      await sweep(caller, COMMANDS, 'disconnect');
      await caller.evaluate(() => client.destroy());
      await space.setRoundTrip(0);
      await expectNothingOpen(caller);
    });
  }
});
