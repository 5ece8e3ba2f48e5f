// The requests that the guides print for copying, run as they are printed.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, WWW } from './harness/places.js';
import { expect, test } from './harness/test.js';

test.use({ www: WWW });

/** The shell blocks of a guide, with the port of a space. */
function requestsOf(guide: string, port: number): string[] {
  const text = readFileSync(join(ROOT, 'docs', guide), 'utf8');
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block.replaceAll('localhost:8080', `localhost:${port}`));
}

/** What a block prints, line by line. */
function run(block: string): Record<string, unknown>[] {
  // Each answer is one line of JSON without an end of line.
  const output = execFileSync('sh', ['-e', '-c', block], { encoding: 'utf8' });
  return output.replaceAll('}{', '}\n{').split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('each request of the authentication guide gets what the guide says', ({ space }) => {
  const requests = requestsOf('authentication.md', space.port);
  const answers = requests.map((block) => run(block));
  expect(answers.map((lines) => lines.map(Object.keys))).toEqual([
    [expect.arrayContaining(['token', 'subscriber_id', 'expires_at'])],
    [expect.arrayContaining(['token'])],
    [expect.arrayContaining(['token', 'embed_token']), expect.arrayContaining(['token'])],
  ]);
});

test('the authentication guide names every endpoint, reason and error of a renewal by the browser', () => {
  const [guide, binding, rest] = ['docs/authentication.md', 'src/engine/session/binding.rs', 'src/engine/wire/rest.rs'].map((path) => readFileSync(join(ROOT, path), 'utf8'));
  const reasons = [...(binding ?? '').matchAll(/decline\("([a-z-]+)"/g)].map(([, reason]) => reason);
  const endpoints = [...(rest ?? '').matchAll(/"(\/api\/fabric\/subscriber\/devices\/\w+)"/g)].map(([, endpoint]) => endpoint);
  expect([reasons.length, endpoints.length]).toEqual([5, 2]);
  const observable = ['credentialRefreshed$', 'client-bound', 'credential_refresh_fallback', 'DPoPInitError', 'DeviceTokenError', 'TokenRefreshError'];
  for (const word of [...reasons, ...endpoints, ...observable]) expect(guide).toContain(`\`${word === endpoints[0] || word === endpoints[1] ? 'POST ' : ''}${word}\``);
});

test('the request on the home page is the one of the guide, for this space', async ({ page, space }) => {
  await page.goto(space.info.base);
  const [first = ''] = requestsOf('authentication.md', space.port);
  await expect(page.locator('#token-request')).toHaveText(first.trim());
  expect(run(await page.locator('#token-request').innerText())).toEqual([expect.objectContaining({ token: expect.any(String) })]);
  await expect(page.getByText('Keep the API token on the server.')).toBeVisible();
});
