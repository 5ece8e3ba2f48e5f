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

/** What a value is: tells the store how to make the public one. */
export const ValueKind = {
  /** As it is: undefined, boolean, string, string[], MediaStream, RTCPeerConnection, raw object. */
  Plain: 0,
  /** An {@link Entity}: the facade's object for it. */
  Entity: 1,
  /** An {@link EngineFailure}. */
  Failure: 2,
  /** An {@link EngineCallError}. */
  CallError: 3,
  /** An {@link EngineEndReason}. */
  EndReason: 4,
} as const;

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

/** What the engine needs of the facade. */
export interface Host {
  /** Calls the application's provider. May throw or reject. */
  authenticate(): Promise<HostCredential | null | undefined>;
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
}

/** One client inside the engine. After `destroy()` every method does nothing. */
export interface EngineClient {
  /** `reply` 0: nobody waits. */
  connect(reply: ReplyId): void;
  disconnect(reply: ReplyId): void;
  /** Closes everything and frees the engine's memory. */
  destroy(): void;
  dial(reply: ReplyId, to: string, options: object): void;
  abort(reply: ReplyId): void;
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
