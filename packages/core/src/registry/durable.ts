/**
 * The last durable assignment of each cluster, which may be sent at once, whatever else waits for the disk.
 */
import type { Assignment } from '../assignment.js';
import type { ClusterId } from '../ids.js';

interface Known {
  /** Undefined for a service whose first assignment still waits. */
  readonly durable: Assignment | undefined;
  /** Later sealed ones, the oldest first; they wait for the disk. */
  readonly waiting: readonly Assignment[];
}

export class Durable {
  readonly #known = new Map<ClusterId, Known>();

  /** @param assignments as the store has them: every start makes the same from them */
  constructor(assignments: readonly Assignment[]) {
    for (const assignment of assignments)
      this.#known.set(assignment.cluster, { durable: assignment, waiting: [] });
  }

  of(cluster: ClusterId): Assignment | undefined {
    return this.#known.get(cluster)?.durable;
  }

  sealed(assignment: Assignment): void {
    const known = this.#known.get(assignment.cluster) ?? { durable: undefined, waiting: [] };
    this.#known.set(assignment.cluster, { ...known, waiting: [...known.waiting, assignment] });
  }

  /** The record with this revision is durable, and what followed it has been performed. */
  told({ cluster, revision }: { readonly cluster: ClusterId; readonly revision: number }): void {
    const known = this.#known.get(cluster);
    if (known === undefined) return;
    const durable = known.waiting.findLast((it) => it.revision <= revision) ?? known.durable;
    this.#known.set(cluster, { durable, waiting: known.waiting.filter((it) => it.revision > revision) });
  }

  /**
   * What to send in place of this assignment, which waits for the disk; undefined: the caller has to wait
   * too.
   */
  inPlaceOf({ cluster, epoch, available }: Assignment): Assignment | undefined {
    const durable = this.of(cluster);
    return durable?.epoch === epoch && durable.available === available ? durable : undefined;
  }
}
