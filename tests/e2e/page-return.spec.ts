// The page is left and comes back out of the browser's back/forward cache, which Playwright turns off by default.
import { ADA, incoming, subscriber } from './harness/people.js';
import { BARE_CHROMIUM, FAKE_MEDIA } from './harness/chromium.js';
import { expect, expectReady, expectRegistered, test } from './harness/test.js';

test.use({
  launchOptions: {
    executablePath: '/usr/bin/chromium',
    args: [...BARE_CHROMIUM, ...FAKE_MEDIA],
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  },
});

test('a page out of the back/forward cache is online again, with the client that it had', async ({ caller, space }) => {
  await subscriber(caller, space);
  await caller.evaluate(() => addEventListener('pageshow', ({ persisted }) => {
    document.title = persisted ? 'from the cache' : 'loaded anew';
  }));
  await caller.goto(`${space.info.base}/blank.html?elsewhere`);
  await expect.poll(async () => (await space.sessions()).filter(({ connected }) => connected)).toEqual([]);
  await caller.goBack({ waitUntil: 'commit' });
  await expect(caller).toHaveTitle('from the cache');
  await expectReady(caller);
  await expectRegistered(caller);
  await expect.poll(() => space.sessions()).toMatchObject([{ connected: true, resumed: 1, registered: true }]);
  expect(await space.placeCall(ADA)).toBe(true);
  await incoming(caller);
});
