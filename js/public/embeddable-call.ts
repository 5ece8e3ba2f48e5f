/** One call from a public page, with nothing else around it (auth.md §1.5). */

import { ErrorNumber } from "../store/errors.gen.js";
import { SignalWire } from "./client.js";
import { EmbedTokenCredentialProvider } from "./credentials.js";
import { errorNumbered } from "./errors.js";
import type { EmbeddableCallOptions } from "./types.js";
import type { Call, WebRTCCall } from "./webrtc-call.js";

const REQUIRED = ["to", "embedToken", "host"] as const;

/**
 * Exchanges the token, makes a client and dials; resolves when the space has created the call. The
 * client lives as long as the call and leaves nothing behind.
 *
 * Rejects with a `DependencyError` that lists the missing options, with what the exchange rejects with
 * (see {@link EmbedTokenCredentialProvider.authenticate}), or with what `dial()` rejects with.
 */
export async function embeddableCall(options: EmbeddableCallOptions): Promise<Call> {
  const missing = REQUIRED.filter((name) => typeof options?.[name] !== "string" || options[name] === "");
  if (missing.length > 0) {
    throw errorNumbered(ErrorNumber.DependencyMissing, `Missing required options: ${missing.join(", ")}`);
  }
  const { to, embedToken, host, signal } = options;
  if (signal?.aborted) throw errorNumbered(ErrorNumber.DialAborted);
  const client = new SignalWire(new EmbedTokenCredentialProvider(host, embedToken), { skipRegister: true });
  try {
    const call = (await client.dial(to, signal ? { signal } : {})) as WebRTCCall;
    // Also when the call is over already: then it completes without a value.
    call.destroyed$.subscribe({ complete: () => client.destroy() });
    return call;
  } catch (error) {
    client.destroy();
    throw error;
  }
}
