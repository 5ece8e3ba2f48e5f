import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { RefreshTokens } from './refresh-tokens.js';
import { seal, unseal } from './sealing.js';

const KEY = randomBytes(32);
const TOKEN = 'eyJ.a-refresh-token.of-ada';

/** @param {import('node:test').TestContext} t */
function place(t) {
  const folder = mkdtempSync(join(tmpdir(), 'refresh-tokens-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'tokens.json');
}

test('what is sealed opens again, with the same key for the same user alone', () => {
  const sealed = seal(KEY, 'ada', TOKEN);
  assert.equal(unseal(KEY, 'ada', sealed), TOKEN);
  assert.equal(unseal(KEY, 'bob', sealed), undefined);
  assert.equal(unseal(randomBytes(32), 'ada', sealed), undefined);
});

test('the same text is never sealed the same way', () => {
  const sealed = new Set(Array.from({ length: 100 }, () => seal(KEY, 'ada', TOKEN)));
  assert.equal(sealed.size, 100);
});

test('a sealed text that was changed, anywhere, does not open', () => {
  const bytes = Buffer.from(seal(KEY, 'ada', TOKEN), 'base64url');
  for (const [index, byte] of bytes.entries()) {
    const changed = Buffer.from(bytes);
    changed[index] = byte ^ 1;
    assert.equal(unseal(KEY, 'ada', changed.toString('base64url')), undefined, `byte ${index}`);
    assert.equal(unseal(KEY, 'ada', bytes.subarray(0, index).toString('base64url')), undefined, `cut at ${index}`);
  }
});

test('the file holds no refresh token, and is read by its owner alone', (t) => {
  const file = place(t);
  new RefreshTokens(file, KEY).set('ada', TOKEN);
  const text = readFileSync(file, 'utf8');
  for (const form of [TOKEN, Buffer.from(TOKEN).toString('base64url').slice(4, -4), Buffer.from(TOKEN).toString('hex')]) {
    assert.equal(text.includes(form), false);
  }
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('a later process with the same key goes on, one with another key has nothing', (t) => {
  const file = place(t);
  const first = new RefreshTokens(file, KEY);
  first.set('ada', 'the first');
  first.set('ada', TOKEN);
  first.set('bob', 'of bob');
  first.delete('bob');
  const later = new RefreshTokens(file, KEY);
  assert.deepEqual([later.get('ada'), later.get('bob')], [TOKEN, undefined]);
  assert.equal(new RefreshTokens(file, randomBytes(32)).get('ada'), undefined);
});

test('a sealed token that is moved to another user in the file opens for nobody', (t) => {
  const file = place(t);
  new RefreshTokens(file, KEY).set('ada', TOKEN);
  const { ada } = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ bob: ada }));
  const tokens = new RefreshTokens(file, KEY);
  assert.deepEqual([tokens.get('ada'), tokens.get('bob')], [undefined, undefined]);
});
