/** Texts about the state of a cluster, for people. */
import type { Assignment, PrimaryRef } from '../assignment.js';
import { type Epoch, type ServerId, serverName } from '../ids.js';
import { type Objection, objectionsText } from './eligibility.js';
import type { RegistryEvent } from './registry-messages.js';

interface Named {
  readonly serverId: ServerId;
}

const names = (ids: readonly Named[], joint: string): string =>
  ids.map(({ serverId }) => serverName(serverId)).join(joint);

/** `s1, s2`, in the order in which they joined the set. */
const inSyncText = (inSync: readonly Named[]): string => names(inSync, ', ');

export interface Unavailability {
  /** For people: `cluster 3`. */
  readonly title: string;
  readonly epoch: Epoch;
  /** The router has just started, with a store that existed before. */
  readonly isStarting: boolean;
  /** An operator has paused failover. */
  readonly isPaused: boolean;
  readonly primary: PrimaryRef | undefined;
  readonly inSync: readonly Named[];
  /** Members that may attach again after the router was away. */
  readonly awaited: readonly Named[];
  /** Live members whose copy in the set is lost: they attached with another journal. */
  readonly replaced: readonly Named[];
  /** How the primary was lost; undefined if this router did not see it. */
  readonly why: string | undefined;
  /** Members whose promotion would be safe, and why they can't be promoted now; empty: there are none. */
  readonly objections: string;
  /** What an operator can do about it; empty: no action is needed. */
  readonly advice: string;
}

/** Until an operator resumes. */
export const atRestText = (title: string): string =>
  `${title} is at rest, as an operator has ordered: "dualping admin resume" lets it go on`;

export function unavailableText(facts: Unavailability): string {
  const { title, epoch, isStarting, isPaused, primary, inSync, awaited, replaced, why, objections, advice } =
    facts;
  if (primary === undefined && isStarting)
    return 'the router was away before the first epoch, and waits for servers that may know of one';
  if (primary === undefined)
    return objections === ''
      ? `no server of ${title} has attached yet`
      : `there is no primary yet: ${objections}${advice}`;
  const holder = `${serverName(primary.serverId)}, primary of epoch ${epoch},`;
  if (awaited.length > 0)
    return `the router was away and waits for ${names(awaited, ' and ')} to attach again`;
  const cause = why === undefined ? '' : ` (${why})`;
  if (isPaused)
    return `${holder} is gone${cause}, and failover is paused: start ${serverName(primary.serverId)}, or "dualping admin resume" lets another take over`;
  if (objections !== '') return `${holder} is gone${cause}; ${objections}${advice}`;
  if (inSync.length === 0) return `${holder} is gone${cause} and no other server is live`;
  const gone = `${holder} is gone${cause}; only ${names(inSync, ' or ')} can take over, and must attach first`;
  if (replaced.length === 0) return gone;
  return `${gone} (with the journal that it had: ${names(replaced, ' and ')} came with another)`;
}

/** Why a primary can't hand over: the objections to the members that could safely take over. */
export function noSuccessorText(primary: string, objections: readonly Objection[]): string {
  if (objections.length === 0) return `no server but ${primary} is live and in sync`;
  const isUnreached = objections.some(([{ reach }]) => reach.kind === 'unreachable');
  const way = 'restart it with the right --advertise, or the router with --no-dial-back if others reach it';
  const why = `no server can take over from ${primary}: ${objectionsText(objections)}`;
  return isUnreached ? `${why}: ${way}` : why;
}

/**
 * What an operator can do when only members that can't be reached could be promoted; empty: no action is
 * needed.
 */
export function adviceText(objections: readonly Objection[]): string {
  const [unreached] = objections.find(([{ reach }]) => reach.kind === 'unreachable') ?? [];
  if (unreached === undefined) return '';
  return `: restart it with the right --advertise, or "dualping admin promote ${unreached.serverId} --unclean" takes it as it is`;
}

/** Events of a change for the operator, except members that came, went or were promoted. */
export function differences(before: Assignment, after: Assignment): RegistryEvent[] {
  const events: RegistryEvent[] = [];
  const { epoch, primary } = after;
  if (after.available && !before.available && epoch === before.epoch && primary !== undefined)
    events.push({
      event: 'resumed',
      text: `${serverName(primary.serverId)} goes on as primary of epoch ${epoch}`,
    });
  const inSync = inSyncText(after.inSync);
  if (after.inSync.length > 0 && inSync !== inSyncText(before.inSync))
    events.push({ event: 'in-sync', text: `the in-sync set of epoch ${epoch} is ${inSync}` });
  // A first member is promoted as soon as it is reached, in a few milliseconds: not worth a line.
  const isBeginning = primary === undefined && !after.members.some(({ unreachable }) => unreachable);
  if (!after.available && !isBeginning && before.unavailableReason !== after.unavailableReason)
    events.push({ event: 'unavailable', text: `no server is available: ${after.unavailableReason}` });
  return events;
}
