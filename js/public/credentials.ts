/** Credentials and the providers of the package (auth.md §2). */

import { engineEntry } from "./engine-entry.js";
import { errorOf, isFailure } from "./errors.js";

/** What a provider hands over. */
export interface SDKCredential {
  /** The SAT. */
  token?: string;
  /** Documented alternative to a token. */
  authorizationState?: string;
  /** When the credential ends, in milliseconds since 1970. */
  expiry_at?: number;
}

/** What `authenticate()` is told. */
export interface AuthenticateContext {
  /** RFC 7638 thumbprint of the client's key, where it has one. */
  fingerprint?: string;
}

/** Where a client gets its credential from. A client that has a provider always asks it; it never restores a session instead. */
export interface CredentialProvider {
  /**
   * Called before a session is made, and again when a new credential is needed and there is no `refresh()`. A rejection
   * reaches `errors$` and what waits for the session, unchanged. There is no time limit; a result that nobody waits for any
   * more is dropped.
   */
  authenticate(context?: AuthenticateContext): Promise<SDKCredential>;
  /**
   * A newer credential, called in time before the present one ends: a twentieth of its life, at least 30 s and at most two
   * minutes, and never more than half of it. The new SAT is put into force on the live session; calls go on. A rejection is
   * tried again after 1, 2, 4 and 8 s, then every 30 s until the end; the fifth in a row puts a `TokenRefreshError` on
   * `errors$`. A result that ends no later than the present credential counts as a rejection; one that takes longer than 30 s
   * is dropped (auth.md §7.7).
   */
  refresh?: () => Promise<SDKCredential>;
}

/** A fixed credential, used until it expires (REQ-39). */
export class StaticCredentialProvider implements CredentialProvider {
  readonly #credentials: SDKCredential;

  constructor(credentials: SDKCredential) {
    this.#credentials = credentials;
  }

  /** Resolves to the object that the constructor was given. */
  authenticate(): Promise<SDKCredential> {
    return Promise.resolve(this.#credentials);
  }
}

/**
 * Exchanges an embed token for a Guest SAT (auth.md §4.7). Works without a client, too.
 *
 * A C2C token is accepted in the same place, for trying things out; a public page holds the exchanged
 * embed token, never the C2C token (REQ-22, REQ-23).
 */
export class EmbedTokenCredentialProvider implements CredentialProvider {
  readonly #host: string;
  readonly #embedToken: string;

  /** @param host a name, a name with port, or a URL */
  constructor(host: string, embedToken: string);
  /** The same as an object, as some pages have it. */
  constructor(given: { host: string; token: string });
  constructor(given: string | { host: string; token: string }, embedToken = "") {
    const { host, token } = typeof given === "string" ? { host: given, token: embedToken } : given;
    this.#host = host;
    this.#embedToken = token;
  }

  /** @internal */
  static hostOf(provider: CredentialProvider | undefined): string | undefined {
    return provider instanceof EmbedTokenCredentialProvider ? provider.#host : undefined;
  }

  /**
   * One exchange, within 10 seconds.
   *
   * Rejects with a `RequestError` (`embed_token_rejected`, `embed_service_failed`, `request_failed`,
   * `response_malformed`), a `RequestTimeoutError`, or `InvalidParams` where the host is none.
   */
  async authenticate(): Promise<{ token: string; expiry_at: number }> {
    try {
      const found = engineEntry();
      // Without a pause where the engine is there: the request leaves before the devices and the peer connection of a
      // `dial()` in the same task take the page's time.
      const entry = found instanceof Promise ? await found : found;
      return await entry.exchange(this.#host, this.#embedToken);
    } catch (thrown) {
      throw isFailure(thrown) ? errorOf(thrown) : thrown;
    }
  }

  /** The same exchange again. */
  refresh(): Promise<{ token: string; expiry_at: number }> {
    return this.authenticate();
  }
}
