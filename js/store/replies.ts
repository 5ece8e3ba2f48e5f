/** The promises that wait for the engine. Each is settled exactly once. */

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  release(): void;
}

/** An AbortSignal and what its abort does while the promise still waits. */
export interface Abortable {
  readonly signal: AbortSignal;
  /** Comes at most once, never after the promise is settled. */
  abort(reply: number): void;
}

/** The registry of pending replies. */
export class Replies {
  #last = 0;
  readonly #waiting = new Map<number, Waiting>();

  /** A promise under a fresh number, which `start` is given. */
  ask<T>(start: (reply: number) => void, abortable?: Abortable): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const reply = ++this.#last;
      const onAbort = () => abortable?.abort(reply);
      abortable?.signal.addEventListener("abort", onAbort);
      this.#waiting.set(reply, {
        resolve: resolve as (value: unknown) => void,
        reject,
        release: () => abortable?.signal.removeEventListener("abort", onAbort),
      });
      start(reply);
    });
  }

  /** Is this one still waiting? */
  waits(reply: number): boolean {
    return this.#waiting.has(reply);
  }

  /** Without effect on a promise that is settled already. */
  resolve(reply: number, value: unknown): void {
    this.#take(reply)?.resolve(value);
  }

  /** Without effect on a promise that is settled already. */
  reject(reply: number, error: unknown): void {
    this.#take(reply)?.reject(error);
  }

  /** Rejects everything that waits, each with an error of its own. */
  rejectAll(error: () => unknown): void {
    for (const reply of [...this.#waiting.keys()]) this.reject(reply, error());
  }

  #take(reply: number): Waiting | undefined {
    const waiting = this.#waiting.get(reply);
    this.#waiting.delete(reply);
    waiting?.release();
    return waiting;
  }
}
