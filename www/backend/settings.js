/** What the environment says: `SIGNALWIRE_*` is the space, the rest is this application's own. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MODES } from './sat-issuer.js';

/**
 * @typedef {object} Settings
 * @property {number} port 0 picks a free one
 * @property {import('./space-api.js').Project} project
 * @property {import('./sat-issuer.js').Mode} mode how a SAT is made when a request names no mode
 * @property {Buffer} key 32 bytes, with which refresh tokens are encrypted
 * @property {string} file where encrypted refresh tokens are kept
 * @property {number} requestsPerMinute how many SATs one user may ask for
 */

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
const KEY_BYTES = 32;

/**
 * @param {NodeJS.ProcessEnv} environment
 * @param {(warning: string) => void} warn
 * @returns {Promise<Settings>} rejects with one line that names the variable that is wrong, never with its value
 */
export async function readSettings(environment, warn) {
  const mode = MODES.find((one) => one === (environment['TOKEN_MODE'] ?? 'reissue'));
  if (!mode) throw new Error(`TOKEN_MODE must be one of: ${MODES.join(', ')}.`);
  return {
    port: count(environment, 'PORT', 8090, 0),
    project: await readProject(environment),
    mode,
    key: readKey(environment['TOKEN_KEY'], warn),
    file: environment['TOKEN_FILE'] ?? temporaryFile(),
    requestsPerMinute: count(environment, 'TOKENS_PER_MINUTE', 30, 1),
  };
}

/** @param {NodeJS.ProcessEnv} environment @param {string} name @param {number} otherwise @param {number} least */
function count(environment, name, otherwise, least) {
  const value = Number(environment[name] ?? otherwise);
  if (!Number.isInteger(value) || value < least) throw new Error(`${name} must be a whole number, ${least} or more.`);
  return value;
}

/** A space on this machine tells its development project itself. @param {NodeJS.ProcessEnv} environment @returns {Promise<import('./space-api.js').Project>} */
async function readProject(environment) {
  const url = new URL(environment['SIGNALWIRE_SPACE_URL'] ?? 'http://localhost:8080');
  const id = environment['SIGNALWIRE_PROJECT_ID'];
  const token = environment['SIGNALWIRE_API_TOKEN'];
  const domain = domainOf(url);
  const local = LOOPBACK.has(url.hostname);
  if (id && token) return { url, domain, local, id, token };
  if (!local) throw new Error('SIGNALWIRE_PROJECT_ID and SIGNALWIRE_API_TOKEN must be set.');
  try {
    const response = await fetch(new URL('/.space/info', url));
    const { project_id, api_token } = await response.json();
    return { url, domain, local, id: String(project_id), token: String(api_token) };
  } catch (error) {
    throw new Error(`No local space answers at ${url.origin}. Start it, or set SIGNALWIRE_SPACE_URL.`, { cause: error });
  }
}

/** Spaces are siblings below one domain, which the hosts that a SAT leads to share; a local one uses names below localhost. @param {URL} url */
function domainOf(url) {
  return LOOPBACK.has(url.hostname) ? `localhost:${url.port || 80}` : url.host.replace(/^[^.]+\./, '');
}

/** @param {string | undefined} text base64 @param {(warning: string) => void} warn */
function readKey(text, warn) {
  if (text === undefined) {
    warn('TOKEN_KEY is not set: refresh tokens are encrypted with a key that ends with this process.');
    return randomBytes(KEY_BYTES);
  }
  const key = Buffer.from(text, 'base64');
  if (key.length !== KEY_BYTES) throw new Error(`TOKEN_KEY must be ${KEY_BYTES} bytes in base64: openssl rand -base64 ${KEY_BYTES}`);
  return key;
}

/** Nothing of it is left when the process ends. */
function temporaryFile() {
  const folder = mkdtempSync(join(tmpdir(), 'example-backend-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'refresh-tokens.json');
}
