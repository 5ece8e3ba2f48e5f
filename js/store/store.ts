/**
 * What the engine has told so far: objects, their fields, and the promises that wait.
 *
 * A batch is applied in two steps: first all state and all promises, then all emissions. So whoever is
 * called sees the whole of the new state, whichever field it listens to.
 */

import type { Batch, Change, Entity } from "../wasm/engine.js";
import { FIELDS } from "./fields.gen.js";
import { guard } from "./microtask.js";
import { Node, type Owner } from "./node.js";
import { Replies } from "./replies.js";

/** Makes public values of the engine's; `field` is undefined for the value of a promise. */
export type Convert = (kind: number, value: unknown, node: Node | undefined, field: number | undefined) => unknown;

/** Makes the Error of a failure. */
export type ConvertFailure = (failure: Extract<Change, readonly ["reject", ...unknown[]]>[2]) => unknown;

/** What an object's children are. */
const CHILD: Partial<Record<Owner, Owner>> = { client: "call", call: "member" };

/** The objects of one client. Number 0 is the client itself. */
export class Store {
  readonly root = new Node("client", 0, undefined);
  readonly replies = new Replies();
  readonly #nodes = new Map<Entity, Node>([[0, this.root]]);
  readonly #convert: Convert;
  readonly #failure: ConvertFailure;
  #emissions: (() => void)[] = [];
  #emitting = false;

  constructor(convert: Convert, failure: ConvertFailure) {
    this.#convert = convert;
    this.#failure = failure;
  }

  /** An object that has not ended. */
  node(entity: Entity): Node | undefined {
    return this.#nodes.get(entity);
  }

  /** The objects that have not ended, in the order of their creation. */
  living(): readonly Node[] {
    return [...this.#nodes.values()];
  }

  /** Applies a batch. Never throws; a change that cannot be applied does not keep back the others. */
  apply(batch: Batch): void {
    for (const change of batch) guard(() => this.#change(change));
    // A subscriber that calls back may lead to another batch: its emissions come after these.
    if (this.#emitting) return;
    this.#emitting = true;
    for (let emit = this.#emissions.shift(); emit; emit = this.#emissions.shift()) guard(emit);
    this.#emitting = false;
  }

  #change(change: Change): void {
    switch (change[0]) {
      case "create":
        return this.#create(change[1], change[2]);
      case "patch":
        return this.#patch(change[1], change[2], change[3], change[4]);
      case "merge":
        return this.#merge(change[1], change[2]);
      case "end":
        return this.#end(change[1]);
      case "resolve":
        return this.replies.resolve(change[1], this.#convert(change[2], change[3], undefined, undefined));
      case "reject":
        return this.replies.reject(change[1], this.#failure(change[2]));
    }
  }

  #create(entity: Entity, parent: Entity): void {
    const above = this.#nodes.get(parent);
    const owner = above && CHILD[above.owner];
    if (owner) this.#nodes.set(entity, new Node(owner, entity, above));
  }

  #patch(entity: Entity, field: number, kind: number, value: unknown): void {
    const node = this.#nodes.get(entity);
    if (node) this.#emit(node.set(field, this.#convert(kind, value, node, field)));
  }

  /** Takes the members of `fields` that the table knows; what is absent stays as it was. */
  #merge(entity: Entity, fields: Readonly<Record<string, unknown>>): void {
    const node = this.#nodes.get(entity);
    if (!node) return;
    FIELDS.forEach(([owner, , , , , , wire], field) => {
      const value = owner === node.owner && wire ? fields[wire] : undefined;
      if (value !== undefined) this.#emit(node.set(field, value ?? undefined));
    });
  }

  #end(entity: Entity): void {
    const node = this.#nodes.get(entity);
    this.#nodes.delete(entity);
    if (node) this.#emit(node.end());
  }

  #emit(emission: (() => void) | undefined): void {
    if (emission) this.#emissions.push(emission);
  }
}
