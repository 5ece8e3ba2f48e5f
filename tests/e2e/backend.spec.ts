// The example backend: whoever is signed in gets SATs, in each of the ways, and nobody else does.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';
import { Backend } from './harness/backend.js';
import type { Space } from './harness/space.js';
import { expect, test as base } from './harness/test.js';

/** The route that hands out SATs. */
const ROUTE = '/api/signalwire-token';
/** Of the key in RFC 7638 §3.1. */
const FINGERPRINT = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly token?: string; readonly expiresAt?: number; readonly error?: string };
}

const test = base.extend<{ environment: Record<string, string>; backend: Backend; file: string; foreign: string }>({
  environment: [{}, { option: true }],
  // Playwright reads the names that a fixture needs from its pattern.
  // biome-ignore lint/correctness/noEmptyPattern: this one needs none.
  file: async ({}, use, testInfo) => use(testInfo.outputPath('refresh-tokens.json')),
  backend: async ({ space, environment, file }, use) => {
    const backend = await Backend.start(space, { TOKEN_FILE: file, ...environment });
    await use(backend);
    await backend.stop();
  },
  // A page on another port of the same host that shows the cookies it gets, without any policy.
  // biome-ignore lint/correctness/noEmptyPattern: this one needs none.
  foreign: async ({}, use) => {
    const server = createServer((request, response) => response.end(request.headers.cookie));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await use(`http://localhost:${(server.address() as AddressInfo).port}/`);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  },
});

async function signIn(page: Page, backend: Backend, name = 'Ada'): Promise<void> {
  await page.goto(backend.origin);
  await page.getByRole('button', { name: `Sign in as ${name}` }).click();
  await expect(page.getByText(`Signed in as ${name}`)).toBeVisible();
}

/** What the page gets from the route. */
function ask(page: Page, wish: object, init: { type?: string; own?: boolean } = {}): Promise<Answer> {
  const headers = { 'content-type': init.type ?? 'application/json', ...(init.own === false ? {} : { 'x-requested-by': 'page' }) };
  return page.evaluate(async ([route, body, headers]) => {
    const response = await fetch(route, { method: 'POST', headers, body });
    return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.json() };
  }, [ROUTE, JSON.stringify(wish), headers] as const);
}

/** What the space says of the SAT that it answered. */
async function whoIs(space: Space, { body }: Answer): Promise<{ id: string; sat_claims?: object }> {
  const headers = { authorization: `Bearer ${body.token}` };
  const response = await fetch(`http://127.0.0.1:${space.port}/api/fabric/subscriber/info`, { headers });
  return (await response.json()) as { id: string; sat_claims?: object };
}

/** When a SAT that it answered ends, in seconds from now. */
function life({ body }: Answer): number {
  return ((body.expiresAt ?? 0) - Date.now()) / 1000;
}

/** Each mode by its name on the page, and who renews. */
const MODES = {
  reissue: { shown: 'reissued', mechanism: 'developer', by: 'The backend' },
  rotate: { shown: 'rotated', mechanism: 'developer', by: 'The backend' },
  bound: { shown: 'bound', mechanism: 'client-bound', by: 'This browser, with its key' },
};

for (const [mode, { shown, mechanism, by }] of Object.entries(MODES)) {
  test(`${mode}: a call outlives its first SAT`, async ({ page, space, backend, complaints, file }) => {
    const tokens: string[] = [];
    page.on('response', async (response) => {
      if (response.url().endsWith(ROUTE)) tokens.push(((await response.json()) as { token: string }).token);
    });
    await signIn(page, backend);
    await page.getByRole('radio', { name: shown }).check();
    await page.getByLabel('The first SAT lives for').selectOption('15 seconds');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('button', { name: 'Call /public/echo' }).click();
    await expect(page.locator('#call-state')).toHaveText('connected');
    await expect(page.locator('#renewals')).toHaveText('Once');
    await expect(page.getByRole('log')).toContainText(`renewed (${mechanism}), good until`);
    await expect(page.locator('#mechanism')).toHaveText(by);
    await expect(page.locator('#expiry')).toContainText('In ');

    // Beyond the end of the first SAT: by two hours that the second one has, or by one more renewal.
    if (mode === 'rotate') await space.advanceClock(60_000);
    else await expect(page.locator('#renewals')).toHaveText('2 times');
    const received = async () => (await space.call()).legs[0]?.packets_received ?? 0;
    const before = await received();
    await expect.poll(received).toBeGreaterThan(before + 10);
    await expect(page.locator('#state')).toHaveText('Ready');
    await expect(page.locator('#call-state')).toHaveText('connected');
    expect((await space.sessions()).map(({ resumed }) => resumed)).toEqual([0]);
    expect(complaints).toEqual([]);

    expect(new Set(tokens).size).toBe(tokens.length);
    if (mode === 'bound') expect(tokens.length).toBe(1);
    expect(backend.log).toContain(`SAT for ada: ${mode}`);
    const kept = mode === 'rotate' ? await readFile(file, 'utf8') : '';
    for (const secret of [space.info.api_token, ...tokens]) expect(backend.log + kept).not.toContain(secret);
  });
}

