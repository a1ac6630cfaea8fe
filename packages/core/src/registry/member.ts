/** A server as the registry knows it, with the evidence that it is live. */

import type { JournalEnd, Liveness, MemberInfo, MemberRecord } from '../assignment.js';
import { type Build, FIRST_LEVEL } from '../build.js';
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
  /** It sends heartbeats; see `Heartbeats`. */
  | { readonly kind: 'heartbeat' }
  /** Its supervisor has registered it and reports its end. */
  | { readonly kind: 'watched' }
  /**
   * It was live before the router was away (down, or stopped for long), and may attach again: neither live
   * nor dropped yet.
   */
  | { readonly kind: 'awaited' }
  /** It has announced that it will attach. */
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
  /** Whether the router has reached this life. */
  reach: Reach;
  /** Whether this life has been heard since it was welcomed: then its folder has stored the welcome. */
  heard: boolean;
  /** Whether it has attached since this router started: then it may know everything in this store. */
  hasAttached: boolean;
  /** As last reported. */
  end: JournalEnd;
  /**
   * A later life, refused because it knows a newer state than the router's store; an operator may still
   * choose it.
   */
  refused: RefusedLife | undefined;
  /** It was asked to stop: no epoch is handed over to it. */
  isLeaving: boolean;
  /** As it said last; undefined: it did not say. */
  build: Build | undefined;
  /** Whether no primary has served since it attached: then its journal cannot have grown. */
  isAtRest: boolean;
}

export interface RefusedLife {
  readonly incarnation: Incarnation;
  readonly lifeId: LifeId;
  /** The last welcomed life that its folder had stored. */
  readonly welcomedLife: LifeId;
  readonly address: Address;
}

/** The end of an unknown journal, or of a member without one. */
export const NO_END: JournalEnd = Object.freeze({
  lastEpoch: NO_EPOCH,
  durable: NO_POSITION,
  committed: NO_POSITION,
  checksum: 0,
});

export const isLive = ({ presence }: Member): boolean =>
  presence.kind === 'stream' || presence.kind === 'heartbeat' || presence.kind === 'watched';

/** Live, or awaited. */
export const isCountedOn = (member: Member): boolean => isLive(member) || member.presence.kind === 'awaited';

export const linkOf = (member: Member): RegistryLink | undefined =>
  member.presence.kind === 'stream' ? member.presence.link : undefined;

export function memberFromRecord(record: MemberRecord, isAwaited: boolean): Member {
  const { live, reached, build, ...known } = record;
  const reach: Reach = { kind: reached ? 'reachable' : 'unasked' };
  const facts = {
    ...known,
    build,
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

/** A life has attached, perhaps the known one; what was known only about an earlier life is forgotten. */
export function takeLife(member: Member, life: Candidate, evidence: Presence): void {
  const isAgain = mayBeSameLife(member, life);
  // A supervisor names no life id. The life that was here is over, and may have been a copy's.
  const isAnyLife = evidence.kind === 'watched' && !isCountedOn(member);
  member.heard &&= isAgain && member.lifeId === life.lifeId;
  if (!isAgain || member.address !== life.address) member.reach = { kind: 'unasked' };
  if (!isAgain || isAnyLife || life.lifeId !== '') member.lifeId = life.lifeId;
  member.incarnation = life.incarnation;
  member.journalId = life.journalId;
  member.address = life.address;
  member.refused = undefined;
  member.isLeaving = life.leaving === true;
  // Its supervisor, which registers it, does not know.
  if (evidence.kind === 'stream') member.build = life.build;
}

export function takeEvidence(member: Member, evidence: Presence): void {
  member.liveness = evidence.kind === 'watched' || evidence.kind === 'heartbeat' ? evidence.kind : 'stream';
  member.presence = evidence;
  if (evidence.kind === 'stream') member.hasAttached = true;
}

/**
 * The life that was refused because the store is older is valid from now on; it is live when it attaches
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
  ...(member.build !== undefined && { build: member.build }),
});

export const memberToRecord = (member: Member): MemberRecord => ({
  serverId: member.serverId,
  incarnation: member.incarnation,
  journalId: member.journalId,
  lifeId: member.lifeId,
  end: member.end,
  address: member.address,
  liveness: member.liveness,
  // A member that is still awaited must be awaited again after the next restart.
  live: isCountedOn(member),
  reached: member.reach.kind === 'reachable',
  ...(member.build !== undefined && { build: member.build }),
});

/** What the member knows beyond the first builds; undefined: it has not come yet. */
export const levelOf = ({ presence, build }: Member): number | undefined =>
  presence.kind === 'announced' ? undefined : (build?.level ?? FIRST_LEVEL);
