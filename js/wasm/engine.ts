/**
 * The border between the facade and the engine, as types.
 *
 * `enter.ts` makes an {@link EngineClient}; the facade gives it a {@link Host}. Everything that the
 * engine says comes in one {@link Batch} after each turn, when nothing is borrowed any more.
 */

/** Number of an observable object: the client is 0, calls and members count from 1. */
export type Entity = number;

/** Number of a promise that the facade holds. */
export type ReplyId = number;

/** A failure as the engine reports it; `store/errors.ts` makes the Error. */
export interface EngineFailure {
  /** Number of the code in `errors.gen.ts`. */
  readonly code: number;
  /** Arguments of the message. */
  readonly args: readonly string[];
  /** The number that the server gave, else 0. */
  readonly number: number;
  /** For `MediaAccessError.fatal`. */
  readonly fatal: boolean;
  /** Another failure, or whatever the browser or the application threw. */
  readonly cause?: { readonly failure: EngineFailure } | { readonly thrown: unknown };
}

/** A record of `call.errors$`, before its Error is made. */
export interface EngineCallError {
  readonly kind: string;
  readonly fatal: boolean;
  readonly failure: EngineFailure;
}

/** Why a call is over. */
export interface EngineEndReason {
  readonly code: string;
  readonly cause?: string;
  readonly causeCode?: number;
}

/** A record of `warnings$` before its text is made, or of `credentialRefreshed$`. */
export interface EngineNotice {
  /** Code of the warning, or the mechanism that renewed the credential. */
  readonly code: string;
  /** Why a mechanism was not used; empty where that is not what the warning says. */
  readonly reason: string;
  /** When the credential ends, in milliseconds since 1970, where the warning says that. */
  readonly expiresAt?: number;
}

/** What a value is: tells the store how to make the public one. */
export enum ValueKind {
  /** As it is: undefined, boolean, string, string[], MediaStream, RTCPeerConnection, raw object. */
  Plain = 0,
  /** An {@link Entity}: the facade's object for it. */
  Entity = 1,
  /** An {@link EngineFailure}. */
  Failure = 2,
  /** An {@link EngineCallError}. */
  CallError = 3,
  /** An {@link EngineEndReason}. */
  EndReason = 4,
  /** A list of {@link Entity}: the facade's objects for them. */
  Entities = 5,
  /** An {@link EngineNotice}. */
  Notice = 6,
}

/** One step of a batch. */
export type Change =
  | readonly [op: 'create', entity: Entity, parent: Entity]
  | readonly [op: 'patch', entity: Entity, field: number, kind: number, value: unknown]
  | readonly [op: 'merge', entity: Entity, fields: Readonly<Record<string, unknown>>]
  | readonly [op: 'end', entity: Entity]
  | readonly [op: 'resolve', reply: ReplyId, kind: number, value: unknown]
  | readonly [op: 'reject', reply: ReplyId, failure: EngineFailure];

/** Everything that one turn of the engine brought, in order. */
export type Batch = readonly Change[];

/** A credential as the application's provider hands it over. */
export interface HostCredential {
  readonly token?: string;
  readonly expiry_at?: number;
  readonly authorizationState?: string;
}

/** What the engine asks a provider for: its credential, or a newer one. */
export type ProviderSource = 'provider' | 'refresh';

/** What the engine needs of the facade. */
export interface Host {
  /**
   * Calls the application's provider; for `refresh` its `refresh()`, where it has one. Its `authenticate()` is told the
   * fingerprint, where there is one, and else called without a context. May throw or reject.
   */
  authenticate(source: ProviderSource, fingerprint: string | undefined): Promise<HostCredential | null | undefined>;
  /**
   * The RFC 7638 thumbprint of the origin's key pair, which is made where there is none and `create` is given; undefined
   * where there is none, or none can be made. Never rejects, always settles.
   */
  ensureKey(create: boolean): Promise<string | undefined>;
  /**
   * A DPoP proof (JWS compact) by that key. `claims` is a JSON object; `athOf` the token whose hash becomes the claim
   * `ath`. Rejects with what the browser threw.
   */
  signProof(claims: string, athOf: string | undefined): Promise<string>;
  /** The credential of an earlier page, from local storage; undefined where there is none that can be read. Never rejects. */
  restore(key: string): Promise<HostCredential | undefined>;
  /** Writes a record of local storage. Never throws; nobody waits. */
  keep(key: string, text: string): void;
  /** Removes a record of local storage if it still is this text. Never throws; nobody waits. */
  removeOwn(key: string, text: string): void;
  /** Takes one batch. Never throws. */
  deliver(batch: Batch): void;
  /** The engine died (a trap): everything is closed already; reject what is pending. Comes once. */
  died(cause: unknown): void;
}

/** What the engine decides on at construction. */
export interface EngineConfig {
  readonly endpoints?: { readonly websocket?: string; readonly rest?: string };
  /** Host of an `EmbedTokenCredentialProvider`. */
  readonly embedHost?: string;
  readonly reconnectAttachedCalls?: boolean;
  /** There is a provider to ask. */
  readonly hasProvider?: boolean;
  /** The provider offers `refresh()`. */
  readonly hasRefresh?: boolean;
  /** The provider is the application's own: it is told the thumbprint of the client's key. */
  readonly wantsFingerprint?: boolean;
  readonly skipAuthentication?: boolean;
  readonly skipConnection?: boolean;
  readonly skipRegister?: boolean;
  readonly persistSession?: boolean;
  /** The domains that a SAT may lead to; absent or empty for any. */
  readonly allowedHosts?: readonly string[];
}

/** One client inside the engine. After `destroy()` every method does nothing. */
export interface EngineClient {
  /** The constructor is through: the engine does by itself what the configuration does not defer. */
  start(): void;
  /** `reply` 0: nobody waits. */
  connect(reply: ReplyId): void;
  disconnect(reply: ReplyId): void;
  /** Closes everything and frees the engine's memory. */
  destroy(): void;
  register(reply: ReplyId): void;
  unregister(reply: ReplyId): void;
  dial(reply: ReplyId, to: string, options: object): void;
  abort(reply: ReplyId): void;
  /** Accepts an inbound call. `options` holds no getters. */
  answer(call: Entity, options: object): void;
  /** Declines an inbound call. */
  reject(call: Entity): void;
  hangup(reply: ReplyId, call: Entity): void;
  destroyCall(call: Entity): void;
  mute(reply: ReplyId, member: Entity, video: boolean, muted: boolean): void;
  findAddress(call: Entity): void;
}

/** What `enter.ts` offers. */
export interface EngineEntry {
  /** Makes the instance that the next client or exchange will use, unless it is there. */
  start(): void;
  /** Makes a client. Throws an {@link EngineFailure} wrapped by the facade for a bad config. */
  createClient(config: EngineConfig, host: Host): EngineClient;
  /** The exchange of an embed token, without a client. Rejects with an {@link EngineFailure}. */
  exchange(host: string, embedToken: string): Promise<{ token: string; expiry_at: number }>;
}
