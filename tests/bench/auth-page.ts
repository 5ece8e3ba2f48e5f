// What the page of `bench:auth` does: both SDKs stand loaded, and the clock runs from the constructor to `ready$`.

import * as reference from "@signalwire/js";
import * as ours from "signalwire-wasm";

/** A client that needs longer has failed. */
const READY_LIMIT_MS = 20_000;

/** `start` in milliseconds since 1970, the others in milliseconds after it. */
export interface Times {
  start: number;
  /** The constructor has returned; until then the page stands still. */
  constructed: number;
  /** Of the time until ready, what the browser took to make a key pair. */
  key: number;
  /** `ready$` was true for the first time. */
  ready: number;
  /** The application's provider was told the thumbprint of a key. */
  fingerprinted: boolean;
}

/** Where the client gets its SAT from. */
export type Source =
  | { kind: "static"; credential: Credential }
  | { kind: "embed"; host: string; embedToken: string }
  /** The application's own provider, whose backend is the page's origin. */
  | { kind: "bound" };

/** What is measured. `options` are of ours alone, which would speak plain text to a loopback name. */
export interface Wanted {
  sdk: keyof typeof sdks;
  source: Source;
  options: { endpoints?: { websocket: string; rest: string } };
}

/** What the benchmark asks of this page. */
export interface Bench {
  /** One client, from its constructor until it is ready. */
  measure(wanted: Wanted): Promise<Times>;
}

interface Credential {
  token: string;
  expiry_at: number;
}

interface Provider {
  authenticate(context?: { fingerprint?: string }): Promise<Credential>;
}

/** What both packages give, as far as it is measured. */
interface MeasuredClient {
  readonly ready$: { subscribe(next: (ready: boolean) => void): unknown };
  readonly errors$: { subscribe(next: (error: Error) => void): unknown };
}

declare global {
  interface Window {
    clients: Bench;
    /** Set while a timeline is being made. */
    note?: (what: string) => void;
  }
}

const sdks = { ours, reference };

async function measure({ sdk, source, options }: Wanted): Promise<Times> {
  const { SignalWire } = sdks[sdk];
  let fingerprinted = false;
  const provider = providerOf(sdk, source, (fingerprint) => {
    fingerprinted = fingerprint !== undefined;
  });
  const keys = watchKeys();
  const start = performance.now();
  const client: MeasuredClient = new SignalWire(provider, options);
  const constructed = performance.now() - start;
  window.note?.("  constructed");
  const errors: string[] = [];
  client.errors$.subscribe((error) => {
    errors.push(error.name);
    window.note?.(`  error ${error.name}: ${error.message}`);
  });
  const ready = await new Promise<number>((resolve, reject) => {
    client.ready$.subscribe((is) => {
      if (is) resolve(performance.now() - start);
    });
    setTimeout(() => reject(new Error(`${sdk}, ${source.kind}: not ready after ${READY_LIMIT_MS} ms; errors: ${errors.join(", ") || "none"}`)), READY_LIMIT_MS);
  });
  window.note?.("  ready");
  return { start: performance.timeOrigin + start, constructed, key: keys(), ready, fingerprinted };
}

/** Times the making of key pairs from now on; gives the milliseconds that it has taken. */
function watchKeys(): () => number {
  const { subtle } = crypto;
  const generate = subtle.generateKey;
  let taken = 0;
  subtle.generateKey = (async (...given: [never, boolean, never]) => {
    const asked = performance.now();
    const made = await generate.apply(subtle, given);
    taken += performance.now() - asked;
    return made;
  }) as typeof generate;
  return () => taken;
}

function providerOf(sdk: Wanted["sdk"], source: Source, told: (fingerprint: string | undefined) => void): Provider {
  switch (source.kind) {
    case "static":
      return new sdks[sdk].StaticCredentialProvider(source.credential) as Provider;
    case "embed":
      return new sdks[sdk].EmbedTokenCredentialProvider(source.host, source.embedToken);
    case "bound":
      return { authenticate: (context) => askBackend(context?.fingerprint, told) };
  }
}

/** As the guide has it: the fingerprint goes to the application's backend, which asks for a SAT that is bound to it. */
async function askBackend(fingerprint: string | undefined, told: (fingerprint: string | undefined) => void): Promise<Credential> {
  told(fingerprint);
  const body = JSON.stringify({ kind: "subscriber", scope: "sat:refresh", fingerprint });
  const response = await fetch("/.space/credentials", { method: "POST", body });
  if (!response.ok) throw new Error(`the backend answered ${response.status}`);
  const { token, expires_at } = (await response.json()) as { token: string; expires_at: number };
  return { token, expiry_at: expires_at * 1000 };
}

window.clients = { measure };
