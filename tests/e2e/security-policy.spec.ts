// A strict Content-Security-Policy: what the SDK needs of it, and what happens without.
import { expect, expectNothingOpen, expectStatus, openPage, test } from './harness/test.js';

test("script-src 'self' 'wasm-unsafe-eval' is enough", async ({ page, space, complaints, entry }) => {
  await page.addInitScript(() => {
    Object.assign(globalThis, { violations: [] });
    document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => {
      (globalThis as unknown as { violations: string[] }).violations.push(violatedDirective);
    });
  });
  const answer = page.waitForResponse('**/blank.html');
  await openPage(page, space.info.base, entry);
  const policy = (await answer).headers()['content-security-policy'] ?? '';
  const scripts = policy.split(';').map((directive) => directive.trim()).filter((directive) => directive.startsWith('script-src'));
  expect(scripts).toEqual(["script-src 'self' 'wasm-unsafe-eval'"]);
  expect(policy).toContain("default-src 'none'");
  const options = { to: '/public/echo', embedToken: space.embedToken('/public/echo'), host: `localhost:${space.port}` };
  expect(await page.evaluate((given) => probe.embedded(given), options)).toEqual({ done: true });
  await expectStatus(page, 'connected');
  await page.evaluate(() => globalThis.call?.hangup());
  await expectNothingOpen(page, space);
  expect(await page.evaluate(() => (globalThis as unknown as { violations: string[] }).violations)).toEqual([]);
  expect(complaints).toEqual([]);
});

test("without 'wasm-unsafe-eval' the error says what is missing", async ({ page, space, entry }) => {
  await page.route('**/blank.html', async (route) => {
    const response = await route.fetch();
    const policy = response.headers()['content-security-policy']?.replace(" 'wasm-unsafe-eval'", '') ?? '';
    await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': policy } });
  });
  await openPage(page, space.info.base, entry);
  const options = { to: '/public/echo', embedToken: space.embedToken('/public/echo'), host: `localhost:${space.port}` };
  const outcome = await page.evaluate((given) => probe.embedded(given), options);
  expect(outcome).toMatchObject({ done: false, error: { name: 'DependencyError', code: 'dependency_missing', cause: { name: 'CompileError' } } });
  await expectNothingOpen(page, space);
});
