// What an application does with the package: one call to an echo, with everything that it sees of it.

import type { Call, CallEndReason, CallStatus } from "signalwire-wasm";

/** Where to call, as the page's address says it. */
export interface Target {
  host: string;
  embedToken: string;
  to: string;
}

/** What a call came to. */
export interface Outcome {
  statuses: CallStatus[];
  /** Packets of sound that came back from the echo. */
  packetsReceived: number;
  endReason: CallEndReason | undefined;
}

type EmbeddableCall = (options: Target) => Promise<Call>;

/** Calls, waits until sound comes back, hangs up. */
export async function callAndHangUp(embeddableCall: EmbeddableCall, target: Target): Promise<Outcome> {
  const statuses: CallStatus[] = [];
  const call = await embeddableCall(target);
  const failed = new Promise<never>((_, reject) => {
    call.errors$.subscribe(({ fatal, error }) => {
      if (fatal) reject(error);
    });
  });
  const over = new Promise<void>((resolve) => {
    call.status$.subscribe({ next: (status) => statuses.push(status), complete: resolve });
  });
  const packetsReceived = await Promise.race([soundOf(call), failed]);
  await call.hangup();
  await over;
  return { statuses, packetsReceived, endReason: call.endReason };
}

/** @returns how many packets had come when the first had */
async function soundOf(call: Call): Promise<number> {
  for (;;) {
    const reports = (await call.rtcPeerConnection?.getStats()) ?? new Map<string, RTCInboundRtpStreamStats>();
    for (const report of reports.values() as Iterable<RTCInboundRtpStreamStats>) {
      const { type, packetsReceived = 0 } = report;
      if (type === "inbound-rtp" && packetsReceived > 0) return packetsReceived;
    }
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}

/** The target that the page's address carries as its query. */
export function targetOfPage(): Target {
  const query = new URLSearchParams(location.search);
  const [host, embedToken, to] = ["host", "token", "to"].map((name) => query.get(name) ?? "");
  return { host: host ?? "", embedToken: embedToken ?? "", to: to ?? "" };
}

declare global {
  interface Window {
    outcome: Promise<Outcome>;
  }
}
