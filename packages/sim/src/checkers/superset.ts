/** Checks that the set that a primary waits for contains the set that the router would promote from. */
import type { ClusterId, Epoch, InSyncMember } from '@dualping/core';
import type { RouterView } from '../router-view.js';
import type { ServerProcess } from '../server-process.js';
import { type Checker, Violation } from './checker.js';
import type { Lineage } from './lineage.js';

interface Known {
  readonly epoch: Epoch;
  readonly revision: number;
  readonly inSync: readonly Pick<InSyncMember, 'serverId' | 'journalId'>[];
}

const setText = (members: Known['inSync']): string => members.map(({ journalId }) => journalId).join(' ');

export class Superset implements Checker {
  constructor(
    readonly router: RouterView,
    readonly cluster: ClusterId,
    readonly servers: readonly ServerProcess[],
    readonly lineage: Lineage,
  ) {}

  routerStepped(): void {
    for (const server of this.servers) this.serverStepped(server);
  }

  serverStepped(server: ServerProcess): void {
    const { replica } = server;
    if (replica?.role !== 'primary') return;
    const { awaited, assignment } = replica;
    const { router, cluster } = this;
    if (assignment === undefined || this.lineage.isUnknownTo(server)) return;
    for (const known of [router.recordOf(cluster), router.assignmentOf(cluster)])
      if (known !== undefined && known.epoch === assignment.epoch && known.revision >= assignment.revision)
        this.#compare(server, awaited, known);
  }

  #compare(server: ServerProcess, awaited: readonly InSyncMember[], known: Known): void {
    for (const member of known.inSync)
      if (!awaited.some((it) => it.serverId === member.serverId && it.journalId === member.journalId))
        throw new Violation(
          'waits-for-superset',
          `${server.name}, primary of epoch ${known.epoch}, waits for ${setText(awaited)} and ${setText(known.inSync)} may be promoted`,
        );
  }
}
