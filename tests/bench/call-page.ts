// What the page of `bench:call` does: both SDKs stand loaded before the click, and the click is one API call.

import { embeddableCall as reference } from "@signalwire/js";
import { embeddableCall as ours } from "signalwire-wasm";

/** Chromium answers `getStats()` from a cache for 50 ms: asking more often tells nothing new. */
const STATS_EVERY_MS = 25;
/** Until a call has sound; a call that needs longer has failed. */
const CALL_LIMIT_MS = 20_000;
/** The tone comes in packets of 20 ms. */
const PACKET_MS = 20;

/** `click` in milliseconds since 1970, the others in milliseconds after it. */
export interface Times {
  click: number;
  /** The API call resolved: the space has created the call. */
  dialed: number;
  connected: number;
  /** The first packet of sound came. */
  rtp: number;
}

/** What is called. */
export interface Wanted {
  sdk: keyof typeof sdks;
  to: string;
  embedToken: string;
  host: string;
}

/** What the benchmark asks of this page. */
export interface Bench {
  /** One call, from the click until it is connected and the first packet has come. */
  measure(wanted: Wanted): Promise<Times>;
  /** Hangs the last call up. */
  end(): Promise<void>;
}

/** What both packages give, as far as it is measured. */
interface MeasuredCall {
  readonly status: string;
  readonly status$: { subscribe(next: (status: string) => void): unknown };
  readonly errors$: { subscribe(next: (error: { fatal: boolean; error: Error }) => void): unknown };
  readonly rtcPeerConnection?: RTCPeerConnection | undefined;
  hangup(): Promise<void>;
}

declare global {
  interface Window {
    calls: Bench;
    /** Set while a timeline is being made. */
    note?: (what: string) => void;
  }
}

const sdks = { ours, reference };

let last: MeasuredCall | undefined;

async function measure({ sdk, ...options }: Wanted): Promise<Times> {
  const click = performance.now();
  const call: MeasuredCall = await sdks[sdk](options);
  const dialed = performance.now() - click;
  last = call;
  window.note?.("  the API call resolved");
  const failure = new Promise<never>((_, reject) => {
    call.errors$.subscribe(({ fatal, error }) => {
      if (fatal) reject(error);
    });
    setTimeout(() => reject(new Error(`${sdk}: no sound after ${CALL_LIMIT_MS} ms, status ${call.status}`)), CALL_LIMIT_MS);
  });
  const whenConnected = new Promise<number>((resolve) => {
    call.status$.subscribe((status) => {
      if (status === "connected") resolve(performance.now() - click);
      window.note?.(`  status ${status}`);
    });
  });
  const [connected, packet] = await Promise.race([Promise.all([whenConnected, firstPacket(call)]), failure]);
  return { click: performance.timeOrigin + click, dialed, connected, rtp: packet - performance.timeOrigin - click };
}

/** When the first packet came, in milliseconds since 1970: counted back from the last one that the report knows. */
async function firstPacket(call: MeasuredCall): Promise<number> {
  for (;;) {
    const reports = (await call.rtcPeerConnection?.getStats()) ?? new Map<string, never>();
    for (const report of reports.values() as Iterable<RTCInboundRtpStreamStats & { lastPacketReceivedTimestamp?: number }>) {
      const { type, packetsReceived = 0, lastPacketReceivedTimestamp } = report;
      if (type === "inbound-rtp" && packetsReceived > 0 && lastPacketReceivedTimestamp !== undefined) {
        return lastPacketReceivedTimestamp - (packetsReceived - 1) * PACKET_MS;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, STATS_EVERY_MS));
  }
}

async function end(): Promise<void> {
  await last?.hangup();
}

window.calls = { measure, end };
