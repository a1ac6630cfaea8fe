/**
 * What an unclean promotion would lose, computed before it is done: compared with every known member, also
 * those that are gone.
 *
 * Of two journals the one with the later last epoch has more, whatever their lengths: the other's tail was
 * never committed. Of two with the same last epoch the longer one has everything that the other has. But if
 * the journal with the later epoch ends before what the other knows to be committed, the two have diverged (a
 * router with a copied folder had an old in-sync set): each has entries that the other lacks.
 */
import { serverName } from '../ids.js';
import { isLive, type Member } from './member.js';

/** Whether the first journal has what the second one lacks. */
const hasMore = ({ end: one }: Member, { end: other }: Member): boolean =>
  one.lastEpoch > other.lastEpoch ||
  (one.lastEpoch === other.lastEpoch && one.durable > other.durable) ||
  one.committed > other.durable;

/**
 * The objection to promoting this member: another present member has entries that it lacks. Undefined: none.
 */
export function objectionToUnclean(member: Member, members: readonly Member[]): string | undefined {
  let fullest: Member | undefined;
  for (const other of members)
    if (hasMore(other, member) && (fullest === undefined || hasMore(other, fullest))) fullest = other;
  if (fullest === undefined) return undefined;
  const [name, other] = [serverName(member.serverId), serverName(fullest.serverId)];
  return hasMore(member, fullest)
    ? `${name} and ${other} have diverged, each has entries that the other lacks: accept the loss of one of them`
    : `${other} is there and has more: promote that one, or accept the loss`;
}

const endText = ({ end: { lastEpoch, durable, committed } }: Member): string =>
  `epoch ${lastEpoch}, ${durable} entries, ${committed} of them known to be committed`;

const stateOf = (member: Member): string =>
  isLive(member) ? 'live' : member.refused === undefined ? 'gone' : 'refused now';

/** For an operator: `s1 (gone): epoch 3, 412 entries, …: s2 lacks 12 of them`. */
export function lossAgainst(candidate: Member, other: Member): string {
  const who = `${serverName(other.serverId)} (${stateOf(other)}, as last heard)`;
  const name = serverName(candidate.serverId);
  const { end } = candidate;
  if (!hasMore(other, candidate)) return `${who}: ${endText(other)}: nothing that ${name} lacks`;
  if (other.end.lastEpoch > end.lastEpoch)
    return `${who}: ${endText(other)}: everything after epoch ${end.lastEpoch} is lost`;
  if (other.end.lastEpoch < end.lastEpoch)
    return `${who}: ${endText(other)}: committed entries ${end.durable + 1} to ${other.end.committed} are lost, at least`;
  return `${who}: ${endText(other)}: ${other.end.durable - end.durable} entries are lost`;
}

export const holdsText = (member: Member): string => `${serverName(member.serverId)}: ${endText(member)}`;
