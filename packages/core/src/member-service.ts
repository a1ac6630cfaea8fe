/**
 * The service name under which one life of a server answers health questions. A caller that asks for it knows
 * that it has reached this very life.
 */
import type { ClusterId, Incarnation, LifeId, ServerId } from './ids.js';

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
