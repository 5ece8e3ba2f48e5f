/** The client (api.md §5, "SignalWire"). */

import type { Observable } from "rxjs";
import { ErrorNumber } from "../store/errors.gen.js";
import { Field } from "../store/fields.gen.js";
import type { Node } from "../store/node.js";
import type { EngineConfig } from "../wasm/engine.js";
import type { Address } from "./address.js";
import { Core } from "./core.js";
import { type CredentialProvider, EmbedTokenCredentialProvider, StaticCredentialProvider } from "./credentials.js";
import { errorNumbered } from "./errors.js";
import { ClientSessionWrapper } from "./session.js";
import type { DialOptions, SignalWireOptions } from "./types.js";
import type { User } from "./user.js";
import type { CredentialRefreshed, SDKWarning } from "./warnings.js";
import type { Call, WebRTCCall } from "./webrtc-call.js";

/**
 * A session with a space, and its calls. Observables deliver in the next microtask and never fail;
 * failures come on `errors$`.
 *
 * When the engine stops by a defect of its own, everything ends once: each call with a fatal error, the
 * status `failed`, then `destroyed`, and the end reason `network`; the client with the same error; every
 * promise with that error (code `engine_died`). A new client works.
 */
export class SignalWire {
  readonly #core: Core;
  readonly #client: Node;

  /** The calls of the session, inbound ones among them. The same object always: subscribe to it before there is a session. */
  readonly session: ClientSessionWrapper;

