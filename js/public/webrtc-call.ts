/** One call (api.md §5, "WebRTCCall"). */

import { Observable } from "rxjs";
import { Field } from "../store/fields.gen.js";
import type { Node } from "../store/node.js";
import type { Address } from "./address.js";
import type { Core } from "./core.js";
import type { CallSelfParticipant } from "./participant.js";
import type { CallDirection, CallEndReason, CallError, CallStatus, Capability } from "./types.js";

/** A call, as `dial()` hands it out. Observables deliver in the next microtask. */
export interface Call {
  readonly id: string;
  /** The destination as it was dialled. */
  readonly to?: string | undefined;
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
  /** Says goodbye and ends the call. Resolves when the call is over, also when it was before. */
  hangup(): Promise<void>;
}

/** A call. Made by the client alone; exported for `instanceof`. */
export class WebRTCCall implements Call {
  readonly #core: Core;
  readonly #node: Node;

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
