// The call button and its panel against a scripted SDK: every state a call can reach, without a space and without media.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test, type Locator, type Page } from '@playwright/test';
import { build } from 'esbuild';

const ORIGIN = 'http://panel.localhost';
const CSP = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; require-trusted-types-for 'script'";
const TOKEN = 'c2c_never-to-be-seen';
const BUTTON = `<button data-signalwire-call data-to="/public/sales" data-token="${TOKEN}" data-host="localhost" data-name="Sales">Call us</button>`;
const SCRIPT = '<script src="/sdk/click-to-call.js" defer></script>';

interface ScriptedCall {
  endReason: unknown;
  hangups: number;
  muteCalls: boolean[];
  muteFails: boolean;
  readonly subscribers: number;
  to(status: string): void;
  answer(): void;
  end(code: string): void;
  microphone(facts: { denied?: boolean; originalError?: { name: string } }): void;
}
declare global {
  var scripted: {
    dials: { options: { to: string; embedToken: string; host: string; signal: AbortSignal }; call?: ScriptedCall }[];
    accept(index?: number): void;
    refuse(name: string, code: string, facts?: object): void;
    refuseBecause(code: string): void;
    readonly call: ScriptedCall;
  };
  var ignoreAbort: boolean | undefined;
  var phases: { phase: string; code?: string }[];
}

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const files = new Map<string, string>();

test.beforeAll(async () => {
  const bundle = async (entry: string, format: 'iife' | 'esm'): Promise<string> => {
    const { outputFiles } = await build({
      entryPoints: [source(entry)], bundle: true, write: false, format, target: 'es2022', charset: 'ascii',
    });
    return outputFiles[0]?.text ?? '';
  };
  files.set('/sdk/click-to-call.js', await bundle('../../js/click-to-call.ts', 'iife'));
  files.set('/sdk/click-to-call-panel.mjs', await bundle('../../js/click-to-call/panel.ts', 'esm'));
  files.set('/sdk/signalwire.bundle.mjs', await readFile(source('scripted-sdk.js'), 'utf8'));
});

