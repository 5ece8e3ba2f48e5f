// What a call really carries, measured in the page.
import type { Page } from '@playwright/test';

/** Inbound RTP packets of a kind so far. */
export function packetsReceived(page: Page, kind: 'audio' | 'video' = 'audio'): Promise<number> {
  return inbound(page, kind, 'packetsReceived');
}

/** Inbound RTP packets of the sound that never came, so far. */
export function packetsLost(page: Page): Promise<number> {
  return inbound(page, 'audio', 'packetsLost');
}

/** Decoded inbound video frames so far. */
export function framesDecoded(page: Page): Promise<number> {
  return inbound(page, 'video', 'framesDecoded');
}

/** Energy of the received sound so far (webrtc-stats `totalAudioEnergy`). */
export function audioEnergy(page: Page): Promise<number> {
  return inbound(page, 'audio', 'totalAudioEnergy');
}

function inbound(page: Page, kind: string, name: string): Promise<number> {
  return page.evaluate(async ([wanted, field]) => {
    const report = await globalThis.call?.rtcPeerConnection?.getStats();
    let sum = 0;
    report?.forEach((stats: Record<string, unknown>) => {
      if (stats['type'] === 'inbound-rtp' && stats['kind'] === wanted) sum += Number(stats[field] ?? 0);
    });
    return sum;
  }, [kind, name] as const);
}

/** The strongest frequency of the received sound in hertz, or 0 while there is silence. */
export function strongestFrequency(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const stream = globalThis.call?.remoteStream;
    if (!stream?.getAudioTracks().length) return 0;
    const state = globalThis as { ear?: AnalyserNode };
    if (!state.ear) {
      // Chromium decodes a remote track only while an element plays it.
      const element = new Audio();
      element.srcObject = stream;
      await element.play();
      const context = new AudioContext();
      state.ear = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
      context.createMediaStreamSource(stream).connect(state.ear);
    }
    const { ear } = state;
    const levels = new Float32Array(ear.frequencyBinCount);
    ear.getFloatFrequencyData(levels);
    const loudest = levels.reduce((best, level, bin) => (level > (levels[best] ?? -Infinity) ? bin : best), 0);
    return (levels[loudest] ?? -Infinity) > -60 ? (loudest * ear.context.sampleRate) / ear.fftSize : 0;
  });
}
