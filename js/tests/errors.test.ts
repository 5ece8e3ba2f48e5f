import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { CallCreateError, DeviceTokenError, DPoPInitError, InvalidCredentialsError, MediaAccessError, MediaTrackError, MessageParseError, SignalWireError, TokenRefreshError, UnexpectedError } from "../index.js";
import { errorOf } from "../public/errors.js";
import { type SDKWarning, warningOf } from "../public/warnings.js";
import { ERRORS, ErrorNumber } from "../store/errors.gen.js";
import { failure } from "./scripted-engine.js";

/** Every warning, with what the page says of it. */
const WARNINGS: readonly [SDKWarning, advice: string][] = [
  [
    warningOf({ code: "credential_no_refresh_handler", reason: "", expiresAt: 0 }),
    "The provider has no `refresh()`, so that the session ends at `expiresAt`. True for every credential of one sitting; for a session that has to last, give the provider a `refresh()`.",
  ],
  [
    warningOf({ code: "credential_refresh_fallback", reason: "no-scope" }),
    "The SAT is renewed by the provider's `refresh()`, and not by the client itself; `reason` says why. Where a backend was meant to ask for `sat:refresh`, it does not.",
  ],
];

const CLASSES = { CallCreateError, DeviceTokenError, DPoPInitError, InvalidCredentialsError, MediaAccessError, MediaTrackError, MessageParseError, TokenRefreshError, UnexpectedError };

test("every code of the engine makes the public class with its facts", () => {
  for (const [number, [name, code, retryable, requiresReauth, , advice]] of ERRORS.entries()) {
    if (number === ErrorNumber.Thrown || number === ErrorNumber.DialAborted) continue;
    const error = errorOf({ code: number, args: ["first", "second"], number: 7, fatal: true });
    assert.ok(error instanceof SignalWireError, code);
    const Class = (CLASSES as Record<string, abstract new (...given: never[]) => SignalWireError>)[name];
    assert.ok(Class === undefined || error instanceof Class, code);
    assert.equal(error.name, name);
    assert.deepEqual([error.code, error.retryable, error.requiresReauth, error.advice], [name === "JSONRPCError" ? 7 : code, retryable, requiresReauth, advice]);
    assert.doesNotMatch(error.message, /[{}]/, code);
  }
});

test("fields of the classes that are known by name alone", () => {
  const rpc = errorOf(failure("RpcTimeout", "id-1", "5000"));
  assert.deepEqual({ ...rpc }, { ...rpc, name: "RPCTimeoutError", requestId: "id-1", timeoutMs: 5000 });
  assert.equal(rpc.message, "RPC request id-1 timed out after 5000ms");
  const track = errorOf({ ...failure("MediaTrack", "restoreTrackSender", "audio"), cause: { thrown: "gone" } });
  assert.ok(track instanceof MediaTrackError);
  assert.deepEqual([track.operation, track.kind, track.originalError, track.message], ["restoreTrackSender", "audio", "gone", "Media track restoreTrackSender failed for audio"]);
});

test("an error that the application makes itself claims no code", () => {
  const error = new CallCreateError("mine", new Error("why"), "inbound");
  assert.deepEqual([error.name, error.message, error.direction, error.code, (error.cause as Error).message], ["CallCreateError", "mine", "inbound", "", "why"]);
  assert.deepEqual([new UnexpectedError().message, new UnexpectedError("here").message], ["Unexpected Error", "Unexpected Error at here"]);
  assert.equal(new InvalidCredentialsError().reason, "Invalid Credentials");
});

test("a value that is no error is wrapped, and never printed unless it is a text", () => {
  const secret = { token: "sat" };
  const error = errorOf({ ...failure("Thrown"), cause: { thrown: secret } });
  assert.equal(error.cause, secret);
  assert.doesNotMatch(error.message, /sat/);
  assert.equal(errorOf({ ...failure("Thrown"), cause: { thrown: "text" } }).message, "text");
});

test("the catalogue in docs/errors.md is the table", () => {
  const yes = (holds: boolean) => (holds ? "yes" : "");
  const rows = ERRORS.filter(([name]) => name !== "").map(
    ([name, code, retryable, requiresReauth, message, advice]) => `| \`${code}\` | \`${name}\` | ${message} | ${advice} | ${yes(retryable)} | ${yes(requiresReauth)} |`,
  );
  const text = [
    "# Errors",
    "",
    "Written from the engine's table: `UPDATE=1 npm test -- facade`. An error is a `SignalWireError` with these facts in `name`, `message`,",
    "`code`, `advice`, `retryable` and `requiresReauth`. `{0}` and `{1}` are filled in. A `JSONRPCError` has the space's number as its",
    "`code`; an `AbortError` is a `DOMException`.",
    "",
    "| code | name | message | what to do | retryable | new credential |",
    "|---|---|---|---|---|---|",
    ...rows,
    "",
    "## Warnings",
    "",
    "What `client.warnings$` says is no failure; it replays the last ten. An application branches on `code` alone.",
    "",
    "| code | message | what it means, and what to do |",
    "|---|---|---|",
    ...WARNINGS.map(([warning, advice]) => `| \`${warning.code}\` | ${warning.message} | ${advice} |`),
    "",
  ].join("\n");
  if (process.env["UPDATE"]) writeFileSync("docs/errors.md", text);
  assert.equal(readFileSync("docs/errors.md", "utf8"), text);
});
