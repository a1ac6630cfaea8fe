/**
 * The service name under which one life of a server answers health questions. A caller that gets an answer
 * for it knows that it has reached exactly this life.
 */
import type { ClusterId, Incarnation, LifeId, ServerId } from './ids.js';

/** Another service name of a server's health: whether it has everything acknowledged. */
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
