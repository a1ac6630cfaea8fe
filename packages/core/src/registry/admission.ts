/**
 * Judges who may become a member.
 *
 * A server proves that it is the same one by its journal id, and that it is the newer life of it by its
 * incarnation. Two with one server id and different journals are two servers, and the one that is
 * here stays: letting the newcomer win would have them throw each other out for ever.
 */
import type { ClusterMode, PrimaryRef } from '../assignment.js';
import { type ClusterId, type Epoch, type NetworkId, serverName } from '../ids.js';
import type { MemberMessage } from '../messages.js';
import { quote } from '../text.js';
import { isLive, type Member } from './member.js';
import type { Candidate, Heartbeat, Refusal } from './registry-messages.js';

export function objectionToNetwork({ networkId, serverId }: Candidate, ours: NetworkId): Refusal | undefined {
  if (networkId === '' || networkId === ours) return undefined;
  const detail = `${serverName(serverId)} belongs to network ${quote(networkId)}, this router to ${quote(ours)}`;
  return { reason: 'wrong-network', detail };
}

export function noSuchCluster(cluster: ClusterId, clusters: number): Refusal {
  const range = clusters === 1 ? 'cluster 1 only' : `clusters 1 to ${clusters}`;
  return { reason: 'unknown-cluster', detail: `there is no cluster "${cluster}": this router has ${range}` };
}

/** `replicates` and the journal id have to say the same. */
export function objectionToJournal(attach: Extract<MemberMessage, { kind: 'attach' }>): Refusal | undefined {
  if (attach.replicates === (attach.journalId !== '')) return undefined;
  return {
    reason: 'invalid-argument',
    detail: attach.replicates
      ? 'a server that replicates must name its journal: the journal id is empty'
      : `a server that does not replicate has no journal, but names ${quote(attach.journalId)}`,
  };
}

/** A member that knows a higher epoch proves that this store has lost one: whom to promote is unknown then. */
export function objectionToEpoch(seen: Epoch, ours: Epoch, candidate: Candidate): Refusal | undefined {
  if (seen <= ours) return undefined;
  return {
    reason: 'router-store-too-old',
    detail: `${serverName(candidate.serverId)} has seen epoch ${seen} of cluster ${candidate.cluster}, this router's store ends with ${ours}: the store is older than its members`,
  };
}

/** A heartbeat proves nothing of who sends it, so of two at different addresses the one that is here stays. */
export function objectionToHeartbeat(
  { cluster, serverId, address }: Heartbeat,
  known: Member | undefined,
): Refusal | undefined {
  if (known === undefined || !isLive(known) || known.address === address) return undefined;
  return {
    reason: 'duplicate-server',
    detail: `${serverName(serverId)} of cluster ${cluster} is live at ${quote(known.address)}: give ${quote(address)} another server id, or wait until that one is out`,
  };
}

export interface Standing {
  readonly mode: ClusterMode | undefined;
  /** The member with the candidate's server id. */
  readonly known: Member | undefined;
  readonly primary: PrimaryRef | undefined;
}

export function objectionTo(candidate: Candidate, cluster: Standing): Refusal | undefined {
  const mode = candidate.journalId === '' ? 'routed' : 'replicated';
  if (cluster.mode !== undefined && cluster.mode !== mode)
    return {
      reason: 'wrong-mode',
      detail: `cluster ${candidate.cluster} is ${cluster.mode}, ${serverName(candidate.serverId)} ${mode === 'routed' ? 'cannot replicate' : 'replicates'}`,
    };
  const { known } = cluster;
  if (known === undefined || known.presence.kind === 'announced') return undefined;
  if (known.journalId === candidate.journalId) return staleness(candidate, known);
  if (isLive(known))
    return {
      reason: 'duplicate-server',
      detail: `${serverName(candidate.serverId)} of cluster ${candidate.cluster} is live at ${quote(known.address)} with another journal: give ${quote(candidate.address)} another server id`,
    };
  // The disk that once held the epoch, back from an older copy of itself.
  const { primary } = cluster;
  if (primary?.serverId === candidate.serverId && primary.journalId === candidate.journalId)
    return staleness(candidate, primary);
  return undefined;
}

function staleness(
  candidate: Candidate,
  known: { readonly incarnation: number; readonly address?: string },
): Refusal | undefined {
  if (candidate.incarnation >= known.incarnation) return undefined;
  const at = known.address === undefined ? '' : ` at ${quote(known.address)}`;
  return {
    reason: 'stale-incarnation',
    detail: `incarnation ${candidate.incarnation} of ${serverName(candidate.serverId)} is over: incarnation ${known.incarnation} has been here${at}`,
  };
}
