// The life of a client (auth.md §1.9, §1.14–1.17, §8.5): what runs by itself and what is deferred, who stays online, what remains.
import type { Page } from '@playwright/test';
import type { SignalWireOptions } from '../../js/slim.js';
import { ADA, BOB, dial, endCode, errorOf, expectHeard, hangUp, incoming, signIn, start, subscriber, talks } from './harness/people.js';
import type { Space } from './harness/space.js';
import { expect, expectNothingOpen, expectReady, expectRegistered, REFERENCE, test } from './harness/test.js';

const RECORD = 'sw:cached_credential';

const settle = (page: Page, command: 'connect' | 'disconnect' | 'register' | 'unregister') =>
  page.evaluate((name) => probe.settle(client[name]()), command);

const registered = async (space: Space) => (await space.sessions()).map((session) => session.registered);

const record = (page: Page) => page.evaluate((key) => localStorage.getItem(key), RECORD);

/** How often the client told the space that it is online. */
const onlines = (page: Page) => page.evaluate(() => probe.sent.filter(({ method }) => method === 'subscriber.online').length);

const errors = (page: Page) => page.evaluate(() => probe.clientErrors.map(({ name, code }) => `${name} ${code}`));

test.describe('what runs by itself', () => {
  test('authenticate, connect, register', async ({ caller, space }) => {
    await start(caller, [await space.credential('subscriber')]);
    await expectRegistered(caller);
    expect(await registered(space)).toEqual([true]);
    const sent = await caller.evaluate(() => probe.sent.map(({ method }) => method));
    expect(sent.indexOf('signalwire.connect')).toBeLessThan(sent.indexOf('subscriber.online'));
    expect(await caller.evaluate(() => [probe.authenticated, probe.sockets])).toEqual([1, 1]);
  });

  test('skipRegister waits for register()', async ({ caller, space }) => {
    await start(caller, [await space.credential('subscriber')], { skipRegister: true });
    await expectReady(caller);
    await talks(caller, '/public/echo');
    expect([await onlines(caller), await caller.evaluate(() => client.isRegistered)]).toEqual([0, false]);
    expect(await settle(caller, 'register')).toEqual({ done: true });
    expect(await caller.evaluate(() => client.isRegistered)).toBe(true);
    expect(await registered(space)).toEqual([true]);
  });

  test('skipConnection waits for connect(), which registers as well', async ({ caller, space }) => {
    await start(caller, [await space.credential('subscriber')], { skipConnection: true });
    await expect.poll(() => caller.evaluate(() => probe.authenticated)).toBe(1);
    expect(await caller.evaluate(() => [client.isConnected, probe.sockets])).toEqual([false, 0]);
    expect(await settle(caller, 'connect')).toEqual({ done: true });
    expect(await caller.evaluate(() => client.isConnected)).toBe(true);
    await expectRegistered(caller);
    expect(await caller.evaluate(() => probe.authenticated)).toBe(1);
  });

  test('skipConnection and skipRegister wait for both', async ({ caller, space }) => {
    await start(caller, [await space.credential('subscriber')], { skipConnection: true, skipRegister: true });
    expect(await settle(caller, 'connect')).toEqual({ done: true });
    expect([await onlines(caller), await caller.evaluate(() => client.isRegistered)]).toEqual([0, false]);
    expect(await settle(caller, 'register')).toEqual({ done: true });
    expect(await registered(space)).toEqual([true]);
  });

  test('skipAuthentication waits for connect() with all of it', async ({ caller, space }) => {
    await start(caller, [await space.credential('subscriber')], { skipAuthentication: true });
    expect(await caller.evaluate(() => [probe.authenticated, probe.sockets])).toEqual([0, 0]);
    expect(await settle(caller, 'connect')).toEqual({ done: true });
    await expectRegistered(caller);
    expect(await caller.evaluate(() => probe.authenticated)).toBe(1);
  });

  test('without Web Crypto the provider is asked without a context, and all of it works', async ({ caller, space }) => {
    const contexts = caller.evaluate((sat) => {
      Object.defineProperty(crypto, 'subtle', { value: undefined });
      return new Promise<unknown[]>((resolve) => {
        probe.use(new sdk.SignalWire({
          authenticate(...context) {
            resolve(context.filter((one) => one !== undefined));
            return Promise.resolve({ token: sat });
          },
        }));
      });
    }, await space.credential('subscriber'));
    expect(await contexts).toEqual([]);
    await expectRegistered(caller);
    await talks(caller, '/public/echo');
  });

  test('connect() in the same breath as the constructor joins what runs already', async ({ caller, space }) => {
    const outcomes = await caller.evaluate((sat) => {
      probe.use(new sdk.SignalWire(probe.provider([sat])));
      return Promise.all([client.connect(), client.connect(), client.connect()].map((one) => probe.settle(one)));
    }, await space.credential('subscriber'));
    expect(outcomes).toEqual([{ done: true }, { done: true }, { done: true }]);
    expect(await caller.evaluate(() => [probe.authenticated, probe.sockets])).toEqual([1, 1]);
    expect((await space.sessions()).length).toBe(1);
  });
});

