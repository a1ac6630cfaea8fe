/** A server as the registry knows it, with the evidence that it is there. */
import type { JournalEnd, Liveness, MemberInfo, MemberRecord } from '../assignment.js';
import {
  type Address,
  type Incarnation,
  type JournalId,
  type LifeId,
  NO_EPOCH,
  NO_POSITION,
  type ServerId,
} from '../ids.js';
import { mayBeSameLife } from '../same-life.js';
import type { Reach } from './reach.js';
import type { Candidate, RegistryLink } from './registry-messages.js';

export type Presence =
  /** It holds a stream. */
  | { readonly kind: 'stream'; readonly link: RegistryLink }
  /** It calls from time to time; see `Heartbeats`. */
  | { readonly kind: 'heartbeat' }
  /** Its supervisor vouches for it. */
  | { readonly kind: 'watched' }
  /**
   * It was there before the router was away (down, or stopped for long), and may attach again: neither live
   * nor dropped yet.
   */
  | { readonly kind: 'awaited' }
  /** It has said that it will come. */
  | { readonly kind: 'announced' }
  | { readonly kind: 'gone' };

export interface Member {
  readonly serverId: ServerId;
  incarnation: Incarnation;
  journalId: JournalId;
  lifeId: LifeId;
  address: Address;
  liveness: Liveness;
  presence: Presence;
  /** Of this life. */
  reach: Reach;
  /** Whether this life has been heard since it was welcomed: then its folder has noted the welcome. */
  heard: boolean;
  /** Since this router started, so that it may have been told whatever there is. */
  hasAttached: boolean;
  /** As it was heard last. */
  end: JournalEnd;
  /**
   * A later life, refused because it was told more than the router's store holds: an operator may choose it
   * all the same.
   */
  refused: RefusedLife | undefined;
  /** It is asked to stop: nothing is handed over to it. */
  isLeaving: boolean;
  /** Nobody has served since it attached, so its journal cannot have grown. */
  isAtRest: boolean;
}

export interface RefusedLife {
  readonly incarnation: Incarnation;
  readonly lifeId: LifeId;
  /** The last that its folder had noted. */
  readonly welcomedLife: LifeId;
  readonly address: Address;
}

/** Of a journal that nothing is known of, or that there is none of. */
export const NO_END: JournalEnd = Object.freeze({
  lastEpoch: NO_EPOCH,
  durable: NO_POSITION,
  committed: NO_POSITION,
  checksum: 0,
});

export const isLive = ({ presence }: Member): boolean =>
  presence.kind === 'stream' || presence.kind === 'heartbeat' || presence.kind === 'watched';

/** Live, or not yet known to be otherwise. */
export const isCountedOn = (member: Member): boolean => isLive(member) || member.presence.kind === 'awaited';

export const linkOf = (member: Member): RegistryLink | undefined =>
  member.presence.kind === 'stream' ? member.presence.link : undefined;

export function memberFromRecord(record: MemberRecord, isAwaited: boolean): Member {
  const { live, reached, ...known } = record;
  const reach: Reach = { kind: reached ? 'reachable' : 'unasked' };
  const facts = {
    ...known,
    heard: false,
    hasAttached: false,
    refused: undefined,
    isLeaving: false,
    isAtRest: true,
    reach,
  };
  if (live && record.liveness !== 'stream') return { ...facts, presence: { kind: record.liveness } };
  return { ...facts, presence: { kind: live && isAwaited ? 'awaited' : 'gone' } };
}

/** A life has come, which may be the one that is known; what was known only of the one before is over. */
export function takeLife(member: Member, life: Candidate, evidence: Presence): void {
  const isAgain = mayBeSameLife(member, life);
  // A supervisor names no life. The one that was here is over, and may have been a copy's.
  const isAnyLife = evidence.kind === 'watched' && !isCountedOn(member);
  member.heard &&= isAgain && member.lifeId === life.lifeId;
  if (!isAgain || member.address !== life.address) member.reach = { kind: 'unasked' };
  if (!isAgain || isAnyLife || life.lifeId !== '') member.lifeId = life.lifeId;
  member.incarnation = life.incarnation;
  member.journalId = life.journalId;
  member.address = life.address;
  member.refused = undefined;
  member.isLeaving = false;
}

export function takeEvidence(member: Member, evidence: Presence): void {
  member.liveness = evidence.kind === 'watched' || evidence.kind === 'heartbeat' ? evidence.kind : 'stream';
  member.presence = evidence;
  if (evidence.kind === 'stream') member.hasAttached = true;
}

/**
 * The life that was refused because the store is older is the one that counts; it is live when it attaches
 * again.
 */
export function takeRefusedLife(member: Member): void {
  const { refused } = member;
  if (refused === undefined || member.presence.kind === 'stream') return;
  member.incarnation = refused.incarnation;
  member.lifeId = refused.lifeId;
  member.address = refused.address;
  member.reach = { kind: 'unasked' };
  member.presence = { kind: 'gone' };
}

export const memberToInfo = (member: Member, inSync: boolean): MemberInfo => ({
  serverId: member.serverId,
  incarnation: member.incarnation,
  journalId: member.journalId,
  lifeId: member.lifeId,
  address: member.address,
  liveness: member.liveness,
  live: isLive(member),
  inSync,
  unreachable: member.reach.kind === 'unreachable',
});

export const memberToRecord = (member: Member): MemberRecord => ({
  serverId: member.serverId,
  incarnation: member.incarnation,
  journalId: member.journalId,
  lifeId: member.lifeId,
  end: member.end,
  address: member.address,
  liveness: member.liveness,
  // One that is still awaited would have to be awaited again after the next restart.
  live: isCountedOn(member),
  reached: member.reach.kind === 'reachable',
});
