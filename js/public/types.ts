/** Option objects, records and string unions of the public API (api.md §6, §9, §10). */

/** Who began the call. */
export type CallDirection = "inbound" | "outbound";

/** Where a call is in its life (api.md §5, "Call status"). */
export type CallStatus =
  | "new"
  | "trying"
  | "ringing"
  | "connecting"
  | "connected"
  | "recovering"
  | "disconnecting"
  | "disconnected"
  | "failed"
  | "destroyed";

/** What an error of a call concerns. */
export type CallErrorKind = "media" | "signaling" | "timeout" | "rejected" | "network" | "internal";

/** One record of `call.errors$`. */
export interface CallError {
  readonly kind: CallErrorKind;
  /** The call is over because of it. */
  readonly fatal: boolean;
  readonly error: Error;
  readonly callId: string;
}

/**
 * Why a call is over, for programs.
 *
 * `normal`: hung up by either side, for no other reason. `busy`, `declined`, `no_answer`: what the far end did.
 * `unreachable`: no such destination, or no way to it. `not_registered`: the far end is not online.
 * `forbidden`: the credential may not call it. `cancelled`: given up by the caller before the answer.
 * `expired`: the time allotted to the call, or the credential, ran out. `network`: the session or the
 * client itself was lost. `media`: no packets flow, or no device could be had.
 */
export type CallEndCode =
  | "normal"
  | "busy"
  | "declined"
  | "unreachable"
  | "not_registered"
  | "forbidden"
  | "cancelled"
  | "no_answer"
  | "expired"
  | "network"
  | "media";

/** Why a call is over. */
export interface CallEndReason {
  readonly code: CallEndCode;
  /** Name of the hang-up cause where the space gave one, for instance `USER_BUSY`. */
  readonly cause?: string;
  /** Number of the hang-up cause where the space gave one, for instance 17. */
  readonly causeCode?: number;
}

type OnOff<T extends string> = T | `${T}.on` | `${T}.off`;

type MemberCapability<M extends "self" | "member"> =
  | M
  | `${M}.mute`
  | OnOff<`${M}.mute.audio` | `${M}.mute.video` | `${M}.deaf`>
  | `${M}.microphone`
  | `${M}.microphone.volume.set`
  | `${M}.microphone.sensitivity.set`
  | `${M}.speaker`
  | `${M}.speaker.volume.set`
  | `${M}.position.set`
  | `${M}.meta`
  | `${M}.audioflags.set`;

/** What the own member may do, as the space writes it. */
export type Capability =
  | MemberCapability<"self" | "member">
  | "layout"
  | "layout.set"
  | "digit"
  | "digit.send"
  | "vmuted"
  | OnOff<"vmuted.hide">
  | OnOff<"lock">
  | "device"
  | "screenshare"
  | "end";

/** What is sent and received. */
export interface MediaOptions {
  /** Send audio; default true. */
  audio?: boolean;
  /** Send video; default false, true for a destination with `?channel=video`. */
  video?: boolean;
  /** Constraints for the microphone; giving them sends audio even with `audio: false`. */
  inputAudioDeviceConstraints?: MediaTrackConstraints;
  /** Constraints for the camera; giving them sends video even with `video: false`. */
  inputVideoDeviceConstraints?: MediaTrackConstraints;
  /** A ready stream instead of the microphone. Its tracks stay the application's: they are never stopped. */
  inputAudioStream?: MediaStream;
  /** A ready stream instead of the camera. Its tracks stay the application's: they are never stopped. */
  inputVideoStream?: MediaStream;
  /** Receive audio; default true. */
  receiveAudio?: boolean;
  /** Receive video; default false, true for a destination with `?channel=video`. */
  receiveVideo?: boolean;
  /** Listen on when no device can be had; default true. */
  fallbackToReceiveOnly?: boolean;
  /** Use TURN relays alone, so that no address of this machine is shown to the far end. */
  relayOnly?: boolean;
}

/** Options of `dial()`. */
export interface DialOptions extends MediaOptions {
  /** Asks the space for a certain node. */
  nodeId?: string;
  /** The application's own values, sent with the invite. JSON. */
  userVariables?: Record<string, unknown>;
  /** Ends the attempt: the promise rejects with a DOMException named `AbortError`. Without effect once it is settled. */
  signal?: AbortSignal;
}

