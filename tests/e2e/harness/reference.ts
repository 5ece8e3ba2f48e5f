// The published reference package, unmodified, as the control: it shares no line with us.
import { rm, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from './places.js';
import type { Page } from '@playwright/test';

/** The entry under which a page loads it. */
export const REFERENCE = '/reference.mjs';

let bundle: Promise<string> | undefined;

/** Answers a page that asks for it. */
export async function serveReference(page: Page): Promise<void> {
  bundle ??= makeBundle();
  const body = await bundle;
  await page.route(`**${REFERENCE}`, (route) => route.fulfill({ body, contentType: 'text/javascript' }));
}

async function makeBundle(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'reference-'));
  try {
    const outfile = join(folder, 'reference.mjs');
    const stdin = { contents: "export * from '@signalwire/js';", resolveDir: ROOT };
    await build({ stdin, bundle: true, format: 'esm', outfile, logLevel: 'error' });
    return await readFile(outfile, 'utf8');
  } finally {
    await rm(folder, { recursive: true });
  }
}
