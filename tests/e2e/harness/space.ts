// A space of one's own: a process on free ports, and its front desk.
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { DIST, ROOT } from './places.js';

/** `GET /.space/info`. */
export interface SpaceInfo {
  readonly base: string;
  readonly undelayed: string;
  readonly project_id: string;
  readonly api_token: string;
  readonly hosts: { readonly management: string; readonly fabric: string; readonly embeds: string; readonly websocket: string };
  readonly subscribers: readonly { readonly reference: string; readonly id: string; readonly address: string }[];
  readonly click_to_call: readonly { readonly token: string; readonly embed_token: string; readonly address: string }[];
}

/** What a credential of `POST /.space/credentials` can be made of. */
export interface CredentialWish {
  /** The subscriber, or the inviter. */
  readonly reference?: string;
  /** Names of addresses. */
  readonly address?: string;
  readonly addresses?: readonly string[];
  /** Seconds. */
  readonly expires_in?: number;
  /** Of a subscriber's: the key that it is bound to. */
  readonly fingerprint?: string;
  /** Of a subscriber's. */
  readonly scope?: string;
}

/** Its kinds. */
export type CredentialKind = 'subscriber' | 'guest' | 'invite' | 'embed' | 'c2c';

/** One of `GET /.space/calls`. */
export interface SpaceCall {
  readonly id: string;
  readonly address: string;
  readonly session: number;
  readonly state: 'created' | 'ringing' | 'answered' | 'joined' | 'ended';
  readonly legs: readonly {
    readonly packets_received: number;
    readonly packets_sent: number;
    readonly connected: boolean;
    readonly audio_muted: boolean;
    readonly video_muted: boolean;
  }[];
  readonly ended?: { readonly cause: string; readonly cause_code: number; readonly by: string; readonly how: string; readonly ended_ms: number };
}

/** One of `GET /.space/sessions`. */
export interface SpaceSession {
  readonly id: number | null;
  readonly kind?: string;
  readonly subscriber?: string | null;
  readonly connected: boolean;
  readonly authenticated: boolean;
  readonly registered?: boolean;
  readonly resumed?: number;
  /** How often a later SAT took the place of the one before. */
  readonly reauthenticated?: number;
  /** Thumbprint of the key that its SAT is bound to. */
  readonly jkt?: string | null;
  /** End of its SAT, in seconds since 1970 by the space's clock. */
  readonly expires_at?: number;
}

/** A running space. */
export class Space {
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;

  private constructor(
    readonly info: SpaceInfo,
    child: ChildProcess,
    exited: Promise<void>,
  ) {
    this.#process = child;
    this.#exited = exited;
  }