test('an answer holds the SAT and its end, for this page alone', async ({ page, backend, space }) => {
  await signIn(page, backend);
  const answer = await ask(page, { mode: 'reissue', lifetime: 600 });
  expect(answer.status).toBe(200);
  expect(Object.keys(answer.body).sort()).toEqual(['expiresAt', 'token']);
  expect(Math.abs(life(answer) - 600)).toBeLessThan(10);
  expect(answer.headers['cache-control']).toBe('no-store');
  expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  expect(await page.evaluate(() => document.cookie)).toBe('');
  const [cookie] = await page.context().cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
  expect(JSON.stringify(answer)).not.toContain(space.info.api_token);
});

test('every mode gives SATs for the same subscriber; the file holds none of it', async ({ page, backend, space, file }) => {
  await signIn(page, backend);
  const answers = [
    await ask(page, { mode: 'rotate', lifetime: 60 }),
    await ask(page, { mode: 'rotate' }),
    await ask(page, { mode: 'reissue' }),
    await ask(page, {}),
    await ask(page, { mode: 'bound', fingerprint: FINGERPRINT }),
  ];
  expect(answers.map((answer) => Math.round(life(answer) / 60))).toEqual([1, 120, 120, 120, 120]);
  const tokens = answers.map(({ body }) => body.token ?? '');
  expect(new Set(tokens).size).toBe(5);
  const subscribers = await Promise.all(answers.map(async (answer) => (await whoIs(space, answer)).id));
  expect(new Set(subscribers)).toEqual(new Set([space.info.subscribers.find(({ reference }) => reference === 'ada@example.test')?.id]));
  const text = await readFile(file, 'utf8');
  expect(Object.keys(JSON.parse(text))).toEqual(['ada']);
  expect(text).not.toContain('eyJ');
});

test('a bound SAT is for the key of that fingerprint, which only has to be one', async ({ page, backend, space }) => {
  await signIn(page, backend);
  const answer = await ask(page, { mode: 'bound', fingerprint: FINGERPRINT, lifetime: 600 });
  expect(Object.keys(answer.body).sort()).toEqual(['expiresAt', 'token']);
  const claims = (await whoIs(space, answer)).sat_claims;
  expect(claims).toMatchObject({ scope: ['sat:refresh'], cnf: { jkt: FINGERPRINT } });
  expect(backend.log).toContain(`SAT for ada: bound to ${FINGERPRINT}`);
  for (const fingerprint of [undefined, null, 7, '', FINGERPRINT.slice(1), `${FINGERPRINT}A`, `${FINGERPRINT.slice(1)}=`, `${FINGERPRINT}\n`, [FINGERPRINT]]) {
    expect(await ask(page, { mode: 'bound', fingerprint }), JSON.stringify(fingerprint)).toMatchObject({ status: 422, body: { error: 'invalid_request' } });
  }
});

test('rotating goes on with a fresh SAT when the family of the refresh token is gone', async ({ page, backend, space }) => {
  await signIn(page, backend);
  const first = await ask(page, { mode: 'rotate' });
  const ada = space.info.subscribers.find(({ reference }) => reference === 'ada@example.test');
  await space.revoke({ subscriber_id: ada?.id ?? '' });
  const second = await ask(page, { mode: 'rotate' });
  const third = await ask(page, { mode: 'rotate' });
  expect([first, second, third].map(({ status }) => status)).toEqual([200, 200, 200]);
});

