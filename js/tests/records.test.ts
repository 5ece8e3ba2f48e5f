import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { SignalWire, type Storage, StaticCredentialProvider } from "../index.js";
import type { Host } from "../wasm/engine.js";
import { freshEngine, type ScriptedEngine } from "./scripted-engine.js";

const KEY = "sw:cached_credential";
const provider = new StaticCredentialProvider({ token: "sat" });

let engine: ScriptedEngine;
beforeEach(() => {
  engine = freshEngine();
});

/** A storage of the application that notes what it is asked for, and takes its time. */
class Shelf implements Storage {
  readonly kept = new Map<string, string | null>();
  readonly acts: string[] = [];
  async setItem(key: string, value: string | null, scope: string): Promise<void> {
    this.acts.push(`set ${scope}`);
    await Promise.resolve();
    this.kept.set(key, value);
  }
  async getItem(key: string, scope: string): Promise<string | null> {
    this.acts.push(`get ${scope}`);
    await Promise.resolve();
    return this.kept.get(key) ?? null;
  }
  async removeItem(key: string, scope: string): Promise<void> {
    this.acts.push(`remove ${scope}`);
    await Promise.resolve();
    this.kept.delete(key);
  }
  async clear(scope: string): Promise<void> {
    this.acts.push(`clear ${scope}`);
    await Promise.resolve();
    this.kept.clear();
  }
}

/** The host of a new client. */
function host(storageImplementation?: Storage): Host {
  new SignalWire(provider, { persistSession: true, ...(storageImplementation && { storageImplementation }) });
  return engine.client.host;
}

/** What the page says on the console, and a `localStorage` of its own. */
async function inPage(localStorage: PropertyDescriptor, act: () => Promise<void>): Promise<string[]> {
  const { warn } = console;
  const said: string[] = [];
  console.warn = (...given: unknown[]) => void said.push(given.join(" "));
  Object.defineProperty(globalThis, "localStorage", { configurable: true, ...localStorage });
  try {
    await act();
  } finally {
    console.warn = warn;
    Reflect.deleteProperty(globalThis, "localStorage");
  }
  return said;
}

test("a record is written, restored and removed in the order in which that was asked for", async () => {
  const shelf = new Shelf();
  const client = host(shelf);
  client.keep(KEY, '{"token":"a"}');
  client.keep(KEY, '{"token":"b","expiry_at":5}');
  assert.deepEqual(await client.restore(KEY), { token: "b", expiry_at: 5 });
  client.removeOwn(KEY, '{"token":"b","expiry_at":5}');
  assert.equal(await client.restore(KEY), undefined);
  assert.deepEqual(shelf.acts, ["set local", "set local", "get local", "get local", "remove local", "get local"]);
});

test("what is there, but no object, is no record", async () => {
  const shelf = new Shelf();
  const client = host(shelf);
  for (const text of ["", "{", "null", "7", '"sat"']) {
    shelf.kept.set(KEY, text);
    assert.equal(await client.restore(KEY), undefined, text);
  }
});

test("a record that has another text, or another writer, is not removed", async () => {
  const shelf = new Shelf();
  const first = host(shelf);
  first.keep(KEY, '{"token":"a"}');
  await first.restore(KEY);
  shelf.kept.set(KEY, '{"token":"of another tab"}');
  first.removeOwn(KEY, '{"token":"a"}');
  assert.deepEqual(await first.restore(KEY), { token: "of another tab" });

  first.keep(KEY, '{"token":"same"}');
  const second = host(shelf);
  second.keep(KEY, '{"token":"same"}');
  first.removeOwn(KEY, '{"token":"same"}');
  assert.deepEqual(await first.restore(KEY), { token: "same" });
  second.removeOwn(KEY, '{"token":"same"}');
  assert.equal(await second.restore(KEY), undefined);
});