/** Options of `embeddableCall()`. */
export interface EmbeddableCallOptions {
  /** The destination, for instance `/public/sales`. */
  to: string;
  /** The embed token of the page. */
  embedToken: string;
  /** The space: a name, a name with port, or a URL. */
  host: string;
  /** As in {@link DialOptions}. */
  signal?: AbortSignal;
}

/** Which part of a storage: one that all tabs share and that stays, or one of the tab. */
export type StorageScope = "local" | "session";

/**
 * Where records are kept. Values are texts. A method that rejects, throws or never settles costs the record, not the call;
 * only a client that has to restore its session waits for `getItem`.
 */
export interface Storage {
  setItem(key: string, value: string | null, scope: StorageScope): Promise<void>;
  /** Resolves to null where there is no such record. */
  getItem(key: string, scope: StorageScope): Promise<string | null>;
  removeItem(key: string, scope: StorageScope): Promise<void>;
  /** Removes what the SDK has written into that part. */
  clear(scope: StorageScope): Promise<void>;
}

/** Options of a client. Every flag is false unless it is given. */
export interface SignalWireOptions {
  /** Do not even ask the provider at construction; the first `connect()` does, and the rest follows. */
  skipAuthentication?: boolean;
  /** Authenticate, but do not open the session at construction; the application calls `connect()`. */
  skipConnection?: boolean;
  /** Do not register for inbound calls when connected; the application calls `register()`. */
  skipRegister?: boolean;
  /**
   * Keep the credential in local storage, and restore it where the client has no provider: the session is there again
   * after a reload. `destroy()` removes what this client has written.
   */
  persistSession?: boolean;
  /** Another name of `persistSession`. */
  persist?: boolean;
  /** Where records are kept, instead of the page's own storage. */
  storageImplementation?: Storage;
  /**
   * Domains that a SAT may lead to, such as `example.signalwire.com`; any, unless it is given. A SAT of another domain is an
   * `InvalidCredentialsError` (`credentials_foreign`) before anything is sent (REQ-101).
   */
  allowedHosts?: string[];
  /**
   * How the client's key signs: RSA, or ECDSA on P-256, which is made in a hundredth of the time. `RS256` unless it is given,
   * because only that is known to be accepted by the public service. Each has a pair of its own, and a fingerprint (auth.md §6).
   */
  dpopAlgorithm?: "RS256" | "ES256";
  /** Calls are to survive a reload: no goodbye is said when the page goes away. */
  reconnectAttachedCalls?: boolean;
  /** Where the space is, instead of where the SAT leads (REQ-101): hosts or URLs. */
  endpoints?: {
    /** The socket, for instance `wss://example.signalwire.com`. */
    websocket?: string;
    /** The REST base, for instance `https://example.signalwire.com`. */
    rest?: string;
  };
}

/** Kind of resource behind an address. */
export type ResourceType = "app" | "call" | "room" | "subscriber";

/** An address as the directory writes it (auth.md §4.11). */
export interface GetAddressResponse {
  id: string;
  display_name: string;
  name: string;
  preview_url?: string;
  cover_url?: string;
  resource_id: string;
  type: ResourceType;
  channels: { audio?: string; messaging?: string; video?: string };
  locked: boolean;
  created_at: string;
}

/** What a SAT says about itself, as far as the space shows it. */
export interface SATClaims {
  scope?: string[];
  cnf?: { jkt: string };
  /** Seconds since 1970. */
  expires_at?: number;
}

/** A user's profile as the space writes it (auth.md §4.10). */
export interface GetUserInfoResponse {
  id: string;
  email: string;
  first_name?: string;
  last_name?: string;
  display_name?: string;
  job_title?: string;
  time_zone?: number;
  country?: string;
  region?: string;
  company_name?: string;
  push_notification_key: string;
  app_settings?: { display_name: string; scopes: string[] };
  fabric_addresses: GetAddressResponse[];
  sat_claims?: SATClaims;
}
