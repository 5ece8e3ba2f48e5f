/** The life of one call as the panel sees it: drives the SDK, knows nothing of the page. */
import type { CallTarget } from './contract.js';
import { dial, isSat } from './dial.js';
import type { Outcome, OutcomeCode } from './outcome.js';
import { classify } from './outcome.js';
import type { Call, CallStatus, Sdk, SelfParticipant, Subscription } from './sdk.js';

/** After this long without an answer the call is given up. Milliseconds. */
export const ANSWER_LIMIT = 60_000;

/** Where the call is; each phase looks and sounds different to the visitor. */
export type Phase = 'starting' | 'calling' | 'ringing' | 'connecting' | 'connected' | 'reconnecting' | 'ending' | 'ended';

/** Something that limits the call without ending it. */
export type Notice = 'microphone_denied' | 'microphone_missing' | 'microphone_failed' | 'mute_failed' | 'sound_blocked';

/** All that is shown. A new object for each change. */
export interface CallView {
  readonly phase: Phase;
  /** When both sides were first connected; milliseconds on the clock of `performance.now()`. */
  readonly answeredAt: number | null;
  readonly muted: boolean;
  /** Whether the microphone can be muted: it is sending, and the call has joined. */
  readonly canMute: boolean;
  readonly notice: Notice | null;
  /** Set in the phase `ended`. */
  readonly outcome: Outcome | null;
}

/** What a flow needs from the page. */
export interface FlowPorts {
  loadSdk(): Promise<Sdk>;
  /** Milliseconds, monotonic. */
  now(): number;
  /** Whether the browser can call at all here. */
  supported(): boolean;
  show(view: CallView): void;
  /** The stream of the other side, again whenever its tracks change. */
  play(stream: MediaStream): void;
  /** A failure in words for the developer of the page. */
  report(error: unknown): void;
}

const INITIAL: CallView = {
  phase: 'starting', answeredAt: null, muted: false, canMute: false, notice: null, outcome: null,
};

/** One call from the press of the button to its outcome. */
export class CallFlow {
  #view: CallView = INITIAL;
  readonly #abort = new AbortController();
  readonly #subscriptions: Subscription[] = [];
  #call: Call | null = null;
  #self: SelfParticipant | null = null;
  #selfSubscription: Subscription | null = null;
  #microphone = true;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #endedBy: 'visitor' | 'limit' | null = null;

  constructor(private readonly target: CallTarget, private readonly ports: FlowPorts) {}

  get view(): CallView {
    return this.#view;
  }

