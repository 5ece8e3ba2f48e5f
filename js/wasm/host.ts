// The browser as the engine sees it: the functions that src/web/host.rs declares. Each instance of the engine has a
// set of its own. None of them throws into the engine but where src/web/host.rs says so.

import type { Closables } from "./closables.js";
import type { Host } from "./engine.js";
import { changes } from "./host/changes.js";
import { lifecycle } from "./host/lifecycle.js";
import { media } from "./host/media.js";
import { network } from "./host/network.js";
import { reads, type Words } from "./host/reads.js";
import { failed, type Settled } from "./host/settled.js";

/** What a promise of `exchange()` is settled by. */
export interface Exchange {
  resolve(credential: { token: string; expiry_at: number }): void;
  reject(failure: unknown): void;
}

/**
 * The functions of one instance.
 *
 * @param closables what the engine has open
 * @param words what the numbers of keys and known values mean
 */
export function createHost(closables: Closables, words: Words) {
  return {
    ...reads(words),
    ...changes,
    ...network(closables),
    ...media(closables),
    ...lifecycle(closables),
    ...clocks(),

    close: (object: object): void => closables.close(object),

    /** The source is a number of src/web/host.rs. */
    authenticate(facade: Host, source: number, text: string | undefined, settled: Settled): void {
      const asked = async () => {
        const credential = await (source === 2 ? facade.restore(text ?? "") : facade.authenticate(source === 1 ? "refresh" : "provider", text));
        if (!credential) return undefined;
        // Copied here, where a getter of the application's object may still throw.
        const { token, expiry_at, authorizationState } = credential;
        return { token, expiry_at, authorizationState };
      };
      asked().then((credential) => settled(1, 0, "", credential), failed(settled));
    },

    ensureKey(facade: Host, create: boolean, settled: Settled): void {
      facade.ensureKey(create).then(
        (fingerprint) => settled(fingerprint === undefined ? 0 : 1, 0, fingerprint ?? "", undefined),
        failed(settled),
      );
    },

    signProof(facade: Host, claims: string, athOf: string | undefined, settled: Settled): void {
      facade.signProof(claims, athOf).then((proof) => settled(1, 0, proof, undefined), failed(settled));
    },

    store(facade: Host, key: string, text: string, own: boolean): void {
      if (own) facade.removeOwn(key, text);
      else facade.keep(key, text);
    },

    exchanged(exchange: Exchange, failure: unknown, token: string, expiry_at: number): void {
      if (failure === undefined) exchange.resolve({ token, expiry_at });
      else exchange.reject(failure);
    },
  };
}

function clocks() {
  const alarms = new Map<() => void, ReturnType<typeof setTimeout>>();
  return {
    mono: (): number => performance.now(),
    wall: (): number => Date.now(),
    alarm(tick: () => void, delay: number): void {
      clearTimeout(alarms.get(tick));
      if (delay < 0) alarms.delete(tick);
      else alarms.set(tick, setTimeout(tick, delay));
    },
  };
}
