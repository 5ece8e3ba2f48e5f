// What is open in the browser on behalf of one instance of the engine. A trap leaves no Rust that could run a
// destructor, so this list is what closes microphone, connections and sockets then.

/** Everything that has to be closed, and how. */
export class Closables {
  readonly #open = new Map<object, () => void>();
  #dead = false;

  /** Keeps `close` for {@link close}; after {@link closeAll} it is carried out at once. */
  add(object: object, close: () => void): void {
    if (this.#dead) attempt(close);
    else this.#open.set(object, close);
  }

  /** Whether it was added and has not been closed. */
  has(object: object): boolean {
    return this.#open.has(object);
  }

  /** Closes and forgets. */
  close(object: object): void {
    const close = this.#open.get(object);
    this.#open.delete(object);
    if (close) attempt(close);
  }

  /** Closes everything, now and whatever is added later. */
  closeAll(): void {
    this.#dead = true;
    // Each entry goes before it is closed: closing may run into another trap, which comes back here for the rest.
    for (const object of this.#open.keys()) this.close(object);
  }
}

/** One object that cannot be closed must not keep the others open. */
function attempt(close: () => void): void {
  try {
    close();
  } catch (error) {
    reportError(error);
  }
}