test('whoever is not signed in gets nothing, also after signing out', async ({ page, backend }) => {
  await page.goto(backend.origin);
  expect(await ask(page, {})).toMatchObject({ status: 401, body: { error: 'not_signed_in' } });
  await signIn(page, backend);
  expect((await ask(page, {})).status).toBe(200);
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Sign in as Bob' })).toBeVisible();
  expect((await ask(page, {})).status).toBe(401);
});

test('who signs out everywhere ends the SATs and sessions of every browser', async ({ page, browser, backend, space }) => {
  await signIn(page, backend);
  await page.getByRole('button', { name: 'Start' }).click();
  await expect(page.locator('#state')).toHaveText('Ready');
  const sat = await ask(page, { mode: 'bound', fingerprint: FINGERPRINT });
  const other = await browser.newPage();
  await signIn(other, backend);
  await other.getByRole('button', { name: 'Sign out everywhere' }).click();
  await expect(other.getByRole('button', { name: 'Sign in as Ada' })).toBeVisible();
  await other.close();
  await expect.poll(() => space.sessions()).toEqual([]);
  expect(await whoIs(space, sat)).toEqual({ error: 'Unauthorized' });
  expect((await ask(page, {})).status).toBe(401);
  await expect(page.locator('#state')).toHaveText('Connecting');
  expect(backend.log).toContain('every SAT of ada ends');
});

test('only JSON is read, and only what is known', async ({ page, backend }) => {
  await signIn(page, backend);
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    expect(await ask(page, {}, { type }), type).toMatchObject({ status: 415, body: { error: 'json_only' } });
  }
  for (const wish of [{ mode: 'other' }, { mode: 7 }, { lifetime: 5 }, { lifetime: 7201 }, { lifetime: '60' }, { mode: null, lifetime: 1.5 }]) {
    expect(await ask(page, wish), JSON.stringify(wish)).toMatchObject({ status: 422, body: { error: 'invalid_request' } });
  }
});

test('a request that did not come of a script of the page is refused', async ({ page, backend }) => {
  await signIn(page, backend);
  expect(await ask(page, {}, { own: false })).toMatchObject({ status: 403, body: { error: 'header_missing' } });
  expect(backend.log).not.toContain('SAT for ada');
});

test('another port of the host, which gets the cookie as well, is a foreign origin', async ({ page, backend, foreign }) => {
  await signIn(page, backend);
  await page.goto(foreign);
  await expect(page.locator('body')).toContainText('example_backend_session=');
  const refused = page.waitForResponse((response) => response.url().endsWith(ROUTE) && response.request().method() === 'POST');
  await page.evaluate((url) => fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}' }), backend.origin + ROUTE);
  expect((await refused).status()).toBe(403);
  // With JSON the browser asks first, and is not allowed.
  const json = page.evaluate((url) => fetch(url, {
    method: 'POST', credentials: 'include', headers: { 'content-type': 'application/json' }, body: '{}',
  }), backend.origin + ROUTE);
  await expect(json).rejects.toThrow('Failed to fetch');
  expect(backend.log).not.toContain('SAT for ada');
});

test.describe('few requests a minute', () => {
  test.use({ environment: { TOKENS_PER_MINUTE: '2' } });

  test('one user too many times is told when to come again, another is not concerned', async ({ page, browser, backend }) => {
    await signIn(page, backend);
    const statuses = [];
    for (let count = 0; count < 2; count += 1) statuses.push((await ask(page, {})).status);
    expect(statuses).toEqual([200, 200]);
    const answer = await ask(page, {});
    expect(answer).toMatchObject({ status: 429, body: { error: 'too_many_requests' } });
    const wait = Number(answer.headers['retry-after']);
    expect(wait > 50 && wait <= 60).toBe(true);
    const other = await browser.newPage();
    await signIn(other, backend, 'Bob');
    expect((await ask(other, {})).status).toBe(200);
    await other.close();
  });
});
