/** How often each user may do something: so many times in any minute. */

const WINDOW = 60_000;

export class RateLimit {
  #perMinute;
  #now;
  /** @type {Map<string, number[]>} user → when, the last minute alone */
  #times = new Map();

  /** @param {number} perMinute @param {() => number} [now] a clock that is never set back, in milliseconds */
  constructor(perMinute, now = () => performance.now()) {
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /**
   * Counts one more.
   *
   * @param {string} user
   * @returns {number} 0 if it may be, else after how many seconds it may; then it is not counted
   */
  take(user) {
    const now = this.#now();
    const recent = (this.#times.get(user) ?? []).filter((time) => time > now - WINDOW);
    this.#times.set(user, recent);
    const [oldest = now] = recent;
    if (recent.length >= this.#perMinute) return Math.ceil((oldest + WINDOW - now) / 1000);
    recent.push(now);
    return 0;
  }
}