  /** Dials. Never rejects: whatever happens becomes the outcome. */
  async start(): Promise<void> {
    this.#change({});
    const { to, token, host } = this.target;
    if (!to || !token || !(host || isSat(token))) return this.#end('incomplete');
    if (!this.ports.supported()) return this.#end('unsupported');
    let sdk: Sdk;
    try {
      sdk = await this.ports.loadSdk();
    } catch (error) {
      this.ports.report(error);
      return this.#end('not_loaded');
    }
    if (this.#abort.signal.aborted) return;
    try {
      this.#accepted(await dial(sdk, this.target, this.#abort.signal));
    } catch (error) {
      if (!this.#abort.signal.aborted) this.ports.report(error);
      this.#end(this.#abort.signal.aborted ? 'cancelled' : classify(error));
    }
  }

  /** Ends the call, or gives up dialling. */
  hangUp(): void {
    this.#finish('visitor');
  }

  /** Switches the microphone; a refusal shows as a notice. */
  async toggleMute(): Promise<void> {
    const self = this.#self;
    if (!self || !this.#view.canMute) return;
    const muted = !this.#view.muted;
    this.#change({ muted, canMute: false });
    try {
      await (muted ? self.mute() : self.unmute());
    } catch (error) {
      // The end of a call takes back what was still wished of it: that is no failure.
      if (this.#endedBy !== null || this.#view.phase === 'ended') return;
      this.ports.report(error);
      this.#change({ muted: !muted, notice: 'mute_failed' });
    }
    this.#change({ canMute: this.#microphone });
  }

  /** Tells that the browser did, or did not, let the other side be heard. */
  soundBlocked(blocked: boolean): void {
    if (blocked) this.#change({ notice: this.#view.notice ?? 'sound_blocked' });
    else if (this.#view.notice === 'sound_blocked') this.#change({ notice: null });
  }

  #accepted(call: Call): void {
    this.#call = call;
    if (this.#endedBy !== null) {
      // The call was accepted in the very moment in which the visitor gave it up.
      this.#hangUp(call);
      return;
    }
    this.#timer = setTimeout(() => this.#finish('limit'), ANSWER_LIMIT);
    this.#follow(call);
  }

  #follow(call: Call): void {
    this.#subscriptions.push(
      call.remoteStream$.subscribe({ next: (stream) => this.ports.play(stream) }),
      call.errors$.subscribe({ next: ({ fatal, error }) => this.#onError(fatal, error) }),
      call.self$.subscribe({ next: (self) => this.#onSelf(self) }),
      call.status$.subscribe({ next: (status) => this.#onStatus(status), complete: () => this.#onStatus('destroyed') }),
    );
    if (call.status === 'destroyed') this.#onStatus('destroyed');
    // It may have ended while the subscriptions were being made.
    if (this.#view.phase === 'ended') this.#release();
  }

  #onStatus(status: CallStatus): void {
    if (this.#endedBy !== null && status !== 'destroyed') return;
    const answered = this.#view.answeredAt !== null;
    switch (status) {
      case 'new':
      case 'trying':
        return this.#change({ phase: 'calling' });
      case 'ringing':
        return this.#change({ phase: 'ringing' });
      case 'connecting':
        return this.#change({ phase: 'connecting' });
      case 'connected':
        clearTimeout(this.#timer);
        return this.#change({ phase: 'connected', answeredAt: this.#view.answeredAt ?? this.ports.now() });
      case 'recovering':
      case 'disconnected':
        return answered ? this.#change({ phase: 'reconnecting' }) : undefined;
      case 'disconnecting':
        return this.#change({ phase: 'ending' });
      case 'failed':
        return undefined;
      case 'destroyed':
        return this.#end(this.#endCode());
    }
  }

  #endCode(): OutcomeCode {
    if (this.#endedBy === 'limit') return 'no_answer';
    if (this.#endedBy === 'visitor') return this.#view.answeredAt === null ? 'cancelled' : 'normal';
    return this.#call?.endReason?.code ?? 'unknown';
  }

  #onSelf(self: SelfParticipant | null): void {
    if (self === this.#self) return;
    this.#selfSubscription?.unsubscribe();
    this.#self = self;
    this.#selfSubscription = self?.audioMuted$.subscribe({ next: (muted) => this.#change({ muted: muted ?? false }) }) ?? null;
    this.#change({ canMute: self !== null && this.#microphone });
  }

  #onError(fatal: boolean, error: unknown): void {
    this.ports.report(error);
    const { name, denied, originalError } = error as { name?: unknown; denied?: unknown; originalError?: { name?: unknown } };
    if (fatal || name !== 'MediaAccessError') return;
    this.#microphone = false;
    const missing = originalError?.name === 'NotFoundError';
    const notice = denied === true ? 'microphone_denied' : missing ? 'microphone_missing' : 'microphone_failed';
    this.#change({ canMute: false, notice });
  }

  #finish(by: 'visitor' | 'limit'): void {
    if (this.#endedBy !== null || this.#view.phase === 'ended') return;
    this.#endedBy = by;
    if (this.#call === null) {
      this.#abort.abort();
      this.#end('cancelled');
      return;
    }
    this.#change({ phase: 'ending', canMute: false });
    this.#hangUp(this.#call);
  }

  #hangUp(call: Call): void {
    // A refused or lost bye ends the call here all the same.
    call.hangup().catch((error: unknown) => this.ports.report(error)).finally(() => this.#end(this.#endCode()));
  }

  #end(code: OutcomeCode): void {
    if (this.#view.phase === 'ended') return;
    clearTimeout(this.#timer);
    const outcome: Outcome = { code, byVisitor: this.#endedBy === 'visitor', answered: this.#view.answeredAt !== null };
    this.#change({ phase: 'ended', canMute: false, notice: null, outcome });
    this.#release();
  }

  #release(): void {
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe();
    this.#selfSubscription?.unsubscribe();
    this.#selfSubscription = null;
  }

  #change(change: Partial<CallView>): void {
    if (this.#view.phase === 'ended') return;
    this.#view = { ...this.#view, ...change };
    this.ports.show(this.#view);
  }
}
