// Credentials that end while a session lives: a provider whose backend is the space's front desk, and all that comes of it.
import { calculateJwkThumbprint, decodeProtectedHeader, type JWK } from 'jose';
import type { Page } from '@playwright/test';
import type { CredentialRefreshed, SDKWarning, SignalWireOptions } from '../../../js/slim.js';
import { ADA } from './people.js';
import type { Space, SpaceSession } from './space.js';

/** How a page's backend has its SATs made. */
export interface Wish {
  /** The subscriber. */
  readonly reference?: string;
  /** How long each lives. */
  readonly seconds?: number;
  /** It asks for `sat:refresh`. */
  readonly scoped?: boolean;
  /** It passes on the fingerprint that `authenticate()` is given, so that the SAT is bound from the start. */
  readonly forwards?: boolean;
  /** The provider has `refresh()` too. */
  readonly refreshes?: boolean;
}

/** In the page: what the provider was asked, and what the client said. */
export interface Renewals {
  /** Of each `authenticate()`; null where it had none. */
  fingerprints: (string | null)[];
  /** How often `refresh()` was called. */
  refreshes: number;
  warnings: SDKWarning[];
  refreshed: CredentialRefreshed[];
  /** Requests for client-bound SATs, in the order of their answers. */
  exchanges: { url: string; body: string; status: number }[];
}

declare global {
  var renewals: Renewals;
}

/** Makes a client of such a provider, the watched one of the page. */
export function startRenewing(page: Page, wish: Wish, options?: SignalWireOptions): Promise<void> {
  return page.evaluate(([{ reference, seconds, scoped, forwards, refreshes }, how]) => {
    const noted: Renewals = { fingerprints: [], refreshes: 0, warnings: [], refreshed: [], exchanges: [] };
    globalThis.renewals = noted;
    const { fetch: plain } = globalThis;
    globalThis.fetch = async (target, init) => {
      const answer = await plain(target, init);
      const url = String(target instanceof Request ? target.url : target);
      if (url.includes('/subscriber/devices/')) noted.exchanges.push({ url, body: String(init?.body), status: answer.status });
      return answer;
    };
    const issue = async (fingerprint: string | undefined) => {
      const body = {
        kind: 'subscriber', reference, expires_in: seconds, ...(scoped && { scope: 'sat:refresh' }),
        ...(forwards && fingerprint && { fingerprint }),
      };
      const answer = await fetch('/.space/credentials', { method: 'POST', body: JSON.stringify(body) });
      const { token, expires_at } = await answer.json();
      return { token, expiry_at: expires_at * 1000 };
    };
    const authenticate = (context?: { fingerprint?: string }) => {
      noted.fingerprints.push(context?.fingerprint ?? null);
      return issue(context?.fingerprint);
    };
    const refresh = () => {
      noted.refreshes += 1;
      return issue(noted.fingerprints.at(-1) ?? undefined);
    };
    const made = new sdk.SignalWire(refreshes ? { authenticate, refresh } : { authenticate }, how);
    // The published package has neither.
    const { warnings$, credentialRefreshed$ } = made as Partial<typeof made>;
    warnings$?.subscribe((warning) => noted.warnings.push(warning));
    credentialRefreshed$?.subscribe((record) => noted.refreshed.push(record));
    probe.use(made);
  }, [wish, options] as const);
}

/** What is noted so far. */
export const renewalsOf = (page: Page): Promise<Renewals> => page.evaluate(() => globalThis.renewals);

/** One request for a client-bound SAT (auth.md §4.8, §4.9), answered. */
export interface Exchange {
  /** `token` gives the first one, `refresh` the next. */
  readonly what: 'token' | 'refresh';
  readonly host: string;
  readonly status: number;
  /** Thumbprint of the key that signed. */
  readonly signedBy: string;
  /** Seconds that were asked for. */
  readonly seconds: number;
}

/** Those of a page so far. */
export async function exchangesOf(page: Page): Promise<Exchange[]> {
  const raw = await page.evaluate(() => globalThis.renewals.exchanges);
  return Promise.all(raw.map(async ({ url, body, status }) => {
    const { host, pathname } = new URL(url);
    const what = pathname.slice(pathname.lastIndexOf('/') + 1) as Exchange['what'];
    const { dpop_token: proof, expire_in: seconds } = JSON.parse(body);
    const { jwk } = decodeProtectedHeader(proof);
    return { what, host, status, signedBy: await calculateJwkThumbprint(jwk as JWK), seconds };
  }));
}

/** The session of a subscriber; undefined while there is none, an error when there are two. */
export async function sessionOf(space: Space, reference = ADA): Promise<SpaceSession | undefined> {
  const own = (await space.sessions()).filter(({ subscriber }) => subscriber === reference);
  if (own.length > 1) throw new Error(`${reference} has ${own.length} sessions`);
  return own[0];
}
