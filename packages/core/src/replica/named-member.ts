/**
 * Decides whether a peer is a member of this cluster: only members that the router names may join and pull
 * snapshots. (A stranger can copy a member's identity from an assignment; only a certificate proves it.)
 */
import type { Assignment, MemberInfo } from '../assignment.js';
import { type ServerId, serverName } from '../ids.js';
import { isSameCopy, isSameLife, type Life } from '../same-life.js';
import { quote } from '../text.js';

/** What a server knows about its cluster. */
interface Known {
  readonly identity: { readonly serverId: ServerId };
  /** The newest one from the router. */
  readonly assignment: Assignment | undefined;
}

/**
 * The member that the newest assignment names with this journal, live or not. A newer life may arrive before
 * the router has announced it.
 */
export const namedMember = (assignment: Assignment | undefined, claim: Life): MemberInfo | undefined =>
  assignment?.members.find((member) => isSameCopy(member, claim) && member.incarnation <= claim.incarnation);

/** Whether exactly this life is a live member, as far as is known. */
export const isLiveMember = (assignment: Assignment | undefined, claim: Life): boolean =>
  assignment?.members.some((member) => member.live && isSameLife(member, claim)) === true;

/** For people. */
export const unnamed = ({ serverId, incarnation, journalId }: Life): string =>
  `the router names no ${serverName(serverId)} of incarnation ${incarnation} with journal ${quote(journalId)} here`;

/** Text for callers of the wrong server. */
export function whoIsPrimary({ assignment, identity }: Known): string {
  const primary = assignment?.primary;
  const us = serverName(identity.serverId);
  return primary === undefined
    ? `${us} is not primary and knows of none`
    : `${us} is not primary; ${serverName(primary.serverId)} is, in epoch ${assignment?.epoch}`;
}
