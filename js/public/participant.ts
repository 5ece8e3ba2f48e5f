/** Members of a call (api.md §5, "Participant"). */

import type { Observable } from "rxjs";
import { FIELDS, Field } from "../store/fields.gen.js";
import type { Node } from "../store/node.js";
import type { Core } from "./core.js";

/** What the space tells of a member; `undefined`, or false in a snapshot, until it has told. */
export interface ParticipantFields {
  /** Member id. */
  readonly id: string;
  /** Id of the member's own leg. */
  readonly callId: string | undefined;
  /** The member only watches and listens. */
  readonly isAudience: boolean;
  /** Display name. */
  readonly name: string | undefined;
  readonly name$: Observable<string | undefined>;
  /** `member`, `screen`, `device`, or another word of the space. */
  readonly type: string | undefined;
  readonly type$: Observable<string | undefined>;
  readonly handraised: boolean;
  readonly handraised$: Observable<boolean | undefined>;
  /** Visible in the layout. */
  readonly visible: boolean;
  readonly visible$: Observable<boolean | undefined>;
  readonly audioMuted: boolean;
  readonly audioMuted$: Observable<boolean | undefined>;
  readonly videoMuted: boolean;
  readonly videoMuted$: Observable<boolean | undefined>;
  /** Hears nothing. */
  readonly deaf: boolean;
  readonly deaf$: Observable<boolean | undefined>;
  /** Volume of the microphone, in the space. */
  readonly inputVolume: number | undefined;
  readonly inputVolume$: Observable<number | undefined>;
  /** Volume of the speaker, in the space. */
  readonly outputVolume: number | undefined;
  readonly outputVolume$: Observable<number | undefined>;
  /** Sensitivity of the conference's microphone gate. */
  readonly inputSensitivity: number | undefined;
  readonly inputSensitivity$: Observable<number | undefined>;
  readonly echoCancellation: boolean;
  readonly echoCancellation$: Observable<boolean | undefined>;
  readonly autoGain: boolean;
  readonly autoGain$: Observable<boolean | undefined>;
  readonly noiseSuppression: boolean;
  readonly noiseSuppression$: Observable<boolean | undefined>;
  readonly lowbitrate: boolean;
  readonly lowbitrate$: Observable<boolean | undefined>;
  readonly denoise: boolean;
  readonly denoise$: Observable<boolean | undefined>;
  /** The application's own data. */
  readonly meta: Record<string, unknown> | undefined;
  readonly meta$: Observable<Record<string, unknown> | undefined>;
  /** Subscriber id. */
  readonly userId: string | undefined;
  readonly userId$: Observable<string | undefined>;
  readonly addressId: string | undefined;
  readonly addressId$: Observable<string | undefined>;
  readonly nodeId: string | undefined;
  readonly nodeId$: Observable<string | undefined>;
  /** Speaks at this moment. */
  readonly isTalking: boolean;
  readonly isTalking$: Observable<boolean | undefined>;
}

/** A member, as a call hands it out. Observables deliver synchronously and replay. */
export interface CallParticipant extends ParticipantFields {
  /** Stops the member's audio; resolves when the space, and the own microphone, have followed. */
  mute(): Promise<void>;
  unmute(): Promise<void>;
  /** The opposite of what was asked for last, or else of what the space says. */
  toggleMute(): Promise<void>;
  muteVideo(): Promise<void>;
  unmuteVideo(): Promise<void>;
  toggleMuteVideo(): Promise<void>;
}

/** The own member. Muting it also lets go of the device; unmuting may ask for it again. */
export interface CallSelfParticipant extends CallParticipant {}

/** Snapshots that are `undefined`, not false, until the space has told. */
const NOT_BOOLEAN = new Set<number>([
  Field.MemberName,
  Field.MemberType,
  Field.MemberInputVolume,
  Field.MemberOutputVolume,
  Field.MemberInputSensitivity,
  Field.MemberMeta,
  Field.MemberUserId,
  Field.MemberAddressId,
  Field.MemberNodeId,
  Field.MemberCallId,
  Field.MemberId,
]);

/** A snapshot getter for each row of the table, and an observable for each that emits. */
class TableFields {
  readonly #node: Node;

  constructor(node: Node) {
    this.#node = node;
  }

  static {
    FIELDS.forEach(([owner, name, kind], field) => {
      if (owner !== "member") return;
      const absent = NOT_BOOLEAN.has(field) ? undefined : false;
      Object.defineProperty(TableFields.prototype, name, {
        get(this: TableFields) {
          return this.#node.value(field) ?? absent;
        },
      });
      if (kind !== "state") return;
      Object.defineProperty(TableFields.prototype, `${name}$`, {
        get(this: TableFields) {
          return this.#node.observe(field, { sync: true, blank: true });
        },
      });
    });
  }
}

const MemberFields = TableFields as unknown as new (node: Node) => ParticipantFields;

/** A wish to mute or unmute, remembered until the space says something new. */
interface Wish {
  readonly muted: boolean;
  /** The change of the field that the wish was made upon. */
  readonly upon: number;
  pending: boolean;
}

/** A member of a call. */
export class Participant extends MemberFields implements CallParticipant {
  readonly #core: Core;
  readonly #member: Node;
  readonly #wishes: { [kind in "audio" | "video"]?: Wish } = {};

  /** @internal */
  constructor(core: Core, member: Node) {
    super(member);
    this.#core = core;
    this.#member = member;
  }

  /** Emits once when the call has ended or the member has left, then completes. */
  get destroyed$(): Observable<void> {
    return this.#member.destroyed$;
  }

  mute(): Promise<void> {
    return this.#mute("audio", true);
  }

  unmute(): Promise<void> {
    return this.#mute("audio", false);
  }

  toggleMute(): Promise<void> {
    return this.#mute("audio", !this.#isMuted("audio"));
  }

  muteVideo(): Promise<void> {
    return this.#mute("video", true);
  }

  unmuteVideo(): Promise<void> {
    return this.#mute("video", false);
  }

  toggleMuteVideo(): Promise<void> {
    return this.#mute("video", !this.#isMuted("video"));
  }

  /** What was wished, where the space cannot have said anything about it yet. */
  #isMuted(kind: "audio" | "video"): boolean {
    const wish = this.#wishes[kind];
    const field = FIELD_OF[kind];
    if (wish && (wish.pending || wish.upon === this.#member.version(field))) return wish.muted;
    return this.#member.value(field) === true;
  }

  async #mute(kind: "audio" | "video", muted: boolean): Promise<void> {
    const wish: Wish = { muted, upon: this.#member.version(FIELD_OF[kind]), pending: true };
    this.#wishes[kind] = wish;
    try {
      await this.#core.request<void>((engine, reply) => engine.mute(reply, this.#member.entity, kind === "video", muted));
      wish.pending = false;
    } catch (error) {
      if (this.#wishes[kind] === wish) delete this.#wishes[kind];
      throw error;
    }
  }
}

const FIELD_OF = { audio: Field.MemberAudioMuted, video: Field.MemberVideoMuted } as const;

/** The own member. */
export class SelfParticipant extends Participant implements CallSelfParticipant {
  // Makes the type one of its own; without it TypeScript takes every Participant for a SelfParticipant.
  readonly #own = true;

  /** @internal */
  static owns(participant: CallParticipant): participant is SelfParticipant {
    return #own in participant;
  }
}

/** Is this the own member? */
export function isSelfParticipant(participant: CallParticipant): participant is SelfParticipant {
  return SelfParticipant.owns(participant);
}
