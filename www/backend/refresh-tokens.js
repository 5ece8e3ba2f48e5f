/** The refresh tokens of this application's users, in one file that holds nothing readable. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { seal, unseal } from './sealing.js';

export class RefreshTokens {
  #file;
  #key;
  /** @type {Map<string, string>} user → sealed token */
  #sealed;

  /** @param {string} file made when it is first needed @param {Buffer} key */
  constructor(file, key) {
    this.#file = file;
    this.#key = key;
    this.#sealed = new Map(existsSync(file) ? Object.entries(JSON.parse(readFileSync(file, 'utf8'))) : []);
  }

  /** @param {string} user @returns {string | undefined} also nothing for one that does not open: it is of no use */
  get(user) {
    const sealed = this.#sealed.get(user);
    return sealed === undefined ? undefined : unseal(this.#key, user, sealed);
  }

  /** @param {string} user @param {string} token */
  set(user, token) {
    this.#sealed.set(user, seal(this.#key, user, token));
    this.#write();
  }

  /** @param {string} user */
  delete(user) {
    if (this.#sealed.delete(user)) this.#write();
  }

  /** A crash leaves the old file or the new one: half a file would lose every user's token. */
  #write() {
    const draft = `${this.#file}.draft`;
    writeFileSync(draft, JSON.stringify(Object.fromEntries(this.#sealed)), { mode: 0o600 });
    renameSync(draft, this.#file);
  }
}
