/** A server as the registry knows it, with the evidence that it is there. */
import type { InSyncMember, Liveness, MemberRecord, PrimaryRef } from '../assignment.js';
import type { Address, Incarnation, JournalId, ServerId } from '../ids.js';
import type { Reach } from './reach.js';
import type { RegistryLink } from './registry-messages.js';

export type Presence =
  /** It holds a stream. */
  | { readonly kind: 'stream'; readonly link: RegistryLink }
  /** It calls from time to time; see `Heartbeats`. */
  | { readonly kind: 'heartbeat' }
  /** Its supervisor vouches for it. */
  | { readonly kind: 'watched' }
  /** It was there before the router was away (down, or stopped for long), and may attach again: neither live nor dropped yet. */
  | { readonly kind: 'awaited' }
  /** It has said that it will come. */
  | { readonly kind: 'announced' }
  | { readonly kind: 'gone' };

export interface Member {
  readonly serverId: ServerId;
  incarnation: Incarnation;
  journalId: JournalId;
  address: Address;
  liveness: Liveness;
  presence: Presence;
  /** Of this life. */
  reach: Reach;
}

export const isLive = ({ presence }: Member): boolean =>
  presence.kind === 'stream' || presence.kind === 'heartbeat' || presence.kind === 'watched';

/** Live, or not yet known to be otherwise. */
export const isCountedOn = (member: Member): boolean => isLive(member) || member.presence.kind === 'awaited';

/** Whether both mean one copy of the journal on one disk. */
export const isSameCopy = (one: InSyncMember, other: InSyncMember): boolean =>
  one.serverId === other.serverId && one.journalId === other.journalId;

/** Whether both mean one run of one server over one journal. */
export const isSameLife = (one: PrimaryRef, other: PrimaryRef): boolean =>
  isSameCopy(one, other) && one.incarnation === other.incarnation;

export const linkOf = (member: Member): RegistryLink | undefined =>
  member.presence.kind === 'stream' ? member.presence.link : undefined;

export function memberFromRecord(record: MemberRecord, isAwaited: boolean): Member {
  const { live, reached, ...facts } = record;
  const reach: Reach = { kind: reached ? 'reachable' : 'unasked' };
  if (live && record.liveness !== 'stream') return { ...facts, reach, presence: { kind: record.liveness } };
  return { ...facts, reach, presence: { kind: live && isAwaited ? 'awaited' : 'gone' } };
}

export const memberToRecord = (member: Member): MemberRecord => ({
  serverId: member.serverId,
  incarnation: member.incarnation,
  journalId: member.journalId,
  address: member.address,
  liveness: member.liveness,
  // One that is still awaited would have to be awaited again after the next restart.
  live: isCountedOn(member),
  reached: member.reach.kind === 'reachable',
});