  /**
   * Authenticates, connects and registers in the background, as far as the options do not defer it.
   *
   * Without a provider the session is restored that a client with `persistSession` has left behind; only where this one
   * has the option, too.
   *
   * Throws a `DependencyError` where there is no WebRTC, and `InvalidParams` for an endpoint that is no host or URL
   * (`host_invalid`) or another algorithm than there is (`option_invalid`). Everything later goes to `errors$`.
   */
  constructor(credentialProvider: CredentialProvider | undefined, options: SignalWireOptions = {}) {
    if (typeof RTCPeerConnection === "undefined") throw errorNumbered(ErrorNumber.DependencyMissing, "WebRTC API");
    this.#core = new Core(credentialProvider, configOf(credentialProvider, options), options);
    this.#client = this.#core.store.root;
    this.session = new ClientSessionWrapper(this.#client);
    this.#core.attach();
    this.#core.command((engine) => engine.start());
  }

  /** A session is there and authenticated; what `dial()` waits for. */
  get ready$(): Observable<boolean> {
    return this.#client.observe(Field.ClientReady);
  }

  /** A session was made and not given up; it stays true while a lost socket is being replaced. */
  get isConnected$(): Observable<boolean> {
    return this.#client.observe(Field.ClientConnected);
  }

  get isConnected(): boolean {
    return this.#client.value(Field.ClientConnected) as boolean;
  }

  /** The space knows the user as online by this client, and offers inbound calls to it. */
  get isRegistered$(): Observable<boolean> {
    return this.#client.observe(Field.ClientRegistered);
  }

  get isRegistered(): boolean {
    return this.#client.value(Field.ClientRegistered) as boolean;
  }

  /** The user whom the credential stands for, once the profile is known. */
  get user$(): Observable<User | undefined> {
    return this.#client.observe(Field.ClientUser, { blank: true });
  }

  get user(): User | undefined {
    return this.#client.value(Field.ClientUser) as User | undefined;
  }

  /** Every failure that concerns the session, or a dial; replays the last, also after the end. */
  get errors$(): Observable<Error> {
    return this.#client.observe(Field.ClientErrors);
  }

  /** What an application may want to know and is no failure; replays the last ten, also after the end. */
  get warnings$(): Observable<SDKWarning> {
    return this.#client.observe(Field.ClientWarnings);
  }

  /** A renewed credential has come into force. Replays nothing. New against the reference SDK. */
  get credentialRefreshed$(): Observable<CredentialRefreshed> {
    return this.#client.observe(Field.ClientCredentialRefreshed);
  }

  /**
   * Makes a session. Resolves when it is ready.
   *
   * Rejects with `InvalidCredentialsError`, `TransportConnectionError`, what the provider rejected
   * with, or another error that also reaches `errors$`.
   */
  connect(): Promise<void> {
    return this.#core.request((engine, reply) => engine.connect(reply));
  }

  /** Says goodbye for every call and closes the session; `connect()` may follow. */
  disconnect(): Promise<void> {
    return this.#core.request((engine, reply) => engine.disconnect(reply));
  }

  /**
   * Puts the user online by this client, so that inbound calls come in on `session.incomingCalls$`. Waits for the session
   * while it is on its way. Happens by itself when the client connects, unless `skipRegister` is given.
   *
   * With a credential that can only call (guest, invite, embed) it resolves and does nothing (REQ-85).
   * Rejects with `InvalidCredentialsError` (`registration_failed`, its cause in `cause`), or with the error that ended the
   * session.
   */
  register(): Promise<void> {
    return this.#core.request((engine, reply) => engine.register(reply));
  }

  /**
   * Takes the user offline for inbound calls; the session and its calls go on.
   *
   * Rejects with the space's refusal, which also reaches `errors$`, or with the error that ended the session.
   */
  unregister(): Promise<void> {
    return this.#core.request((engine, reply) => engine.unregister(reply));
  }

  /**
   * Calls a destination such as `/public/sales`, or the default channel of an address. Waits for the
   * session while it is on its way; resolves when the space has created the call.
   *
   * Rejects with `CallCreateError` (its cause in `error` and `cause`), with the error that ended the
   * session, or with a DOMException named `AbortError` when `options.signal` fired before.
   */
  async dial(destination: string | Address, options: DialOptions = {}): Promise<Call> {
    const { signal, ...media } = options;
    const to = (typeof destination === "string" ? destination : destination?.defaultChannel) ?? "";
    const userVariables = { ...queryOf(to), ...media.userVariables };
    return this.#core.request<WebRTCCall>((engine, reply) => engine.dial(reply, to, { ...media, userVariables }), signal);
  }

  /**
   * Forgets what the SDK has kept in this browser, also for other clients and from earlier pages: everything in the storage
   * whose name begins with `sw:`, or what `storageImplementation` clears; and the origin's key pair, unless another client, in
   * this tab or another, is using it. The session goes on, and may keep its credential again when that is renewed.
   *
   * A storage that cannot be used is no failure; `client_destroyed` is the only rejection.
   */
  resetToDefaults(): Promise<void> {
    return this.#core.reset();
  }

  /**
   * Ends the calls and the session and lets go of everything; removes the record that this client has kept, and the origin's
   * key pair if this client was the last to use it, but nothing of another client. Every promise that waits is rejected. In any
   * state; a second time does nothing.
   */
  destroy(): void {
    this.#core.destroy();
  }

  /** Emits once when the client is over, then completes; delivers synchronously. */
  get destroyed$(): Observable<void> {
    return this.#client.destroyed$;
  }
}

/** The query parameters of a destination: they are variables of the call (media.md §1.1). */
function queryOf(destination: string): Record<string, string> {
  const [, ...query] = destination.split("?");
  return Object.fromEntries(new URLSearchParams(query.join("?")));
}

function configOf(provider: CredentialProvider | undefined, options: SignalWireOptions): EngineConfig {
  const embedHost = EmbedTokenCredentialProvider.hostOf(provider);
  const { endpoints, allowedHosts } = options;
  return {
    ...(endpoints && { endpoints }),
    ...(allowedHosts && { allowedHosts }),
    ...(embedHost !== undefined && { embedHost }),
    hasProvider: Boolean(provider),
    hasRefresh: Boolean(provider?.refresh),
    wantsFingerprint: Boolean(provider) && embedHost === undefined && !(provider instanceof StaticCredentialProvider),
    skipAuthentication: options.skipAuthentication === true,
    skipConnection: options.skipConnection === true,
    skipRegister: options.skipRegister === true,
    persistSession: options.persistSession === true || options.persist === true,
    reconnectAttachedCalls: options.reconnectAttachedCalls === true,
  };
}
