/** The calls of a client's session (api.md §10, "SessionState"). */

import { Observable } from "rxjs";
import { Field } from "../store/fields.gen.js";
import type { Node } from "../store/node.js";
import type { Call } from "./webrtc-call.js";

/** What a session tells. Its observables deliver synchronously, replay, and complete when the client is destroyed. */
export interface SessionState {
  /** Every call that is not over, newest first. */
  readonly calls$: Observable<Call[]>;
  readonly calls: Call[];
  /** The inbound ones among them, whatever their status. Emits when this list changes, and not otherwise. */
  readonly incomingCalls$: Observable<Call[]>;
  readonly incomingCalls: Call[];
  /** The space knows who this is. False while a lost socket is being replaced. */
  readonly authenticated$: Observable<boolean>;
  readonly authenticated: boolean;
}

/** The session of a client: the same object from the construction on, over every `connect()` and `disconnect()`. */
export class ClientSessionWrapper implements SessionState {
  readonly #client: Node;
  #incoming: Call[] = [];

  /** @internal */
  constructor(client: Node) {
    this.#client = client;
  }

  get calls$(): Observable<Call[]> {
    return this.#client.observe(Field.ClientCalls, { sync: true });
  }

  get calls(): Call[] {
    return this.#client.value(Field.ClientCalls) as Call[];
  }

  get incomingCalls$(): Observable<Call[]> {
    return new Observable((subscriber) => {
      let last: Call[] | undefined;
      return this.calls$.subscribe({
        next: () => {
          const { incomingCalls } = this;
          if (incomingCalls === last) return;
          last = incomingCalls;
          subscriber.next(incomingCalls);
        },
        complete: () => subscriber.complete(),
      });
    });
  }

  /** The same list until it changes. */
  get incomingCalls(): Call[] {
    const now = this.calls.filter(({ direction }) => direction === "inbound");
    const before = this.#incoming;
    if (now.length !== before.length || now.some((call, index) => call !== before[index])) this.#incoming = now;
    return this.#incoming;
  }

  get authenticated$(): Observable<boolean> {
    return this.#client.observe(Field.ClientReady, { sync: true });
  }

  get authenticated(): boolean {
    return this.#client.value(Field.ClientReady) as boolean;
  }
}