test.describe('online and offline', () => {
  test('unregister() keeps calls away and the session open; register() brings the user back', async ({ caller, space }) => {
    await subscriber(caller, space);
    expect(await settle(caller, 'unregister')).toEqual({ done: true });
    expect(await caller.evaluate(() => [client.isRegistered, client.isConnected])).toEqual([false, true]);
    expect(await space.placeCall(ADA)).toBe(false);
    await talks(caller, '/public/echo');
    expect(await settle(caller, 'register')).toEqual({ done: true });
    expect(await space.placeCall(ADA)).toBe(true);
    await incoming(caller);
  });

  test('the last of several wishes counts', async ({ caller, space }) => {
    await subscriber(caller, space);
    const wishes = ['register', 'unregister', 'unregister', 'register', 'unregister'] as const;
    const outcomes = await caller.evaluate((names) => Promise.all(names.map((name) => probe.settle(client[name]()))), wishes);
    expect(outcomes).toHaveLength(wishes.length);
    expect(await caller.evaluate(() => client.isRegistered)).toBe(false);
    await expect.poll(() => registered(space)).toEqual([false]);
    expect(await settle(caller, 'register')).toEqual({ done: true });
    expect(await registered(space)).toEqual([true]);
  });

  test('after a cut the wish is restored, and no more', async ({ caller, space }) => {
    await subscriber(caller, space);
    await settle(caller, 'unregister');
    const before = await onlines(caller);
    await space.dropSockets();
    await expect.poll(() => space.sessions()).toMatchObject([{ connected: true, resumed: 1, registered: false }]);
    await expectReady(caller);
    await talks(caller, '/public/echo');
    expect(await onlines(caller)).toBe(before);
    await settle(caller, 'register');
    await space.dropSockets();
    await expect.poll(() => space.sessions()).toMatchObject([{ connected: true, resumed: 2, registered: true }]);
    await expectRegistered(caller);
    expect(await space.placeCall(ADA)).toBe(true);
  });

  for (const online of [true, false]) {
    test(`a space that restarted finds the user ${online ? 'online' : 'offline'} as before`, async ({ caller, space }) => {
      await subscriber(caller, space);
      if (!online) await settle(caller, 'unregister');
      await space.reset();
      await expect.poll(() => caller.evaluate(() => probe.sockets)).toBe(2);
      await expectReady(caller);
      await expect.poll(() => registered(space)).toEqual([online]);
      await expectRegistered(caller, online);
    });
  }
});