/** A page at a made-up origin; resolves to the list of the paths it asks for. */
async function open(page: Page, body: string): Promise<string[]> {
  const asked: string[] = [];
  await page.route(`${ORIGIN}/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    asked.push(pathname);
    const file = files.get(pathname);
    if (file !== undefined) await route.fulfill({ body: file, contentType: 'text/javascript' });
    else if (pathname === '/') {
      const html = `<!doctype html><html lang="en"><title>Page</title><body>${body}</body></html>`;
      await route.fulfill({ body: html, contentType: 'text/html', headers: { 'content-security-policy': CSP } });
    } else await route.fulfill({ status: 404 });
  });
  await page.addInitScript(() => {
    globalThis.phases = [];
    document.addEventListener('signalwire-call', (event) => phases.push((event as CustomEvent).detail));
  });
  await page.goto(`${ORIGIN}/`);
  return asked;
}

const panelOf = (page: Page): Locator => page.getByRole('dialog');
const button = (page: Page): Locator => page.getByRole('button', { name: 'Call us' });

/** Presses the button and waits until the SDK is asked to dial. */
async function dial(page: Page): Promise<Locator> {
  await button(page).click();
  await page.waitForFunction(() => (globalThis.scripted?.dials.length ?? 0) > 0);
  return panelOf(page);
}

async function connect(page: Page): Promise<Locator> {
  const panel = await dial(page);
  await page.evaluate(() => scripted.accept());
  await expect(panel).toContainText('Calling…');
  await page.evaluate(() => scripted.call.answer());
  await expect(panel).toContainText('Connected');
  return panel;
}

test.describe('loading', () => {
  test('nothing but the small script before the intent; panel and SDK on it', async ({ page }) => {
    const asked = await open(page, BUTTON + SCRIPT);
    expect(asked.filter((path) => path.startsWith('/sdk/'))).toEqual(['/sdk/click-to-call.js']);
    await Promise.all([
      page.waitForResponse('**/signalwire.bundle.mjs'), page.waitForResponse('**/click-to-call-panel.mjs'), button(page).hover(),
    ]);
    await expect(panelOf(page)).toHaveCount(0);
  });

  test('focus by keyboard is an intent too, and Enter calls', async ({ page }) => {
    await open(page, BUTTON + SCRIPT);
    await Promise.all([page.waitForResponse('**/signalwire.bundle.mjs'), page.keyboard.press('Tab')]);
    await page.keyboard.press('Enter');
    await expect(panelOf(page)).toContainText('Starting the call…');
  });

  test('an SDK that does not load is fetched anew by the next attempt', async ({ page }) => {
    await open(page, BUTTON + SCRIPT);
    await page.route('**/signalwire.bundle.mjs*', (route) => route.abort());
    await button(page).click();
    await expect(panelOf(page)).toContainText('The call could not be started');
    await page.unroute('**/signalwire.bundle.mjs*');
    await page.getByRole('button', { name: 'Call again' }).click();
    await page.waitForFunction(() => globalThis.scripted?.dials.length === 1);
    await expect(panelOf(page)).toContainText('Starting the call…');
  });

  test('a panel that does not load says so, and the next press works', async ({ page }) => {
    await open(page, BUTTON + SCRIPT);
    await page.route('**/click-to-call-panel.mjs*', (route) => route.abort());
    await button(page).click();
    await expect(page.getByRole('alert')).toContainText('The call could not be started');
    await page.unroute('**/click-to-call-panel.mjs*');
    await button(page).click();
    await expect(panelOf(page)).toContainText('Starting the call…');
  });

  test('without a button in the page the script brings one of its own', async ({ page }) => {
    await open(page, `<script src="/sdk/click-to-call.js" data-to="/public/sales" data-token="${TOKEN}" data-host="localhost" defer></script>`);
    await dial(page);
    expect(await page.evaluate(() => scripted.dials.map(({ options: { to, embedToken, host } }) => ({ to, embedToken, host }))))
      .toEqual([{ to: '/public/sales', embedToken: TOKEN, host: 'localhost' }]);
    await expect(button(page)).toBeHidden();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await expect(button(page)).toBeFocused();
  });

  test('a button that is added later works', async ({ page }) => {
    await open(page, SCRIPT);
    await page.evaluate(() => {
      const late = document.createElement('button');
      late.textContent = 'Call us';
      Object.assign(late.dataset, { signalwireCall: '', to: '/public/late', token: 't', host: 'localhost' });
      document.body.append(late);
    });
    await dial(page);
    expect(await page.evaluate(() => scripted.dials[0]?.options.to)).toBe('/public/late');
  });

  test('a button without a token is not ready', async ({ page }) => {
    await open(page, `<button data-signalwire-call data-to="/public/sales">Call us</button>${SCRIPT}`);
    await button(page).click();
    await expect(panelOf(page)).toContainText('This button is not ready');
  });
});

test.describe('a call', () => {
  test('from the press to the hang-up', async ({ page }) => {
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await open(page, BUTTON + SCRIPT);
    const panel = await dial(page);
    await expect(panel).toHaveAccessibleName('Sales');
    await expect(panel).toBeFocused();
    await expect(panel).toContainText('Your browser may ask for your microphone.');
    await page.evaluate(() => scripted.accept());
    await expect(page.getByRole('status')).toHaveText('Calling…');
    await page.evaluate(() => scripted.call.to('ringing'));
    await expect(page.getByRole('status')).toHaveText('Ringing…');
    await page.evaluate(() => scripted.call.answer());
    await expect(page.getByRole('status')).toHaveText('Connected');
    await expect(page.getByRole('timer')).toHaveText('00:00');
    await expect(page.getByRole('timer')).toHaveText('00:01');
    await page.getByRole('button', { name: 'Hang up' }).click();
    await expect(page.getByRole('status')).toHaveText('Call ended. You hung up.');
    await expect(page.getByRole('button', { name: 'Close' })).toBeFocused();
    expect(await page.evaluate(() => [scripted.call.hangups, scripted.call.subscribers])).toEqual([1, 0]);
    expect(await page.evaluate(() => phases.filter(({ phase }, at) => phase !== phases[at - 1]?.phase))).toEqual([
      { phase: 'starting' }, { phase: 'calling' }, { phase: 'ringing' }, { phase: 'connecting' }, { phase: 'connected' },
      { phase: 'ending' }, { phase: 'ended', code: 'normal' },
    ]);
    await page.keyboard.press('Escape');
    await expect(panel).toHaveCount(0);
    await expect(button(page)).toBeFocused();
    expect(complaints).toEqual([]);
  });

  test('plays the stream of the other side', async ({ page }) => {
    await open(page, BUTTON + SCRIPT);
    await connect(page);
    await page.evaluate(() => {
      (scripted.call as unknown as { remoteStream$: { next(stream: MediaStream): void } }).remoteStream$.next(new MediaStream());
    });
    const audio = page.locator('audio');
    expect(await audio.evaluate((element: HTMLAudioElement) => element.srcObject instanceof MediaStream)).toBe(true);
    await page.evaluate(() => scripted.call.end('normal'));
    await expect(panelOf(page)).toContainText('Sales hung up.');
    expect(await audio.evaluate((element: HTMLAudioElement) => element.srcObject)).toBeNull();
  });

  test('Escape cancels while it is dialling', async ({ page }) => {
    await open(page, BUTTON + SCRIPT);
    const panel = await dial(page);
    await page.keyboard.press('Escape');
    await expect(panel).toContainText('Call cancelled');
    expect(await page.evaluate(() => scripted.dials[0]?.options.signal.aborted)).toBe(true);
  });

  test('a call that is accepted in the moment of the cancel is hung up', async ({ page }) => {
    await page.addInitScript(() => {
      globalThis.ignoreAbort = true;
    });
    await open(page, BUTTON + SCRIPT);
    const panel = await dial(page);
    await page.getByRole('button', { name: 'Cancel the call' }).click();
    await expect(panel).toContainText('Call cancelled');
    await page.evaluate(() => scripted.accept());
    await expect.poll(() => page.evaluate(() => scripted.call.hangups)).toBe(1);
    await expect(panel).toContainText('Call cancelled');
    expect(await page.evaluate(() => scripted.call.subscribers)).toBe(0);
  });

  test('Escape leaves a connected call running; the button leads back to it', async ({ page }) => {
    await open(page, BUTTON + SCRIPT);
    const panel = await connect(page);
    await page.keyboard.press('Escape');
    await expect(button(page)).toBeFocused();
    await expect(page.getByRole('button', { name: 'Make the panel large' })).toHaveAttribute('aria-expanded', 'false');
    await button(page).press('Enter');
    await expect(panel).toBeFocused();
    expect(await page.evaluate(() => [scripted.dials.length, scripted.call.hangups])).toEqual([1, 0]);
  });

  test('mute is a toggle, and a refusal puts it back', async ({ page }) => {
    await open(page, BUTTON + SCRIPT);
    const panel = await connect(page);
    const mute = page.getByRole('button', { name: 'Mute' });
    await expect(mute).toHaveAttribute('aria-pressed', 'false');
    await mute.click();
    await expect(mute).toHaveAttribute('aria-pressed', 'true');
    await page.evaluate(() => { scripted.call.muteFails = true; });
    await mute.click();
    await expect(panel).toContainText('Your microphone could not be switched.');
    await expect(mute).toHaveAttribute('aria-pressed', 'true');
    expect(await page.evaluate(() => scripted.call.muteCalls)).toEqual([true, false]);
  });

  test('a broken connection shows while it is being mended', async ({ page }) => {
    await open(page, BUTTON + SCRIPT);
    const panel = await connect(page);
    await page.evaluate(() => scripted.call.to('recovering'));
    await expect(panel).toContainText('Reconnecting…');
    await page.evaluate(() => scripted.call.to('connected'));
    await expect(panel).toContainText('Connected');
  });

  test('60 seconds without an answer end it', async ({ page }) => {
    await page.clock.install();
    await open(page, BUTTON + SCRIPT);
    const panel = await dial(page);
    await page.evaluate(() => scripted.accept());
    await expect(panel).toContainText('Calling…');
    await page.clock.runFor(59_000);
    await expect(panel).toContainText('Calling…');
    await page.clock.runFor(1_000);
    await expect(page.getByRole('alert')).toContainText('No answer. Sales did not pick up.');
    expect(await page.evaluate(() => [scripted.call.hangups, phases.at(-1)])).toEqual([1, { phase: 'ended', code: 'no_answer' }]);
  });

  test('an answered call has no limit', async ({ page }) => {
    await page.clock.install();
    await open(page, BUTTON + SCRIPT);
    const panel = await connect(page);
    await page.clock.fastForward(3_661_000);
    await expect(panel).toContainText('1:01:0');
    await expect(panel).toContainText('Connected');
  });
});

test.describe('without a microphone the visitor listens on', () => {
  const cases = [
    { facts: { denied: true }, text: 'Your microphone is blocked' },
    { facts: { originalError: { name: 'NotFoundError' } }, text: 'No microphone was found' },
    { facts: { originalError: { name: 'NotReadableError' } }, text: 'Your microphone could not be used' },
  ];
  for (const { facts, text } of cases) {
    test(text, async ({ page }) => {
      await open(page, BUTTON + SCRIPT);
      const panel = await dial(page);
      await page.evaluate((given) => {
        scripted.accept();
        queueMicrotask(() => scripted.call.microphone(given));
      }, facts);
      await expect(panel).toContainText(text);
      await page.evaluate(() => scripted.call.answer());
      await expect(panel).toContainText('Connected');
      const mute = page.getByRole('button', { name: 'Mute' });
      await expect(mute).toHaveAttribute('aria-disabled', 'true');
      await expect(page.getByRole('status')).toContainText(text);
      await panel.getByRole('button', { name: 'Call again' }).click();
      await page.waitForFunction(() => scripted.dials.length === 2);
      expect(await page.evaluate(() => scripted.dials[0]?.call?.hangups)).toBe(1);
    });
  }
});

test.describe('the end in words', () => {
  const reasons: [code: string, text: string][] = [
    ['busy', 'The line is busy'], ['declined', 'Call declined'], ['unreachable', 'Unknown destination'],
    ['not_registered', 'Nobody is available'], ['forbidden', 'Call not permitted'], ['no_answer', 'No answer'],
    ['expired', 'Your session has expired'], ['network', 'No connection'], ['media', 'No sound connection'],
  ];
  for (const [code, text] of reasons) {
    test(`${code} before the answer`, async ({ page }) => {
      await open(page, BUTTON + SCRIPT);
      const panel = await dial(page);
      await page.evaluate(() => scripted.accept());
      await expect(panel).toContainText('Calling…');
      await page.evaluate((given) => scripted.call.end(given), code);
      await expect(page.getByRole('alert')).toContainText(text);
      await expect(panel).toContainText(text);
      expect(await page.evaluate(() => phases.at(-1))).toEqual({ phase: 'ended', code });
    });
  }

  const answered: [code: string, text: string][] = [['network', 'Connection lost'], ['media', 'The sound was lost'], ['expired', 'Your session has expired']];
  for (const [code, text] of answered) {
    test(`${code} during the call`, async ({ page }) => {
      await open(page, BUTTON + SCRIPT);
      const panel = await connect(page);
      await page.evaluate((given) => scripted.call.end(given), code);
      await expect(page.getByRole('alert')).toContainText(text);
      await expect(panel).toContainText('Duration 00:00');
    });
  }

  const refusals: [name: string, code: string, text: string][] = [
    ['RequestError', 'embed_token_rejected', 'Call not authorised'],
    ['InvalidCredentialsError', 'credentials_rejected', 'Call not authorised'],
    ['RequestError', 'request_failed', 'The line does not respond'],
    ['TransportConnectionError', 'connect_timeout', 'The line does not respond'],
    ['CallCreateError', 'call_create_timeout', 'The line does not respond'],
    ['MediaAccessError', 'media_denied', 'No microphone'],
    ['UnexpectedError', 'engine_died', 'The call failed'],
  ];
  for (const [name, code, text] of refusals) {
    test(`dialling refused with ${code}`, async ({ page }) => {
      const logged: string[] = [];
      page.on('console', (message) => logged.push(message.text()));
      await open(page, BUTTON + SCRIPT);
      await dial(page);
      await page.evaluate(([given, by]) => scripted.refuse(given, by), [name, code] as const);
      await expect(page.getByRole('alert')).toContainText(text);
      expect(logged.join('\n')).toContain(code);
      expect(logged.join('\n')).not.toContain(TOKEN);
    });
  }

  test('the cause speaks where the error itself does not', async ({ page }) => {
    await open(page, BUTTON + SCRIPT);
    await dial(page);
    await page.evaluate(() => scripted.refuseBecause('call_unknown_destination'));
    await expect(page.getByRole('alert')).toContainText('Unknown destination');
    await expect(page.getByRole('button', { name: 'Call again' })).toBeHidden();
  });

  test('offline is said as such', async ({ page, context }) => {
    await open(page, BUTTON + SCRIPT);
    await dial(page);
    await context.setOffline(true);
    await page.evaluate(() => scripted.refuse('RequestError', 'request_failed'));
    await expect(page.getByRole('alert')).toContainText('You are offline');
  });
});

test('every target in the panel is at least 44 pixels, and nothing overflows a narrow screen', async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await open(page, `<meta name="viewport" content="width=device-width">${BUTTON}${SCRIPT}`);
  const panel = await connect(page);
  const check = async (): Promise<void> => {
    for (const target of await panel.getByRole('button').all()) {
      const box = await target.boundingBox();
      expect.soft(Math.min(box?.width ?? 0, box?.height ?? 0), await target.innerText()).toBeGreaterThanOrEqual(44);
      expect.soft((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(320);
    }
  };
  await check();
  await page.getByRole('button', { name: 'Make the panel small' }).click();
  await check();
  await page.evaluate(() => scripted.call.end('normal'));
  await expect(panel).toContainText('Call ended');
  await check();
});
