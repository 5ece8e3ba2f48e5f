/** What a call tells of its recovery (api.md §10, "RecoveryEvent"). */

/** Where the recovery of a call is: nothing to recover, watching, at work, or resting after an attempt. */
export type RecoveryState = "idle" | "debouncing" | "recovering" | "cooldown";

/** One step of a recovery. */
export interface RecoveryEvent {
  readonly action:
    | "keyframe_requested"
    | "reinvite_started"
    | "reinvite_succeeded"
    | "reinvite_failed"
    | "reinvite_timeout"
    | "max_attempts_reached"
    | "call_recovering"
    | "call_recovered"
    | "call_recovery_failed"
    | "signal_reconnect"
    | "full_reconnect"
    | "video_disabled"
    | "video_restored";
  /** For people. */
  readonly reason: string;
  /** Which attempt, where they are counted. */
  readonly attempt?: number;
  /** How many there are to be, where they are counted. */
  readonly maxAttempts?: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/** The actions that the engine takes so far. */
export type RecoveryAction = Extract<RecoveryEvent["action"], `call_${string}`>;

const REASONS: Readonly<Record<RecoveryAction, string>> = {
  call_recovering: "The connection of the call was lost",
  call_recovered: "The call goes on",
  call_recovery_failed: "The call could not be recovered",
};

/** The event of an action that has just been taken. */
export function recoveryEvent(action: RecoveryAction): RecoveryEvent {
  return { action, reason: REASONS[action], timestamp: Date.now() };
}