test.describe('closing', () => {
  test('disconnect() goes offline and closes; connect() comes back online', async ({ caller, space }) => {
    await subscriber(caller, space);
    const both = await caller.evaluate(() => Promise.all([client.disconnect(), client.disconnect()].map((one) => probe.settle(one))));
    expect(both).toEqual([{ done: true }, { done: true }]);
    expect(await caller.evaluate(() => [client.isConnected, client.isRegistered])).toEqual([false, false]);
    await expectNothingOpen(caller, space);
    const again = await caller.evaluate(() => Promise.all([client.connect(), client.connect()].map((one) => probe.settle(one))));
    expect(again).toEqual([{ done: true }, { done: true }]);
    await expectRegistered(caller);
    expect(await registered(space)).toEqual([true]);
    expect(await errors(caller)).toEqual([]);
  });

  test('connect() and disconnect() in turn, all at once: the last one counts', async ({ caller, space }) => {
    await start(caller, [await space.credential('subscriber')], { skipConnection: true });
    const outcomes = await caller.evaluate(() => Promise.all(
      [client.connect(), client.disconnect(), client.connect(), client.disconnect(), client.connect()].map((one) => probe.settle(one)),
    ));
    expect(outcomes.at(-1)).toEqual({ done: true });
    expect(await caller.evaluate(() => client.isConnected)).toBe(true);
    await talks(caller, '/public/echo');
    expect((await space.sessions()).length).toBe(1);
    await caller.evaluate(() => {
      void probe.settle(client.connect());
      return client.disconnect();
    });
    await expectNothingOpen(caller, space);
  });

  test('a strict double mount leaves the second client whole', async ({ caller, space }) => {
    await caller.evaluate((sat) => {
      const provider = probe.provider([sat]);
      new sdk.SignalWire(provider, { persistSession: true }).destroy();
      probe.use(new sdk.SignalWire(provider, { persistSession: true }));
    }, await space.credential('subscriber'));
    await expectRegistered(caller);
    expect((await space.sessions()).map((session) => session.registered)).toEqual([true]);
    expect(await record(caller)).not.toBeNull();
    expect(await space.placeCall(ADA)).toBe(true);
    await incoming(caller);
  });

  test('a widget beside a signed-in subscriber takes nothing along when it goes', async ({ caller, space }) => {
    await subscriber(caller, space, ADA, { persistSession: true });
    const before = await record(caller);
    expect(before).not.toBeNull();
    const options = { to: '/public/echo', embedToken: space.embedToken('/public/echo'), host: `localhost:${space.port}` };
    expect(await caller.evaluate((given) => probe.embedded(given), options)).toEqual({ done: true });
    await expectHeard(caller);
    await hangUp(caller);
    await expect.poll(() => space.sessions()).toMatchObject([{ subscriber: ADA, registered: true }]);
    expect(await record(caller)).toBe(before);
    expect(await caller.evaluate(() => client.isRegistered)).toBe(true);
    expect(await space.placeCall(ADA)).toBe(true);
    await incoming(caller);
  });

  test('two tabs: whoever goes leaves the other online, with its record', async ({ caller, space, another }) => {
    await subscriber(caller, space, ADA, { persistSession: true });
    const tab = await another(caller);
    await subscriber(tab, space, ADA, { persistSession: true });
    const written = await record(tab);
    await caller.evaluate(() => client.destroy());
    await expect.poll(() => registered(space)).toEqual([true]);
    expect(await tab.evaluate(() => client.isRegistered)).toBe(true);
    expect(await record(tab)).toBe(written);
    expect(await space.placeCall(ADA)).toBe(true);
    await incoming(tab);
    await tab.evaluate(() => client.destroy());
    await expect.poll(() => record(tab)).toBeNull();
  });
});

test.describe('what stays', () => {
  test('without persistSession no SAT is written anywhere', async ({ caller, space }) => {
    const token = await space.credential('subscriber');
    await signIn(caller, token);
    await talks(caller, '/public/echo');
    const stored = await caller.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
    expect(stored).not.toContain(token);
  });

  for (const options of [{ persistSession: true }, { persist: true }] as SignalWireOptions[]) {
    test(`${Object.keys(options).join()}: a reload without a provider takes the session up, destroy() ends that`, async ({ caller, space, entry }) => {
      await subscriber(caller, space, ADA, options);
      await caller.reload();
      await caller.evaluate(([file, how]) => probe.load(file).then(() => probe.use(new sdk.SignalWire(undefined, how))), [entry, options] as const);
      await expectRegistered(caller);
      expect(await space.sessions()).toContainEqual(expect.objectContaining({ subscriber: ADA, registered: true, connected: true }));
      await caller.evaluate(() => client.destroy());
      await expect.poll(() => record(caller)).toBeNull();
      await caller.evaluate((how) => probe.use(new sdk.SignalWire(undefined, how)), options);
      await expect.poll(() => errors(caller)).toEqual(['InvalidCredentialsError credentials_no_source']);
    });
  }

  test('a provider is asked whatever is stored: another user comes up as himself', async ({ caller, space, entry }) => {
    await subscriber(caller, space, ADA, { persistSession: true });
    await caller.reload();
    await caller.evaluate((file) => probe.load(file), entry);
    await subscriber(caller, space, BOB, { persistSession: true });
    await expect.poll(() => caller.evaluate(() => client.user?.email)).toBe(BOB);
  });
});

