/**
 * The planned end of a server's time as primary: writes wait, the in-sync standbys get all entries, and the
 * router is asked to choose another primary.
 */
import type { Instant } from '../ids.js';
import type { Attempt } from '../membership/membership-messages.js';
import type { PrimaryRole } from './primary-role.js';
import type { ReplicaContext } from './replica-context.js';

/**
 * How long a planned change of primary may take, ms. Then the primary goes on; one that is leaving ends.
 */
const HANDOVER_TIMEOUT_MS = 5_000;

export type DrainProgress = 'draining' | 'handed-over' | 'nobody-to-hand-to' | 'gave-up';

export class Drain {
  readonly #until: Instant;
  /** The stream on which the router was asked. */
  #askedOn: Attempt | undefined;
  #hasNoSuccessor = false;

  constructor(
    readonly context: ReplicaContext,
    readonly leaving: boolean,
    /** For people. */
    why: string,
  ) {
    this.#until = context.now + HANDOVER_TIMEOUT_MS;
    context.report('draining', why);
  }

  /** The router has answered that no other member can take over. */
  noSuccessor(): void {
    this.#hasNoSuccessor = true;
  }

  get until(): Instant {
    return this.#until;
  }

  /** Goes on as far as it can; `handed-over` means that the router was asked and its answer is awaited. */
  advance(primary: PrimaryRole): DrainProgress {
    const { context } = this;
    if (context.now >= this.#until) return 'gave-up';
    if (this.#hasNoSuccessor) return 'nobody-to-hand-to';
    if (this.#askedOn !== undefined && this.#askedOn === primary.router.attachedBy) return 'handed-over';
    const { outline, committed } = context.ledger;
    if (!primary.opened || committed < outline.last) return 'draining';
    if (primary.standbys.awaited.length === 1) return 'nobody-to-hand-to';
    if (primary.router.attachedBy === undefined || !primary.standbys.everyoneHolds(outline.last))
      return 'draining';
    // Asked again on each new stream: the question on the old one may never have arrived.
    this.#askedOn = primary.router.attachedBy;
    primary.router.send({ kind: 'hand-over', epoch: primary.epoch, leaving: this.leaving });
    context.report(
      'handover',
      `all in-sync members hold everything up to ${outline.last}: asks for another primary`,
    );
    return 'handed-over';
  }
}
