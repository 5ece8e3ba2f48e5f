// Our public types against those of the reference package, wherever both have the member. Checked by tsc alone.

import type * as Reference from "@signalwire/js";
import type * as Ours from "../index.js";

/** Fails to compile unless it is given `true`. */
type Holds<T extends true> = T;

/** Both types accept what the other gives. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** What of `A` stands in `B` under the same name. */
type Shared<A, B> = Extract<keyof A, keyof B>;

/** The shared members whose types differ. */
type Different<A, B, K extends Shared<A, B> = Shared<A, B>> = { [P in K]-?: Same<A[P], B[P & keyof B]> extends true ? never : P }[K];

/** The members of ours that the reference does not have: additions, each of them on purpose. */
type Added<A, B> = Exclude<keyof A, keyof B>;

export type Checks = [
  Holds<Same<Ours.CallStatus, Reference.CallStatus>>,
  Holds<Same<Ours.CallDirection, Reference.CallDirection>>,
  Holds<Same<Ours.CallErrorKind, Reference.CallErrorKind>>,
  Holds<Same<Ours.Capability, Reference.Capability>>,
  Holds<Same<Ours.CallError, Reference.CallError>>,
  Holds<Same<Ours.SDKCredential, Reference.SDKCredential>>,
  Holds<Same<Ours.CredentialProvider, Reference.CredentialProvider>>,
  Holds<Same<Ours.AuthenticateContext, Reference.AuthenticateContext>>,
  Holds<Same<Ours.SATClaims, Reference.SATClaims>>,
  Holds<Same<Ours.Storage, Reference.Storage>>,
  Holds<Same<Ours.RecoveryState, Reference.RecoveryState>>,
  Holds<Same<Ours.RecoveryEvent, Reference.RecoveryEvent>>,

  Holds<Same<Different<Ours.MediaOptions, Reference.MediaOptions>, never>>,
  // fallbackToReceiveOnly came after the version that is compared with.
  Holds<Same<Added<Ours.MediaOptions, Reference.MediaOptions>, "relayOnly" | "fallbackToReceiveOnly">>,
  Holds<Same<Different<Ours.DialOptions, Reference.DialOptions>, never>>,
  Holds<Same<Different<Ours.SignalWireOptions, Reference.SignalWireOptions>, never>>,
  Holds<Same<Added<Ours.SignalWireOptions, Reference.SignalWireOptions>, "endpoints" | "allowedHosts" | "dpopAlgorithm" | "skipAuthentication" | "persist">>,
  Holds<Same<Added<Ours.DialOptions, Reference.DialOptions>, "signal" | "relayOnly" | "fallbackToReceiveOnly">>,

  // The objects inside these members have fewer members than the reference's, so far.
  Holds<Same<Different<Ours.Call, Reference.Call>, "self" | "self$" | "address" | "address$">>,
  Holds<Same<Added<Ours.Call, Reference.Call>, "endReason">>,
  // The class leaves out three of the actions that RecoveryEvent and the Call interface have.
  Holds<Same<Different<Ours.WebRTCCall, Reference.WebRTCCall>, "self" | "self$" | "address" | "address$" | "recoveryEvent$">>,
  Holds<Same<Different<Ours.SessionState, Reference.SessionState>, "calls$" | "calls" | "incomingCalls$" | "incomingCalls">>,
  Holds<Same<Added<Ours.SessionState, Reference.SessionState>, never>>,
  Holds<Same<Added<Ours.WebRTCCall, Reference.WebRTCCall>, "endReason">>,
  Holds<Same<Different<Ours.CallParticipant, Reference.CallParticipant>, never>>,
  // callId came after the version that is compared with.
  Holds<Same<Added<Ours.CallParticipant, Reference.CallParticipant>, "callId">>,
  Holds<Same<Different<Ours.SelfParticipant, Reference.SelfParticipant>, never>>,
  Holds<Same<Different<Ours.SignalWire, Reference.SignalWire>, "user" | "user$" | "dial" | "session">>,
  // warnings$ came after the version that is compared with.
  // credentialRefreshed$ is ours.
  Holds<Same<Added<Ours.SignalWire, Reference.SignalWire>, "warnings$" | "credentialRefreshed$">>,
  Holds<Same<Different<Ours.Address, Reference.Address>, never>>,
  Holds<Same<Added<Ours.Address, Reference.Address>, never>>,
  Holds<Same<Different<Ours.User, Reference.User>, never>>,
  Holds<Same<Added<Ours.User, Reference.User>, never>>,

  Holds<Same<ConstructorParameters<typeof Ours.CallCreateError>, ConstructorParameters<typeof Reference.CallCreateError>>>,
  Holds<Same<ConstructorParameters<typeof Ours.InvalidCredentialsError>, ConstructorParameters<typeof Reference.InvalidCredentialsError>>>,
  Holds<Same<ConstructorParameters<typeof Ours.MediaTrackError>, ConstructorParameters<typeof Reference.MediaTrackError>>>,
  Holds<Same<ConstructorParameters<typeof Ours.MessageParseError>, ConstructorParameters<typeof Reference.MessageParseError>>>,
  Holds<Same<ConstructorParameters<typeof Ours.DPoPInitError>, ConstructorParameters<typeof Reference.DPoPInitError>>>,
  Holds<Same<ConstructorParameters<typeof Ours.DeviceTokenError>, ConstructorParameters<typeof Reference.DeviceTokenError>>>,
  Holds<Same<ConstructorParameters<typeof Ours.TokenRefreshError>, ConstructorParameters<typeof Reference.TokenRefreshError>>>,
  Holds<Same<ConstructorParameters<typeof Ours.UnexpectedError>, ConstructorParameters<typeof Reference.UnexpectedError>>>,
  Holds<Same<Different<Ours.CallCreateError, Reference.CallCreateError>, never>>,

  Holds<Same<typeof Ours.ready, typeof Reference.ready>>,
  Holds<Same<typeof Ours.version, typeof Reference.version>>,
  Holds<Same<Ours.EmbeddableCallOptions["to" | "embedToken" | "host"], string>>,
];
