// What the engine tells the facade, put together as `engine.ts` describes it.

import type { Change, EngineCallError, EngineEndReason, EngineFailure, EngineNotice, Host } from "../engine.js";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export const changes = {
  batch: (): Change[] => [],

  /** The operation is a number of src/web/batch.rs. */
  change(batch: Change[], op: number, id: number, number: number, kind: number, value: unknown): void {
    batch.push(
      op === 0
        ? ["create", id, number]
        : op === 1
          ? ["patch", id, number, kind, value]
          : op === 2
            ? ["merge", id, value as Record<string, unknown>]
            : op === 3
              ? ["end", id]
              : op === 4
                ? ["resolve", id, kind, value]
                : ["reject", id, value as EngineFailure],
    );
  },

  /** Empties the list before the facade sees it: what the facade does may lead to the next batch. */
  deliver(facade: Host, batch: Change[]): void {
    facade.deliver(batch.splice(0));
  },

  failure(code: number, args: string[], number: number, fatal: boolean, causeKind: number, cause: unknown): EngineFailure {
    const failure: Mutable<EngineFailure> = { code, args, number, fatal };
    if (causeKind === 1) failure.cause = { failure: cause as EngineFailure };
    if (causeKind === 2) failure.cause = { thrown: cause };
    return failure;
  },

  callError: (kind: string, fatal: boolean, failure: EngineFailure): EngineCallError => ({ kind, fatal, failure }),

  endReason(code: string, cause: string | undefined, causeCode: number | undefined): EngineEndReason {
    const reason: Mutable<EngineEndReason> = { code };
    if (cause !== undefined) reason.cause = cause;
    if (causeCode !== undefined) reason.causeCode = causeCode;
    return reason;
  },

  notice: (code: string, reason: string, expiresAt: number): EngineNotice => ({ code, reason, ...(expiresAt >= 0 && { expiresAt }) }),

  list: (elements: unknown[]): unknown[] => elements,
};
