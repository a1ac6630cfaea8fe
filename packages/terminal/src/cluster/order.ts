/**
 * The order of the rows: by number, or by a column. The router is always last.
 */
import type { Victim } from './feed.js';
import {
  asOfMs,
  type ClusterSeen,
  type ClusterViewState,
  type ColumnName,
  type MemberSeen,
  openCluster,
  type Sort,
  victimsOf,
} from './state.js';
import { ageOf, isHealthy, lagOf, postsPerSecond } from './watching.js';

type Of = (member: MemberSeen, cluster: ClusterSeen, now: number) => number | undefined;

/**
 * The value that a column is sorted by. Names are ascending; all others begin with the highest, or the worst,
 * value.
 */
const BY: Readonly<Partial<Record<ColumnName, Of>>> = {
  server: ({ info }) => -info.serverId,
  role: ({ info }, { assignment }) => (assignment.primary?.serverId === info.serverId ? 1 : 0),
  state: (member) => (isHealthy(member) ? 0 : member.info.live ? 1 : 2),
  age: (member, _, now) => ageOf(member, now),
  lag: (member, cluster) => (member.info.live ? lagOf(cluster, member) : undefined),
  clients: ({ info, told }) => (info.live ? told?.stats.stats.timelines : undefined),
  epoch: ({ epoch }) => (epoch === 0 ? undefined : epoch),
  uptime: ({ liveSinceMs }, _, now) => (liveSinceMs === undefined ? undefined : now - liveSinceMs),
  rate: (member) => postsPerSecond(member),
};

export const NUMBERED: Sort = { by: 'server', backwards: false };

/** The order in use: a column that does not fit on the screen can't order the rows. */
export const sortIn = ({ sort }: ClusterViewState, columns: readonly ColumnName[]): Sort =>
  columns.includes(sort.by) ? sort : NUMBERED;

/** Names go up, all else goes down. */
export const signOf = ({ by, backwards }: Sort): string => ((by === 'server') !== backwards ? '▴' : '▾');

/** The next column that can be sorted by. */
export function nextSort(state: ClusterViewState, columns: readonly ColumnName[]): Sort {
  const sortable = columns.filter((name) => BY[name] !== undefined);
  const at = sortable.indexOf(sortIn(state, columns).by);
  return { by: sortable[(at + 1) % sortable.length] ?? 'server', backwards: false };
}

export function sortedVictims(state: ClusterViewState, columns: readonly ColumnName[]): readonly Victim[] {
  const { by, backwards } = sortIn(state, columns);
  const cluster = openCluster(state);
  const read = BY[by];
  if (cluster === undefined || read === undefined) return victimsOf(state);
  const now = asOfMs(state);
  const values = new Map(
    cluster.members.map((member): [number, number | undefined] => [
      member.info.serverId,
      read(member, cluster, now),
    ]),
  );
  const valueFor = (victim: Victim): number | undefined =>
    victim.kind === 'router' ? undefined : values.get(victim.serverId);
  const rank = (victim: Victim): number =>
    victim.kind === 'router' ? 2 : valueFor(victim) === undefined ? 1 : 0;
  // Sorting is stable: of equal rows the lower number comes first.
  return [...victimsOf(state)].sort((one, other) => {
    const ranks = rank(one) - rank(other);
    if (ranks !== 0) return ranks;
    const [left, right] = [valueFor(one) ?? 0, valueFor(other) ?? 0];
    return backwards ? left - right : right - left;
  });
}
