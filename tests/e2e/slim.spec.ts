// The slim entry: the application bundles it and hosts the wasm as a file of its own.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { DIST } from './harness/places.js';
import { expect, expectNothingOpen, expectStatus, openPage, test } from './harness/test.js';

const ENTRY = '/application.mjs';
let application = '';

test.beforeAll(async () => {
  const { outputFiles } = await build({
    stdin: { contents: `export * from ${JSON.stringify(`${DIST}/signalwire.slim.mjs`)};`, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true, format: 'esm', write: false, minify: true,
  });
  application = outputFiles[0]?.text ?? '';
});

test.beforeEach(async ({ page }) => {
  await page.route(`**${ENTRY}`, (route) => route.fulfill({ body: application, contentType: 'text/javascript' }));
});

test('makes a call on an engine that is fetched', async ({ page, space, complaints }) => {
  const fetched = page.waitForResponse('**/sdk/signalwire.wasm');
  await openPage(page, space.info.base, ENTRY, '/sdk/signalwire.wasm');
  expect((await fetched).headers()['content-type']).toBe('application/wasm');
  const options = { to: '/public/echo', embedToken: space.embedToken('/public/echo'), host: `localhost:${space.port}` };
  expect(await page.evaluate((given) => probe.embedded(given), options)).toEqual({ done: true });
  await expectStatus(page, 'connected');
  await page.evaluate(() => globalThis.call?.hangup());
  await expectNothingOpen(page, space);
  expect(complaints).toEqual([]);
});

test('a client made before the engine has arrived waits for it', async ({ page, space }) => {
  let arrive = (): void => {};
  const held = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  await page.route('**/sdk/signalwire.wasm', async (route) => {
    await held;
    await route.continue();
  });
  await openPage(page, space.info.base, ENTRY);
  await page.evaluate((token) => {
    void sdk.loadEngine('/sdk/signalwire.wasm');
    probe.connect(token);
    void probe.dial('/public/echo');
  }, await space.subscriberSat('ada@example.test'));
  expect(await space.sessions()).toEqual([]);
  arrive();
  await expectStatus(page, 'connected');
});

test('without an engine the error says what to call', async ({ page, space }) => {
  await openPage(page, space.info.base, ENTRY);
  const options = { to: '/public/echo', embedToken: space.embedToken('/public/echo'), host: `localhost:${space.port}` };
  const outcome = await page.evaluate((given) => probe.embedded(given), options);
  expect(outcome).toMatchObject({ done: false, error: { name: 'EngineUnavailableError', code: 'engine_unavailable' } });
  await page.evaluate(() => sdk.loadEngine('/sdk/signalwire.wasm'));
  expect(await page.evaluate((given) => probe.embedded(given), options)).toEqual({ done: true });
});
