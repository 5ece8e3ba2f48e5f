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

const REASONS: Readonly<Record<RecoveryEvent["action"], string>> = {
  keyframe_requested: "The picture stood still; a whole one was asked for",
  reinvite_started: "New media are negotiated",
  reinvite_succeeded: "New media were negotiated",
  reinvite_failed: "New media were refused",
  reinvite_timeout: "The far end did not answer in time",
  max_attempts_reached: "There will be no further attempt",
  call_recovering: "The connection of the call was lost",
  call_recovered: "The call goes on",
  call_recovery_failed: "The call could not be recovered",
  signal_reconnect: "The socket is opened anew",
  full_reconnect: "Socket and media are made anew",
  video_disabled: "Video rests in favour of sound",
  video_restored: "Video is back",
};

/** The event of an action that has just been taken. */
export function recoveryEvent(action: RecoveryEvent["action"]): RecoveryEvent {
  return { action, reason: REASONS[action], timestamp: Date.now() };
}
