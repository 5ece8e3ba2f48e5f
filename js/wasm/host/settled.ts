// How an asynchronous sequence reports to the engine: once, by numbers, a text and a value.

/** The function that src/web/host.rs makes for one sequence. `code` 0 is a failure. */
export type Settled = (code: number, number: number, text: string, value: unknown, more?: number) => void;

/** Reports a failure by the name that browsers give their exceptions. */
export function failed(settled: Settled): (thrown: unknown) => void {
  return (thrown) => settled(0, 0, thrown instanceof Error ? thrown.name : "", thrown);
}

/** The function that src/web/host.rs makes for an object with events. */
export type Events = (what: number, number: number, value?: unknown) => void;
