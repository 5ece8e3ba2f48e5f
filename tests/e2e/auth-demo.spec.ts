// The page of the guide: does a token open a session? Served by the space, and saved and opened from disk.
import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { Page, Request } from '@playwright/test';
import { WWW } from './harness/places.js';
import { Space } from './harness/space.js';
import { expect, test } from './harness/test.js';

test.use({ www: WWW });

const OPEN = 'Authenticated — WebSocket open.';
const REJECTED = 'Failed: InvalidCredentialsError — Credentials were rejected by the space.';

/** The lines of the log, without the advice below a failure. */
async function logged(page: Page): Promise<string[]> {
  const text = await page.locator('#log').textContent();
  return (text ?? '').split('\n').filter((line) => line && !line.startsWith(' '));
}

async function authenticate(page: Page, token: string): Promise<void> {
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Authenticate' }).click();
}

/** A space that answers nothing any more fails otherwise. */
async function expectLogged(page: Page, ...lines: string[]): Promise<void> {
  await expect.poll(() => logged(page)).toEqual(lines);
}

/** Every request of the page and every frame that it sends, as text. */
function overhear(page: Page): string[] {
  const said: string[] = [];
  const note = (request: Request): void => {
    said.push(`${request.url()} ${JSON.stringify(request.headers())} ${request.postData() ?? ''}`);
  };
  page.on('request', note);
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => said.push(String(payload))));
  return said;
}

/** The page as the space serves it, on disk. */
async function savedPage(space: Space, path: string): Promise<string> {
  const { port } = new URL(space.info.base);
  const response = await fetch(`http://127.0.0.1:${port}/auth-demo.html`);
  const source = (await response.text()).replaceAll(`http://127.0.0.1:${port}`, space.info.base);
  await writeFile(path, source);
  return pathToFileURL(path).href;
}

test('a token opens a session; nothing that left the page was the API token', async ({ page, space, complaints }) => {
  const said = overhear(page);
  await page.goto(`${space.info.base}/auth-demo.html`);
  await expect(page.getByLabel('Token')).toHaveAttribute('type', 'password');
  await page.getByRole('button', { name: 'Authenticate' }).click();
  await expectLogged(page, 'Paste a token first.');

  await authenticate(page, `  ${await space.subscriberSat('ada@example.test')}\t`);
  await expectLogged(page, 'Paste a token first.', 'Connecting...', OPEN);
  await expect(page.getByRole('button', { name: 'Authenticate' })).toBeDisabled();
  await expect.poll(async () => (await space.sessions()).map(({ subscriber }) => subscriber)).toEqual(['ada@example.test']);
  expect(said.length).toBeGreaterThan(3);
  const { project_id, api_token } = space.info;
  const basic = Buffer.from(`${project_id}:${api_token}`).toString('base64');
  for (const secret of [api_token, basic]) expect(said.filter((one) => one.includes(secret))).toEqual([]);
  expect(complaints).toEqual([]);
});

test('a failure says why, and a fresh token works in the same page', async ({ page, space }) => {
  const foreign = await Space.start(WWW);
  const elsewhere = await foreign.subscriberSat('ada@example.test');
  await foreign.stop();
  const cut = (await space.subscriberSat('ada@example.test')).slice(10);
  const revoked = await space.subscriberSat('ada@example.test');
  const [ada] = space.info.subscribers;
  await space.revoke({ subscriber_id: ada?.id ?? '' });
  const soon = Math.floor(Date.now() / 1000) + 60;
  const expired = await space.subscriberSat('bob@example.test', { expire_at: soon });
  await space.advanceClock(61_000);

  await page.goto(`${space.info.base}/auth-demo.html`);
  const lines: string[] = [];
  for (const [token, line, advice] of [
    [cut, 'Failed: InvalidCredentialsError — Invalid JWT token provided in credentials.', 'exactly as the space issued it'],
    [elsewhere, 'Failed: InvalidCredentialsError — The credentials lead to a host that allowedHosts does not name.', 'of the right space'],
    [revoked, REJECTED, 'a fresh SAT of the same space'],
    [expired, REJECTED, 'a fresh SAT of the same space'],
  ] as const) {
    await authenticate(page, token);
    lines.push('Connecting...', line);
    await expectLogged(page, ...lines);
    await expect(page.locator('#log')).toContainText(advice);
    await expect(page.getByRole('button', { name: 'Authenticate' })).toBeEnabled();
  }
  await authenticate(page, await space.subscriberSat('ada@example.test'));
  await expectLogged(page, ...lines, 'Connecting...', OPEN);
  await expect.poll(async () => (await space.sessions()).length).toBe(1);
});

test('a session that ends with its token says so, and the button is back', async ({ page, space }) => {
  await page.goto(`${space.info.base}/auth-demo.html`);
  await authenticate(page, await space.subscriberSat('ada@example.test', { expire_at: Math.floor(Date.now() / 1000) + 60 }));
  await expectLogged(page, 'Connecting...', OPEN);
  await space.advanceClock(61_000);
  await expectLogged(page, 'Connecting...', OPEN, 'Failed: InvalidCredentialsError — Provided credentials have expired.');
  await expect(page.getByRole('button', { name: 'Authenticate' })).toBeEnabled();
});

test('a space that is gone', async ({ page, space }) => {
  await page.goto(`${space.info.base}/auth-demo.html`);
  const token = await space.subscriberSat('ada@example.test');
  await space.kill();
  await authenticate(page, token);
  await expect(page.locator('#log')).toContainText('Failed: ');
  await expect(page.locator('#log')).toContainText('Check that the space is running');
  await expect(page.getByRole('button', { name: 'Authenticate' })).toBeEnabled();
});

test('saved and opened from disk it works the same', async ({ page, space, complaints }, info) => {
  const saved = await savedPage(space, info.outputPath('auth-demo.html'));
  await page.goto(saved);
  expect(await page.evaluate(() => origin)).toBe('null');
  await authenticate(page, 'nothing');
  const failed = 'Failed: InvalidCredentialsError — Invalid JWT token provided in credentials.';
  await expectLogged(page, 'Connecting...', failed);
  await authenticate(page, await space.subscriberSat('ada@example.test'));
  await expectLogged(page, 'Connecting...', failed, 'Connecting...', OPEN);
  expect(complaints).toEqual([]);

  await space.kill();
  await page.goto(saved);
  await authenticate(page, 'anything');
  await expectLogged(page, 'The SDK did not load. Start the space, then reload this page.');
});
