/**
 * Decides which servers may become members.
 *
 * A server proves by its journal id that it is the known server, and by the last welcomed life in its folder
 * that it is the next life (`lives.ts`). While a life is live, another life over the same journal comes from
 * a copy of the folder, or has come too early. Then the live one stays: otherwise a copy could take its
 * place.
 */
import type { ClusterMode, InSyncCopy, Numbered, PrimaryRef } from '../assignment.js';
import {
  type ClusterId,
  clusterTitle,
  type NetworkId,
  type Position,
  type ServiceName,
  serverName,
} from '../ids.js';
import { MAX_SERVICES } from '../limits.js';
import type { MemberMessage } from '../messages.js';
import { mayBeSameLife } from '../same-life.js';
import { quote } from '../text.js';
import { modeOf } from './configuration.js';
import { continuesFrom, heardLife } from './lives.js';
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

export const noSuchService = (service: ServiceName): Refusal => ({
  reason: 'unknown-cluster',
  detail: `there is no service ${quote(service)}: it is made when its first member attaches`,
});

/** The objection to a member of a service; `isNew`: the service would be made for it. */
export function objectionToService(
  { journalId, serverId }: Candidate,
  service: ServiceName,
  isNew: boolean,
  services: number,
): Refusal | undefined {
  if (journalId !== '') {
    const detail = `service ${service} is for members without a journal, ${serverName(serverId)} replicates`;
    return { reason: 'wrong-mode', detail };
  }
  if (!isNew || services < MAX_SERVICES) return undefined;
  const detail = `service ${quote(service)} can't be made: this router has ${MAX_SERVICES} already, the most there can be`;
  return { reason: 'limit-reached', detail };
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

/**
 * A member that knows a newer state than this store proves that the store has lost something: then it is
 * unknown which member may be promoted. A higher revision of an *earlier* epoch is no objection: this store
 * knows the present epoch, so not this store but a copy of it gave that revision.
 */
export function objectionToStore(
  seen: Extract<MemberMessage, { kind: 'attach' }>,
  /** Revision 0: the member knows nothing of this epoch. */
  { epoch, revision }: Numbered,
): Refusal | undefined {
  const who = `${serverName(seen.serverId)} has seen`;
  const store = "this router's store ends with";
  const what = 'the store is older than its members';
  const refusal = (detail: string): Refusal => ({ reason: 'router-store-too-old', detail });
  if (seen.epoch > epoch)
    return refusal(`${who} epoch ${seen.epoch} of ${clusterTitle(seen.cluster)}, ${store} ${epoch}: ${what}`);
  if (seen.epoch !== epoch || seen.revision <= revision) return undefined;
  if (revision === 0)
    return refusal(`${who} epoch ${epoch} of ${clusterTitle(seen.cluster)} of another router: ${what}`);
  return refusal(
    `${who} revision ${seen.revision} of ${clusterTitle(seen.cluster)}, ${store} ${revision}: ${what}`,
  );
}

/**
 * A heartbeat does not prove who sends it. So if two senders have different addresses, the live one stays.
 */
export function objectionToHeartbeat(
  { cluster, serverId, address }: Heartbeat,
  known: Member | undefined,
): Refusal | undefined {
  if (known === undefined || !isLive(known) || known.address === address) return undefined;
  return {
    reason: 'duplicate-server',
    detail: `${serverName(serverId)} of cluster ${cluster} is live at ${quote(known.address)}: give ${quote(address)} another server id, or wait until the router has dropped that one`,
  };
}

export interface Standing {
  readonly mode: ClusterMode | undefined;
  /** The member with the candidate's server id. */
  readonly known: Member | undefined;
  readonly primary: PrimaryRef | undefined;
  /** The copy in the in-sync set that the candidate claims to hold. */
  readonly copy: InSyncCopy | undefined;
  /** Everything up to here is durable on every in-sync copy. */
  readonly committed: Position;
}

export function objectionTo(candidate: Candidate, cluster: Standing): Refusal | undefined {
  const mode = modeOf(candidate.journalId);
  if (cluster.mode !== undefined && cluster.mode !== mode)
    return {
      reason: 'wrong-mode',
      detail: `${clusterTitle(candidate.cluster)} is ${cluster.mode}, ${serverName(candidate.serverId)} ${mode === 'routed' ? 'cannot replicate' : 'replicates'}`,
    };
  if (mode === 'routed') return objectionToRouted(candidate, cluster.known);
  return objectionToLife(candidate, cluster.known) ?? objectionToCopy(candidate, cluster);
}

/** A member without a journal has no data to lose, so the later of two lives is valid. */
function objectionToRouted(candidate: Candidate, known: Member | undefined): Refusal | undefined {
  if (known === undefined || known.presence.kind === 'announced') return undefined;
  if (candidate.incarnation > known.incarnation) return undefined;
  const name = `incarnation ${candidate.incarnation} of ${serverName(candidate.serverId)}`;
  if (candidate.incarnation < known.incarnation)
    return {
      reason: 'stale-incarnation',
      detail: `${name} has ended: incarnation ${known.incarnation} has attached at ${quote(known.address)}`,
    };
  if (mayBeSameLife(known, candidate) || !isLive(known)) return undefined;
  return {
    reason: 'duplicate-server',
    detail: `${name} is live at ${quote(known.address)}: give the one at ${quote(candidate.address)} another server id`,
  };
}

/** The objection that another life with this server id is live; undefined: none. */
function objectionToLife(candidate: Candidate, known: Member | undefined): Refusal | undefined {
  if (known === undefined || !isLive(known) || mayBeSameLife(known, candidate)) return undefined;
  const name = `${serverName(candidate.serverId)} of ${clusterTitle(candidate.cluster)}`;
  const here = quote(known.address);
  const there = quote(candidate.address);
  // A supervisor's report may be late, from before its server got another disk: it excludes no server.
  const isAnothers = known.journalId !== candidate.journalId;
  if (isAnothers && known.presence.kind === 'watched') return undefined;
  if (isAnothers)
    return {
      reason: 'duplicate-server',
      detail: `${name} is live at ${here} with another journal: give ${there} another server id`,
    };
  if (candidate.incarnation <= known.incarnation)
    return {
      reason: 'duplicate-server',
      detail: `${name} is live at ${here}, incarnation ${known.incarnation}: the folder of ${there}, incarnation ${candidate.incarnation}, is a copy of its folder`,
    };
  // A supervisor's report about the former life is older than the new life itself.
  if (known.presence.kind !== 'stream') return undefined;
  return {
    reason: 'predecessor-is-live',
    detail: `${name} is live at ${here}: ${there}, incarnation ${candidate.incarnation}, has to wait for its end, or its folder is a copy`,
  };
}

/** The objection that its folder is older than this journal was when it was last heard; undefined: none. */
function objectionToCopy(candidate: Candidate, standing: Standing): Refusal | undefined {
  const { known, primary, copy, committed } = standing;
  const refusal = (why: string): Refusal => ({
    reason: 'older-copy',
    detail: `the folder of ${serverName(candidate.serverId)} at ${quote(candidate.address)} is older than journal ${quote(candidate.journalId)} was: ${why}`,
  });
  if (copy !== undefined && candidate.lifeId !== '' && !continuesFrom(copy, candidate))
    return refusal(
      `its last welcomed life is ${quote(candidate.welcomedLife)}, the last one heard was ${quote(heardLife(copy))}`,
    );
  // Stats of a life that was welcomed before may be old (the router was frozen), and others may have newer
  // ones. So only a new life is compared.
  const isNext = copy !== undefined && !copy.lives.includes(candidate.lifeId);
  if (isNext && (candidate.stats?.durable ?? committed) < committed)
    return refusal(`it ends at ${candidate.stats?.durable}, entries up to ${committed} are committed`);
  for (const life of [known, primary]) {
    if (life === undefined || life.journalId !== candidate.journalId || mayBeSameLife(life, candidate))
      continue;
    if (known?.presence.kind !== 'announced' && candidate.incarnation <= life.incarnation)
      return refusal(
        `it is incarnation ${candidate.incarnation}, incarnation ${life.incarnation} has attached`,
      );
  }
  return undefined;
}
