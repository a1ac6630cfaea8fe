/** Says what does not work again yet, once nothing is broken any more. */
import type { ClusterId } from '@dualping/core';
import type { RemoteChecker } from './checkers/remote.js';
import type { TimelineChecker } from './checkers/timelines.js';
import type { Cluster } from './cluster.js';

export function whatIsNotWell(
  cluster: Cluster,
  timelines: ReadonlyMap<ClusterId, TimelineChecker>,
  remote: RemoteChecker,
): string | undefined {
  for (const number of timelines.keys()) {
    const problem = whatServersLack(cluster, number);
    if (problem !== undefined) return timelines.size === 1 ? problem : `cluster ${number}: ${problem}`;
  }
  return remote.missing() ?? whatClientsLack(cluster, timelines);
}

function whatServersLack({ router, servers }: Cluster, cluster: ClusterId): string | undefined {
  const assignment = router.assignmentOf(cluster);
  if (assignment === undefined) return 'the router does not run';
  if (!assignment.available) return assignment.unavailableReason;
  const { epoch, primary, inSync } = assignment;
  let last: number | undefined;
  for (const server of servers) {
    if (server.cluster !== cluster || server.isLost) continue;
    const { name, id, journalId, replica, disk } = server;
    if (replica === undefined) return `${name} does not run`;
    if (!inSync.some((copy) => copy.serverId === id && copy.journalId === journalId))
      return `${name} is not in sync`;
    const isPrimary = primary?.serverId === id;
    if (isPrimary !== (replica.role === 'primary')) return `${name} is ${replica.role}`;
    if (isPrimary && replica.servingEpoch !== epoch) return `${name} does not serve epoch ${epoch}`;
    const { committed, outline } = replica.ledger;
    last ??= outline.last;
    if (committed !== last || outline.last !== last || disk.durable.last !== last)
      return `${name} has committed ${committed} of ${outline.last}, others have ${last}`;
  }
  return undefined;
}

function whatClientsLack(
  { clients }: Cluster,
  timelines: ReadonlyMap<ClusterId, TimelineChecker>,
): string | undefined {
  for (const { name, cluster, machine, session } of clients) {
    if (machine === undefined || session === undefined) return `${name} does not run`;
    if (machine.state.kind !== 'live') return `${name} is ${machine.state.kind}${session.failure ?? ''}`;
    if (session.unsettled > 0) return `${name} has ${session.unsettled} requests without an outcome`;
    const missing = timelines.get(cluster)?.missing(session);
    if (missing !== undefined) return `${name} has not been shown the post at ${missing}`;
  }
  return undefined;
}
