/** The records of `warnings$` (auth.md §10.2). */

import type { EngineWarning } from "../wasm/engine.js";

/** Why the space's own way of renewing a credential was not used. An open set: do not branch on it. */
export type CredentialRefreshFallbackReason = "no-scope" | "no-dpop-support" | "endpoint-failed" | "activation-timeout" | (string & {});

/** The credential is renewed by the provider's `refresh()`, because the space's own way was not to be had. */
export interface CredentialRefreshFallbackWarning {
  code: "credential_refresh_fallback";
  source: "CredentialProvider";
  reason: CredentialRefreshFallbackReason;
  /** For people. */
  message: string;
}

/** Nothing will renew the credential: the session ends with it. */
export interface CredentialNoRefreshHandlerWarning {
  code: "credential_no_refresh_handler";
  source: "CredentialProvider";
  /** For people. */
  message: string;
  /** When the credential ends, in milliseconds since 1970. */
  expiresAt: number;
}

/** Something that an application may want to know, and that is no failure. */
export type SDKWarning = CredentialRefreshFallbackWarning | CredentialNoRefreshHandlerWarning;

/** The public record of an engine's. */
export function warningOf({ code, reason, expiresAt = 0 }: EngineWarning): SDKWarning {
  const source = "CredentialProvider";
  return code === "credential_refresh_fallback"
    ? { code, source, reason, message: `Client Bound SAT activation declined (${reason}); using developer-provided refresh.` }
    : {
        code: "credential_no_refresh_handler",
        source,
        message: "Credential has expiry_at but no refresh handler. Session will terminate at expiry unless the SAT carries 'sat:refresh' scope.",
        expiresAt,
      };
}
