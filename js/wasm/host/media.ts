// Streams and peer connections: the browser sequences that hold no decision.

import type { Closables } from "../closables.js";
import { type Events, failed, type Settled } from "./settled.js";

type Kind = "audio" | "video";
type Constraint = boolean | MediaTrackConstraints;

// What a peer connection reports; src/web/peer.rs has the same numbers.
const CANDIDATES: Readonly<Record<string, number>> = { host: 0, srflx: 1, prflx: 1, relay: 2 };
const GATHERED = 3;
const STATES: Readonly<Record<string, number>> = { connected: 4, disconnected: 5, failed: 6 };
const REMOTE_TRACK = 7;

/** By the bits of src/web/peer.rs: 1 sends, 2 receives. */
const DIRECTIONS: readonly RTCRtpTransceiverDirection[] = ["inactive", "sendonly", "recvonly", "sendrecv"];

export function media(closables: Closables) {
  /** Tracks that we acquired and therefore stop; those of the application are its own. */
  const ours = new WeakSet<MediaStreamTrack>();

  const hold = (stream: MediaStream): MediaStream => {
    closables.add(stream, () => {
      for (const track of stream.getTracks()) stopOurs(track);
    });
    return stream;
  };
  const stopOurs = (track: MediaStreamTrack): boolean => {
    if (!ours.has(track)) return false;
    track.stop();
    return true;
  };
  const capture = async (constraints: MediaStreamConstraints): Promise<MediaStream> => {
    const stream = await navigator.mediaDevices.getUserMedia(constraints);
    for (const track of stream.getTracks()) ours.add(track);
    return stream;
  };

  return {
    acquire(audio: Constraint, video: Constraint, settled: Settled): void {
      capture({ audio, video }).then((stream) => {
        hold(stream);
        settled(1, Number(stream.getAudioTracks().length > 0) + 2 * Number(stream.getVideoTracks().length > 0), "", stream);
      }, failed(settled));
    },

    adopt: (given: MediaStream[]): MediaStream => hold(new MediaStream(given.flatMap((stream) => stream.getTracks()))),

    remote: (): MediaStream => new MediaStream(),

    /** A track of the application goes on for the application, but is sent no more. */
    stopTracks(stream: MediaStream | undefined, kind: Kind, peers: RTCPeerConnection[]): void {
      for (const track of tracksOf(stream, kind)) {
        stream?.removeTrack(track);
        if (!stopOurs(track)) withdraw(track, peers);
      }
    },

    restore(peer: RTCPeerConnection | undefined, stream: MediaStream | undefined, kind: Kind, constraint: Constraint, settled: Settled): void {
      const restored = async (): Promise<void> => {
        const [track] = (await capture({ [kind]: constraint })).getTracks();
        if (!track) throw new DOMException("The browser gave no track.", "NotFoundError");
        try {
          // While the device was asked for, the call may have ended.
          if (!stream || !peer || !closables.has(stream)) throw new DOMException("The call is over.", "AbortError");
          await sendInstead(peer, track, kind, stream);
        } catch (error) {
          track.stop();
          stream?.removeTrack(track);
          throw error;
        }
      };
      restored().then(() => settled(1, 0, "", undefined), failed(settled));
    },

    peer(remote: MediaStream, events: Events): RTCPeerConnection {
      const peer = new RTCPeerConnection(configuration([], false));
      peer.onicecandidate = ({ candidate }) => {
        if (!candidate) events(GATHERED, 0);
        // An empty candidate ends one generation; only null ends the gathering.
        else if (candidate.candidate) events(CANDIDATES[candidate.type ?? "host"] ?? 0, candidate.sdpMLineIndex ?? 0);
      };
      peer.onconnectionstatechange = () => {
        const state = STATES[peer.connectionState];
        if (state !== undefined) events(state, 0);
      };
      peer.ontrack = ({ track }) => {
        remote.addTrack(track);
        events(REMOTE_TRACK, 0);
      };
      closables.add(peer, () => {
        peer.onicecandidate = peer.onconnectionstatechange = peer.ontrack = null;
        peer.close();
      });
      return peer;
    },

    addServer(servers: RTCIceServer[], urls: string[], username: string | undefined, credential: string | undefined): void {
      servers.push({ urls, ...(username !== undefined && { username }), ...(credential !== undefined && { credential }) });
    },

    /** Makes an offer, or the answer to `offer`. */
    describe(peer: RTCPeerConnection, offer: string | undefined, local: MediaStream | undefined, audio: number, video: number, servers: RTCIceServer[], relayOnly: boolean, settled: Settled): void {
      const described = async (): Promise<number> => {
        peer.setConfiguration(configuration(servers, relayOnly));
        if (offer === undefined) {
          arrange(peer, local, "audio", audio);
          arrange(peer, local, "video", video);
          await peer.setLocalDescription(await peer.createOffer());
        } else {
          await peer.setRemoteDescription({ type: "offer", sdp: offer });
          await join(peer, local, "audio", audio);
          await join(peer, local, "video", video);
          await peer.setLocalDescription(await peer.createAnswer());
        }
        // Sections that share a transport are gathered for once; one that was refused has none.
        return new Set(peer.getTransceivers().flatMap(({ sender }) => sender.transport ?? [])).size;
      };
      described().then((transports) => settled(1, transports, "", undefined), failed(settled));
    },

    description: (peer: RTCPeerConnection): string | undefined => peer.localDescription?.sdp,

    answer(peer: RTCPeerConnection, sdp: string, settled: Settled): void {
      peer.setRemoteDescription({ type: "answer", sdp }).then(() => settled(1, 0, "", undefined), failed(settled));
    },
  };
}

