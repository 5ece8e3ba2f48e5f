// The control: the published reference package, unmodified, makes its call on the space. It shares no line with us.
import { rm, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from './harness/places.js';
import { packetsReceived, strongestFrequency } from './harness/sound.js';
import { expect, expectStatus, openPage, test } from './harness/test.js';
import type { Page } from '@playwright/test';
import type { Space } from './harness/space.js';

const ENTRY = '/reference.mjs';
let bundle = '';

test.beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'reference-'));
  try {
    const outfile = join(folder, 'reference.mjs');
    const stdin = { contents: "export * from '@signalwire/js';", resolveDir: ROOT };
    await build({ stdin, bundle: true, format: 'esm', outfile, logLevel: 'error' });
    bundle = await readFile(outfile, 'utf8');
  } finally {
    await rm(folder, { recursive: true });
  }
});

async function open(page: Page, space: Space): Promise<void> {
  await page.route(`**${ENTRY}`, (route) => route.fulfill({ body: bundle, contentType: 'text/javascript' }));
  // It speaks TLS alone.
  await openPage(page, `https://localhost:${space.port}`, ENTRY);
}

async function hearsAndHangsUp(page: Page, space: Space): Promise<void> {
  await expectStatus(page, 'connected');
  await expect.poll(() => packetsReceived(page)).toBeGreaterThan(20);
  await expect.poll(async () => (await space.call()).legs[0]?.packets_received).toBeGreaterThan(20);
  await page.evaluate(() => globalThis.call?.hangup());
  await expect.poll(async () => (await space.call()).ended).toMatchObject({ by: 'client', how: 'bye' });
}

test('embeddableCall', async ({ page, space }) => {
  await open(page, space);
  const options = { to: '/public/echo', embedToken: space.embedToken('/public/echo'), host: `localhost:${space.port}` };
  expect(await page.evaluate((given) => probe.embedded(given), options)).toEqual({ done: true });
  await hearsAndHangsUp(page, space);
});

test('a client with a SAT', async ({ page, space }) => {
  await open(page, space);
  const token = await space.subscriberSat('ada@example.test');
  await page.evaluate(async (sat) => {
    probe.connect(sat);
    await new Promise<void>((resolve) => {
      client.ready$.subscribe((ready) => ready && resolve());
    });
  }, token);
  expect(await page.evaluate(() => probe.dial('/public/tone'))).toEqual({ done: true });
  await expectStatus(page, 'connected');
  await expect.poll(() => strongestFrequency(page)).toBeGreaterThan(434);
  await hearsAndHangsUp(page, space);
});
