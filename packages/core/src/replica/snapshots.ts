/**
 * Snapshots that standbys pull, one at a time for each member: the journal up to what is committed when the
 * member asks, and the newest state that the disk keeps of it.
 *
 * What is committed does not change any more, so it is read from the files while the journal goes on growing.
 * What is committed later comes to the standby as entries.
 */
import { type ServerId, serverName } from '../ids.js';
import type { Token } from './messages.js';
import type { ReplicaContext } from './replica-context.js';

export class Snapshots {
  readonly #readers = new Map<Token, ServerId>();

  constructor(readonly context: ReplicaContext) {}

  /** A member asks. If it asks again, its earlier call ends. */
  asked(token: Token, serverId: ServerId): void {
    for (const [former, reader] of this.#readers)
      if (reader === serverId)
        this.#end(former, 'superseded', `${serverName(serverId)} has asked for another snapshot`);
    this.#readers.set(token, serverId);
    const { ledger } = this.context;
    this.context.emit({ kind: 'send-snapshot', token, through: ledger.committed });
  }

  ended(token: Token): void {
    this.#readers.delete(token);
  }

  /** The reign is over. */
  endAll(detail: string): void {
    for (const token of [...this.#readers.keys()]) this.#end(token, 'not-primary', detail);
  }

  #end(token: Token, reason: 'superseded' | 'not-primary', detail: string): void {
    this.#readers.delete(token);
    this.context.emit({ kind: 'end-snapshot', token, reason, detail });
  }
}
