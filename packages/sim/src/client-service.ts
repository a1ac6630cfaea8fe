/**
 * Checks that clients are served in time once nothing is broken: while a cluster has a serving primary, each
 * of its clients is live and has its answers and posts within a bound.
 *
 * A client that waits for keepalive (15 s) or for a reply (10 s) on a dead connection exceeds the bound,
 * though it recovers in the end.
 */
import type { ClusterId } from '@dualping/core';
import { Violation } from './checkers/checker.js';
import type { TimelineChecker } from './checkers/timelines.js';
import type { ClientProcess } from './client-process.js';
import type { Cluster } from './cluster.js';

/**
 * What a client may need in a bad case, ms: it notices a dead path (1.3 s), asks a router over a dead
 * connection and then over another (1.2 s), opens its timeline on a dead connection (2 s), backs off (2 s),
 * and does the last three again. Slow timings add to this.
 */
const SERVED_WITHIN_MS = 10_000;
const DEAD_AFTER_FACTOR = 2;

export class ClientService {
  /** Since when the present primary of each cluster serves. */
  readonly #servesSince = new Map<ClusterId, { readonly epoch: number; readonly at: number }>();
  /** Since when each client lacks something. */
  readonly #lacksSince = new Map<ClientProcess, number>();

  constructor(
    readonly cluster: Cluster,
    readonly timelines: ReadonlyMap<ClusterId, TimelineChecker>,
  ) {}

  /** @throws Violation when a client has waited too long */
  look(now: number): void {
    for (const number of this.timelines.keys()) this.#lookAtServers(number, now);
    for (const client of this.cluster.clients) {
      const lack = this.#lackOf(client);
      if (lack === undefined) {
        this.#lacksSince.delete(client);
        continue;
      }
      const since = this.#lacksSince.get(client) ?? now;
      this.#lacksSince.set(client, since);
      const served = this.#servesSince.get(client.cluster);
      const boundMs = SERVED_WITHIN_MS + DEAD_AFTER_FACTOR * this.cluster.setup.timing.deadAfterMs;
      if (served === undefined || now - Math.max(since, served.at) < boundMs) continue;
      throw new Violation(
        'clients-are-served-in-time',
        `${client.name} ${lack} for ${boundMs} ms and more, though epoch ${served.epoch} of cluster ${client.cluster} is served`,
      );
    }
  }

  #lookAtServers(number: ClusterId, now: number): void {
    const { router, servers } = this.cluster;
    const assignment = router.assignmentOf(number);
    const primary = servers.find(
      ({ cluster, id }) => cluster === number && id === assignment?.primary?.serverId,
    );
    // The router's decisions wait for its disk, and callers wait too.
    const isTold = this.cluster.routerIsWell() && assignment?.available === true;
    const epoch = isTold ? assignment.epoch : undefined;
    if (epoch === undefined || primary?.replica?.servingEpoch !== epoch) this.#servesSince.delete(number);
    else if (this.#servesSince.get(number)?.epoch !== epoch)
      this.#servesSince.set(number, { epoch, at: now });
  }

  #lackOf({ cluster, machine, session }: ClientProcess): string | undefined {
    if (machine === undefined || session === undefined) return undefined;
    if (machine.state.kind !== 'live') return `is ${machine.state.kind}`;
    if (session.unsettled > 0) return 'has requests without an outcome';
    return this.timelines.get(cluster)?.missing(session) === undefined ? undefined : 'lacks posts';
  }
}
