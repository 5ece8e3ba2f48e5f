// What runs inside the page: it begins calls, notes down what the SDK says, and knows everything that is open.
import type * as SDK from '../../../js/slim.js';

/** An error as it arrives in an application. */
export interface ErrorFacts {
  readonly name: string;
  readonly code: unknown;
  readonly message: string;
  readonly advice: unknown;
  readonly retryable: unknown;
  /** Of a MediaAccessError. */
  readonly fatal: unknown;
  readonly isError: boolean;
  readonly cause: ErrorFacts | null;
}

/** How a promise came out. */
export type Outcome = { readonly done: true } | { readonly done: false; readonly error: ErrorFacts };

/** What would still cost the visitor something. */
export interface Open {
  readonly tracks: number;
  readonly peers: number;
  readonly sockets: number;
}

/** In the page. */
export interface Probe {
  statuses: string[];
  callErrors: { kind: string; fatal: boolean; error: ErrorFacts }[];
  clientErrors: ErrorFacts[];
  /** Of the last dial; undefined while it is on its way. */
  outcome: Outcome | undefined;
  /** Frames that were sent by the page, `signalwire.connect` or `verto.invite`, with the time. */
  sent: { method: string; at: number }[];
  /** All that left the page: bodies, headers and addresses of requests, frames. */
  said: string;
  /** When a local description was set. */
  described: number[];
  /** ICE servers that take the place of the space's. */
  iceServers: RTCIceServer[] | undefined;
  /** What the visitor's decision about the microphone waits for. */
  decision: Promise<void>;
  /** How often the microphone was asked for. */
  asked: number;
  /** How many tracks of it there were. */
  readonly granted: number;
  /** Told of each request (`fetch`) and each frame (by its method), right after it left. */
  onSent: ((what: string) => void) | undefined;
  load(entry: string, wasm?: string): Promise<void>;
  facts(error: unknown): ErrorFacts;
  settle(promise: Promise<unknown>): Promise<Outcome>;
  /** One call from a public page. `signal` is that of `abort`. */
  embedded(options: { to: string; embedToken: string; host: string }): Promise<Outcome>;
  /** A client with a SAT. */
  connect(token: string, options?: SDK.SignalWireOptions): void;
  /** A provider that hands out these SATs in turn, the last again and again; without any it never answers. */
  provider(tokens: readonly string[]): SDK.CredentialProvider;
  /** How often `provider` was asked. */
  authenticated: number;
  /** How many sockets there were. */
  readonly sockets: number;
  /** Makes a client the one that is watched. */
  use(client: SDK.SignalWire): void;
  dial(to: string, options?: SDK.DialOptions): Promise<Outcome>;
  watch(call: SDK.Call): void;
  open(): Open;
}

declare global {
  var sdk: typeof SDK;
  var probe: Probe;
  var call: SDK.WebRTCCall | undefined;
  var client: SDK.SignalWire;
  /** Ends the dial that is on its way. */
  var abort: AbortController;
}

/** Runs before any script of the page. Serialised: it may use nothing from around it. */
export function installProbe(): void {
  const tracks: MediaStreamTrack[] = [];
  const peers: RTCPeerConnection[] = [];
  const sockets: WebSocket[] = [];
  globalThis.abort = new AbortController();
  const chain = (error: unknown, depth: number): ErrorFacts => {
    const { name, code, message, advice, retryable, fatal, cause } = Object(error);
    const next = cause && depth < 6 ? chain(cause, depth + 1) : null;
    return { name, code, message, advice, retryable, fatal, isError: error instanceof Error, cause: next };
  };
  const told = async (promise: Promise<SDK.Call>): Promise<Outcome> => {
    globalThis.probe.outcome = undefined;
    globalThis.probe.outcome = await globalThis.probe.settle(promise.then((made) => globalThis.probe.watch(made)));
    return globalThis.probe.outcome;
  };
  globalThis.probe = {
    statuses: [], callErrors: [], clientErrors: [], outcome: undefined, sent: [], said: '', described: [], iceServers: undefined,
    decision: Promise.resolve(), asked: 0, onSent: undefined, authenticated: 0,
    get sockets() {
      return sockets.length;
    },
    get granted() {
      return tracks.length;
    },
    async load(entry, wasm) {
      globalThis.sdk = await import(entry);
      if (wasm) await globalThis.sdk.loadEngine(wasm);
    },
    facts: (error) => chain(error, 0),
    settle: (promise) => promise.then(() => ({ done: true }), (error) => ({ done: false, error: chain(error, 0) })),
    embedded: (options) => told(globalThis.sdk.embeddableCall({ ...options, signal: globalThis.abort.signal })),
    connect(token, options) {
      this.use(new globalThis.sdk.SignalWire(new globalThis.sdk.StaticCredentialProvider({ token }), options));
    },
    provider: (tokens) => ({
      authenticate() {
        const token = tokens[Math.min(globalThis.probe.authenticated, tokens.length - 1)];
        globalThis.probe.authenticated += 1;
        return token === undefined ? new Promise(() => {}) : Promise.resolve({ token });
      },
    }),
    use(client) {
      globalThis.client = client;
      client.errors$.subscribe((error) => this.clientErrors.push(chain(error, 0)));
    },
    dial: (to, options) => told(globalThis.client.dial(to, { ...options, signal: globalThis.abort.signal })),
    watch(call) {
      globalThis.call = call as SDK.WebRTCCall;
      const { statuses, callErrors } = this;
      call.status$.subscribe((status) => statuses.push(status));
      call.errors$.subscribe(({ kind, fatal, error }) => callErrors.push({ kind, fatal, error: chain(error, 0) }));
    },
    open: () => ({
      tracks: tracks.filter(({ readyState }) => readyState === 'live').length,
      peers: peers.filter(({ connectionState }) => connectionState !== 'closed').length,
      sockets: sockets.filter(({ readyState }) => readyState !== WebSocket.CLOSED).length,
    }),
  };

  const settings = (given?: RTCConfiguration): RTCConfiguration => {
    const { iceServers } = globalThis.probe;
    return iceServers ? { ...given, iceServers } : { ...given };
  };
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(given?: RTCConfiguration) {
      super(settings(given));
      peers.push(this);
    }
    override setConfiguration(given?: RTCConfiguration): void {
      super.setConfiguration(settings(given));
    }
    override async setLocalDescription(description?: RTCLocalSessionDescriptionInit): Promise<void> {
      await super.setLocalDescription(description);
      globalThis.probe.described.push(performance.now());
    }
  };
  const { fetch } = globalThis;
  globalThis.fetch = (...given) => {
    const answer = fetch(...given);
    globalThis.probe.said += `${JSON.stringify(given)}\n`;
    globalThis.probe.onSent?.('fetch');
    return answer;
  };
  globalThis.WebSocket = class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      sockets.push(this);
    }
    override send(data: string): void {
      const { method, params } = JSON.parse(data);
      const what = params?.message?.method ?? method ?? 'answer';
      globalThis.probe.sent.push({ method: what, at: performance.now() });
      globalThis.probe.said += `${data}\n`;
      super.send(data);
      globalThis.probe.onSent?.(what);
    }
  };
  const { mediaDevices } = navigator;
  if (!mediaDevices) return;
  const acquire = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (constraints) => {
    globalThis.probe.asked += 1;
    await globalThis.probe.decision;
    const stream = await acquire(constraints);
    tracks.push(...stream.getTracks());
    return stream;
  };
}
