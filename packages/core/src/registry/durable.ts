/**
 * What of each cluster is durable and was told: anybody may hear it at once, whatever else waits for the
 * disk.
 */
import type { Assignment } from '../assignment.js';
import type { ClusterId } from '../ids.js';

interface Known {
  readonly durable: Assignment;
  /** Sealed since, the oldest first: durable when the disk is done. */
  readonly waiting: readonly Assignment[];
}

export class Durable {
  readonly #known = new Map<ClusterId, Known>();

  /** @param assignments as the store has them: every start makes the same of them */
  constructor(assignments: readonly Assignment[]) {
    for (const assignment of assignments)
      this.#known.set(assignment.cluster, { durable: assignment, waiting: [] });
  }

  of(cluster: ClusterId): Assignment | undefined {
    return this.#known.get(cluster)?.durable;
  }

  sealed(assignment: Assignment): void {
    const known = this.#known.get(assignment.cluster);
    if (known !== undefined)
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
   * To be told in the place of that one, which waits for the disk; undefined: whoever asks has to wait for
   * it, too.
   */
  inPlaceOf({ cluster, epoch, available }: Assignment): Assignment | undefined {
    const durable = this.of(cluster);
    return durable?.epoch === epoch && durable.available === available ? durable : undefined;
  }
}
