/** Checks that after all servers were asked to stop, each that was in sync can start alone. */
import type { ClusterId } from '@dualping/core';
import type { Cluster } from '../cluster.js';
import type { ServerDisk } from '../server-disk.js';
import type { ServerProcess } from '../server-process.js';
import { type Checker, Violation } from './checker.js';

export class OrderlyEnd implements Checker {
  #before: readonly (readonly [ServerProcess, ServerDisk])[] = [];
  #disturbancesBefore = 0;

  constructor(
    readonly cluster: Cluster,
    readonly number: ClusterId,
  ) {}

  /**
   * It is no orderly end if something is broken, or if a server does not know the present epoch yet. A
   * server that was asked to stop earlier may have ended before the last write.
   */
  shutdownBegan(): void {
    const { cluster } = this;
    const record = cluster.router.recordOf(this.number);
    const inSync = cluster.serverProcesses(this.number).filter(({ disk }) => cluster.isInSync(disk));
    const isCalm =
      cluster.router.assignmentOf(this.number)?.available === true &&
      inSync.length === record?.inSync.length &&
      this.#isCalm(inSync) &&
      inSync.every(
        (server) =>
          server.running &&
          !server.isAskedToStop &&
          server.replica?.assignment?.epoch === record?.epoch &&
          server.replica?.ledger.committed === inSync[0]?.disk.durable.last,
      );
    this.#before = isCalm ? inSync.map((server) => [server, server.disk]) : [];
    this.#disturbancesBefore = this.#disturbancesOf(inSync);
  }

  shutdownDone(): void {
    const { cluster } = this;
    const servers = this.#before.map(([server]) => server);
    if (!this.#isCalm(servers) || !servers.every((server) => server.endedInOrder)) return;
    // Who was frozen or cut off meanwhile may have been removed, though it is well now.
    if (this.#disturbancesOf(servers) !== this.#disturbancesBefore) return;
    const record = cluster.router.recordOf(this.number);
    const end = record?.orderlyEnd;
    for (const [{ name, disk }, before] of this.#before) {
      if (disk !== before) continue; // it was replaced meanwhile
      const { durable } = disk;
      const isAtEnd = end !== undefined && durable.last === end.durable && durable.checksum === end.checksum;
      if (!isAtEnd && !cluster.isInSync(disk))
        throw new Violation(
          'orderly-end-keeps-all-eligible',
          `${name} was in sync before everybody stopped and ends at ${durable.last}; eligible now: ` +
            `${record?.inSync.map(({ journalId }) => journalId).join(' ')}, and who ends at ${end?.durable}`,
        );
    }
  }

  #disturbancesOf(servers: readonly ServerProcess[]): number {
    return servers.reduce((sum, { freezes }) => sum + freezes, this.cluster.network.disturbances);
  }

  #isCalm(servers: readonly ServerProcess[]): boolean {
    const { cluster } = this;
    return (
      cluster.routerIsWell() &&
      servers.every(
        (one) => cluster.isWell(one) && servers.every(({ name }) => cluster.network.isWhole(one.name, name)),
      )
    );
  }
}
