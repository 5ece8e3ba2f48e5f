// The public names of the package; every entry exports exactly these.

export { Address } from "./public/address.js";
export { SignalWire } from "./public/client.js";
export {
  type AuthenticateContext,
  type CredentialProvider,
  EmbedTokenCredentialProvider,
  type SDKCredential,
  StaticCredentialProvider,
} from "./public/credentials.js";
export { embeddableCall } from "./public/embeddable-call.js";
export { warmUp } from "./public/engine-entry.js";
export {
  CallCreateError,
  DeviceTokenError,
  DPoPInitError,
  InvalidCredentialsError,
  MediaAccessError,
  MediaTrackError,
  MessageParseError,
  SignalWireError,
  TokenRefreshError,
  UnexpectedError,
} from "./public/errors.js";
export {
  type CallParticipant,
  type CallSelfParticipant,
  isSelfParticipant,
  Participant,
  SelfParticipant,
} from "./public/participant.js";
export { ready, version } from "./public/ready.js";
export type { RecoveryEvent, RecoveryState } from "./public/recovery.js";
export type { SessionState } from "./public/session.js";
export type {
  CallDirection,
  CallEndCode,
  CallEndReason,
  CallError,
  CallErrorKind,
  CallStatus,
  Capability,
  DialOptions,
  EmbeddableCallOptions,
  MediaOptions,
  SATClaims,
  SignalWireOptions,
  Storage,
  StorageScope,
} from "./public/types.js";
export { User } from "./public/user.js";
export type {
  CredentialNoRefreshHandlerWarning,
  CredentialRefreshed,
  CredentialRefreshFallbackReason,
  CredentialRefreshFallbackWarning,
  SDKWarning,
} from "./public/warnings.js";
export { type Call, WebRTCCall } from "./public/webrtc-call.js";
