/**
 * The running router knows only its folder, as it was at the start, and what it has sent since. Checks that
 * it welcomes no member that got something else in the same epoch, because then its folder is an older one.
 */
import { type Assignment, type ClusterRecord, isNewer, type LifeId } from '@dualping/core';
import type { ServerProcess } from '../server-process.js';
import { type Checker, Violation } from './checker.js';

export class Lineage implements Checker {
  #loaded: ClusterRecord | undefined;
  #spoken = new WeakSet<Assignment>();
  /** Whether an operator has decided since the start that this router's folder counts. */
  #isDecided = false;

  constructor(readonly servers: readonly ServerProcess[]) {}

  routerStarted({ record }: { readonly record: ClusterRecord | undefined }): void {
    this.#loaded = record;
    this.#spoken = new WeakSet();
    this.#isDecided = false;
  }

  promotedByOperator(): void {
    this.#isDecided = true;
  }

  spoke(assignment: Assignment): void {
    this.#spoken.add(assignment);
  }

  memberWelcomed({ lifeId }: { readonly lifeId: LifeId }): void {
    const server = this.servers.find((it) => it.lifeId === lifeId);
    const told = server?.replica?.assignment;
    if (server === undefined || this.#isDecided || told?.epoch !== this.#loaded?.epoch) return;
    if (this.isUnknownTo(server))
      throw new Violation(
        'an-older-store-is-noticed',
        `${server.name} was told revision ${told?.revision} of epoch ${told?.epoch} by another router, and is welcomed`,
      );
  }

  /**
   * Whether the server follows the assignment of another router: this router promotes no member once it knows
   * that.
   */
  isUnknownTo({ replica }: ServerProcess): boolean {
    const told = replica?.assignment;
    if (told === undefined || this.#spoken.has(told)) return false;
    return this.#loaded === undefined || isNewer(told, this.#loaded);
  }
}
