// Once before all tests: the space is built, and the package is there.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './places.js';

const BUILT = ['signalwire.bundle.mjs', 'signalwire.slim.mjs', 'signalwire.wasm', 'click-to-call.js', 'test/signalwire.trap.mjs'];

function setUp(): void {
  const missing = BUILT.filter((file) => !existsSync(join(ROOT, 'dist', file)));
  if (missing.length > 0) throw new Error(`dist/ has no ${missing.join(', ')}; run: npm run build -- --trap`);
  execFileSync('cargo', ['build', '--quiet', '--locked', '--package', 'signalwire-space'], { cwd: ROOT, stdio: 'inherit' });
  const metadata = execFileSync('cargo', ['metadata', '--no-deps', '--format-version=1'], { cwd: ROOT, encoding: 'utf8' });
  const { target_directory: target } = JSON.parse(metadata) as { target_directory: string };
  // The workers inherit it.
  process.env['SIGNALWIRE_SPACE'] = join(target, 'debug', 'signalwire-space');
}

// biome-ignore lint/style/noDefaultExport: Playwright reads the default export.
export default setUp;
