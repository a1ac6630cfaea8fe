/**
 * A server's copy of the cluster's history: what is appended, what is committed, and the state that results
 * from the committed part.
 *
 * Only committed entries are applied, so no client ever sees an entry that a failover takes back.
 */
import type { Entry } from '../entry.js';
import { type Position, position } from '../ids.js';
import { invariant } from '../invariants.js';
import type { Effect, SocialState } from '../social/index.js';
import { JournalOutline } from './journal-outline.js';
import type { InstalledJournal, ReplicaStart } from './messages.js';
import { UnappliedEntries } from './unapplied.js';

export class Ledger {
  #outline: JournalOutline;
  #social: SocialState;
  #unapplied = new UnappliedEntries();
  #committed: Position;
  /**
   * What a former life knew to be committed; it is applied when a primary says again that it is committed.
   */
  #committedBefore: Position;
  #checksum: number;
  /** Cuts that the disk has not made yet; until then, `durable` may be about entries that are being cut. */
  #cutsPending = 0;

  constructor(start: ReplicaStart) {
    this.#social = start.social;
    this.#committed = start.social.applied;
    this.#checksum = start.checksum;
    this.#outline = new JournalOutline(
      start.first,
      start.entries.at(-1)?.position ?? position(Math.max(start.social.applied, start.first - 1)),
      start.epochStarts,
    );
    for (const entry of start.entries) this.#unapplied.push(entry);
    this.#committedBefore = position(Math.min(start.known.committed, this.#outline.last));
  }

  get outline(): JournalOutline {
    return this.#outline;
  }
  get social(): SocialState {
    return this.#social;
  }
  get committed(): Position {
    return this.#committed;
  }
  /** The highest position that this server has ever known to be committed: nothing up to it may be cut. */
  get knownCommitted(): Position {
    return position(Math.max(this.#committed, this.#committedBefore));
  }
  get checksum(): number {
    return this.#checksum;
  }
  /** The number of entries appended here and not yet known to be committed. */
  get uncommitted(): number {
    return this.#unapplied.size;
  }
  /** The uncommitted entries, in order. */
  get unapplied(): Iterable<Entry> {
    return this.#unapplied;
  }

  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#outline.append(entry);
      this.#unapplied.push(entry);
    }
  }

  /** The disk says that everything up to `through` is durable. Returns whether that is news. */
  durableThrough(through: Position, checksum: number): boolean {
    if (this.#cutsPending > 0) return false;
    const before = this.#outline.durable;
    this.#outline.durableThrough(through);
    this.#checksum = checksum;
    return this.#outline.durable > before;
  }

  /**
   * Cuts the entries after `after`; nothing beyond it is durable until the disk has answered with
   * `truncated`.
   */
  truncateAfter(after: Position): void {
    invariant(after >= this.knownCommitted, 'committed-is-never-truncated', {
      after,
      committed: this.knownCommitted,
    });
    this.#outline.truncateAfter(after);
    this.#unapplied.truncateAfter(after);
    this.#cutsPending += 1;
  }

  /** The disk has made a cut; everything up to `last` is durable. Returns whether that is news. */
  truncated(last: Position, checksum: number): boolean {
    // There may be no pending cut: a snapshot that was installed meanwhile has replaced it.
    this.#cutsPending = Math.max(0, this.#cutsPending - 1);
    return this.durableThrough(last, checksum);
  }

  /** Starts over with a primary's journal, all of which is committed and applied. */
  install({ social, epochStarts, first, checksum }: InstalledJournal): void {
    const last = social.applied;
    invariant(last >= first - 1, 'applied-in-order', { last, first });
    this.#social = social;
    this.#outline = new JournalOutline(first, last, epochStarts);
    this.#unapplied.clear();
    this.#committed = last;
    this.#committedBefore = last;
    this.#checksum = checksum;
    this.#cutsPending = 0;
  }

  /**
   * Commits and applies the entries here up to `through`. Each effect is settled before the next entry is
   * applied: a post is for users who follow its author at its place in the journal; a later follow that is
   * committed together with it does not count.
   */
  commitThrough(through: Position, settle: (effect: Effect) => void = () => {}): void {
    const to = position(Math.min(through, this.#outline.last));
    if (to <= this.#committed) return;
    this.#committed = to;
    for (const entry of this.#unapplied.takeThrough(to)) this.#social.apply(entry).forEach(settle);
    invariant(this.#social.applied === to, 'applied-in-order', { applied: this.#social.applied, to });
  }
}
