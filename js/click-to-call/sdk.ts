/**
 * The part of the SDK's public API that the call panel uses. The panel is a chunk of its own and the SDK is fetched at
 * run time, so this is all that one knows of the other.
 */

/** Stops a subscription. */
export interface Subscription {
  unsubscribe(): void;
}

/** The subset of an rxjs observable that is subscribed to here. */
export interface Stream<T> {
  subscribe(observer: { next?: (value: T) => void; complete?: () => void }): Subscription;
}

/** A call's life; `destroyed` is the last. */
export type CallStatus =
  | 'new'
  | 'trying'
  | 'ringing'
  | 'connecting'
  | 'connected'
  | 'recovering'
  | 'disconnecting'
  | 'disconnected'
  | 'failed'
  | 'destroyed';

/** Why a call is over. */
export type EndCode =
  | 'normal'
  | 'busy'
  | 'declined'
  | 'unreachable'
  | 'not_registered'
  | 'forbidden'
  | 'cancelled'
  | 'no_answer'
  | 'expired'
  | 'network'
  | 'media';

/** One's own member of the call, with its microphone. */
export interface SelfParticipant {
  readonly audioMuted$: Stream<boolean | undefined>;
  mute(): Promise<void>;
  unmute(): Promise<void>;
}

/** A call that the space has accepted. */
export interface Call {
  readonly status: CallStatus;
  readonly status$: Stream<CallStatus>;
  readonly remoteStream$: Stream<MediaStream>;
  readonly errors$: Stream<{ readonly fatal: boolean; readonly error: unknown }>;
  readonly self$: Stream<SelfParticipant | null>;
  /** Set once the status is `destroyed`. */
  readonly endReason?: { readonly code: EndCode } | null | undefined;
  hangup(): Promise<void>;
}

/** Where a client gets its credential from. */
export interface Provider {
  authenticate(): Promise<{ token?: string }>;
}

/** A client of one credential. */
export interface Client {
  dial(to: string, options: { signal: AbortSignal }): Promise<Call>;
  destroy(): void;
}

/** What `signalwire.bundle.mjs` exports, as far as the panel needs it. */
export interface Sdk {
  /** Starts the engine, so that the click does not wait for it. */
  warmUp(): void;
  embeddableCall(options: { to: string; embedToken: string; host: string; signal: AbortSignal }): Promise<Call>;
  SignalWire: new (provider: Provider, options: { skipRegister: boolean }) => Client;
  StaticCredentialProvider: new (credential: { token: string }) => Provider;
}
