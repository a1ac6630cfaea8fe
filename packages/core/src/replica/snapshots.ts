/**
 * Snapshots that standbys pull: one at a time for each member, all from one copy of the state.
 *
 * The state goes on changing while a snapshot is read, so it is read from a copy. A member that asks while a
 * copy is in use gets the same copy, and misses nothing: later commits come with the journal. So the memory
 * for snapshots does not depend on how many members ask, how fast they read, or how often they ask.
 */
import { type ServerId, serverName } from '../ids.js';
import type { SnapshotCopy, Token } from './messages.js';
import type { ReplicaContext } from './replica-context.js';

/**
 * How long a copy is reused for new readers, ms: making one stops the server for up to 100 ms, so it must not
 * happen more often.
 */
export const SNAPSHOT_FRESH_MS = 1_000;

export class Snapshots {
  readonly #readers = new Map<Token, ServerId>();
  #copy: { readonly of: SnapshotCopy; readonly madeAt: number } | undefined;

  constructor(readonly context: ReplicaContext) {}

  /** A member asks for a snapshot. If it asks again, its earlier call ends. */
  asked(token: Token, serverId: ServerId): void {
    for (const [former, reader] of this.#readers)
      if (reader === serverId)
        this.#end(former, 'superseded', `${serverName(serverId)} has asked for another snapshot`);
    this.#readers.set(token, serverId);
    this.context.emit({ kind: 'send-snapshot', token, copy: this.#current() });
  }

  ended(token: Token): void {
    this.#readers.delete(token);
  }

  /** This server is no longer primary. */
  endAll(detail: string): void {
    for (const token of [...this.#readers.keys()]) this.#end(token, 'not-primary', detail);
    this.#copy = undefined;
  }

  /** Drops a copy that no member reads and that is no longer fresh. */
  tick(): void {
    if (this.#readers.size === 0 && !this.#isFresh()) this.#copy = undefined;
  }

  #isFresh(): boolean {
    return this.#copy !== undefined && this.context.heardMs - this.#copy.madeAt < SNAPSHOT_FRESH_MS;
  }

  /** The copy in use, or the fresh one, or a new one. */
  #current(): SnapshotCopy {
    const isInUse = this.#readers.size > 1;
    if (this.#copy !== undefined && (isInUse || this.#isFresh())) return this.#copy.of;
    const { social, outline } = this.context.ledger;
    const of = { snapshot: social.toSnapshot(), epochStarts: outline.epochStartsThrough(social.applied) };
    this.#copy = { of, madeAt: this.context.heardMs };
    return of;
  }

  #end(token: Token, reason: 'superseded' | 'not-primary', detail: string): void {
    this.#readers.delete(token);
    this.context.emit({ kind: 'end-snapshot', token, reason, detail });
  }
}
