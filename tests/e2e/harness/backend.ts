// The example backend of a test's space: a process on a free port.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { ROOT } from './places.js';
import type { Space } from './space.js';

/** A running backend. */
export class Backend {
  readonly #process: ChildProcess;
  readonly #gone: Promise<unknown>;
  readonly #lines: readonly string[];

  private constructor(
    readonly origin: string,
    child: ChildProcess,
    gone: Promise<unknown>,
    lines: readonly string[],
  ) {
    this.#process = child;
    this.#gone = gone;
    this.#lines = lines;
  }

  /** Starts one and waits until it listens; `environment` is that of www/backend/settings.js. */
  static async start(space: Space, environment: Readonly<Record<string, string>>): Promise<Backend> {
    const env = { ...process.env, PORT: '0', SIGNALWIRE_SPACE_URL: `http://127.0.0.1:${space.port}`, ...environment };
    const child = spawn(process.execPath, ['www/backend/server.js'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const gone = once(child, 'exit');
    const lines: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
    const listening = new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        lines.push(line);
        const origin = /http:\/\/localhost:\d+$/.exec(line)?.[0];
        if (origin) resolve(origin);
      });
      gone.then(() => reject(new Error(`the backend ended: ${lines.join('\n')}`)), reject);
    });
    return new Backend(await listening, child, gone, lines);
  }

  /** All that it wrote to the terminal. */
  get log(): string {
    return this.#lines.join('\n');
  }

  /** Ends it as the terminal does. */
  async stop(): Promise<void> {
    this.#process.kill('SIGTERM');
    await this.#gone;
  }
}
