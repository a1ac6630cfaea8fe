/**
 * Turns the router's updates into the history of each member: since when it is live, how often it was heard,
 * its rates.
 */
import {
  type Assignment,
  isNewer,
  type MemberFigures,
  type MemberInfo,
  type WatchUpdate,
} from '@dualping/client';
import {
  type Beat,
  type ClusterSeen,
  type ClusterViewState,
  type MemberSeen,
  MOST_BEATS,
  MOST_SAMPLES,
  type Sample,
  victimKey,
  victimsOf,
} from './state.js';

export function updated(state: ClusterViewState, update: WatchUpdate): ClusterViewState {
  const now = state.clock.monoMs;
  const clusters = new Map(state.clusters);
  for (const assignment of update.assignments)
    clusters.set(assignment.cluster, assigned(clusters.get(assignment.cluster), assignment, now));
  // Stats come in messages of their own, about once a second; an empty message comes from a network in
  // which no member pings.
  if (update.stats.length > 0 || update.assignments.length === 0)
    for (const [number, cluster] of clusters) clusters.set(number, beaten(cluster, update.stats, now));
  const sorted = new Map([...clusters].sort(([one], [other]) => one - other));
  return settled(unmarked({ ...state, heardMs: now, clusters: sorted }, state));
}

function assigned(before: ClusterSeen | undefined, assignment: Assignment, now: number): ClusterSeen {
  // A watch that is opened again may begin with an assignment that is known already.
  if (before !== undefined && isNewer(before.assignment, assignment)) return before;
  return {
    assignment,
    members: assignment.members.map((info) =>
      memberAs(
        before?.members.find((member) => member.info.serverId === info.serverId),
        info,
        { epoch: assignment.epoch, now, wasWatching: before !== undefined },
      ),
    ),
  };
}

interface At {
  readonly epoch: number;
  readonly now: number;
  /** Whether the cluster was known before: else this view has seen no member start. */
  readonly wasWatching: boolean;
}

function memberAs(before: MemberSeen | undefined, info: MemberInfo, at: At): MemberSeen {
  const { epoch, now } = at;
  const known: MemberSeen = before ?? {
    info,
    epoch: info.live ? epoch : 0,
    liveSinceMs: undefined,
    beginningSeen: false,
    droppedMs: undefined,
    told: undefined,
    samples: [],
    beats: [],
  };
  if (!info.live) {
    const dropped = before?.info.live === true ? now : known.droppedMs;
    return { ...known, info, liveSinceMs: undefined, droppedMs: dropped };
  }
  const sameLife = before?.info.live === true && before.info.incarnation === info.incarnation;
  if (sameLife) return { ...known, info, epoch };
  // A thawed server is the same process: its post counts continue, its pings begin anew.
  const sameProcess = before?.info.incarnation === info.incarnation;
  return {
    ...known,
    info,
    epoch,
    liveSinceMs: now,
    beginningSeen: at.wasWatching,
    droppedMs: undefined,
    samples: sameProcess ? known.samples : [],
  };
}

function beaten(cluster: ClusterSeen, stats: readonly MemberFigures[], now: number): ClusterSeen {
  const { cluster: number } = cluster.assignment;
  const own = stats.filter((each) => each.cluster === number);
  const members = cluster.members.map((member): MemberSeen => {
    const told = own.find(({ serverId }) => serverId === member.info.serverId);
    const beats = [...member.beats, beatOf(member, told)].slice(-MOST_BEATS);
    if (told === undefined) return { ...member, beats };
    const sample: Sample = { monoMs: now, postsAccepted: told.stats.postsAccepted };
    return { ...member, beats, told: { stats: told, monoMs: now }, samples: sampled(member, sample) };
  });
  return { ...cluster, members };
}

function beatOf({ info }: MemberSeen, told: MemberFigures | undefined): Beat {
  if (told !== undefined && info.live) return { kind: 'heard', ageMs: told.ageMs };
  return info.live && info.liveness === 'watched' ? { kind: 'vouched' } : { kind: 'silent' };
}

/** If the count falls, the process was started again. */
function sampled({ samples }: MemberSeen, sample: Sample): readonly Sample[] {
  const last = samples.at(-1);
  if (last !== undefined && sample.postsAccepted < last.postsAccepted) return [sample];
  return [...samples, sample].slice(-MOST_SAMPLES);
}

/**
 * A member that is live again is neither frozen nor cut off, and a new process is not the one that was
 * killed.
 */
function unmarked(state: ClusterViewState, before: ClusterViewState): ClusterViewState {
  if (state.marks.size === 0) return state;
  const marks = new Map(state.marks);
  for (const [number, { members }] of state.clusters)
    for (const { info } of members) {
      const was = before.clusters
        .get(number)
        ?.members.find((member) => member.info.serverId === info.serverId);
      const key = victimKey({ kind: 'server', cluster: number, serverId: info.serverId });
      const isAnother = marks.get(key) === 'killed' && was?.info.incarnation !== info.incarnation;
      if (info.live && (was?.info.live === false || isAnother)) marks.delete(key);
    }
  return marks.size === state.marks.size ? state : { ...state, marks };
}

/** Makes sure that the open cluster and the selected server exist. */
export function settled(state: ClusterViewState): ClusterViewState {
  const open = state.clusters.has(state.open)
    ? state.open
    : (state.clusters.keys().next().value ?? state.open);
  const opened = open === state.open ? state : { ...state, open };
  const victims = victimsOf(opened);
  const key = opened.selected === undefined ? undefined : victimKey(opened.selected);
  if (key !== undefined && victims.some((victim) => victimKey(victim) === key)) return opened;
  return { ...opened, selected: victims[0] };
}

/** Posts acknowledged in a second; undefined while there is nothing to compare. */
export function postsPerSecond({ samples, info }: MemberSeen): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!info.live || first === undefined || last === undefined) return undefined;
  const seconds = (last.monoMs - first.monoMs) / 1_000;
  return seconds > 0 ? (last.postsAccepted - first.postsAccepted) / seconds : undefined;
}

/** Committed entries that a member lacks, from the last stats of the primary and the member. */
export function lagOf(cluster: ClusterSeen, member: MemberSeen): number | undefined {
  const primary = cluster.members.find(({ info }) => info.serverId === cluster.assignment.primary?.serverId);
  if (primary?.told === undefined || member.told === undefined) return undefined;
  if (member === primary) return 0;
  return Math.max(0, primary.told.stats.stats.committed - member.told.stats.stats.durable);
}

/** How long ago a member was heard, ms; while it is live, as in the router's last stats. */
export function ageOf({ info, told, droppedMs }: MemberSeen, now: number): number | undefined {
  if (info.live) return told?.stats.ageMs;
  const lastHeard = told === undefined ? droppedMs : told.monoMs - told.stats.ageMs;
  return lastHeard === undefined ? undefined : now - lastHeard;
}

/** Whether it is live, and in sync if its cluster replicates. */
export const isHealthy = ({ info }: MemberSeen): boolean =>
  info.live && (info.inSync || info.journalId === '');