test.describe('the end of a credential', () => {
  test('at expiry everything ends once; connect() fetches a new credential', async ({ caller, space }) => {
    const tokens = [await space.credential('subscriber', { expires_in: 600 }), await space.credential('subscriber', { expires_in: 7200 })];
    await start(caller, tokens);
    await expectRegistered(caller);
    expect(await dial(caller, '/public/echo')).toEqual({ done: true });
    await expectHeard(caller);
    await space.advanceClock(601_000);
    expect(await endCode(caller)).toBe('expired');
    await expectNothingOpen(caller, space);
    expect(await caller.evaluate(() => probe.clientErrors)).toMatchObject([
      { name: 'InvalidCredentialsError', code: 'credentials_expired', message: 'Provided credentials have expired.' },
    ]);
    expect(await caller.evaluate(() => [client.isConnected, client.isRegistered])).toEqual([false, false]);
    expect(await caller.evaluate(() => [probe.authenticated, probe.sockets])).toEqual([1, 1]);
    expect(await settle(caller, 'connect')).toEqual({ done: true });
    await expectRegistered(caller);
    expect(await caller.evaluate(() => [probe.authenticated, probe.sockets])).toEqual([2, 2]);
    await talks(caller, '/public/echo');
    expect((await errors(caller)).length).toBe(1);
  });

  test('before its expiry nothing happens', async ({ caller, space }) => {
    await start(caller, [await space.credential('subscriber', { expires_in: 600 })]);
    await expectRegistered(caller);
    await space.advanceClock(590_000);
    await talks(caller, '/public/echo');
    expect([await errors(caller), await caller.evaluate(() => probe.sockets)]).toEqual([[], 1]);
  });

  test('a fixed SAT ends with its session, and does not connect again', async ({ caller, space }) => {
    await signIn(caller, await space.credential('guest', { expires_in: 600 }));
    await space.advanceClock(601_000);
    await expectNothingOpen(caller, space);
    expect(errorOf(await settle(caller, 'connect'))).toMatchObject({ name: 'InvalidCredentialsError' });
    expect(errorOf(await dial(caller, '/public/echo'))).toMatchObject({ name: 'InvalidCredentialsError' });
  });

  test('two hours are the life of a SAT', async ({ caller, space }) => {
    await signIn(caller, await space.credential('subscriber'));
    await space.advanceClock(7_190_000);
    await talks(caller, '/public/echo');
    await space.advanceClock(20_000);
    await expectNothingOpen(caller, space);
    expect(await errors(caller)).toEqual(['InvalidCredentialsError credentials_expired']);
  });

  test('a revoked subscriber is told once, and stays out', async ({ caller, space }) => {
    await subscriber(caller, space);
    const id = space.info.subscribers.find(({ reference }) => reference === ADA)?.id ?? '';
    await space.revoke({ subscriber_id: id });
    await expect.poll(() => errors(caller)).toEqual(['InvalidCredentialsError credentials_rejected']);
    await expectNothingOpen(caller, space);
    expect(await caller.evaluate(() => [client.isConnected, client.isRegistered])).toEqual([false, false]);
    expect(errorOf(await settle(caller, 'connect'))).toMatchObject({ name: 'InvalidCredentialsError', code: 'credentials_rejected' });
  });

  test('a revoked embed token makes no session any more', async ({ caller, space }) => {
    const embedToken = space.embedToken('/public/echo');
    await space.revoke({ embed_token: embedToken });
    const options = { to: '/public/echo', embedToken, host: `localhost:${space.port}` };
    const outcome = await caller.evaluate((given) => probe.embedded(given), options);
    expect(errorOf(outcome)).toMatchObject({ name: 'RequestError', code: 'embed_token_rejected' });
    await expectNothingOpen(caller, space);
  });
});

