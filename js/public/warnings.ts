/** The records of `warnings$` and `credentialRefreshed$` (auth.md §10.2, REQ-98). */

import type { EngineNotice } from "../wasm/engine.js";

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
export function warningOf({ code, reason, expiresAt = 0 }: EngineNotice): SDKWarning {
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

/** A newer credential is in force; never the token itself. */
export interface CredentialRefreshed {
  /** By whom it was renewed: the provider's `refresh()`, or the client itself. */
  readonly mechanism: "client-bound" | "developer";
  /** When the new credential ends, in milliseconds since 1970, where that is known. */
  readonly expiresAt?: number;
}

/** The public record of an engine's. */
export function refreshOf({ code, expiresAt }: EngineNotice): CredentialRefreshed {
  return { mechanism: code as CredentialRefreshed["mechanism"], ...(expiresAt !== undefined && { expiresAt }) };
}
