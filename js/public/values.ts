/** Makes public values of what the engine sends. */

import { Field } from "../store/fields.gen.js";
import type { Node } from "../store/node.js";
import { type EngineCallError, type EngineFailure, type EngineNotice, ValueKind } from "../wasm/engine.js";
import { Address } from "./address.js";
import type { Core } from "./core.js";
import { errorOf } from "./errors.js";
import { Participant, SelfParticipant } from "./participant.js";
import { type RecoveryAction, recoveryEvent } from "./recovery.js";
import type { GetAddressResponse, GetUserInfoResponse } from "./types.js";
import { User } from "./user.js";
import { refreshOf, warningOf } from "./warnings.js";
import { WebRTCCall } from "./webrtc-call.js";

/** The public objects, one for each node. */
const objects = new WeakMap<Node, WebRTCCall | Participant>();

/** The public form of one value. */
export function publicValue(core: Core, kind: number, value: unknown, node: Node | undefined, field: number | undefined): unknown {
  switch (kind) {
    case ValueKind.Entity:
      return objectOf(core, core.store.node(value as number), field);
    case ValueKind.Entities:
      return (value as number[]).flatMap((entity) => objectOf(core, core.store.node(entity), field) ?? []);
    case ValueKind.Failure:
      return errorOf(value as EngineFailure);
    case ValueKind.CallError:
      return callError(value as EngineCallError, node);
    case ValueKind.Notice:
      return field === Field.ClientCredentialRefreshed ? refreshOf(value as EngineNotice) : warningOf(value as EngineNotice);
    default:
      return record(value, field);
  }
}

function objectOf(core: Core, node: Node | undefined, field: number | undefined): WebRTCCall | Participant | undefined {
  if (!node) return undefined;
  let found = objects.get(node);
  if (!found) {
    const Class = field === Field.CallSelf ? SelfParticipant : Participant;
    found = node.owner === "call" ? new WebRTCCall(core, node) : new Class(core, node);
    objects.set(node, found);
  }
  return found;
}

function callError({ kind, fatal, failure }: EngineCallError, call: Node | undefined): object {
  return { kind, fatal, error: errorOf(failure), callId: call?.value(Field.CallId) };
}

/** A record that has a class or a form of its own. */
function record(value: unknown, field: number | undefined): unknown {
  if (!value) return value;
  if (field === Field.CallAddress) return new Address(value as GetAddressResponse);
  if (field === Field.CallRecoveryEvent) return recoveryEvent(value as RecoveryAction);
  if (field === Field.ClientUser) return new User(value as GetUserInfoResponse);
  return value;
}
