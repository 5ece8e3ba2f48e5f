// An application that uses what both packages have. It compiles against ours (tsconfig.json) and against the reference
// package (tsconfig.reference.json); nothing runs it.

import {
  type Call,
  CallCreateError,
  type CallDirection,
  type CallError,
  type CallErrorKind,
  type CallStatus,
  type Capability,
  type CredentialProvider,
  type DialOptions,
  EmbedTokenCredentialProvider,
  embeddableCall,
  InvalidCredentialsError,
  isSelfParticipant,
  MediaTrackError,
  MessageParseError,
  Participant,
  type RecoveryEvent,
  type RecoveryState,
  ready,
  type SATClaims,
  type SDKCredential,
  type SelfParticipant,
  type SessionState,
  SignalWire,
  type SignalWireOptions,
  StaticCredentialProvider,
  type Storage,
  UnexpectedError,
  type User,
  version,
  WebRTCCall,
} from "sdk";
import { filter, firstValueFrom, map, type Observable } from "rxjs";

class OwnProvider implements CredentialProvider {
  async authenticate(context?: { fingerprint?: string }): Promise<SDKCredential> {
    return { token: context?.fingerprint ?? "sat", expiry_at: Date.now() };
  }
  refresh = (): Promise<SDKCredential> => this.authenticate();
}

class Shelf implements Storage {
  readonly #kept = new Map<string, string>();
  async setItem(key: string, value: string | null, scope: "local" | "session"): Promise<void> {
    this.#kept.set(scope + key, value ?? "");
  }
  async getItem(key: string, scope: "local" | "session"): Promise<string | null> {
    return this.#kept.get(scope + key) ?? null;
  }
  async removeItem(key: string, scope: "local" | "session"): Promise<void> {
    this.#kept.delete(scope + key);
  }
  async clear(): Promise<void> {
    this.#kept.clear();
  }
}

export async function session(): Promise<void> {
  const providers: CredentialProvider[] = [
    new OwnProvider(),
    new StaticCredentialProvider({ token: "sat", authorizationState: "state" }),
    new EmbedTokenCredentialProvider("localhost:8080", "c2c_1"),
  ];
  const options: SignalWireOptions = {
    skipConnection: true,
    skipRegister: true,
    persistSession: true,
    storageImplementation: new Shelf(),
    reconnectAttachedCalls: false,
  };
  const client = new SignalWire(providers[0], options);
  const unset: SignalWire = new SignalWire(undefined);
  unset.destroy();
  await client.connect();
  const isConnected: boolean = client.isConnected;
  await firstValueFrom(client.ready$.pipe(filter((isReady) => isReady)));
  client.isConnected$.subscribe((value: boolean) => console.log(value, isConnected));
  client.errors$.subscribe(({ name, message }: Error) => console.log(name, message));
  client.user$.subscribe((user: User | undefined) => console.log(user === undefined ? "nobody" : profile(user)));
  client.destroyed$.subscribe({ complete: () => console.log("over") });
  const dialOptions: DialOptions = { audio: true, video: false, receiveVideo: true, userVariables: { page: 1 }, nodeId: "n" };
  const call: Call = await client.dial("/public/echo", dialOptions);
  await watch(call);
  await client.disconnect();
  await client.resetToDefaults();
}

export async function online(client: SignalWire): Promise<void> {
  const { session } = client;
  const state: SessionState = session;
  const listed: Call[] = state.calls;
  state.calls$.subscribe((calls: Call[]) => console.log(calls.length, listed.length));
  state.authenticated$.subscribe((authenticated: boolean) => console.log(authenticated, state.authenticated));
  session.incomingCalls$.subscribe((calls: Call[]) => {
    for (const call of calls.filter(({ status }) => status === "ringing")) {
      const who: (string | undefined)[] = [call.from, call.fromName, call.to, call.toName];
      if (who[0] === "/public/sales") call.answer({ audio: true, video: false });
      else call.reject();
      if (call instanceof WebRTCCall) call.answered$.subscribe((answered: boolean) => console.log(answered, call.answerMediaOptions?.audio));
    }
  });
  client.isRegistered$.subscribe((registered: boolean) => console.log(registered, client.isRegistered));
  await client.register();
  await client.unregister();
}

