// The four patterns of authentication (auth.md §1.2): what each credential reaches, and what it does not.
import type { Page } from '@playwright/test';
import type { Space } from './harness/space.js';
import { ADA, dial, endCode, errorOf, expectHeard, hangUp, incoming, signIn, subscriber, talks } from './harness/people.js';
import { expect, expectNothingOpen, expectReady, REFERENCE, test } from './harness/test.js';

/** Beyond the credential: a typed error, nothing at the space, and the session as good as before. */
async function expectBeyondReach(page: Page, space: Space, to: string): Promise<void> {
  const calls = (await space.calls()).length;
  expect(errorOf(await dial(page, to))).toMatchObject({ name: 'CallCreateError', code: 'call_forbidden', retryable: false });
  expect((await space.calls()).length).toBe(calls);
  expect(await page.evaluate(() => probe.open())).toEqual({ tracks: 0, peers: 0, sockets: 1 });
  expect(await page.evaluate(() => client.isConnected)).toBe(true);
}

/** `register()` resolves and has no effect, and nobody is told of anything. */
async function expectOutboundOnly(page: Page, space: Space): Promise<void> {
  expect(await page.evaluate(() => probe.settle(client.register()))).toEqual({ done: true });
  expect(await page.evaluate(() => probe.settle(client.unregister()))).toEqual({ done: true });
  expect(await page.evaluate(() => client.isRegistered)).toBe(false);
  const sent = await page.evaluate(() => probe.sent.map(({ method }) => method));
  expect(sent.filter((method) => method.startsWith('subscriber.'))).toEqual([]);
  expect((await space.sessions()).filter(({ registered }) => registered)).toEqual([]);
}

