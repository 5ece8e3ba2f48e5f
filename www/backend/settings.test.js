import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { readSettings } from './settings.js';

const KEY = randomBytes(32);
const ENVIRONMENT = {
  SIGNALWIRE_SPACE_URL: 'https://example.signalwire.test',
  SIGNALWIRE_PROJECT_ID: 'the project',
  SIGNALWIRE_API_TOKEN: 'the API token',
  TOKEN_KEY: KEY.toString('base64'),
  TOKEN_FILE: 'tokens.json',
};

/** @param {Record<string, string | undefined>} [changed] */
async function read(changed) {
  /** @type {string[]} */
  const warnings = [];
  const settings = await readSettings({ ...ENVIRONMENT, ...changed }, (warning) => warnings.push(warning));
  return { settings, warnings };
}

test('the environment is read, and the rest has a value of its own', async () => {
  const { settings, warnings } = await read();
  assert.deepEqual(warnings, []);
  assert.deepEqual({ ...settings, project: { ...settings.project, url: settings.project.url.origin } }, {
    port: 8090,
    project: { url: 'https://example.signalwire.test', domain: 'signalwire.test', local: false, id: 'the project', token: 'the API token' },
    mode: 'reissue',
    key: KEY,
    file: 'tokens.json',
    requestsPerMinute: 30,
  });
});

test('without a key there is a fresh one, and a warning', async () => {
  const [first, second] = await Promise.all([read({ TOKEN_KEY: undefined }), read({ TOKEN_KEY: undefined })]);
  assert.equal(first.settings.key.length, 32);
  assert.notDeepEqual(first.settings.key, second.settings.key);
  assert.equal(first.warnings.length, 1);
  assert.match(first.warnings[0] ?? '', /TOKEN_KEY/);
});

test('what is wrong is named, and its value is not repeated', async () => {
  const wrong = {
    TOKEN_KEY: 'c2hvcnQ=',
    TOKEN_MODE: 'static',
    TOKENS_PER_MINUTE: '0',
    PORT: 'eighty',
    SIGNALWIRE_API_TOKEN: '',
  };
  for (const [name, value] of Object.entries(wrong)) {
    await assert.rejects(read({ [name]: value }), (/** @type {Error} */ error) => error.message.includes(name) && !(value && error.message.includes(value)));
  }
});