  /** Starts one and waits for its ready line. It also ends when this process does. */
  static async start(www: string): Promise<Space> {
    const program = process.env['SIGNALWIRE_SPACE'];
    if (program === undefined) throw new Error('the global set-up has not run');
    const options = ['--port', '0', '--undelayed-port', '0', '--loopback-media', '--exit-with-stdin', '--log', 'error'];
    const child = spawn(program, [...options, '--www', www, '--sdk', DIST], { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] });
    const exited = new Promise<void>((resolve, reject) => {
      child.once('exit', () => resolve());
      child.once('error', reject);
    });
    // Somebody may wait for it later, or nobody; a space that cannot start is told below.
    exited.catch(() => {});
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('READY ')) return new Space(JSON.parse(line.slice('READY '.length)) as SpaceInfo, child, exited);
    }
    throw new Error('the space ended before it was ready');
  }

  /** Its port, where the delay line and everything else is. */
  get port(): number {
    return Number(new URL(this.info.base).port);
  }

  /** The embed token of a page that calls an address. */
  embedToken(address: string): string {
    const resource = this.info.click_to_call.find((one) => one.address === address);
    if (!resource) throw new Error(`the space has no click-to-call resource for ${address}`);
    return resource.embed_token;
  }

  /** A Subscriber SAT by the management endpoint (auth.md §4.2). */
  async subscriberSat(reference: string, more: { expire_at?: number } = {}): Promise<string> {
    const { project_id, api_token } = this.info;
    const response = await fetch(`http://127.0.0.1:${this.port}/api/fabric/subscribers/tokens`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${project_id}:${api_token}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ reference, ...more }),
    });
    if (!response.ok) throw new Error(`no SAT: ${response.status} ${await response.text()}`);
    const { token } = (await response.json()) as { token: string };
    return token;
  }

  /** Any credential, without the project's API token. */
  async credential(kind: CredentialKind, wish: CredentialWish = {}): Promise<string> {
    const { token } = (await this.#desk('credentials', 'POST', { kind, ...wish })) as { token: string };
    return token;
  }

  /** Ends what a subscriber's tokens, or one embed token, are good for. */
  async revoke(what: { readonly subscriber_id: string } | { readonly embed_token: string }): Promise<void> {
    await this.#desk('revoke', 'POST', what);
  }

  /** Moves the wall clock of the space. */
  async advanceClock(milliseconds: number): Promise<void> {
    await this.#desk('clock', 'POST', { advance_ms: milliseconds });
  }

  /** The next requests to an endpoint are refused with a status. */
  async refuse(path: string, status: number, times = 1): Promise<void> {
    await this.#desk('faults', 'POST', { path, status, times });
  }

  /** The next request to an endpoint gets no answer. */
  async hang(path: string): Promise<void> {
    await this.#desk('faults', 'POST', { path, hang: true, times: 1 });
  }

  /** The space itself calls a subscriber, with an echo at its end. `false` where nobody is registered. */
  async placeCall(to: string, more: { readonly from?: string; readonly media?: 'audio' | 'video' } = {}): Promise<boolean> {
    const response = await this.#ask('calls', 'POST', { to, ...more });
    const answer = (await response.json()) as { error?: string };
    if (!response.ok && answer.error !== 'not_registered') throw new Error(`/.space/calls: ${response.status} ${answer.error}`);
    return response.ok;
  }

  sessions(): Promise<SpaceSession[]> {
    return this.#desk('sessions') as Promise<SpaceSession[]>;
  }

  /** Every call so far. */
  calls(): Promise<SpaceCall[]> {
    return this.#desk('calls') as Promise<SpaceCall[]>;
  }

  /** The only call there was. */
  async call(): Promise<SpaceCall> {
    const calls = await this.calls();
    const [call] = calls;
    if (!call || calls.length > 1) throw new Error(`the space has had ${calls.length} calls, not one`);
    return call;
  }

  /** The longest time in milliseconds between two audio packets of the only leg, since this was asked before. */
  async silence(): Promise<number> {
    const { legs } = (await this.#desk('silences', 'POST')) as { legs: { audio_ms: number | null }[] };
    const [leg] = legs;
    if (!leg || legs.length > 1 || leg.audio_ms === null) throw new Error(`no single leg that is heard: ${JSON.stringify(legs)}`);
    return leg.audio_ms;
  }

  /** Sockets break as in a bad network: that of one session, or all. */
  async dropSockets(session?: number): Promise<void> {
    await this.#desk('drop', 'POST', session === undefined ? undefined : { session });
  }

  /** The far end of every call hangs up. */
  async hangUp(): Promise<void> {
    await this.#desk('hangup', 'POST');
  }

  /** Back to the seeds; every session is forgotten, as by a restart. */
  async reset(): Promise<void> {
    await this.#desk('reset', 'POST');
  }

  /** Everything on the main port takes this long there and back. */
  async setRoundTrip(milliseconds: number): Promise<void> {
    await this.#desk('network', 'POST', { rtt_ms: milliseconds });
  }

  /** Ends the process as a crash would: nothing is said to anybody. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exited;
  }

  /** Stops the process if it still runs. */
  async stop(): Promise<void> {
    this.#process.stdin?.end();
    await this.#exited;
  }

  async #desk(what: string, method = 'GET', body?: object): Promise<unknown> {
    const response = await this.#ask(what, method, body);
    if (!response.ok) throw new Error(`/.space/${what}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? undefined : response.json();
  }

  #ask(what: string, method: string, body?: object): Promise<Response> {
    const port = new URL(this.info.undelayed).port;
    return fetch(`http://127.0.0.1:${port}/.space/${what}`, { method, ...(body && { body: JSON.stringify(body) }) });
  }
}
