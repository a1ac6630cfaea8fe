/**
 * Decides for a monitoring program whether a network is healthy, from what a router knows.
 *
 * Critical: a cluster has no primary, or fewer in-sync members than the operator asked for. Warning: every
 * cluster serves, but a member is missing, out of sync, unreachable or far behind.
 */
import type { NetworkStatus } from '@dualping/client';
import { type Assignment, type ClusterId, diskSpaceText, serverNameIn } from '@dualping/core';

/** Exit codes of monitoring plugins. */
export const SEVERITY = { ok: 0, warning: 1, critical: 2 } as const;
export type Severity = keyof typeof SEVERITY;

export interface CheckLimits {
  /** Undefined: all of them. */
  readonly cluster: ClusterId | undefined;
  /** Fewer live members with everything acknowledged are critical. */
  readonly minInSync: number;
  /** An in-sync member that is further behind is a warning, entries. */
  readonly maxLag: number;
}

export interface Problem {
  readonly severity: Exclude<Severity, 'ok'>;
  readonly text: string;
}

export interface ClusterCheck {
  readonly cluster: ClusterId;
  readonly epoch: number;
  readonly available: boolean;
  readonly members: number;
  readonly live: number;
  /** Live, with everything acknowledged; of a cluster without journals those that are live. */
  readonly inSync: number;
  /** How far the last of those is behind the journal that goes furthest, entries. */
  readonly lag: number;
}

export interface Verdict {
  readonly severity: Severity;
  /** The worst first. */
  readonly problems: readonly Problem[];
  readonly clusters: readonly ClusterCheck[];
}

export function verdictOf(status: NetworkStatus, limits: CheckLimits): Verdict {
  const problems: Problem[] = [];
  const say = (severity: Problem['severity'], text: string) => problems.push({ severity, text });
  if (status.trouble !== '') say('critical', `the router is in trouble: ${status.trouble}`);
  const looked = status.assignments.filter(
    ({ cluster }) => limits.cluster === undefined || cluster === limits.cluster,
  );
  if (looked.length === 0) say('critical', `there is no cluster ${limits.cluster}`);
  const several = status.clusters > 1;
  const clusters = looked.map((assignment) => {
    const checked = checkCluster(assignment, status);
    weigh(assignment, checked, { limits, several, say });
    weighDisks(assignment, status, { limits, several, say });
    return checked;
  });
  problems.sort((one, other) => SEVERITY[other.severity] - SEVERITY[one.severity]);
  return { severity: problems[0]?.severity ?? 'ok', problems, clusters };
}

const hasJournals = ({ members }: Assignment): boolean => members.some(({ journalId }) => journalId !== '');

function checkCluster(assignment: Assignment, { figures }: NetworkStatus): ClusterCheck {
  const { cluster, epoch, available, members } = assignment;
  const live = members.filter((member) => member.live);
  const inSync = hasJournals(assignment) ? live.filter((member) => member.inSync) : live;
  const ends = figures.filter((each) => each.cluster === cluster);
  const furthest = Math.max(0, ...ends.map((each) => each.figures.durable));
  const behind = ends
    .filter((each) => inSync.some(({ serverId }) => serverId === each.serverId))
    .map((each) => furthest - each.figures.durable);
  const counts = { members: members.length, live: live.length, inSync: inSync.length };
  return { cluster, epoch, available, ...counts, lag: Math.max(0, ...behind) };
}

interface Scales {
  readonly limits: CheckLimits;
  readonly several: boolean;
  say(severity: Problem['severity'], text: string): void;
}

function weigh(assignment: Assignment, checked: ClusterCheck, { limits, several, say }: Scales): void {
  const { cluster, members } = assignment;
  const { available, inSync, lag } = checked;
  const where = several ? `cluster ${cluster}: ` : '';
  if (!available) {
    const why = assignment.unavailableReason || 'nobody has ever served it';
    say('critical', `${where}nobody serves: ${why}`);
  }
  if (inSync < limits.minInSync)
    say('critical', `${where}${inSync} members are in sync, and ${limits.minInSync} are asked for`);
  if (lag > limits.maxLag)
    say('warning', `${where}an in-sync member is ${lag} entries behind, more than ${limits.maxLag}`);
  for (const member of members) {
    const name = serverNameIn(several ? cluster : undefined, member.serverId);
    if (!member.live) say('warning', `${name} is not there`);
    else if (hasJournals(assignment) && !member.inSync) say('warning', `${name} is not in sync`);
    else if (member.unreachable) say('warning', `${name} can't be dialled by the router`);
  }
}

/** A disk that is nearly full holds up the writes of all users as long as its member is in sync. */
function weighDisks(
  { cluster, members }: Assignment,
  { figures }: NetworkStatus,
  { several, say }: Scales,
): void {
  for (const { figures: of, serverId, ...where } of figures) {
    if (where.cluster !== cluster || !of.disk?.isLow) continue;
    const member = members.find((each) => each.serverId === serverId);
    if (!member?.live) continue;
    const name = serverNameIn(several ? cluster : undefined, serverId);
    const refused = member.inSync ? "; users' writes are refused" : '';
    say(member.inSync ? 'critical' : 'warning', `${name}: ${diskSpaceText(of.disk)}${refused}`);
  }
}

/** One line: the state, what is wrong, and behind `|` the figures, as monitoring plugins write it. */
export function renderVerdict({ severity, problems, clusters }: Verdict): string {
  const several = clusters.length > 1;
  const texts = problems.map(({ text }) => text);
  const summary = clusters.map(
    ({ cluster, epoch, inSync }) =>
      `${several ? `cluster ${cluster}: ` : ''}epoch ${epoch}, ${inSync} in sync`,
  );
  const figures = clusters.flatMap((checked) => {
    const prefix = several ? `c${checked.cluster}_` : '';
    const { epoch, members, live, inSync, lag } = checked;
    return Object.entries({ epoch, members, live, in_sync: inSync, lag }).map(
      ([name, value]) => `${prefix}${name}=${value}`,
    );
  });
  const said = (texts.length > 0 ? texts : summary).join('; ').replaceAll('|', '/');
  return `DUALPING ${severity.toUpperCase()}: ${said} | ${figures.join(' ')}`;
}
