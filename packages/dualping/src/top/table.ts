/** The clusters as a table of plain text, for pipes and logs. */
import type { NetworkStatus } from '@dualping/client';
import {
  type Address,
  type Assignment,
  clusterKeyOf,
  clusterTitle,
  type MemberInfo,
  serverName,
} from '@dualping/core';
import { renderRouters } from '../render.js';
import { cleanForTerminal } from '../terminal-text.js';

const HEAD = ['CLUSTER', 'SERVER', 'ROLE', 'STATE', 'AGE-MS', 'LAG', 'CLIENTS', 'EPOCH', 'ADDRESS'];
/** The columns with numbers. */
const RIGHT = new Set([0, 4, 5, 6, 7]);
const NOTHING = '-';

/** @param pids of routers on this machine, by address */
export function renderStatusTable(
  status: NetworkStatus,
  pids: ReadonlyMap<Address, number> = new Map(),
): readonly string[] {
  const rows = status.assignments.flatMap((assignment) =>
    assignment.members.map((member) => cellsOf(status, assignment, member)),
  );
  const unavailable = status.assignments.flatMap((assignment) => {
    const title = clusterTitle(clusterKeyOf(assignment));
    const { available, suspended, unavailableReason } = assignment;
    if (!available) return [`${title} is not available: ${unavailableReason}`];
    return suspended === undefined ? [] : [`${title}: failover is paused by an operator`];
  });
  const trouble = status.trouble === '' ? [] : [`router in trouble: ${status.trouble}`];
  const routers = renderRouters(status, pids);
  return [...aligned([HEAD, ...rows]), ...unavailable, ...routers, ...trouble].map(cleanForTerminal);
}

function cellsOf({ stats }: NetworkStatus, assignment: Assignment, member: MemberInfo): readonly string[] {
  const { cluster, primary, epoch } = assignment;
  const statsOf = (id: number | undefined) =>
    stats.find((each) => each.cluster === cluster && each.serverId === id);
  const told = member.live ? statsOf(member.serverId) : undefined;
  const committed = statsOf(primary?.serverId)?.stats.committed;
  const lag =
    told === undefined || committed === undefined ? undefined : Math.max(0, committed - told.stats.durable);
  const cell = (value: number | undefined): string => (value === undefined ? NOTHING : String(value));
  return [
    String(clusterKeyOf(assignment)),
    serverName(member.serverId),
    !member.live ? NOTHING : primary?.serverId === member.serverId ? 'primary' : 'standby',
    stateOf(member),
    cell(told?.ageMs),
    cell(lag),
    cell(told?.stats.timelines),
    String(epoch),
    member.address,
  ];
}

function stateOf({ live, inSync, journalId, unreachable }: MemberInfo): string {
  if (!live) return 'dead';
  if (unreachable) return 'unreachable';
  return inSync || journalId === '' ? 'up' : 'joining';
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return RIGHT.has(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
