/** An address of the directory. */

import type { GetAddressResponse, ResourceType } from "./types.js";

/** One address, as it was when it was looked up. */
export class Address {
  readonly #record: GetAddressResponse;

  /** @internal */
  constructor(record: GetAddressResponse) {
    this.#record = record;
  }

  get id(): string {
    return this.#record.id;
  }

  /** Name of the resource. */
  get name(): string {
    return this.#record.name;
  }

  get displayName(): string {
    return this.#record.display_name;
  }

  get type(): ResourceType {
    return this.#record.type;
  }

  get resourceId(): string {
    return this.#record.resource_id;
  }

  /** What can be dialled. */
  get channels(): { audio?: string; messaging?: string; video?: string } {
    return this.#record.channels ?? {};
  }

  /** What `dial()` dials: the video channel of a room, else the audio channel. */
  get defaultChannel(): string | undefined {
    const { video, audio } = this.channels;
    return this.type === "room" ? video : audio;
  }

  /** URL of a picture. */
  get previewUrl(): string | undefined {
    return this.#record.preview_url;
  }

  /** URL of a picture. */
  get coverUrl(): string | undefined {
    return this.#record.cover_url;
  }

  /** The room is locked. */
  get locked(): boolean {
    return this.#record.locked;
  }

  /** ISO 8601. */
  get createdAt(): string {
    return this.#record.created_at;
  }
}
