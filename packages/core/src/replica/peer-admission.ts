/**
 * Decides which other servers are served: which may copy this journal, pull a snapshot, or tail this cluster.
 *
 * A peer names the network, cluster and epoch that it means. The identity that it claims must agree with the
 * router's assignment; a standby that arrives before the router's message waits (`EarlyJoins`).
 */

import { NO_EPOCH } from '../ids.js';
import type { StandbyMessage, TailMessage } from '../messages.js';
import type { Failure } from '../reasons.js';
import { quote } from '../text.js';
import type { SnapshotQuestion } from './messages.js';
import { isLiveMember, namedMember, unnamed } from './named-member.js';
import type { PrimaryRole } from './primary-role.js';
import type { ReplicaContext } from './replica-context.js';

type Join = Extract<StandbyMessage, { readonly kind: 'join' }>;
type OpenTail = Extract<TailMessage, { readonly kind: 'open' }>;

/** The refusal of a snapshot because the primary's disk is damaged. */
export const damagedAtPrimary = (damage: string): string =>
  `the journal of the primary is damaged: ${damage}`;

/** Why a standby may not copy from here; undefined: it may, now or after the router's message. */
export function objectionToJoin(
  context: ReplicaContext,
  primary: PrimaryRole | undefined,
  join: Join,
): Failure | undefined {
  const objection = objectionToPlace(context, join);
  if (objection !== undefined) return objection;
  const known = Math.max(primary?.epoch ?? NO_EPOCH, context.assignment?.epoch ?? NO_EPOCH);
  const isOurs = primary?.epoch === join.epoch;
  if (join.epoch < known || (join.epoch === known && !isOurs))
    return {
      reason: join.epoch < known ? 'fenced' : 'not-primary',
      detail: `this server is not primary of epoch ${join.epoch}, it knows of epoch ${known}`,
    };
  return undefined;
}

/**
 * Whether the router's message is still missing: that this server is primary, or that the standby is a
 * member.
 */
export function isEarly(context: ReplicaContext, primary: PrimaryRole | undefined, join: Join): boolean {
  return join.epoch !== primary?.epoch || namedMember(context.assignment, join) === undefined;
}

/** `damage`: damage found in this server's own journal. */
export function objectionToSnapshot(
  context: ReplicaContext,
  primary: PrimaryRole | undefined,
  damage: string | undefined,
  question: SnapshotQuestion,
): Failure | undefined {
  const objection = objectionToPlace(context, question);
  if (objection !== undefined) return objection;
  if (primary?.opened !== true || primary.epoch !== question.epoch)
    return { reason: 'not-primary', detail: `this server does not serve epoch ${question.epoch}` };
  if (!isLiveMember(context.assignment, question))
    return { reason: 'unknown-member', detail: `${unnamed(question)} as live` };
  if (damage !== undefined) return { reason: 'storage-failed', detail: damagedAtPrimary(damage) };
  return undefined;
}

/** Why the primary of another cluster may not tail this one; undefined: it may. */
export function objectionToTail(
  context: ReplicaContext,
  primary: PrimaryRole | undefined,
  open: OpenTail,
): Failure | undefined {
  const { identity, others } = context;
  const objection = objectionToPlace(context, open);
  if (objection !== undefined) return objection;
  if (open.from === identity.cluster)
    return { reason: 'wrong-cluster', detail: `cluster ${open.from} is this server's own` };
  // One stream for each primary that the router names, so a server with a false claim can't replace another's
  // stream.
  const known = others.get(open.from)?.epoch;
  if (known === undefined)
    return { reason: 'unknown-cluster', detail: `the router has named no cluster ${open.from} here` };
  if (open.fromEpoch < known)
    return {
      reason: 'fenced',
      detail: `cluster ${open.from} has a later epoch than ${open.fromEpoch}: ${known}`,
    };
  if (open.fromEpoch > known)
    return {
      reason: 'not-primary',
      detail: `the router has not told of epoch ${open.fromEpoch} of cluster ${open.from} here`,
    };
  if (primary === undefined || !primary.opened || primary.isolated || primary.epoch !== open.epoch)
    return { reason: 'not-primary', detail: `this server does not serve epoch ${open.epoch}` };
  return undefined;
}

/** The objection that the peer means another network or cluster; undefined: none. */
function objectionToPlace(
  { identity, networkId: ours }: ReplicaContext,
  { networkId, cluster }: Pick<SnapshotQuestion, 'networkId' | 'cluster'>,
): Failure | undefined {
  if (networkId !== ours)
    return {
      reason: 'wrong-network',
      detail: `network ${quote(networkId)} is not this server's ${quote(ours)}`,
    };
  if (cluster !== identity.cluster)
    return {
      reason: 'wrong-cluster',
      detail: `cluster ${cluster} is not this server's ${identity.cluster}`,
    };
  return undefined;
}