test.describe('a credential that is none', () => {
  const CASES: Record<string, (space: Space) => Promise<object>> = {
    malformed: () => Promise.resolve({ token: 'not-a-sat' }),
    truncated: async (space) => ({ token: (await space.credential('subscriber')).split('.').slice(0, 3).join('.') }),
    expired: async (space) => {
      const token = await space.credential('subscriber', { expires_in: 60 });
      await space.advanceClock(61_000);
      return { token };
    },
    'expired by its own word': async (space) => ({ token: await space.credential('subscriber'), expiry_at: Date.now() - 1 }),
    'in seconds': async (space) => ({ token: await space.credential('subscriber'), expiry_at: Math.floor(Date.now() / 1000) + 60 }),
    missing: () => Promise.resolve({}),
  };
  for (const [name, make] of Object.entries(CASES)) {
    test(`${name}: InvalidCredentialsError, first and alone`, async ({ caller, space }) => {
      await caller.evaluate((credential) => probe.use(new sdk.SignalWire(new sdk.StaticCredentialProvider(credential))), await make(space));
      await expect.poll(async () => (await errors(caller)).length).toBeGreaterThan(0);
      expect(errorOf(await dial(caller, '/public/echo'))).toMatchObject({ name: 'InvalidCredentialsError' });
      await expectNothingOpen(caller, space);
      expect(await errors(caller)).toEqual([expect.stringMatching(/^InvalidCredentialsError credentials_/)]);
    });
  }

  test('a SAT that leads elsewhere is refused before anything is sent', async ({ caller, space }) => {
    const token = await space.credential('subscriber');
    await caller.evaluate((sat) => probe.connect(sat, { allowedHosts: ['signalwire.com'] }), token);
    await expect.poll(() => errors(caller)).toEqual(['InvalidCredentialsError credentials_foreign']);
    expect(await caller.evaluate(() => [probe.said, probe.sockets])).toEqual(['', 0]);
    await caller.evaluate((sat) => probe.connect(sat, { allowedHosts: ['localhost'] }), token);
    await expectReady(caller);
  });

  test('endpoints take the place of the hosts in the SAT', async ({ caller, space }) => {
    const base = `elsewhere.localhost:${space.port}`;
    const urls: string[] = [];
    caller.on('request', (request) => urls.push(request.url()));
    await signIn(caller, await space.credential('subscriber'), { endpoints: { websocket: `ws://${base}`, rest: `http://${base}` } });
    await expect.poll(() => caller.evaluate(() => client.user?.email)).toBe(ADA);
    expect(urls.filter((url) => url.includes('/api/')).every((url) => new URL(url).host === base)).toBe(true);
  });
});

test.describe('the reference', { tag: '@reference' }, () => {
  test.use({ entry: REFERENCE });

  test('skipConnection and skipRegister wait for both', async ({ caller, space }) => {
    await start(caller, [await space.credential('subscriber')], { skipConnection: true, skipRegister: true });
    // W-18: connect() in the same breath as the constructor rejects; it works once the credential is there.
    await expect.poll(() => caller.evaluate(() => client.user !== undefined)).toBe(true);
    expect(await settle(caller, 'connect')).toEqual({ done: true });
    expect([await onlines(caller), await caller.evaluate(() => client.isRegistered)]).toEqual([0, false]);
    expect(await settle(caller, 'register')).toEqual({ done: true });
    expect(await registered(space)).toEqual([true]);
  });

  test('connect() in the same breath as the constructor is rejected (auth.md §11, W-18)', async ({ caller, space }) => {
    const outcome = await caller.evaluate((sat) => {
      probe.use(new sdk.SignalWire(probe.provider([sat]), { skipConnection: true }));
      return probe.settle(client.connect());
    }, await space.credential('subscriber'));
    expect(errorOf(outcome)).toMatchObject({ name: 'UnexpectedError' });
  });

  test('unregister() keeps calls away and the session open; register() brings the user back', async ({ caller, space }) => {
    await subscriber(caller, space);
    expect(await settle(caller, 'unregister')).toEqual({ done: true });
    expect(await space.placeCall(ADA)).toBe(false);
    await talks(caller, '/public/echo');
    expect(await settle(caller, 'register')).toEqual({ done: true });
    expect(await space.placeCall(ADA)).toBe(true);
    await incoming(caller);
  });

  test('after a cut it is online again against the wish (auth.md §11, W-16)', async ({ caller, space }) => {
    await subscriber(caller, space);
    await settle(caller, 'unregister');
    await space.dropSockets();
    await expect.poll(() => space.sessions()).toMatchObject([{ connected: true, resumed: 1, registered: true }]);
  });

  test('a SAT that the space refuses is an UnexpectedError (auth.md §12, A-3)', async ({ caller, space }) => {
    const token = await space.credential('subscriber', { expires_in: 60 });
    await space.advanceClock(61_000);
    await caller.evaluate((sat) => probe.connect(sat), token);
    await expect.poll(async () => (await errors(caller))[0]).toMatch(/^UnexpectedError/);
  });

  test('a SAT without a header is an InvalidCredentialsError', async ({ caller }) => {
    await caller.evaluate(() => probe.connect('not-a-sat'));
    await expect.poll(async () => (await errors(caller))[0]).toMatch(/^InvalidCredentialsError/);
  });
});