test("a client that goes while the next one starts does not take the next one's record", async () => {
  const shelf = new Shelf();
  const mounted = host(shelf);
  mounted.keep(KEY, '{"token":"same"}');
  mounted.removeOwn(KEY, '{"token":"same"}');
  const again = host(shelf);
  again.keep(KEY, '{"token":"same"}');
  assert.deepEqual(await again.restore(KEY), { token: "same" });
});

test("a record of an earlier page belongs to whoever removes it", async () => {
  const shelf = new Shelf();
  shelf.kept.set(KEY, '{"token":"earlier"}');
  const client = host(shelf);
  client.removeOwn(KEY, '{"token":"earlier"}');
  assert.equal(await client.restore(KEY), undefined);
});

test("without a storage of the application it is the page's", async () => {
  const shelf = new Map<string, string>();
  const page = {
    getItem: (key: string) => shelf.get(key) ?? null,
    setItem: (key: string, value: string) => void shelf.set(key, value),
    removeItem: (key: string) => void shelf.delete(key),
  };
  const said = await inPage({ value: page }, async () => {
    const client = host();
    client.keep(KEY, '{"token":"a"}');
    assert.deepEqual(await client.restore(KEY), { token: "a" });
    assert.equal(shelf.get(KEY), '{"token":"a"}');
    client.removeOwn(KEY, '{"token":"a"}');
    await client.restore(KEY);
    assert.equal(shelf.size, 0);
  });
  assert.deepEqual(said, []);
});

test("resetToDefaults() clears the application's storage, after what was asked for before", async () => {
  const shelf = new Shelf();
  const client = new SignalWire(provider, { persistSession: true, storageImplementation: shelf });
  engine.client.host.keep(KEY, '{"token":"a"}');
  await client.resetToDefaults();
  assert.deepEqual(shelf.acts, ["set local", "clear local", "clear session"]);
  client.destroy();
  await assert.rejects(client.resetToDefaults(), { code: "client_destroyed" });
  assert.equal(shelf.acts.length, 3);
});

test("resetToDefaults() takes from the page's storage what is the SDK's", async () => {
  const shelf = (kept: Record<string, string>) => {
    const removeItem = { value: (key: string) => Reflect.deleteProperty(kept, key) };
    return Object.defineProperty(kept, "removeItem", removeItem);
  };
  const local = shelf({ "sw:cached_credential": "{}", "sw:of-an-earlier-version": "1", "of-the-application": "stays" });
  const session = shelf({ "sw:cached_credential": "{}", swing: "stays" });
  Object.defineProperty(globalThis, "sessionStorage", { configurable: true, value: session });
  const said = await inPage({ value: local }, () => new SignalWire(provider).resetToDefaults());
  Reflect.deleteProperty(globalThis, "sessionStorage");
  assert.deepEqual([Object.keys(local), Object.keys(session), said], [["of-the-application"], ["swing"], []]);
});

test("a blocked storage is told once, and no client notices", async () => {
  const blocked = {
    get() {
      throw new DOMException("Access is denied for this document.", "SecurityError");
    },
  };
  const said = await inPage(blocked, async () => {
    for (const client of [host(), host()]) {
      client.keep(KEY, '{"token":"secret"}');
      assert.equal(await client.restore(KEY), undefined);
      client.removeOwn(KEY, '{"token":"secret"}');
      assert.equal(await client.restore(KEY), undefined);
    }
  });
  assert.deepEqual(said, ["signalwire-wasm: the storage cannot be used (SecurityError). Sessions are kept in memory alone."]);
});

test("a full storage of the application is told without what was to be written, and what is there stays readable", async () => {
  const full = new Shelf();
  full.kept.set(KEY, '{"token":"earlier"}');
  full.setItem = (_, value) => {
    throw new Error(`no room for ${value}`);
  };
  const said = await inPage({ value: undefined }, async () => {
    const client = host(full);
    client.keep(KEY, '{"token":"secret"}');
    assert.deepEqual(await client.restore(KEY), { token: "earlier" });
  });
  assert.equal(said.length, 1);
  assert.doesNotMatch(said.join(), /secret/);
});
