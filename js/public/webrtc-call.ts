/** One call (api.md §5, "WebRTCCall"). */

import { Observable } from "rxjs";
import { Field } from "../store/fields.gen.js";
import type { Node } from "../store/node.js";
import type { Address } from "./address.js";
import type { Core } from "./core.js";
import type { CallSelfParticipant } from "./participant.js";
import type { RecoveryEvent, RecoveryState } from "./recovery.js";
import type { CallDirection, CallEndReason, CallError, CallStatus, Capability, MediaOptions } from "./types.js";

/** A call, as `dial()` and `session.incomingCalls$` hand it out. Observables deliver in the next microtask. */
export interface Call {
  readonly id: string;
  /** The destination as it was dialled, or as the space names it. */
  readonly to?: string | undefined;
  /** Display name of the called side, where the space gives one. */
  readonly toName?: string | undefined;
  /** Address of the calling side, of an inbound call. */
  readonly from?: string | undefined;
  /** Display name of the calling side, where the space gives one. */
  readonly fromName?: string | undefined;
  readonly direction: CallDirection;
  readonly status: CallStatus;
  /** Replays the current status alone; delivers `destroyed`, then completes. */
  readonly status$: Observable<CallStatus>;
  /** Why the call is over; `undefined` while it lives. Known before `status$` says so. */
  readonly endReason: CallEndReason | undefined;
  /** Replays the last record, also after the end. */
  readonly errors$: Observable<CallError>;
  /** The own member, or null before the call has joined. */
  readonly self: CallSelfParticipant | null;
  readonly self$: Observable<CallSelfParticipant | null>;
  /** What is sent, or null before there is any. */
  readonly localStream: MediaStream | null;
  readonly localStream$: Observable<MediaStream>;
  /** What is received, or null before there is any. */
  readonly remoteStream: MediaStream | null;
  readonly remoteStream$: Observable<MediaStream>;
  /** What the own member may do; empty before the call has joined. */
  readonly capabilities: Capability[];
  readonly capabilities$: Observable<Capability[]>;
  /** `undefined` before it is made and after the end. */
  readonly rtcPeerConnection: RTCPeerConnection | undefined;
  /** The other side in the directory, once it has been looked up. Reading it starts the lookup. */
  readonly address?: Address | undefined;
  /** Looks the other side up; emits the address, or `undefined` where the directory has none, and completes. */
  readonly address$: Observable<Address | undefined>;
  /** Where the recovery of a lost connection is. */
  readonly recoveryState$: Observable<RecoveryState>;
  /** The steps of a recovery, as they are taken; nothing is replayed. */
  readonly recoveryEvent$: Observable<RecoveryEvent>;
  /**
   * Accepts an inbound call; the options override what the caller offers. What follows shows on `status$`. The first
   * decision stands: without effect after another one, on an outbound call, and on a call that is over.
   */
  answer(options?: MediaOptions): void;
  /** Declines an inbound call, which ends it. Without effect where {@link Call.answer} is. */
  reject(): void;
  /** Says goodbye and ends the call. Resolves when the call is over, also when it was before. */
  hangup(): Promise<void>;
}

/** A call. Made by the client alone; exported for `instanceof`. */
export class WebRTCCall implements Call {
  readonly #core: Core;
  readonly #node: Node;
  #answerMediaOptions: MediaOptions | undefined;

  /** @internal */
  constructor(core: Core, node: Node) {
    this.#core = core;
    this.#node = node;
  }

  get id(): string {
    return this.#node.value(Field.CallId) as string;
  }

  get to(): string | undefined {
    return this.#node.value(Field.CallTo) as string | undefined;
  }

  get toName(): string | undefined {
    return this.#node.value(Field.CallToName) as string | undefined;
  }

  get from(): string | undefined {
    return this.#node.value(Field.CallFrom) as string | undefined;
  }

  get fromName(): string | undefined {
    return this.#node.value(Field.CallFromName) as string | undefined;
  }

  get direction(): CallDirection {
    return this.#node.value(Field.CallDirection) as CallDirection;
  }

  get status(): CallStatus {
    return this.#node.value(Field.CallStatus) as CallStatus;
  }

  get status$(): Observable<CallStatus> {
    return this.#node.observe(Field.CallStatus);
  }

  get endReason(): CallEndReason | undefined {
    return this.#node.value(Field.CallEndReason) as CallEndReason | undefined;
  }

