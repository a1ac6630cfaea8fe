/**
 * Decides whether a member that may safely be promoted can also work as primary: it is heard now, and the
 * router has reached it at the address that the others will dial. This only chooses among safe promotions;
 * the in-sync set says which are safe (see `promotion.ts`).
 */
import { type ServerId, serverName, type WallTimeMs } from '../ids.js';
import { linkOf, type Member } from './member.js';
import type { RegistryLink } from './registry-messages.js';

/** What a cluster needs to know about what the router hears. */
export interface Evidence {
  /** Time in which the router listened and heard at least one member, ms. */
  readonly heardMs: number;
  /** It hears no member at all, so it suspects that it is cut off itself. */
  readonly isQuiet: boolean;
  /** Whether a message came on this link at `sinceMs` or later, and within two of its pings. */
  isHeard(link: RegistryLink, sinceMs: number): boolean;
  /** Members of its cluster that the member on this link can't reach, by its last ping. */
  cannotReach(link: RegistryLink): ReadonlySet<ServerId>;
  /** The primary reaches the member on this link: that member's earlier `cannot_reach` is out of date. */
  forgetComplaint(link: RegistryLink): void;
  /** Silence after which a member is dropped, ms. */
  readonly deadAfterMs: number;
  /** For people; decides nothing. 0: not told yet. */
  readonly wallTimeMs: WallTimeMs;
}

/** A member that can't be promoted now, and why. */
export type Objection = readonly [Member, string];

/** Why the member can't be promoted now: text that follows its name; undefined: it can be. */
export function objectionToPromotion(
  member: Member,
  evidence: Evidence,
  sinceMs: number,
): string | undefined {
  const { reach } = member;
  if (reach.kind === 'unreachable') return `can't be reached at ${member.address} (${reach.detail})`;
  if (reach.kind === 'unknown') return `has not been reached at ${member.address} yet`;
  const link = linkOf(member);
  if (link === undefined) return 'has no stream to the router';
  return evidence.isHeard(link, sinceMs) ? undefined : 'is not heard now';
}

/** `s2 can't be reached at host2:7000 (connection refused) and s3 is not heard now`. */
export const objectionsText = (objections: readonly Objection[]): string =>
  objections.map(([{ serverId }, why]) => `${serverName(serverId)} ${why}`).join(' and ');
