/**
 * Deferred delivery (api.md §2): one queue for every observable of the page, so that values arrive in
 * the order in which they came about, whoever subscribed to what.
 */

let queue: (() => void)[] = [];

/** Runs `task` in the next microtask turn, after everything that was deferred before it. */
export function defer(task: () => void): void {
  if (queue.push(task) === 1) queueMicrotask(flush);
}

/** Runs `task`; what it throws becomes an uncaught error of the page and disturbs nobody else. */
export function guard(task: () => void): void {
  try {
    task();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function flush(): void {
  const tasks = queue;
  queue = [];
  tasks.forEach(guard);
}
