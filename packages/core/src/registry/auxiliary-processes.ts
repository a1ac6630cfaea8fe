/**
 * Auxiliary processes of the csce438 programs, which register with another type than servers (`synchronizer`,
 * `follower`). They are listed to callers that ask for them, and no client is sent to them.
 *
 * They are not members: they hold no epoch, may have the same numbers as servers, and are not made durable,
 * because the next heartbeat registers them again.
 */
import type { Address, ClusterId, ServerId } from '../ids.js';

export interface AuxiliaryProcess {
  readonly cluster: ClusterId;
  readonly serverId: ServerId;
  /** The type that it gives itself; never `server`. */
  readonly type: string;
  readonly address: Address;
}

export class AuxiliaryProcesses {
  /** In the order in which they registered. */
  readonly #auxiliaries = new Map<string, AuxiliaryProcess>();

  get all(): AuxiliaryProcess[] {
    return [...this.#auxiliaries.values()];
  }

  get size(): number {
    return this.#auxiliaries.size;
  }

  has(auxiliary: AuxiliaryProcess): boolean {
    return this.#auxiliaries.has(auxiliaryKey(auxiliary));
  }

  /** A known process keeps its place; its address may be new. Returns whether the process is new. */
  note(auxiliary: AuxiliaryProcess): boolean {
    const isNew = !this.has(auxiliary);
    this.#auxiliaries.set(auxiliaryKey(auxiliary), auxiliary);
    return isNew;
  }

  /**
   * Whether it is the first of its type in its cluster: of several with the same type, only the first one
   * acts.
   */
  isFirst({ cluster, serverId, type }: AuxiliaryProcess): boolean {
    for (const other of this.#auxiliaries.values())
      if (other.cluster === cluster && other.type === type) return other.serverId === serverId;
    return false;
  }

  forget(auxiliary: AuxiliaryProcess): void {
    this.#auxiliaries.delete(auxiliaryKey(auxiliary));
  }
}

export const auxiliaryKey = ({ cluster, serverId, type }: AuxiliaryProcess): string =>
  `${cluster}/${serverId}/${type}`;
