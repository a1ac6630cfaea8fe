/**
 * What an unclean promotion loses, told before it is done: against every member that is known, also those that are gone.
 *
 * Of two journals the one with the later last epoch has more, whatever their lengths: the other's tail was never
 * committed, or was taken back. Of two with the same last epoch the longer one has everything that the other has.
 */
import { serverName } from '../ids.js';
import { isLive, type Member } from './member.js';

/** Whether the first journal has what the second one lacks. */
export const hasMore = ({ end: one }: Member, { end: other }: Member): boolean =>
  one.lastEpoch > other.lastEpoch || (one.lastEpoch === other.lastEpoch && one.durable > other.durable);

/** The live member that has most, of those that have more than this one. */
export function fullerThan(member: Member, members: readonly Member[]): Member | undefined {
  let fullest: Member | undefined;
  for (const other of members) if (isLive(other) && hasMore(other, fullest ?? member)) fullest = other;
  return fullest;
}

const endText = ({ end: { lastEpoch, durable, committed } }: Member): string =>
  `epoch ${lastEpoch}, ${durable} entries, ${committed} of them known as committed`;

/** For an operator: `s1 (gone): epoch 3, 412 entries, …: s2 lacks 12 of them`. */
export function lossAgainst(candidate: Member, other: Member): string {
  const who = `${serverName(other.serverId)} (${isLive(other) ? 'live' : 'gone'}, as it was heard last)`;
  const name = serverName(candidate.serverId);
  const { end } = candidate;
  if (!hasMore(other, candidate)) return `${who}: ${endText(other)}: nothing that ${name} lacks`;
  if (other.end.lastEpoch > end.lastEpoch)
    return `${who}: ${endText(other)}: whatever came after epoch ${end.lastEpoch} is lost`;
  return `${who}: ${endText(other)}: ${other.end.durable - end.durable} entries are lost`;
}

export const holdsText = (member: Member): string => `${serverName(member.serverId)}: ${endText(member)}`;