  get errors$(): Observable<CallError> {
    return this.#node.observe(Field.CallErrors);
  }

  get self(): CallSelfParticipant | null {
    return (this.#node.value(Field.CallSelf) as CallSelfParticipant | undefined) ?? null;
  }

  get self$(): Observable<CallSelfParticipant> {
    return this.#node.observe(Field.CallSelf);
  }

  /** Own member id; delivers synchronously. */
  get selfId$(): Observable<string | null> {
    return this.#node.observe(Field.CallSelfId, { sync: true });
  }

  get selfId(): string | null {
    return this.#node.value(Field.CallSelfId) as string | null;
  }

  /** The space's node that holds the call; delivers synchronously. */
  get nodeId$(): Observable<string | null> {
    return this.#node.observe(Field.CallNodeId, { sync: true });
  }

  get nodeId(): string | null {
    return this.#node.value(Field.CallNodeId) as string | null;
  }

  get localStream(): MediaStream | null {
    return (this.#node.value(Field.CallLocalStream) as MediaStream | undefined) ?? null;
  }

  get localStream$(): Observable<MediaStream> {
    return this.#node.observe(Field.CallLocalStream);
  }

  get remoteStream(): MediaStream | null {
    return (this.#node.value(Field.CallRemoteStream) as MediaStream | undefined) ?? null;
  }

  get remoteStream$(): Observable<MediaStream> {
    return this.#node.observe(Field.CallRemoteStream);
  }

  get capabilities(): Capability[] {
    return (this.#node.value(Field.CallCapabilities) as Capability[] | undefined) ?? [];
  }

  get capabilities$(): Observable<Capability[]> {
    return this.#node.observe(Field.CallCapabilities);
  }

  get rtcPeerConnection(): RTCPeerConnection | undefined {
    return this.#node.ended ? undefined : (this.#node.value(Field.CallPeer) as RTCPeerConnection | undefined);
  }

  get address(): Address | undefined {
    this.#findAddress();
    return this.#node.value(Field.CallAddress) as Address | undefined;
  }

  get address$(): Observable<Address | undefined> {
    return new Observable((subscriber) => {
      this.#findAddress();
      return this.#node.observe<Address | undefined>(Field.CallAddress).subscribe({
        next(address) {
          subscriber.next(address);
          subscriber.complete();
        },
        complete: () => subscriber.complete(),
      });
    });
  }

  get recoveryState$(): Observable<RecoveryState> {
    return this.#node.observe(Field.CallRecoveryState);
  }

  get recoveryEvent$(): Observable<RecoveryEvent> {
    return this.#node.observe(Field.CallRecoveryEvent);
  }

  /** True when an inbound call was accepted, false when it was declined; replays, also after the end. */
  get answered$(): Observable<boolean> {
    return this.#node.observe(Field.CallAnswered);
  }

  /** What {@link answer} was given; undefined before, and where it was given nothing. */
  get answerMediaOptions(): MediaOptions | undefined {
    return this.#answerMediaOptions;
  }

  answer(options?: MediaOptions): void {
    if (this.#node.ended) return;
    // Copied here, where a getter of the application's object may still throw.
    const media = { ...options };
    if (this.direction === "inbound" && this.#node.version(Field.CallAnswered) === 0) this.#answerMediaOptions ??= options;
    this.#core.command((engine) => engine.answer(this.#node.entity, media));
  }

  reject(): void {
    if (!this.#node.ended) this.#core.command((engine) => engine.reject(this.#node.entity));
  }

  hangup(): Promise<void> {
    if (this.#node.ended) return Promise.resolve();
    return this.#core.request((engine, reply) => engine.hangup(reply, this.#node.entity));
  }

  /** Ends the call at once, without a goodbye to the space. Without effect on a call that is over. */
  destroy(): void {
    if (!this.#node.ended) this.#core.command((engine) => engine.destroyCall(this.#node.entity));
  }

  /** Emits once when the call is over, then completes; delivers synchronously. */
  get destroyed$(): Observable<void> {
    return this.#node.destroyed$;
  }

  #findAddress(): void {
    const asked = this.#node.version(Field.CallAddress) > 0 || this.#node.ended;
    if (!asked) this.#core.command((engine) => engine.findAddress(this.#node.entity));
  }
}
