/**
 * Turns the difference between two assignments of a cluster into events for people, and into takeovers.
 *
 * The router reports that a primary was dropped and that another was promoted, mostly both at once. It does
 * not know whether the primary was killed, frozen or cut off. `takeover-estimator.ts` estimates from the
 * stats what happened before the drop and after the promotion.
 */
import {
  type Assignment,
  type ClusterId,
  clusterKeyOf,
  clusterTitle,
  isNewer,
  type MemberInfo,
  type ServerId,
  serverName,
} from '@dualping/core';
import type { ClusterEvent, Takeover } from '@dualping/terminal';

export interface Changes {
  readonly events: readonly ClusterEvent[];
  readonly promotion: Promotion | undefined;
}

/** A change from one primary to another. */
export interface Promotion extends Pick<Takeover, 'cluster' | 'fault' | 'from' | 'to' | 'epoch'> {
  /** Time during which no server was available. */
  readonly promoteMs: number;
}

/** The time of an update: by the wall clock for people, and by a monotonic clock for measurements. */
export interface Seen {
  readonly wallMs: number;
  readonly monoMs: number;
}

interface Known {
  readonly assignment: Assignment;
  /** Since when no server is available. */
  readonly lostMs: number | undefined;
}

export class AssignmentChanges {
  readonly #known = new Map<ClusterId, Known>();

  /** For the first assignment of a cluster only the present state is reported. */
  step(seen: Seen, after: Assignment): Changes {
    const known = this.#known.get(after.cluster);
    // A watch that is opened again may begin with an assignment that is known already.
    if (known !== undefined && !isNewer(after, known.assignment)) return NOTHING;
    const lostMs = after.available ? undefined : (known?.lostMs ?? seen.monoMs);
    this.#known.set(after.cluster, { assignment: after, lostMs });
    const name = this.#known.size > 1 ? `${clusterTitle(clusterKeyOf(after))}: ` : '';
    const event: Tell = (kind, text, ...servers) => ({
      atMs: seen.wallMs,
      kind,
      text: name + text,
      ...(servers.length > 0 && {
        about: servers.map((serverId) => ({ kind: 'server', cluster: after.cluster, serverId })),
      }),
    });
    if (known === undefined) return { events: [event('said', introduction(after))], promotion: undefined };
    const before = known.assignment;
    const promoteMs = known.lostMs === undefined ? 0 : seen.monoMs - known.lostMs;
    return {
      events: [
        ...memberEvents(before, after, event),
        ...primaryEvents(before, after, event),
        ...availabilityEvents(before, after, event),
      ],
      promotion: promotionBetween(before, after, promoteMs),
    };
  }
}

const NOTHING: Changes = { events: [], promotion: undefined };

/** @param servers the servers that the event is about */
type Tell = (kind: ClusterEvent['kind'], text: string, ...servers: readonly ServerId[]) => ClusterEvent;

function introduction({ epoch, primary, available, members, unavailableReason }: Assignment): string {
  const live = members.filter((member) => member.live).length;
  const who =
    available && primary !== undefined ? `primary ${serverName(primary.serverId)}` : 'nobody available';
  const why = available || unavailableReason === '' ? '' : ` (${unavailableReason})`;
  return `${live} of ${members.length} servers are live, ${who}${why}, epoch ${epoch}`;
}

function memberEvents(before: Assignment, after: Assignment, tell: Tell): readonly ClusterEvent[] {
  const was = new Map(before.members.map((member) => [member.serverId, member]));
  return after.members.flatMap((member) => memberEvent(was.get(member.serverId), member, tell));
}

function memberEvent(was: MemberInfo | undefined, is: MemberInfo, tell: Tell): readonly ClusterEvent[] {
  const name = serverName(is.serverId);
  if (was?.live === true && !is.live)
    return [tell('down', `${name} dropped: the router no longer hears it`, is.serverId)];
  if (is.live && was?.live !== true) {
    const what =
      was === undefined ? 'came' : was.incarnation === is.incarnation ? 'is heard again' : 'is back';
    const sync = is.inSync || is.journalId === '' ? '' : ', fetching what it lacks';
    return [tell('up', `${name} ${what}, incarnation ${is.incarnation}${sync}`, is.serverId)];
  }
  if (is.live && was !== undefined && was.incarnation !== is.incarnation)
    return [tell('up', `${name} was started again, incarnation ${is.incarnation}`, is.serverId)];
  if (is.live && was?.unreachable !== true && is.unreachable)
    return [
      tell('down', `${name} can't be reached at ${is.address}: it is not promoted until it is`, is.serverId),
    ];
  if (is.live && was?.unreachable === true && !is.unreachable)
    return [tell('up', `${name} is reached at ${is.address} now`, is.serverId)];
  if (is.live && was?.inSync === false && is.inSync) return [tell('up', `${name} is in sync`, is.serverId)];
  if (is.live && was?.inSync === true && !is.inSync)
    return [tell('down', `${name} is no longer in sync`, is.serverId)];
  return [];
}

function primaryEvents(before: Assignment, after: Assignment, tell: Tell): readonly ClusterEvent[] {
  if (after.epoch <= before.epoch || after.primary === undefined) return [];
  const { serverId } = after.primary;
  const former =
    before.primary === undefined || before.primary.serverId === serverId ? [] : [before.primary.serverId];
  return [tell('promoted', `${serverName(serverId)} promoted, epoch ${after.epoch}`, serverId, ...former)];
}

function availabilityEvents(before: Assignment, after: Assignment, tell: Tell): readonly ClusterEvent[] {
  if (before.available && !after.available)
    return [
      tell('down', `no server is available: ${after.unavailableReason || 'no in-sync server is live'}`),
    ];
  const isSame = after.epoch === before.epoch;
  if (!before.available && after.available && isSame && after.primary !== undefined)
    return [
      tell(
        'up',
        `${serverName(after.primary.serverId)} serves again, still epoch ${after.epoch}`,
        after.primary.serverId,
      ),
    ];
  return [];
}

/** A primary that is still live while another one has the next epoch has handed over. */
function promotionBetween(before: Assignment, after: Assignment, promoteMs: number): Promotion | undefined {
  const [from, to] = [before.primary, after.primary];
  if (after.epoch <= before.epoch || from === undefined || to === undefined) return undefined;
  const old = after.members.find(({ serverId }) => serverId === from.serverId);
  const stands = old?.live === true && old.incarnation === from.incarnation;
  return {
    cluster: after.cluster,
    fault: stands ? 'handover' : 'unknown',
    from: from.serverId,
    to: to.serverId,
    epoch: after.epoch,
    promoteMs,
  };
}
