/** The errors that an application meets (api.md §8), and how they are made from the engine's failures. */

import { ERRORS, ErrorNumber } from "../store/errors.gen.js";
import type { EngineFailure } from "../wasm/engine.js";

/**
 * What every error of this package has, on top of an Error. New against the reference SDK.
 *
 * `name` is the class name of the reference SDK, also for the classes that neither package exports
 * (`DependencyError`, `RequestError`, `JSONRPCError`, …): an application tests those by name.
 */
export class SignalWireError extends Error {
  /** Stable, for programs; on a `JSONRPCError` the number that the space gave; empty where an application made the error. */
  readonly code: string | number = "";
  /** The same request may succeed later without anybody changing anything. */
  readonly retryable: boolean = false;
  /** Only a new credential can help. */
  readonly requiresReauth: boolean = false;
  /** What the developer or the visitor can do about it. */
  readonly advice: string = "";

  constructor(name: string, message: string, cause?: unknown) {
    super(message, cause === undefined || cause === null ? undefined : { cause });
    this.name = name;
  }
}

/** `dial()` failed. */
export class CallCreateError extends SignalWireError {
  constructor(
    message: string,
    /** The underlying error, or null; also in `cause`. */
    readonly error: unknown = null,
    /** Which way the call was to go. */
    readonly direction: "inbound" | "outbound" = "outbound",
    options?: ErrorOptions,
  ) {
    super("CallCreateError", message, options?.cause ?? error);
  }
}

/** The credential is missing, malformed, expired, or was rejected. */
export class InvalidCredentialsError extends SignalWireError {
  constructor(
    /** The message. */
    readonly reason: string = "Invalid Credentials",
    options?: ErrorOptions,
  ) {
    super("InvalidCredentialsError", reason, options?.cause);
  }
}

/** A microphone or camera could not be had. */
export class MediaAccessError extends SignalWireError {
  constructor(
    /** What was attempted, for instance `acquireLocalMedia`. */
    readonly operation: string,
    /** `audio`, `video` or `audiovideo`. */
    readonly media: string,
    /** What the browser threw. */
    readonly originalError: unknown,
    /** The call ended because of it. */
    readonly fatal: boolean = false,
  ) {
    const how = isDenial(originalError) ? "denied" : "failed";
    super("MediaAccessError", `Media access ${how} for ${operation} (${media})`, originalError);
  }

  /** The visitor, the browser or a policy refused; otherwise there was no device, or it did not work. */
  get denied(): boolean {
    return isDenial(this.originalError);
  }
}

/** A track that is in use failed; the call goes on. */
export class MediaTrackError extends SignalWireError {
  constructor(
    /** What was attempted. */
    readonly operation: string,
    /** `audio` or `video`. */
    readonly kind: string,
    /** What the browser threw. */
    readonly originalError: unknown,
  ) {
    super("MediaTrackError", `Media track ${operation} failed for ${kind}`, originalError);
  }
}

/** A message on the socket could not be read; it was skipped. */
export class MessageParseError extends SignalWireError {
  constructor(
    /** What the parser threw. */
    readonly originalError: unknown,
  ) {
    super("MessageParseError", "Failed to parse incoming WebSocket message", originalError);
  }
}

/**
 * The client's key could not be used, or the Client Bound SAT not be obtained (auth.md §7.4). The session goes on with the
 * credential of the provider.
 */
export class DPoPInitError extends SignalWireError {
  constructor(
    /** What stands behind it: usually a {@link DeviceTokenError}. */
    readonly originalError: unknown,
    message = "Failed to initialize DPoP key pair",
  ) {
    super("DPoPInitError", message, originalError);
  }
}

/** The space issued no Client Bound SAT (auth.md §4.8). Comes as the cause of a {@link DPoPInitError}. */
export class DeviceTokenError extends SignalWireError {
  constructor(
    message: string,
    /** What stands behind it, where something does. */
    readonly originalError?: unknown,
  ) {
    super("DeviceTokenError", message, originalError);
  }
}

/** The credential could not be renewed. The session lives until it ends, and the attempts go on (auth.md §7.7). */
export class TokenRefreshError extends SignalWireError {
  constructor(
    message: string,
    /** Why the last attempt failed. */
    readonly originalError?: unknown,
  ) {
    super("TokenRefreshError", message, originalError);
  }
}

/** Something happened that should not. */
export class UnexpectedError extends SignalWireError {
  constructor(
    /** Where. */
    readonly at?: string,
    options?: ErrorOptions,
  ) {
    super("UnexpectedError", `Unexpected Error${at ? ` at ${at}` : ""}`, options?.cause);
  }
}

/** The error of a failure that the engine reported. */
export function errorOf(failure: EngineFailure): Error {
  const { cause: origin } = failure;
  const cause = origin && ("failure" in origin ? errorOf(origin.failure) : origin.thrown);
  if (failure.code === ErrorNumber.Thrown) return thrownError(cause);
  const [name = "UnexpectedError", , , , text = ""] = ERRORS[failure.code] ?? [];
  const message = text.replace(/\{(\d)\}/g, (_, index: string) => failure.args[Number(index)] ?? "");
  if (name === "AbortError") return new DOMException(message, name);
  const error = instance(name, message, failure, cause);
  return Object.assign(error, facts(failure));
}

/** The error of a failure that has arguments at most. */
export function errorNumbered(code: number, ...args: readonly string[]): Error {
  return errorOf({ code, args, number: 0, fatal: false });
}

/** Is this a failure that the engine threw at once instead of reporting it? */
export function isFailure(thrown: unknown): thrown is EngineFailure {
  return typeof thrown === "object" && thrown !== null && "args" in thrown && "code" in thrown;
}

function facts({ code, number }: EngineFailure): Partial<SignalWireError> {
  const row = ERRORS[code];
  if (!row) return {};
  return { code: row[0] === "JSONRPCError" ? number : row[1], retryable: row[2], requiresReauth: row[3], advice: row[5] };
}

function instance(name: string, message: string, failure: EngineFailure, cause: unknown): SignalWireError {
  const [first = "", second = ""] = failure.args;
  switch (name) {
    case "CallCreateError":
      return new CallCreateError(message, cause);
    case "DPoPInitError":
      return new DPoPInitError(cause, message);
    case "DeviceTokenError":
      return new DeviceTokenError(message, cause);
    case "InvalidCredentialsError":
      return new InvalidCredentialsError(message, { cause });
    case "MediaAccessError":
      return new MediaAccessError(first, second, cause, failure.fatal);
    case "MediaTrackError":
      return new MediaTrackError(first, second, cause);
    case "MessageParseError":
      return new MessageParseError(cause);
    case "TokenRefreshError":
      return new TokenRefreshError(message, cause);
    case "UnexpectedError":
      return new UnexpectedError(message.replace("Unexpected Error at ", ""), { cause });
    default:
      return Object.assign(new SignalWireError(name, message, cause), ownFields(name, first, second));
  }
}

/** Fields of the classes that are recognised by name alone. */
function ownFields(name: string, first: string, second: string): object {
  if (name === "RPCTimeoutError") return { requestId: first, timeoutMs: Number(second) };
  if (name === "DependencyError") return { description: first };
  return {};
}

/** The application's own error, unchanged; only what is no Error is wrapped in one. */
function thrownError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  const message = typeof thrown === "string" ? thrown : "A value that is no Error was thrown.";
  return new Error(message, { cause: thrown });
}

function isDenial(error: unknown): boolean {
  const name = (error as { name?: unknown } | null | undefined)?.name;
  return name === "NotAllowedError" || name === "SecurityError" || name === "PermissionDeniedError";
}
