/** Of a cluster in which everybody is asked to stop, whoever was in sync can begin alone afterwards. */
import type { ClusterId, ClusterRecord } from '@dualping/core';
import type { RouterProcess } from '../router-process.js';
import { type Checker, Violation } from './checker.js';

const journals = (record: ClusterRecord | undefined): string[] =>
  (record?.inSync ?? []).map(({ journalId }) => journalId);

export class OrderlyEnd implements Checker {
  #before: readonly string[] = [];

  constructor(
    readonly router: RouterProcess,
    readonly cluster: ClusterId,
  ) {}

  shutdownBegan(): void {
    this.#before = journals(this.router.recordOf(this.cluster));
  }

  /** Something else that goes wrong meanwhile may take a server out of the set: then it is no orderly end. */
  decided(record: ClusterRecord): void {
    if (record.primary === undefined) this.#before = [];
  }

  shutdownDone(): void {
    const after = journals(this.router.recordOf(this.cluster));
    const gone = this.#before.filter((journalId) => !after.includes(journalId));
    if (gone.length > 0)
      throw new Violation(
        'orderly-end-keeps-all-eligible',
        `${gone.join(' ')} was in sync before everybody stopped, and ${after.join(' ')} is now`,
      );
  }
}
