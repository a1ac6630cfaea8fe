/**
 * Auxiliary processes of the csce438 family, which register beside servers under another type
 * (`synchronizer`, `follower`). They are listed to callers that ask for them, and never given to a client.
 *
 * They are no members: they hold no epoch, may have the same numbers as servers, and are not made durable,
 * because the next heartbeat brings them back.
 */
import type { Address, ClusterId, ServerId } from '../ids.js';

export interface Companion {
  readonly cluster: ClusterId;
  readonly serverId: ServerId;
  /** The type that it gives itself; never `server`. */
  readonly type: string;
  readonly address: Address;
}

export class Companions {
  /** In the order in which they registered. */
  readonly #companions = new Map<string, Companion>();

  get all(): Companion[] {
    return [...this.#companions.values()];
  }

  get size(): number {
    return this.#companions.size;
  }

  has(companion: Companion): boolean {
    return this.#companions.has(companionKey(companion));
  }

  /** A known process keeps its place; its address may be new. Returns whether the process is new. */
  note(companion: Companion): boolean {
    const isNew = !this.has(companion);
    this.#companions.set(companionKey(companion), companion);
    return isNew;
  }

  /**
   * Whether it is the first of its type in its cluster: in programs that run several of a type, the one that
   * acts.
   */
  isFirst({ cluster, serverId, type }: Companion): boolean {
    for (const other of this.#companions.values())
      if (other.cluster === cluster && other.type === type) return other.serverId === serverId;
    return false;
  }

  forget(companion: Companion): void {
    this.#companions.delete(companionKey(companion));
  }
}

export const companionKey = ({ cluster, serverId, type }: Companion): string =>
  `${cluster}/${serverId}/${type}`;