function configuration(iceServers: RTCIceServer[], relayOnly: boolean): RTCConfiguration {
  return { bundlePolicy: "max-compat", iceServers, iceTransportPolicy: relayOnly ? "relay" : "all" };
}

/** Makes the transceivers of a kind, or turns those of an earlier offer. */
function arrange(peer: RTCPeerConnection, local: MediaStream | undefined, kind: Kind, bits: number): void {
  const direction = DIRECTIONS[bits];
  if (!direction) return;
  const present = transceiversOf(peer, kind);
  for (const transceiver of present) transceiver.direction = direction;
  if (present.length > 0) return;
  const tracks = bits & 1 ? tracksOf(local, kind) : [];
  const streams = local ? [local] : [];
  for (const track of tracks) peer.addTransceiver(track, { direction, streams });
  if (tracks.length === 0) peer.addTransceiver(kind, { direction });
}

/** Turns the transceivers of a kind as the far end's offer made them, and sends by them what there is to send. */
async function join(peer: RTCPeerConnection, local: MediaStream | undefined, kind: Kind, bits: number): Promise<void> {
  const tracks = bits > 0 && bits & 1 ? tracksOf(local, kind) : [];
  for (const [index, transceiver] of transceiversOf(peer, kind).entries()) {
    transceiver.direction = DIRECTIONS[bits] ?? "inactive";
    const track = tracks[index];
    if (!track || !local) continue;
    await transceiver.sender.replaceTrack(track);
    transceiver.sender.setStreams(local);
  }
}

/** Sends a track where one of its kind has ended. */
async function sendInstead(peer: RTCPeerConnection, track: MediaStreamTrack, kind: Kind, stream: MediaStream): Promise<void> {
  const silent = transceiversOf(peer, kind).find(({ sender }) => sender.track?.readyState !== "live");
  if (!silent) throw new DOMException(`Nothing in this call sends ${kind}.`, "InvalidStateError");
  stream.addTrack(track);
  await silent.sender.replaceTrack(track);
}

/** Ends the sending of a track that is not ours to stop. */
function withdraw(track: MediaStreamTrack, peers: RTCPeerConnection[]): void {
  for (const { sender } of peers.flatMap((peer) => peer.getTransceivers())) {
    if (sender.track !== track) continue;
    // It is refused by a closed connection alone, which sends nothing.
    sender.replaceTrack(null).catch(() => undefined);
  }
}

function transceiversOf(peer: RTCPeerConnection, kind: Kind): RTCRtpTransceiver[] {
  return peer.getTransceivers().filter(({ receiver, currentDirection }) => receiver.track.kind === kind && currentDirection !== "stopped");
}

function tracksOf(stream: MediaStream | undefined, kind: Kind): MediaStreamTrack[] {
  return stream?.getTracks().filter((track) => track.kind === kind) ?? [];
}
