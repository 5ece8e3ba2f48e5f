// Compiled by the strict checker and run by nobody: the types of every entry, as an application names them.

import { filter, firstValueFrom, map, type Observable } from "rxjs";
import * as standard from "signalwire-wasm";
import * as bundle from "signalwire-wasm/bundle";
import * as slim from "signalwire-wasm/slim";

/** The entries give the same names; slim adds its loader. */
export const same: typeof standard = bundle;
export const alsoSame: typeof standard = slim;
export const load: (source: URL) => Promise<void> = slim.loadEngine;

export async function session(token: string): Promise<standard.CallEndReason | undefined> {
  const client = new standard.SignalWire(new standard.StaticCredentialProvider({ token }));
  await firstValueFrom(client.ready$.pipe(filter(Boolean)));
  const call = await client.dial("/public/echo", { audio: true, signal: AbortSignal.timeout(5_000) });
  const isConnected: Observable<boolean> = call.status$.pipe(map((status) => status === "connected"));
  await firstValueFrom(isConnected.pipe(filter((value) => value)));
  await call.self?.mute();
  await call.hangup();
  client.destroy();
  return call.endReason;
}

export function adviceOf(error: unknown): string | undefined {
  return error instanceof standard.SignalWireError ? error.advice : undefined;
}

// @ts-expect-error a destination is needed
export const refused = (client: standard.SignalWire) => client.dial();
