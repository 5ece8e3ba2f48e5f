/**
 * The ways in which a session gets its next SAT.
 *
 * `reissue` makes a new one for the same `reference`; the check of the application's session, which every request goes
 * through, is all that it rests on. `rotate` swaps the refresh token that came with the last one. `bound` makes one that its
 * browser renews at the space by itself, with the key of that fingerprint; the backend is not asked again.
 */
import { SpaceRefusal, STANDARD_LIFETIME } from './space-api.js';

/** @typedef {typeof MODES[number]} Mode */
/** @typedef {{ mode: 'rotate' | 'reissue', lifetime?: number } | { mode: 'bound', lifetime?: number, fingerprint: string }} Wish `lifetime` in seconds */
/** @typedef {{ token: string, expiresAt: number }} Sat `expiresAt` in milliseconds since 1970 */

export const MODES = /** @type {const} */ (['rotate', 'reissue', 'bound']);

export class SatIssuer {
  #space;
  #refreshTokens;
  /** @type {Map<string, Promise<unknown>>} What a user's next request waits for. */
  #turns = new Map();

  /** @param {import('./space-api.js').SpaceApi} space @param {import('./refresh-tokens.js').RefreshTokens} refreshTokens */
  constructor(space, refreshTokens) {
    this.#space = space;
    this.#refreshTokens = refreshTokens;
  }

  /**
   * @param {import('./sign-in.js').User} user @param {Wish} wish
   * @returns {Promise<Sat>} never the refresh token, which stays here
   */
  async issue(user, wish) {
    const { mode, lifetime } = wish;
    if (mode !== 'rotate') {
      const fingerprint = mode === 'bound' ? wish.fingerprint : undefined;
      return satOf(await this.#space.createSat(user.reference, lifetime ?? STANDARD_LIFETIME, fingerprint));
    }
    return this.#inTurn(user.id, async () => {
      // A swap knows no lifetime: who asks for one begins anew.
      const next = lifetime === undefined ? await this.#swapped(user.id) : undefined;
      const pair = next ?? (await this.#space.createSat(user.reference, lifetime ?? STANDARD_LIFETIME));
      this.#refreshTokens.set(user.id, pair.refreshToken);
      return satOf(pair);
    });
  }

  /** @param {import('./sign-in.js').User} user @param {boolean} [everywhere] ends every SAT that the user has, in whoever's hands */
  forget(user, everywhere = false) {
    return this.#inTurn(user.id, async () => {
      this.#refreshTokens.delete(user.id);
      if (everywhere) await this.#space.revoke(user.reference);
    });
  }

  /** The next pair, where there is a refresh token that still works. @param {string} user */
  async #swapped(user) {
    const held = this.#refreshTokens.get(user);
    if (held === undefined) return undefined;
    try {
      return await this.#space.rotate(held);
    } catch (error) {
      if (!(error instanceof SpaceRefusal) || error.status !== 422) throw error;
      return undefined;
    }
  }

  /**
   * A refresh token works once, and using it twice ends the session that it keeps going: two tabs of one user, at the same moment,
   * come one after the other.
   *
   * @template T
   * @param {string} user @param {() => Promise<T>} act
   * @returns {Promise<T>}
   */
  async #inTurn(user, act) {
    const before = this.#turns.get(user);
    const turn = before ? before.then(act, act) : act();
    this.#turns.set(user, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(user) === turn) this.#turns.delete(user);
    }
  }
}

/** @param {import('./space-api.js').Pair} pair @returns {Sat} */
function satOf({ token, expiresAt }) {
  return { token, expiresAt };
}
