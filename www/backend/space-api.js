/** The space's management endpoints, as far as a backend needs them for its users' SATs. */

/**
 * @typedef {object} Project
 * @property {URL} url of the space
 * @property {string} domain that all hosts of its SATs belong to, with a port that is not the scheme's own
 * @property {boolean} local it runs on this machine, and has a front desk
 * @property {string} id
 * @property {string} token the API token, which never leaves this process
 *
 * @typedef {object} Pair
 * @property {string} token the SAT, for the browser
 * @property {string} refreshToken for the backend alone
 * @property {number} expiresAt when the SAT ends, milliseconds since 1970
 */

/** How long a SAT lives when nothing else is asked for. Seconds. */
export const STANDARD_LIFETIME = 7200;
/** For one request. Milliseconds. */
const TIME_LIMIT = 10_000;

/** The space said no: with a status that tells what this backend should answer. */
export class SpaceRefusal extends Error {
  /** @param {number} status @param {string} path */
  constructor(status, path) {
    super(`${path} answered ${status}`);
    this.name = 'SpaceRefusal';
    this.status = status;
  }
}

export class SpaceApi {
  #project;

  /** @param {Project} project */
  constructor(project) {
    this.#project = project;
  }

  /**
   * A new SAT for the subscriber of that reference, who is made when there is none.
   *
   * @param {string} reference @param {number} lifetime in seconds
   * @param {string} [fingerprint] of the key that it is bound to; whoever holds that key may renew it
   * @returns {Promise<Pair>}
   */
  createSat(reference, lifetime, fingerprint) {
    const end = secondsFromNow(lifetime);
    const binding = fingerprint === undefined ? {} : { fingerprint, scope: 'sat:refresh' };
    return this.#pair('/api/fabric/subscribers/tokens', { reference, expire_at: end, ...binding }, end);
  }

  /**
   * Swaps a refresh token for the next pair. It works once: a second use ends every token that came of the first.
   *
   * @param {string} refreshToken
   * @returns {Promise<Pair>} rejects with a `SpaceRefusal` of status 422 when the token is of no use any more
   */
  rotate(refreshToken) {
    return this.#pair('/api/fabric/subscribers/tokens/refresh', { refresh_token: refreshToken }, secondsFromNow(STANDARD_LIFETIME));
  }

  /** Whether SATs can be ended before their time: by a local space; for the service nothing of the sort is published. */
  get revokes() {
    return this.#project.local;
  }

  /** Ends all that a subscriber has by now, sessions included. @param {string} reference */
  async revoke(reference) {
    // The space tells the subscriber's id with a SAT; this one ends with the others.
    const { subscriber_id } = await this.#post('/api/fabric/subscribers/tokens', { reference });
    await this.#post('/.space/revoke', { subscriber_id });
  }

  /** @param {string} path @param {object} body @param {number} end where the answer says none, in seconds */
  async #pair(path, body, end) {
    const answer = await this.#post(path, body);
    return { token: String(answer.token), refreshToken: String(answer.refresh_token), expiresAt: Number(answer.expires_at ?? end) * 1000 };
  }

  /** @param {string} path @param {object} body @returns {Promise<any>} what it answers, if anything */
  async #post(path, body) {
    const { url, id, token } = this.#project;
    const response = await fetch(new URL(path, url), {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${id}:${token}`).toString('base64')}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIME_LIMIT),
    });
    if (!response.ok) throw new SpaceRefusal(response.status, path);
    return response.status === 204 ? undefined : response.json();
  }
}

/** @param {number} seconds @returns {number} seconds since 1970 */
function secondsFromNow(seconds) {
  return Math.floor(Date.now() / 1000) + seconds;
}