function profile(user: User): string {
  const claims: SATClaims | undefined = user.satClaims;
  return [user.id, user.email, user.displayName ?? "", claims?.scope?.join() ?? "", ...user.addresses.map(({ display_name }) => display_name)].join();
}

export async function watch(call: Call): Promise<void> {
  const { id, to, direction, status, localStream, remoteStream, self } = call;
  const known: [string, string | undefined, CallDirection, CallStatus] = [id, to, direction, status];
  const streams: (MediaStream | null)[] = [localStream, remoteStream];
  const capabilities: Capability[] = call.capabilities;
  const peer: RTCPeerConnection | undefined = call.rtcPeerConnection;
  const statuses: Observable<string> = call.status$.pipe(map((value: CallStatus) => value.toUpperCase()));
  statuses.subscribe(console.log);
  call.errors$.subscribe(({ kind, fatal, error, callId }: CallError) => {
    const what: CallErrorKind = kind;
    if (error instanceof MediaTrackError) console.log(error.operation, error.kind, error.originalError);
    console.log(what, fatal, callId, known, streams, capabilities, peer, self?.name);
  });
  call.recoveryState$.subscribe((state: RecoveryState) => console.log(state));
  call.recoveryEvent$.subscribe(({ action, reason, timestamp }: RecoveryEvent) => console.log(action, reason, timestamp));
  call.localStream$.subscribe((stream: MediaStream) => stream.getTracks());
  call.remoteStream$.subscribe((stream: MediaStream) => stream.getTracks());
  call.capabilities$.subscribe((list: Capability[]) => list.includes("self.mute.audio.off"));
  call.address$.subscribe((address) => console.log(address?.id, address?.displayName, address?.type));
  call.self$.subscribe((own) => {
    void own?.toggleMute();
    own?.audioMuted$.subscribe((muted: boolean | undefined) => console.log(muted));
    own?.meta$.subscribe((meta: Record<string, unknown> | undefined) => console.log(meta));
    const name: string | undefined = own?.name;
    const volume: number | undefined = own?.inputVolume;
    const flags: (boolean | undefined)[] = [own?.audioMuted, own?.videoMuted, own?.deaf, own?.isTalking, own?.isAudience];
    console.log(name, volume, flags);
  });
  if (call instanceof WebRTCCall) {
    call.selfId$.subscribe((memberId: string | null) => console.log(memberId, call.selfId, call.nodeId));
    call.nodeId$.subscribe((nodeId: string | null) => console.log(nodeId));
    call.destroyed$.subscribe();
    call.destroy();
  }
  await call.hangup();
}

export function members(someone: Participant): Promise<void> {
  if (isSelfParticipant(someone)) {
    const own: SelfParticipant = someone;
    return own.unmuteVideo();
  }
  return someone instanceof Participant ? someone.mute() : Promise.reject(new UnexpectedError("members"));
}

export async function embedded(): Promise<string> {
  try {
    const call = await embeddableCall({ to: "/public/echo", embedToken: "c2c_1", host: "localhost:8080" });
    return call.id;
  } catch (error) {
    if (error instanceof CallCreateError) return `${error.message} ${String(error.error)} ${error.direction}`;
    if (error instanceof InvalidCredentialsError) return error.reason;
    if (error instanceof MessageParseError) return String(error.originalError);
    if (error instanceof UnexpectedError) return error.at ?? "";
    return `${version} ${String(ready)}`;
  }
}

export const made: Error[] = [
  new CallCreateError("message", new Error("cause"), "inbound"),
  new InvalidCredentialsError("reason", { cause: 1 }),
  new MediaTrackError("operation", "audio", new Error("cause")),
  new MessageParseError(new Error("cause")),
  new UnexpectedError("here"),
  new UnexpectedError(),
];
