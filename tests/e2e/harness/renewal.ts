// Credentials that end while a session lives: a provider whose backend is the space's front desk, and all that comes of it.
import { calculateJwkThumbprint, decodeProtectedHeader, type JWK } from 'jose';
import type { Page, Response } from '@playwright/test';
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
  /** The provider fails from now on, as without its backend. */
  refuses: boolean;
}

declare global {
  var renewals: Renewals;
}

/** Makes a client of such a provider, the watched one of the page. */
export function startRenewing(page: Page, wish: Wish, options?: SignalWireOptions): Promise<void> {
  return page.evaluate(([{ reference, seconds, scoped, forwards, refreshes }, how]) => {
    const noted: Renewals = { fingerprints: [], refreshes: 0, warnings: [], refreshed: [], refuses: false };
    globalThis.renewals = noted;
    const issue = async (fingerprint: string | undefined) => {
      if (noted.refuses) throw new Error('the backend refuses');
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

/** Notes such requests of a page from now on. */
export function watchExchanges(page: Page): Exchange[] {
  const noted: Exchange[] = [];
  page.on('response', async (response: Response) => {
    const request = response.request();
    const { host, pathname } = new URL(request.url());
    const what = /^\/api\/fabric\/subscriber\/devices\/(token|refresh)$/.exec(pathname)?.[1] as Exchange['what'] | undefined;
    if (what === undefined || request.method() !== 'POST') return;
    const { dpop_token: proof, expire_in: seconds } = request.postDataJSON();
    const { jwk } = decodeProtectedHeader(proof);
    noted.push({ what, host, status: response.status(), signedBy: await calculateJwkThumbprint(jwk as JWK), seconds });
  });
  return noted;
}

/** The session of a subscriber; undefined while there is none, an error when there are two. */
export async function sessionOf(space: Space, reference = ADA): Promise<SpaceSession | undefined> {
  const own = (await space.sessions()).filter(({ subscriber }) => subscriber === reference);
  if (own.length > 1) throw new Error(`${reference} has ${own.length} sessions`);
  return own[0];
}
