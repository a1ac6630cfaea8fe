/**
 * The service name under which one life of a server answers health questions. A caller that asks for it knows
 * that it has reached this very life.
 */
import type { ClusterId, Incarnation, LifeId, ServerId } from './ids.js';

/** What a server's health answers for besides: whether it has everything acknowledged. */
export const IN_SYNC_HEALTH = 'dualping.v1.InSync';

export interface MemberLife {
  readonly cluster: ClusterId;
  readonly serverId: ServerId;
  readonly incarnation: Incarnation;
  /** Empty for a member that has none. */
  readonly lifeId: LifeId;
}

/** The name that only the health service of this life of this server answers for. */
export const memberServiceName = ({ cluster, serverId, incarnation, lifeId }: MemberLife): string =>
  `dualping.v1.Member/${cluster}/${serverId}/${lifeId === '' ? incarnation : lifeId}`;
