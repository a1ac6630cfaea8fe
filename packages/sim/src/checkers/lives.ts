/**
 * Checks that only copies are taken for copies: the router never refuses the last welcomed life of an in-sync
 * server as one, even if its messages are late; and no server takes its own journal for an older one.
 */
import type { ClusterRecord, Incarnation, LifeId, Reason, ServerId } from '@dualping/core';
import type { ServerProcess } from '../server-process.js';
import { type Checker, Violation } from './checker.js';

interface Refused {
  readonly serverId: ServerId;
  readonly incarnation: Incarnation;
  readonly lifeId: LifeId;
  readonly reason: Reason;
}

export class Lives implements Checker {
  #record: ClusterRecord | undefined;

  routerStarted({ record }: { readonly record: ClusterRecord | undefined }): void {
    this.#record = record;
  }

  decided(record: ClusterRecord): void {
    this.#record = record;
  }

  tookForOlder({ name, disk }: ServerProcess): void {
    if (!disk.hasOlderJournal)
      throw new Violation(
        'only-an-older-journal-is-renewed',
        `${name} takes its journal, which ends at ${disk.durable.last} and was never put back, for an older one`,
      );
  }

  memberRefused({ serverId, incarnation, lifeId, reason }: Refused): void {
    if (reason !== 'older-copy') return;
    // Its message comes after a supervisor has registered the next life.
    const known = this.#record?.members.find((member) => member.serverId === serverId);
    if (known !== undefined && known.incarnation > incarnation) return;
    const copy = this.#record?.inSync.find((it) => it.serverId === serverId && it.lives.at(-1) === lifeId);
    if (copy !== undefined)
      throw new Violation(
        'a-welcomed-life-is-no-copy',
        `s${serverId} is refused as an older copy in life ${lifeId}, which is in sync and the last`,
      );
  }
}
