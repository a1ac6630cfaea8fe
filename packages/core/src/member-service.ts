/**
 * By which name one life of a server answers health questions: so whoever dials its address knows that it is
 * the one.
 */
import type { ClusterId, Incarnation, LifeId, ServerId } from './ids.js';

export interface MemberLife {
  readonly cluster: ClusterId;
  readonly serverId: ServerId;
  readonly incarnation: Incarnation;
  /** Empty for one that does not say. */
  readonly lifeId: LifeId;
}

/** The service that a member's health answers for: only this life of this server has it. */
export const memberServiceName = ({ cluster, serverId, incarnation, lifeId }: MemberLife): string =>
  `dualping.v1.Member/${cluster}/${serverId}/${lifeId === '' ? incarnation : lifeId}`;