/** An application's own request with its user's SAT: an invite to the user's first address (auth.md §4.5). */
function makeInvite(page: Page, space: Space, sat: string): Promise<string> {
  return page.evaluate(async ([fabric, bearer]) => {
    const headers = { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' };
    const profile = await fetch(`//${fabric}/api/fabric/subscriber/info`, { headers });
    const { fabric_addresses: [address] } = await profile.json();
    const body = JSON.stringify({ address_id: address.id });
    const invite = await fetch(`//${fabric}/api/fabric/subscriber/invites`, { method: 'POST', headers, body });
    if (invite.status !== 201) throw new Error(`no invite: ${invite.status}`);
    return (await invite.json()).token as string;
  }, [space.info.hosts.fabric, sat] as const);
}

/** A client of an embed token or a C2C token. */
async function embedded(page: Page, space: Space, embedToken: string): Promise<void> {
  await page.evaluate(([host, token]) => {
    probe.use(new sdk.SignalWire(new sdk.EmbedTokenCredentialProvider(host, token)));
  }, [`localhost:${space.port}`, embedToken] as const);
  await expectReady(page);
}

test.describe('the API token stays at home', () => {
  test.afterEach(async ({ space, context }) => {
    for (const page of context.pages()) {
      const said = await page.evaluate(() => probe.said);
      expect(said).toContain('signalwire.connect');
      expect(said).not.toContain(space.info.api_token);
      expect(said).not.toMatch(/\/api\/fabric\/(?:subscribers|guests)\/tokens/);
      expect(said).not.toContain(Buffer.from(`${space.info.project_id}:${space.info.api_token}`).toString('base64'));
    }
  });

  test('a subscriber calls, and is called', async ({ caller, space, complaints }) => {
    await subscriber(caller, space);
    expect(await space.sessions()).toMatchObject([{ subscriber: ADA, kind: 'subscriber', registered: true }]);
    await talks(caller, '/public/echo');
    expect(await space.placeCall(ADA)).toBe(true);
    expect(await incoming(caller)).toMatchObject({ from: '/public/echo', direction: 'inbound' });
    await caller.evaluate(() => globalThis.call?.answer());
    await expectHeard(caller);
    await hangUp(caller);
    await caller.evaluate(() => client.destroy());
    await expectNothingOpen(caller, space);
    expect(complaints).toEqual([]);
  });

  test('a guest reaches its addresses and no other', async ({ caller, space }) => {
    await signIn(caller, await space.credential('guest', { addresses: ['/public/echo', '/public/tone'] }));
    await talks(caller, '/public/echo');
    await expectBeyondReach(caller, space, '/public/silent');
    await expectBeyondReach(caller, space, '/private/ada');
    await talks(caller, '/public/tone');
    await expectOutboundOnly(caller, space);
    expect(await space.sessions()).toMatchObject([{ kind: 'guest', registered: false }]);
  });

  test('an invite made by a subscriber in one page is used in another', async ({ caller, space, another }) => {
    const sat = await space.credential('subscriber', { reference: ADA });
    await signIn(caller, sat);
    const invite = await makeInvite(caller, space, sat);
    const invited = await another();
    await signIn(invited, invite);
    await expectOutboundOnlyBeside(invited, space);
    await expectBeyondReach(invited, space, '/public/echo');
    await expectBeyondReach(invited, space, '/private/bob');
    expect(await dial(invited, '/private/ada')).toEqual({ done: true });
    await incoming(caller);
    await caller.evaluate(() => globalThis.call?.answer());
    await Promise.all([expectHeard(caller), expectHeard(invited)]);
    await hangUp(caller);
    expect(await endCode(invited)).toBe('normal');
  });

  for (const kind of ['embed', 'c2c'] as const) {
    test(`a token of a public page (${kind}) reaches its one address, again and again`, async ({ caller, space }) => {
      await embedded(caller, space, await space.credential(kind, { address: '/public/tone' }));
      await talks(caller, '/public/tone');
      await expectBeyondReach(caller, space, '/public/echo');
      await talks(caller, '/public/tone');
      await expectOutboundOnly(caller, space);
      expect(await space.sessions()).toMatchObject([{ kind: 'embed_guest', registered: false }]);
      await caller.evaluate(() => client.destroy());
      await expectNothingOpen(caller, space);
    });
  }
});

/** As `expectOutboundOnly`, beside a subscriber who is online. */
async function expectOutboundOnlyBeside(page: Page, space: Space): Promise<void> {
  expect(await page.evaluate(() => probe.settle(client.register()))).toEqual({ done: true });
  expect(await page.evaluate(() => client.isRegistered)).toBe(false);
  expect((await space.sessions()).map(({ kind, registered }) => `${kind} ${registered}`).sort()).toEqual(['invite false', 'subscriber true']);
}

test('embeddableCall takes a C2C token in the place of an embed token', async ({ caller, space }) => {
  const options = { to: '/public/echo', embedToken: await space.credential('c2c'), host: `localhost:${space.port}` };
  expect(await caller.evaluate((given) => probe.embedded(given), options)).toEqual({ done: true });
  await expectHeard(caller);
  expect(await space.sessions()).toMatchObject([{ kind: 'embed_guest', registered: false }]);
  await hangUp(caller);
  await expectNothingOpen(caller, space);
  expect(await caller.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([0, 0]);
});

test('an exchanged embed token is a Guest SAT that a static provider may hold', async ({ caller, space }) => {
  const token = await caller.evaluate(async ([host, embedToken]) => {
    const provider = new sdk.EmbedTokenCredentialProvider(host, embedToken);
    const [first, second] = [await provider.authenticate(), await provider.refresh()];
    if (first.expiry_at < Date.now() || second.token === first.token) throw new Error('no fresh tokens');
    return second.token;
  }, [`localhost:${space.port}`, space.embedToken('/public/echo')] as const);
  await signIn(caller, token);
  await talks(caller, '/public/echo');
});

for (const kind of ['guest', 'embed'] as const) {
  test(`a call button tells by its shape what token it was given: ${kind}`, async ({ caller, space }) => {
    await caller.evaluate(([token, host]) => {
      const button = document.createElement('button');
      Object.assign(button.dataset, { signalwireCall: '', token, to: '/public/echo', ...(host && { host }) });
      button.textContent = 'Call';
      document.body.append(button);
    }, [await space.credential(kind), kind === 'embed' ? `localhost:${space.port}` : ''] as const);
    await caller.addScriptTag({ url: '/sdk/click-to-call.js' });
    await caller.getByRole('button', { name: 'Call' }).click();
    await expect(caller.getByRole('dialog')).toContainText('Connected');
    expect(await space.sessions()).toMatchObject([{ kind: kind === 'embed' ? 'embed_guest' : 'guest', registered: false }]);
    await caller.getByRole('dialog').getByRole('button', { name: 'Hang up' }).click();
    await expect.poll(async () => (await space.call()).ended).toMatchObject({ by: 'client', how: 'bye' });
    await expectNothingOpen(caller, space);
  });
}

test.describe('the reference', { tag: '@reference' }, () => {
  test.use({ entry: REFERENCE });

  test('a subscriber calls, and is called', async ({ caller, space }) => {
    await subscriber(caller, space);
    await talks(caller, '/public/echo');
    expect(await space.placeCall(ADA)).toBe(true);
    expect(await incoming(caller)).toMatchObject({ from: '/public/echo', direction: 'inbound' });
    await caller.evaluate(() => globalThis.call?.answer());
    await expectHeard(caller);
    await hangUp(caller);
  });

  test('a guest reaches its addresses; the error of another has no cause of the space', async ({ caller, space }) => {
    await signIn(caller, await space.credential('guest', { addresses: ['/public/echo'] }));
    await talks(caller, '/public/echo');
    // wire-protocol.md §12 (3): an EmptyError instead of the space's own.
    expect(errorOf(await dial(caller, '/public/tone'))).toMatchObject({ name: 'CallCreateError', cause: { name: 'EmptyError' } });
    expect((await space.calls()).length).toBe(1);
  });

  test('a guest says that it is online, and the space takes it without effect (auth.md §12, A-9)', async ({ caller, space }) => {
    await signIn(caller, await space.credential('guest'));
    await expect.poll(() => caller.evaluate(() => probe.sent.some(({ method }) => method === 'subscriber.online'))).toBe(true);
    await expect.poll(() => caller.evaluate(() => client.isRegistered)).toBe(true);
    expect(await space.sessions()).toMatchObject([{ kind: 'guest', registered: false }]);
  });

  test('an embed token is exchanged and reaches its address', async ({ caller, space }) => {
    await embedded(caller, space, space.embedToken('/public/tone'));
    await talks(caller, '/public/tone');
  });
});
