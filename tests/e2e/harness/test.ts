// The `test` of these specs: a space and a page with the SDK for each test.
import { test as base, expect, type Page } from '@playwright/test';
import { PAGES } from './places.js';
import { REFERENCE, serveReference } from './reference.js';
import { installProbe, type Open } from './probe.js';
import { Space } from './space.js';

export { expect, REFERENCE };

/** Set with `test.use()`. */
export interface Settings {
  /** The directory of the space's pages. */
  www: string;
  /** The file of the package that the page loads. */
  entry: string;
}

/** Given to each test. */
export interface Given {
  space: Space;
  /** What the page wrote to its console as an error, or threw. */
  complaints: string[];
  /** The page, on the space's origin, with the SDK loaded as `sdk`. */
  caller: Page;
  /** Opens one more such page: somebody else's browser, or a second tab of the given page. */
  another: (tabOf?: Page) => Promise<Page>;
}

export const test = base.extend<Settings & Given>({
  www: [PAGES, { option: true }],
  entry: ['/sdk/signalwire.bundle.mjs', { option: true }],
  space: async ({ www }, use) => {
    const space = await Space.start(www);
    await use(space);
    await space.stop();
  },
  complaints: async ({ page }, use) => {
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await use(complaints);
  },
  caller: async ({ page, space, entry, complaints }, use) => {
    expect(complaints).toEqual([]);
    await openEntry(page, space, entry);
    await use(page);
  },
  another: async ({ browser, space, entry }, use) => {
    const opened: Page[] = [];
    await use(async (tabOf) => {
      const page = await (tabOf ? tabOf.context().newPage() : browser.newPage({ ignoreHTTPSErrors: true }));
      opened.push(page);
      await openEntry(page, space, entry);
      return page;
    });
    // A page that was made without a context closes its own.
    for (const page of opened) await page.close();
  },
});

/** The empty page with the given file of the package; the reference speaks TLS alone. */
async function openEntry(page: Page, space: Space, entry: string): Promise<void> {
  if (entry === REFERENCE) await serveReference(page);
  await openPage(page, entry === REFERENCE ? `https://localhost:${space.port}` : space.info.base, entry);
}

/** Opens the empty page of a space, with the SDK as the global `sdk`. */
export async function openPage(page: Page, base: string, entry: string, wasm?: string): Promise<void> {
  await page.addInitScript(installProbe);
  await page.goto(`${base}/blank.html`);
  await page.evaluate(([file, engine]) => probe.load(file, engine), [entry, wasm] as const);
}

/** Nothing of ours is open any more, neither in the page nor in the space. */
export async function expectNothingOpen(page: Page, space?: Space): Promise<void> {
  const nothing: Open = { tracks: 0, peers: 0, sockets: 0 };
  await expect.poll(() => page.evaluate(() => probe.open())).toEqual(nothing);
  if (space) await expect.poll(() => space.sessions()).toEqual([]);
}

/** The session is there and authenticated. */
export async function expectReady(page: Page): Promise<void> {
  await page.evaluate(() => new Promise<void>((resolve) => {
    client.ready$.subscribe((ready) => ready && resolve());
  }));
}

/** The client is online, as it says itself. */
export async function expectRegistered(page: Page, registered = true): Promise<void> {
  await expect.poll(() => page.evaluate(() => client.isRegistered)).toBe(registered);
}

/** The call reaches a status. */
export async function expectStatus(page: Page, status: string): Promise<void> {
  await expect.poll(() => page.evaluate(() => probe.statuses.at(-1))).toBe(status);
}
