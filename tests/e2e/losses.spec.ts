// The space breaks, is silent, or is not there.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Page } from '@playwright/test';
import { packetsReceived } from './harness/sound.js';
import { expect, expectNothingOpen, expectStatus, test } from './harness/test.js';

/** A server that takes every connection and never says a word. */
class SilentServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => this.#sockets.delete(socket));
      socket.resume();
    });
  }

  static async start(): Promise<SilentServer> {
    const silent = new SilentServer(createServer());
    await new Promise<void>((resolve) => silent.#server.listen(0, 'localhost', resolve));
    return silent;
  }

  get host(): string {
    return `localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections so far. */
  get accepted(): number {
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Begins a call from a public page without waiting for its outcome. */
const begin = (caller: Page, options: { to: string; embedToken: string; host: string }) =>
  caller.evaluate((given) => {
    void probe.embedded(given);
  }, options);

const outcome = (caller: Page) => caller.evaluate(() => probe.outcome);

test('a space that is not there', async ({ caller, space }) => {
  await space.kill();
  await begin(caller, { to: '/public/echo', embedToken: 'c2t_any', host: `localhost:${space.port}` });
  await expect.poll(() => outcome(caller)).toMatchObject({ done: false, error: { name: 'RequestError', code: 'request_failed', retryable: true } });
  await expectNothingOpen(caller);
});

test('a space that says nothing to an exchange', async ({ caller }) => {
  await using silent = await SilentServer.start();
  await begin(caller, { to: '/public/echo', embedToken: 'c2t_any', host: silent.host });
  const expected = { done: false, error: { name: 'RequestTimeoutError', code: 'request_timeout', retryable: true } };
  await expect.poll(() => outcome(caller), { timeout: 20_000 }).toMatchObject(expected);
  await expectNothingOpen(caller);
});

test('a space that says nothing on its socket', async ({ caller, space }) => {
  await using silent = await SilentServer.start();
  const token = await space.subscriberSat('ada@example.test');
  await caller.evaluate(([sat, host]) => {
    probe.connect(sat, { skipConnection: true, endpoints: { websocket: `ws://${host}` } });
    void probe.settle(client.connect()).then((done) => {
      probe.outcome = done;
    });
  }, [token, silent.host] as const);
  const expected = { done: false, error: { name: 'TransportConnectionError', code: 'connect_timeout', retryable: true } };
  await expect.poll(() => outcome(caller), { timeout: 20_000 }).toMatchObject(expected);
  await caller.evaluate(() => client.destroy());
  await expectNothingOpen(caller, space);
});

test('the space dies while it rings', async ({ caller, space }) => {
  await begin(caller, { to: '/public/silent', embedToken: space.embedToken('/public/silent'), host: `localhost:${space.port}` });
  await expect.poll(() => outcome(caller)).toEqual({ done: true });
  await space.kill();
  await caller.evaluate(() => globalThis.call?.hangup());
  await expectStatus(caller, 'destroyed');
  expect(await caller.evaluate(() => globalThis.call?.endReason?.code)).toBe('cancelled');
  await expectNothingOpen(caller);
});

test('the space dies before it created the call', async ({ caller, space }) => {
  const token = await space.subscriberSat('ada@example.test');
  await caller.evaluate((sat) => probe.connect(sat), token);
  await expect.poll(() => caller.evaluate(() => client.isConnected)).toBe(true);
  await space.setRoundTrip(5_000);
  await caller.evaluate(() => {
    void probe.dial('/public/echo');
  });
  await expect.poll(() => caller.evaluate(() => probe.sent.some(({ method }) => method === 'verto.invite'))).toBe(true);
  await space.kill();
  await expect.poll(() => outcome(caller)).toMatchObject({ done: false, error: { name: 'CallCreateError', code: 'call_create_timeout' } });
  await caller.evaluate(() => client.destroy());
  await expectNothingOpen(caller);
});

test('the space dies in the middle of a call', async ({ caller, space }) => {
  await begin(caller, { to: '/public/echo', embedToken: space.embedToken('/public/echo'), host: `localhost:${space.port}` });
  await expectStatus(caller, 'connected');
  await space.kill();
  await expect.poll(() => caller.evaluate(() => probe.statuses.at(-1)), { timeout: 50_000 }).toBe('destroyed');
  expect(await caller.evaluate(() => globalThis.call?.endReason?.code)).toMatch(/^(network|media)$/);
  const records = await caller.evaluate(() => probe.callErrors);
  expect(records.at(-1)).toMatchObject({ kind: 'network', fatal: true, error: { name: 'TransportConnectionError' } });
  await expectNothingOpen(caller);
});

test('a socket that breaks is replaced, and the call does not notice', async ({ caller, space }) => {
  await begin(caller, { to: '/public/echo', embedToken: space.embedToken('/public/echo'), host: `localhost:${space.port}` });
  await expectStatus(caller, 'connected');
  await space.dropSockets();
  await expect.poll(() => space.sessions()).toMatchObject([{ connected: true, resumed: 1 }]);
  const before = await packetsReceived(caller);
  await expect.poll(() => packetsReceived(caller)).toBeGreaterThan(before + 20);
  await caller.evaluate(() => globalThis.call?.hangup());
  expect((await space.call()).ended).toMatchObject({ by: 'client', how: 'bye' });
  await expectNothingOpen(caller, space);
});
