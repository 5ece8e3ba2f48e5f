/** One observable object: its fields, their snapshots and their observables. */

import { Observable, type Subscriber } from "rxjs";
import { FIELDS, type FieldRow } from "./fields.gen.js";
import { defer, guard } from "./microtask.js";

/** The kinds of objects. */
export type Owner = FieldRow[0];

/** How an observable of a field delivers. */
export interface Delivery {
  /** Inside `subscribe()` and inside the turn of the change, instead of in the next microtask. */
  readonly sync?: boolean;
  /** Replays `undefined` while there is no value yet, instead of nothing. */
  readonly blank?: boolean;
}

interface Sink {
  readonly subscriber: Pick<Subscriber<unknown>, "next" | "complete">;
  /** The change that its replay already contained. */
  readonly since: number;
}

/** One field of one object. */
class Cell {
  value: unknown;
  known: boolean;
  version = 0;
  readonly replayed: unknown[] = [];
  readonly sinks = new Set<Sink>();

  constructor(value: unknown) {
    this.value = value;
    this.known = value !== undefined;
  }
}

/** Stands for `destroyed$` among the fields. */
const DESTROYED = -1;

/** One observable object. Its state changes at once; emissions are handed back, to be run later. */
export class Node {
  readonly #cells = new Map<number, Cell>();
  readonly #observables = new Map<number, Observable<unknown>>();
  #ended = false;

  constructor(
    readonly owner: Owner,
    readonly entity: number,
    readonly parent: Node | undefined,
  ) {}

  /** No value comes any more. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The snapshot of a field. */
  value(field: number): unknown {
    return this.#cell(field).value;
  }

  /** Counts the changes of a field. */
  version(field: number): number {
    return this.#cell(field).version;
  }

  /** The observable of a field; the same object every time for the same delivery. */
  observe<T>(field: number, delivery: Delivery = {}): Observable<T> {
    const key = field * 2 + Number(delivery.sync === true);
    let found = this.#observables.get(key);
    if (!found) {
      found = new Observable<unknown>((subscriber) => this.#subscribe(field, subscriber, delivery));
      this.#observables.set(key, found);
    }
    return found as Observable<T>;
  }

  /** Emits once when the object ends, then completes; a late subscriber sees only the completion. */
  get destroyed$(): Observable<void> {
    return this.observe<void>(DESTROYED, { sync: true });
  }

  /** Sets a field; the result emits, or is undefined where nothing changed. */
  set(field: number, value: unknown): (() => void) | undefined {
    const cell = this.#cell(field);
    const row = FIELDS[field];
    if (row?.[5] && cell.known && Object.is(cell.value, value)) return undefined;
    cell.value = value;
    cell.known = true;
    const version = ++cell.version;
    if (row?.[2] === "event") {
      cell.replayed.push(value);
      if (cell.replayed.length > row[4]) cell.replayed.shift();
    }
    return () => {
      for (const { subscriber, since } of [...cell.sinks]) {
        if (version > since) guard(() => subscriber.next(value));
      }
    };
  }

  /** Ends the object; the result completes every observable. */
  end(): () => void {
    this.#ended = true;
    return () => {
      const destroyed = this.#cells.get(DESTROYED);
      for (const { subscriber } of [...(destroyed?.sinks ?? [])]) guard(() => subscriber.next(undefined));
      for (const cell of this.#cells.values()) {
        const sinks = [...cell.sinks];
        cell.sinks.clear();
        for (const { subscriber } of sinks) guard(() => subscriber.complete());
      }
    };
  }

  #cell(field: number): Cell {
    const found = this.#cells.get(field);
    if (found) return found;
    const initial = FIELDS[field]?.[3];
    // A list of its own: it is the application's to change.
    const cell = new Cell(Array.isArray(initial) ? [...initial] : initial);
    this.#cells.set(field, cell);
    return cell;
  }

  #subscribe(field: number, to: Subscriber<unknown>, { sync, blank }: Delivery): (() => void) | undefined {
    const cell = this.#cell(field);
    const subscriber = sync
      ? to
      : {
          next: (value: unknown) => defer(() => to.next(value)),
          complete: () => defer(() => to.complete()),
        };
    const kind = FIELDS[field]?.[2];
    if (kind === "event") for (const value of cell.replayed) subscriber.next(value);
    if (this.#ended) {
      subscriber.complete();
      return undefined;
    }
    if (kind === "state" && (cell.known || blank)) subscriber.next(cell.value);
    const sink: Sink = { subscriber, since: cell.version };
    cell.sinks.add(sink);
    return () => cell.sinks.delete(sink);
  }
}
