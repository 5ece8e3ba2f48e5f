// Stands in for signalwire.bundle.mjs in the specs of the call panel: each step of a call is the test's own.

class Stream {
  #observers = new Set();
  #last = [];
  #complete = false;

  subscribe(observer) {
    for (const value of this.#last) observer.next?.(value);
    if (this.#complete) observer.complete?.();
    else this.#observers.add(observer);
    return { unsubscribe: () => this.#observers.delete(observer) };
  }

  next(value) {
    this.#last = [value];
    for (const observer of [...this.#observers]) observer.next?.(value);
  }

  complete() {
    this.#complete = true;
    for (const observer of [...this.#observers]) observer.complete?.();
    this.#observers.clear();
  }

  get observers() {
    return this.#observers.size;
  }
}

class SdkError extends Error {
  constructor(name, code, facts = {}) {
    super(`${name}: ${code}`);
    Object.assign(this, { name, code }, facts);
  }
}

class Call {
  status = 'trying';
  status$ = new Stream();
  remoteStream$ = new Stream();
  localStream$ = new Stream();
  errors$ = new Stream();
  self$ = new Stream();
  endReason = null;
  hangups = 0;
  muteCalls = [];
  muteFails = false;
  #audioMuted$ = new Stream();

  constructor() {
    this.status$.next('trying');
  }

  to(status) {
    this.status = status;
    this.status$.next(status);
  }

  join() {
    this.#audioMuted$.next(false);
    const set = async (muted) => {
      this.muteCalls.push(muted);
      if (this.muteFails) throw new SdkError('MediaTrackError', 'media_track');
      this.#audioMuted$.next(muted);
    };
    this.self$.next({ audioMuted$: this.#audioMuted$, mute: () => set(true), unmute: () => set(false) });
  }

  answer() {
    this.to('connecting');
    this.to('connected');
    this.join();
  }

  end(code) {
    this.endReason = { code };
    this.to('disconnected');
    this.to('destroyed');
    for (const stream of [this.status$, this.errors$, this.self$, this.remoteStream$]) stream.complete();
  }

  microphone(facts) {
    const error = new SdkError('MediaAccessError', facts.denied ? 'media_denied' : 'media_access', facts);
    this.errors$.next({ kind: 'media', fatal: false, callId: 'c1', error });
  }

  get subscribers() {
    return this.status$.observers + this.errors$.observers + this.self$.observers + this.remoteStream$.observers;
  }

  async hangup() {
    this.hangups += 1;
    this.to('disconnecting');
    this.end('normal');
  }
}

const dials = [];

/** What the tests hold on to. */
globalThis.scripted = {
  dials,
  accept: (index = dials.length - 1) => dials[index].resolve((dials[index].call = new Call())),
  refuse: (name, code, facts) => dials.at(-1).reject(new SdkError(name, code, facts)),
  refuseBecause: (code) => dials.at(-1).reject(
    new SdkError('CallCreateError', 'call_create_failed', { cause: new SdkError('CallCreateError', code) })),
  get call() {
    return dials.at(-1).call;
  },
};

export function warmUp() {}

export function embeddableCall(options) {
  const dial = Promise.withResolvers?.() ?? {};
  if (!dial.promise) dial.promise = new Promise((resolve, reject) => Object.assign(dial, { resolve, reject }));
  dials.push(Object.assign(dial, { options }));
  if (!globalThis.ignoreAbort) {
    options.signal.addEventListener('abort', () => dial.reject(new DOMException('The call was aborted.', 'AbortError')));
  }
  return dial.promise;
}
