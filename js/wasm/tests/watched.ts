// Counts of what is open in the browser, whoever opened it.

/** A port on which somebody listens and never says anything. */
declare const SILENT_PORT: number;

const tracks: MediaStreamTrack[] = [];
const peers: RTCPeerConnection[] = [];
const sockets: WebSocket[] = [];
let getUserMedia: MediaDevices["getUserMedia"];
let hangs = false;

/** Microphones and cameras that are on. */
export function liveTracks(): number {
  return tracks.filter((track) => track.readyState === "live").length;
}

/** Peer connections that are not closed. */
export function openPeers(): number {
  return peers.filter((peer) => peer.signalingState !== "closed").length;
}

/** Sockets that are open, or on the way to it. */
export function openSockets(): number {
  return sockets.filter(({ readyState }) => readyState === WebSocket.CONNECTING || readyState === WebSocket.OPEN).length;
}

/** An address at which a socket goes on opening. */
export function silentSocket(): string {
  return `ws://127.0.0.1:${SILENT_PORT}`;
}

/** Gives the newest socket what a server would send. */
export function receive(data: unknown): void {
  sockets.at(-1)?.onmessage?.(new MessageEvent("message", { data }));
}

/** Leaves the next question for a device unanswered, like a visitor who looks elsewhere. */
export function hangNextCapture(): void {
  hangs = true;
}

function never(): Promise<never> {
  hangs = false;
  return new Promise(() => undefined);
}

/** Puts the counters between the page and the browser. */
export function watch(): void {
  const devices = navigator.mediaDevices;
  getUserMedia = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    if (hangs) await never();
    const stream = await getUserMedia(constraints);
    tracks.push(...stream.getTracks());
    return stream;
  };
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      peers.push(this);
    }
  };
  globalThis.WebSocket = class extends WebSocket {
    constructor(url: string | URL) {
      super(url);
      sockets.push(this);
    }
  };
}
