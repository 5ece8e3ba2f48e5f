// The shop's page as the space serves it, with the real SDK and a real call.
import type { Locator, Page } from '@playwright/test';
import { WWW } from './harness/places.js';
import { installProbe } from './harness/probe.js';
import type { Space } from './harness/space.js';
import { expect, expectNothingOpen, test } from './harness/test.js';

test.use({ www: WWW });

const PANEL = '/sdk/click-to-call-panel.mjs';
const SDK = '/sdk/signalwire.bundle.mjs';

/** The page of the shop, ready to call whoever `answers`; and the paths that it has asked for. */
async function openShop(page: Page, space: Space, answers: string): Promise<string[]> {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.addInitScript(installProbe);
  await page.goto(`${space.info.base}/click-to-call.html`);
  await expect(button(page)).toBeEnabled();
  await page.getByLabel('Who answers').selectOption({ label: answers });
  return asked;
}

const button = (page: Page): Locator => page.getByRole('button', { name: 'Talk to the workshop' });
const panel = (page: Page): Locator => page.getByRole('dialog');

test('a visitor calls, is heard, mutes, and hangs up', async ({ page, space, complaints }) => {
  const asked = await openShop(page, space, 'An echo: you hear yourself');
  expect(asked).toContain('/sdk/click-to-call.js');
  expect(asked).not.toContain(SDK);
  expect(asked).not.toContain(PANEL);

  await button(page).hover();
  await expect.poll(() => asked).toEqual(expect.arrayContaining([SDK, PANEL]));
  expect(await space.sessions()).toEqual([]);
  expect(await page.evaluate(() => probe.open())).toEqual({ tracks: 0, peers: 0, sockets: 0 });

  await button(page).click();
  await expect(panel(page)).toContainText('Connected');
  await expect.poll(async () => (await space.call()).legs[0]?.packets_received).toBeGreaterThan(20);
  await expect.poll(() => panel(page).getByRole('timer').textContent()).not.toBe('00:00');

  const mute = panel(page).getByRole('button', { name: 'Mute' });
  for (const pressed of [true, false]) {
    await mute.click();
    await expect(mute).toHaveAttribute('aria-pressed', String(pressed));
    await expect.poll(async () => (await space.call()).legs[0]?.audio_muted).toBe(pressed);
  }

  await panel(page).getByRole('button', { name: 'Hang up' }).click();
  await expect(panel(page)).toContainText('You hung up.');
  expect((await space.call()).ended).toMatchObject({ by: 'client', how: 'bye' });
  await expectNothingOpen(page, space);
  expect(complaints).toEqual([]);
});

test('the keyboard alone makes and ends a call', async ({ page, space }) => {
  const asked = await openShop(page, space, 'A steady tone');
  await button(page).focus();
  await expect.poll(() => asked).toContain(SDK);
  await page.keyboard.press('Enter');
  await expect(panel(page)).toContainText('Connected');
  await panel(page).getByRole('button', { name: 'Hang up' }).focus();
  await page.keyboard.press('Space');
  await expect(panel(page)).toContainText('Call ended');
  await expectNothingOpen(page, space);
});

for (const [answers, says] of [
  ['Nobody: the line is busy', 'The line is busy'],
  ['Nobody: the token is refused', 'Call not authorised'],
  ['Nobody: the token does not reach so far', 'Call not permitted'],
] as const) {
  test(`${answers}: the panel says so`, async ({ page, space }) => {
    await openShop(page, space, answers);
    await button(page).click();
    await expect(panel(page)).toContainText(says);
    await expectNothingOpen(page, space);
  });
}

test('a call that nobody answers can be cancelled', async ({ page, space }) => {
  await openShop(page, space, 'Nobody: it rings until you give up');
  await button(page).click();
  await expect.poll(async () => (await space.calls()).length).toBe(1);
  await panel(page).getByRole('button', { name: 'Cancel the call' }).click();
  await expect(panel(page)).toContainText('Call cancelled');
  expect((await space.call()).ended).toMatchObject({ by: 'client', how: 'bye' });
  await expectNothingOpen(page, space);
});

test('a space that is gone: the panel says so, and calls again when it is told', async ({ page, space }) => {
  await openShop(page, space, 'An echo: you hear yourself');
  const loaded = [SDK, PANEL].map(async (path) => (await page.waitForResponse(`**${path}`)).finished());
  await button(page).hover();
  await Promise.all(loaded);
  await space.kill();
  await button(page).click();
  await expect(panel(page)).toContainText('The line does not respond');
  await expect(panel(page).getByRole('button', { name: 'Call again' })).toBeVisible();
  await expectNothingOpen(page);
});
