/** Who is signed in to this application. Two made-up people without passwords; how people prove who they are is not the subject here. */
import { createHash, randomBytes } from 'node:crypto';

/** @typedef {{ id: string, name: string, reference: string }} User `reference` names the subscriber in the space */
/** @typedef {{ user: User, end: number }} Session `end` in milliseconds since 1970 */

/** @type {readonly User[]} */
export const USERS = [
  { id: 'ada', name: 'Ada', reference: 'ada@example.test' },
  { id: 'bob', name: 'Bob', reference: 'bob@example.test' },
];

/** Cookies of localhost are shared by all its ports, so the name says whose it is. */
const COOKIE = 'example_backend_session';
const LIFETIME = 8 * 3600 * 1000;

export class SignIn {
  /** @type {Map<string, Session>} digest of the cookie → session: the list itself lets nobody in */
  #sessions = new Map();

  /**
   * Always a new session: one that somebody else chose must not become this user's.
   *
   * @param {import('express').Response} response @param {User} user
   */
  begin(response, user) {
    this.#sweep();
    const id = randomBytes(32).toString('base64url');
    this.#sessions.set(digest(id), { user, end: Date.now() + LIFETIME });
    response.cookie(COOKIE, id, { ...attributes(response), maxAge: LIFETIME });
  }

  /** @param {import('express').Request} request @returns {User | undefined} */
  user(request) {
    const session = this.#sessions.get(digest(cookie(request)));
    return session && session.end > Date.now() ? session.user : undefined;
  }

  /** @param {import('express').Request} request @param {import('express').Response} response */
  end(request, response) {
    this.#sessions.delete(digest(cookie(request)));
    response.clearCookie(COOKIE, attributes(response));
  }

  /** Ends the user's sessions in all browsers. @param {User} user */
  endAll(user) {
    for (const [id, session] of this.#sessions) if (session.user.id === user.id) this.#sessions.delete(id);
  }

  #sweep() {
    const now = Date.now();
    for (const [id, { end }] of this.#sessions) if (end <= now) this.#sessions.delete(id);
  }
}

/** @param {import('express').Response} response @returns {import('express').CookieOptions} */
function attributes(response) {
  return { httpOnly: true, sameSite: 'lax', path: '/', secure: response.req.secure };
}

/** @param {string} id */
function digest(id) {
  return createHash('sha256').update(id).digest('base64url');
}

/** @param {import('express').Request} request */
function cookie(request) {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1) ?? '';
}
