// Listens to all that a page exchanges with the space, and looks for the secrets of it in every place where none belongs.
import type { Page } from '@playwright/test';

/** In the page. */
interface Overheard {
  /** Bodies and headers of requests, bodies of answers, frames in both directions: where the secrets are. */
  texts: string[];
  /** Addresses of requests and sockets. */
  urls: string[];
  /** How each request was made that showed a credential. */
  bearers: Record<string, string | undefined>[];
  /** Everything that an application can read out of errors, warnings and the client itself. */
  told: string[];
}

declare global {
  var overheard: Overheard;
  /** Notes down all that can be read out of a value. */
  var note: (value: unknown) => void;
}

/** So many characters of a secret in a row are a leak. Shorter pieces come about by chance. */
const PIECE = 16;
/** A SAT (five parts, of which the key is empty) or a proof (three). */
const TOKEN = /eyJ[\w-]{20,}(?:\.[\w-]*){2,4}/g;

/** Runs before any script of the page. Serialised: it may use nothing from around it. */
function eavesdrop(): void {
  const overheard: Overheard = { texts: [], urls: [], bearers: [], told: [] };
  globalThis.overheard = overheard;
  const { fetch } = globalThis;
  globalThis.fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const headers = new Headers(init?.headers);
    overheard.urls.push(url);
    overheard.texts.push(JSON.stringify([...headers]), String(init?.body ?? ''));
    if (headers.has('authorization')) {
      const { cache, credentials, redirect, referrerPolicy } = init ?? {};
      overheard.bearers.push({ origin: new URL(url, location.href).origin, cache, credentials, redirect, referrerPolicy });
    }
    const response = await fetch(input, init);
    // A request that is given up has no body.
    response.clone().text().then((text) => overheard.texts.push(text), () => {});
    return response;
  };
  globalThis.WebSocket = class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      overheard.urls.push(String(url), String(protocols));
      this.addEventListener('message', ({ data }) => overheard.texts.push(String(data)));
    }
    override send(data: string): void {
      overheard.texts.push(data);
      super.send(data);
    }
  };
  const namesOf = (value: object): string[] => {
    const names = new Set<string>();
    for (let at = value; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
      for (const name of Object.getOwnPropertyNames(at)) names.add(name);
    }
    return [...names];
  };
  const parts = (value: unknown, seen: Set<unknown>): string[] => {
    if (typeof value === 'function' || seen.has(value)) return [];
    if (typeof value !== 'object' || value === null) return [String(value)];
    seen.add(value);
    const own = namesOf(value).flatMap((name) => {
      try {
        return parts((value as Record<string, unknown>)[name], seen);
      } catch {
        // A getter of a prototype that is read without its object; on the object it was read already.
        return [];
      }
    });
    return [String(value), ...own];
  };
  globalThis.note = (value) => overheard.told.push(...parts(value, new Set([globalThis, document])));
}

/** What a page keeps, by the name of the place. Serialised as well. */
async function kept(): Promise<Record<string, string>> {
  const asked = <T>(request: IDBRequest<T>) => new Promise<T>((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const databases: unknown[] = [];
  for (const { name, version } of await indexedDB.databases()) {
    const database = await asked(indexedDB.open(name ?? '', version));
    for (const store of database.objectStoreNames) {
      const records = await asked(database.transaction(store).objectStore(store).getAll());
      // A key shows its kind and usages, no more.
      databases.push(name, store, records);
    }
    database.close();
  }
  const caches: string[] = await globalThis.caches.keys();
  return {
    localStorage: JSON.stringify(localStorage),
    sessionStorage: JSON.stringify(sessionStorage),
    IndexedDB: JSON.stringify(databases),
    caches: caches.join(),
    cookies: document.cookie,
    address: location.href,
    history: JSON.stringify(history.state) + window.name,
    performance: performance.getEntries().map(({ name }) => name).join('\n'),
  };
}

/** A page that is listened to. */
export class Eavesdropper {
  readonly #page: Page;
  readonly #console: string[] = [];

  private constructor(page: Page) {
    this.#page = page;
    // Of every level.
    page.on('console', (message) => this.#console.push(message.text()));
    page.on('pageerror', (error) => this.#console.push(`${error}\n${error.stack}`));
    page.on('request', (request) => this.#console.push(request.url()));
  }

  /** Begins to listen; the page is opened afterwards. */
  static async of(page: Page): Promise<Eavesdropper> {
    const own = new Eavesdropper(page);
    await page.addInitScript(eavesdrop);
    return own;
  }

  /** Every SAT, proof and resume state that went over the network by now. */
  async secrets(): Promise<string[]> {
    const text = (await this.#page.evaluate(() => globalThis.overheard.texts)).join('\n');
    const states = [...text.matchAll(/"authorization_state":"([^"]{8,})"/g)].map(([, state]) => state ?? '');
    return [...new Set([...(text.match(TOKEN) ?? []), ...states])];
  }

  /** The places, by their names, in which one of these secrets stands. */
  async leaks(secrets: readonly string[]): Promise<string[]> {
    const { told, urls } = await this.#page.evaluate(() => globalThis.overheard);
    const places = { ...(await this.#page.evaluate(kept)), told: told.join('\n'), urls: urls.join('\n'), console: this.#console.join('\n') };
    return Object.entries(places).filter(([, text]) => secrets.some((secret) => holds(text, secret))).map(([place]) => place);
  }
}

/** Whether a text holds a piece of a secret. The header of a token is none: it names its kind and its space. */
export function holds(text: string, secret: string): boolean {
  const hidden = secret.includes('.') ? secret.slice(secret.indexOf('.') + 1) : secret;
  for (let at = 0; at < hidden.length; at += PIECE / 2) {
    const piece = hidden.slice(at, at + PIECE);
    if ((piece.length === PIECE || at === 0) && text.includes(piece)) return true;
  }
  return false;
}
