import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { RateLimit } from './rate-limit.js';
import { RefreshTokens } from './refresh-tokens.js';
import { SatIssuer } from './sat-issuer.js';
import { USERS } from './sign-in.js';
import { SpaceApi, SpaceRefusal } from './space-api.js';

const [ADA, BOB] = /** @type {[import('./sign-in.js').User, import('./sign-in.js').User]} */ (USERS);

/** A space whose refresh tokens work once; `asked` is what it was asked for. */
class OnceOnly extends SpaceApi {
  /** @type {string[]} */
  asked = [];
  /** @type {Set<string>} */
  #unused = new Set();
  /** @type {number | undefined} A status that takes the place of the next answer. */
  fails;

  constructor() {
    super({ url: new URL('http://space.invalid'), domain: 'space.invalid', local: true, id: 'project', token: 'secret' });
  }

  /** @override @param {string} reference @param {number} lifetime @param {string} [fingerprint] */
  async createSat(reference, lifetime, fingerprint) {
    return this.#pair(`create ${reference} ${lifetime}${fingerprint === undefined ? '' : ` for ${fingerprint}`}`);
  }

  /** @override @param {string} refreshToken */
  async rotate(refreshToken) {
    if (this.fails === undefined && !this.#unused.delete(refreshToken)) this.fails = 422;
    return this.#pair(`rotate ${refreshToken}`);
  }

  /** @override @param {string} reference */
  async revoke(reference) {
    this.asked.push(`revoke ${reference}`);
  }

  endFamilies() {
    this.#unused.clear();
  }

  /** @param {string} what */
  async #pair(what) {
    this.asked.push(what);
    const status = this.fails;
    this.fails = undefined;
    if (status !== undefined) throw new SpaceRefusal(status, 'tokens');
    const number = this.asked.length;
    this.#unused.add(`R${number}`);
    return { token: `S${number}`, refreshToken: `R${number}`, expiresAt: number };
  }
}

/** @param {import('node:test').TestContext} t */
function issuing(t) {
  const folder = mkdtempSync(join(tmpdir(), 'sat-issuer-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const space = new OnceOnly();
  return { space, issuer: new SatIssuer(space, new RefreshTokens(join(folder, 'tokens.json'), randomBytes(32))) };
}

test('rotating swaps the last refresh token, and hands none of them out', async (t) => {
  const { space, issuer } = issuing(t);
  assert.deepEqual(await issuer.issue(ADA, { mode: 'rotate', lifetime: 15 }), { token: 'S1', expiresAt: 1 });
  assert.deepEqual(await issuer.issue(ADA, { mode: 'rotate' }), { token: 'S2', expiresAt: 2 });
  await issuer.issue(ADA, { mode: 'rotate' });
  assert.deepEqual(space.asked, ['create ada@example.test 15', 'rotate R1', 'rotate R2']);
});

test('reissuing makes a new SAT for the same reference, and uses no refresh token', async (t) => {
  const { space, issuer } = issuing(t);
  await issuer.issue(ADA, { mode: 'reissue', lifetime: 15 });
  await issuer.issue(ADA, { mode: 'reissue' });
  await issuer.issue(ADA, { mode: 'rotate' });
  assert.deepEqual(space.asked, ['create ada@example.test 15', 'create ada@example.test 7200', 'create ada@example.test 7200']);
});

test('a SAT that is bound to a key is made for that key, and touches no refresh token', async (t) => {
  const { space, issuer } = issuing(t);
  await issuer.issue(ADA, { mode: 'rotate' });
  assert.deepEqual(await issuer.issue(ADA, { mode: 'bound', fingerprint: 'F', lifetime: 15 }), { token: 'S2', expiresAt: 2 });
  await issuer.issue(ADA, { mode: 'rotate' });
  assert.deepEqual(space.asked.slice(1), ['create ada@example.test 15 for F', 'rotate R1']);
});

test('requests at the same moment use every refresh token once', async (t) => {
  const { space, issuer } = issuing(t);
  await Promise.all([ADA, ADA, BOB, ADA].map((user) => issuer.issue(user, { mode: 'rotate' })));
  const rotated = space.asked.filter((what) => what.startsWith('rotate'));
  assert.equal(space.asked.length, 4);
  assert.equal(new Set(rotated).size, 2);
});

test('a family that is gone is followed by a fresh one', async (t) => {
  const { space, issuer } = issuing(t);
  await issuer.issue(ADA, { mode: 'rotate' });
  space.endFamilies();
  assert.deepEqual(await issuer.issue(ADA, { mode: 'rotate' }), { token: 'S3', expiresAt: 3 });
  await issuer.issue(ADA, { mode: 'rotate' });
  assert.deepEqual(space.asked.slice(1), ['rotate R1', 'create ada@example.test 7200', 'rotate R3']);
});

test('a space that fails costs no refresh token, and holds nobody up', async (t) => {
  const { space, issuer } = issuing(t);
  await issuer.issue(ADA, { mode: 'rotate' });
  space.fails = 500;
  const [failed, next] = await Promise.allSettled([issuer.issue(ADA, { mode: 'rotate' }), issuer.issue(ADA, { mode: 'rotate' })]);
  assert.deepEqual([failed.status, next.status], ['rejected', 'fulfilled']);
  assert.deepEqual(space.asked.slice(1), ['rotate R1', 'rotate R1']);
});

test('who signs out leaves no refresh token behind', async (t) => {
  const { space, issuer } = issuing(t);
  await issuer.issue(ADA, { mode: 'rotate' });
  await issuer.forget(ADA);
  await issuer.issue(ADA, { mode: 'rotate' });
  assert.deepEqual(space.asked.map((what) => what.split(' ')[0]), ['create', 'create']);
});

test('who signs out everywhere has every SAT ended, after what was asked for before', async (t) => {
  const { space, issuer } = issuing(t);
  await Promise.all([issuer.issue(ADA, { mode: 'rotate' }), issuer.forget(ADA, true), issuer.issue(ADA, { mode: 'rotate' })]);
  assert.deepEqual(space.asked, ['create ada@example.test 7200', 'revoke ada@example.test', 'create ada@example.test 7200']);
});

test('the rate limit counts each user alone, over any minute', () => {
  let now = 0;
  const limit = new RateLimit(2, () => now);
  assert.deepEqual([limit.take('ada'), limit.take('bob')], [0, 0]);
  now = 20_500;
  assert.deepEqual([limit.take('ada'), limit.take('ada'), limit.take('bob')], [0, 40, 0]);
  now = 60_000;
  assert.deepEqual([limit.take('ada'), limit.take('ada')], [0, 21]);
});
