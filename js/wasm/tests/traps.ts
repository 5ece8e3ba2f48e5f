// What a trap leaves behind, on an engine that can be made to trap. The Rust test that asks for a case says what must
// have been seen.

import { length, text } from "#engine/wasm-text.js";
import { Instance } from "../instance.js";
import { decodeWasmText } from "../wasm-text.js";
import { liveTracks, openPeers, openSockets, silentSocket } from "./watched.js";

/** Where the instance dies: in an export, in an event, in a continuation, in an export that a delivery calls. */
export type Place = "export" | "event" | "continuation" | "delivery";

let compiled: WebAssembly.Module | undefined;

/** Opens one of each, kills the instance, and tells what is left as one line of text. */
export async function trapCase(place: Place, overflow: boolean): Promise<string> {
  compiled ??= new WebAssembly.Module(decodeWasmText(text, length));
  const module = compiled;
  const instance = new Instance(module);
  const deaths: unknown[] = [];
  instance.whenDead((cause) => deaths.push(cause));
  const client = await opened(instance, place, overflow);
  const before = `${liveTracks()} ${openPeers()} ${openSockets()}`;

  if (place === "export" || place === "event") instance.glue.trapAt?.(0, overflow);
  if (place === "export") client.tick();
  if (place === "event") window.dispatchEvent(new PageTransitionEvent("pagehide"));
  if (!instance.isDead) return "it lives";
  client.tick();
  client.connect();
  window.dispatchEvent(new PageTransitionEvent("pagehide"));

  const next = new Instance(module);
  const fresh = next.glue.keys().length > 0 && !next.isDead;
  return `before ${before}; after ${liveTracks()} ${openPeers()} ${openSockets()}; deaths ${deaths.length}; fresh ${fresh}`;
}

/** A client with microphone, connection and socket; resolves when the microphone is on, or the instance dead. */
function opened(instance: Instance, place: Place, overflow: boolean): Promise<{ connect(): void; tick(): void }> {
  const { Rehearsal, trapAt } = instance.glue;
  if (!Rehearsal || !trapAt) throw new Error("not an engine that can be made to trap");
  return new Promise((resolve) => {
    const deliver = () => {
      if (place === "delivery") {
        trapAt(0, overflow);
        client.tick();
      }
      resolve(client);
    };
    const client = new Rehearsal({ deliver }, silentSocket());
    instance.whenDead(() => resolve(client));
    client.connect();
    // The continuation of the microphone is the next entrance.
    if (place === "continuation") trapAt(0, overflow);
  });
}
