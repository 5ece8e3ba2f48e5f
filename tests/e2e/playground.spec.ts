// The playground: every kind of credential by one click, and two people who call each other.
import type { BrowserContext, Locator, Page } from '@playwright/test';
import { WWW } from './harness/places.js';
import type { Space } from './harness/space.js';
import { expect, test } from './harness/test.js';

test.use({ www: WWW });

const session = (page: Page): Locator => page.locator('#state-session');
const online = (page: Page): Locator => page.getByRole('switch', { name: 'Online for calls' });
const newestCall = (page: Page): Locator => page.locator('#calls > li').first();

/** A tab that comes up as one of the people. */
async function tabAs(context: BrowserContext, space: Space, who: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${space.info.base}/playground.html?as=${who}`);
  await expect(session(page)).toHaveText('Ready');
  return page;
}

async function tabOnline(context: BrowserContext, space: Space, who: string): Promise<Page> {
  const page = await tabAs(context, space, who);
  await expect(online(page)).toHaveAttribute('aria-checked', 'true');
  return page;
}

test('one click for each credential: whose reach it has, it has', async ({ page, space, complaints }) => {
  await page.goto(`${space.info.base}/playground.html`);
  for (const [who, kind, canBeCalled] of [
    [/^Ada/, 'Subscriber SAT', true],
    [/^A guest/, 'Guest SAT', false],
    [/^An invitee/, 'Invite SAT', false],
    [/^A visitor/, 'Embed token', false],
    [/^A trial/, 'C2C token', false],
  ] as const) {
    await page.getByRole('button', { name: who }).click();
    await expect(page.locator('#client-kind')).toHaveText(kind);
    await expect(session(page)).toHaveText('Ready');
    await expect(page.locator('#state-registered')).toHaveText(canBeCalled ? 'Yes' : 'No');
    await expect(page.locator('#state-expiry')).toHaveText(/^In \d/);
    await page.getByRole('button', { name: 'Destroy the client' }).click();
    await expect(page.getByRole('heading', { name: 'Who do you want to be?' })).toBeFocused();
  }
  await expect.poll(() => space.sessions()).toEqual([]);
  expect(complaints).toEqual([]);
});

test('the whole life of a client, and no secret in what it logs', async ({ page, space }) => {
  await page.goto(`${space.info.base}/playground.html`);
  await page.getByText('Lifetime and lifecycle').click();
  await page.getByLabel('Connect later').check();
  await page.getByLabel('Register later').check();
  const token = await space.subscriberSat('ada@example.test');
  await page.getByLabel('Or paste a SAT').fill(token);
  await page.getByRole('button', { name: 'Use it' }).click();
  await expect(session(page)).toHaveText('Not connected');
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(session(page)).toHaveText('Ready');
  await expect(online(page)).toHaveAttribute('aria-checked', 'false');
  for (const checked of ['true', 'false', 'true']) {
    await online(page).click();
    await expect(online(page)).toHaveAttribute('aria-checked', checked);
  }
  await space.dropSockets();
  await expect(page.locator('#events')).toContainText(/ready: true[\s\S]*ready: false[\s\S]*ready: true/);
  await expect(online(page)).toHaveAttribute('aria-checked', 'true');
  await page.getByRole('button', { name: 'Disconnect' }).click();
  await expect(session(page)).toHaveText('Not connected');
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(session(page)).toHaveText('Ready');

  const events = await page.locator('#events').textContent();
  expect(events).toContain('connect() resolved');
  for (const secret of [token, token.slice(-40), space.info.api_token]) expect(events).not.toContain(secret);
  expect(page.url()).not.toContain(token);
});

test('two tabs call each other, with pictures', async ({ context, space, browserName }) => {
  const ada = await tabOnline(context, space, 'ada');
  const bob = await tabOnline(context, space, 'bob');
  await ada.getByLabel('Destination').fill('/private/bob');
  await ada.getByRole('button', { name: 'Call with video' }).click();
  await expect(bob.getByRole('alert').filter({ hasText: 'Incoming call from Ada' })).toBeAttached();
  await expect(bob).toHaveTitle('Ada is calling');
  await newestCall(bob).getByRole('button', { name: 'Answer with video' }).click();
  for (const page of [ada, bob]) {
    const call = newestCall(page);
    await expect(call).toContainText('Connected');
    await expect.poll(() => call.locator('video.far').evaluate((video: HTMLVideoElement) => video.videoWidth)).toBeGreaterThan(0);
    await expect(call.locator('video.near')).toBeVisible();
  }
  // Without an audio device Firefox lets no AudioContext run, and so measures nothing.
  if (browserName === 'chromium') {
    const far = newestCall(bob).getByRole('meter', { name: 'Far end' });
    await expect.poll(async () => Number(await far.getAttribute('aria-valuenow'))).toBeGreaterThan(10);
  }
  const mute = newestCall(ada).getByRole('button', { name: 'Mute' });
  for (const pressed of ['true', 'false']) {
    await mute.click();
    await expect(mute).toHaveAttribute('aria-pressed', pressed);
  }
  await newestCall(ada).getByRole('button', { name: 'Hang up' }).click();
  for (const page of [ada, bob]) await expect(newestCall(page)).toContainText('Hung up');
});

test('a call is declined, and one from the space is answered', async ({ context, space }) => {
  const ada = await tabOnline(context, space, 'ada');
  const bob = await tabOnline(context, space, 'bob');
  await bob.getByRole('button', { name: '/private/ada' }).click();
  await bob.getByRole('button', { name: 'Call', exact: true }).click();
  await newestCall(ada).getByRole('button', { name: 'Reject' }).click();
  await expect(newestCall(bob)).toContainText('Declined (CALL_REJECTED 21)');

  await ada.getByRole('button', { name: 'Audio call from the space' }).click();
  await newestCall(ada).getByRole('button', { name: 'Answer', exact: true }).click();
  await expect(newestCall(ada)).toContainText('Connected');

  await online(bob).click();
  await expect(online(bob)).toHaveAttribute('aria-checked', 'false');
  await bob.getByRole('button', { name: 'Audio call from the space' }).click();
  await expect(bob.locator('#trouble')).toContainText('cannot call you while you are offline');
});
