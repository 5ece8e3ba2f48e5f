/** What happened, to read and to copy. It is told names, codes and states; it never sees a token. */
import { make } from '/elements.js';

/** Older entries go when there are more. */
const LONGEST = 500;

export class EventLog {
  /** @type {string[]} */
  #lines = [];
  #list;

  /** @param {HTMLOListElement} list */
  constructor(list) {
    this.#list = list;
  }

  /** @param {string} source @param {string} text @param {boolean} [failed] */
  add(source, text, failed = false) {
    const now = new Date();
    const time = `${now.toTimeString().slice(0, 8)}.${String(now.getMilliseconds()).padStart(3, '0')}`;
    this.#lines.push(`${time}  ${source}  ${text}`);
    const entry = make('li', failed ? 'failed' : '', make('time', '', time), make('b', '', source), make('span', '', text));
    const atEnd = this.#list.scrollTop + this.#list.clientHeight >= this.#list.scrollHeight - 8;
    this.#list.append(entry);
    if (this.#lines.length > LONGEST) {
      this.#lines.shift();
      this.#list.firstElementChild?.remove();
    }
    // Whoever has scrolled up is reading.
    if (atEnd) this.#list.scrollTop = this.#list.scrollHeight;
  }

  /** An error as the SDK describes it. @param {string} source @param {any} error */
  addError(source, error) {
    this.add(source, describe(error), true);
  }

  clear() {
    this.#lines = [];
    this.#list.replaceChildren();
  }

  text() {
    return this.#lines.join('\n');
  }
}

/** Class, code, message and advice of an error, and what caused it. @param {any} error @returns {string} */
export function describe(error) {
  const { name = 'Error', code, message = String(error), advice, cause } = Object(error);
  const why = cause?.message && cause.message !== message ? `Because: ${cause.message}` : '';
  return [`${name}${code ? ` (${code})` : ''}: ${message}`, why, advice].filter(Boolean).map(sentence).join(' ');
}

/** @param {string} text */
function sentence(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
