/**
 * Decides for a monitoring program whether a network is healthy, from what a router knows.
 *
 * Critical: a cluster has no primary, or fewer in-sync members than the operator asked for. Warning: every
 * cluster serves, but a member is missing, out of sync, unreachable or far behind, or one of several routers
 * does not answer. Results of this machine's disk and certificates are added to it.
 */
import type { NetworkStatus } from '@dualping/client';
import {
  type Assignment,
  type ClusterKey,
  clusterKeyOf,
  clusterTitle,
  diskSpaceText,
  serverNameIn,
} from '@dualping/core';
import type { CertificatesCheck } from './certificates.js';
import type { DiskCheck } from './disk.js';

/** Exit codes of monitoring plugins. */
export const SEVERITY = { ok: 0, warning: 1, critical: 2 } as const;
export type Severity = keyof typeof SEVERITY;

export interface CheckLimits {
  /** Undefined: all clusters, including those of services. */
  readonly cluster: ClusterKey | undefined;
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
  /** Its number, or the name of its service. */
  readonly cluster: ClusterKey;
  readonly epoch: number;
  readonly available: boolean;
  readonly members: number;
  readonly live: number;
  /** Live members with everything acknowledged; in a cluster without journals all live members. */
  readonly inSync: number;
  /** How far the last of those is behind the longest journal, entries. */
  readonly lag: number;
}

export interface Verdict {
  readonly severity: Severity;
  /** The worst first. */
  readonly problems: readonly Problem[];
  readonly clusters: readonly ClusterCheck[];
  /** The disk of `--data`; absent: not checked, or not possible. */
  readonly disk?: Omit<DiskCheck, 'problems'>;
  /** The folder of `--certs`; absent: not checked, or not possible. */
  readonly certificates?: Omit<CertificatesCheck, 'problems'>;
}

/** The result of a check, or why it failed. */
export type Attempt<T> = { readonly done: T } | { readonly failed: Problem };

/** Undefined: not checked. */
export interface LocalChecks {
  readonly disk: Attempt<DiskCheck> | undefined;
  readonly certificates: Attempt<CertificatesCheck> | undefined;
}

/** The verdict about the network, with the results of this machine. */
export function withLocal(verdict: Verdict, { disk, certificates }: LocalChecks): Verdict {
  const [diskProblems, diskFigures] = apart(disk);
  const [certificateProblems, certificateFigures] = apart(certificates);
  return {
    ...verdict,
    ...ranked([...verdict.problems, ...diskProblems, ...certificateProblems]),
    ...(diskFigures && { disk: diskFigures }),
    ...(certificateFigures && { certificates: certificateFigures }),
  };
}

function apart<T extends { readonly problems: readonly Problem[] }>(
  attempt: Attempt<T> | undefined,
): [readonly Problem[], Omit<T, 'problems'> | undefined] {
  if (attempt === undefined) return [[], undefined];
  if ('failed' in attempt) return [[attempt.failed], undefined];
  const { problems, ...figures } = attempt.done;
  return [problems, figures];
}

/** The worst first; among equals in the order given. */
function ranked(problems: readonly Problem[]): Pick<Verdict, 'severity' | 'problems'> {
  const sorted = [...problems].sort((one, other) => SEVERITY[other.severity] - SEVERITY[one.severity]);
  return { severity: sorted[0]?.severity ?? 'ok', problems: sorted };
}

export function verdictOf(status: NetworkStatus, limits: CheckLimits): Verdict {
  const problems: Problem[] = [];
  const say = (severity: Problem['severity'], text: string) => problems.push({ severity, text });
  if (status.trouble !== '') say('critical', `the router is in trouble: ${status.trouble}`);
  const { cluster: only } = limits;
  const looked =
    only === undefined
      ? inUse(status.assignments)
      : status.assignments.filter((assignment) => clusterKeyOf(assignment) === only);
  if (looked.length === 0) say('critical', `there is no ${clusterTitle(only ?? 1)}`);
  const several = status.assignments.length > 1;
  const clusters = looked.map((assignment) => {
    const checked = checkCluster(assignment, status);
    weigh(assignment, checked, { limits, several, say });
    weighDisks(assignment, status, { limits, several, say });
    return checked;
  });
  for (const { address, state, detail } of status.routers ?? [])
    if (state === 'absent') say('warning', `router ${address} does not answer: ${detail}`);
  return { ...ranked(problems), clusters };
}

/**
 * The clusters in use. A router with services may have only these: then clusters of users that never had a
 * member are left out.
 */
export function inUse(assignments: readonly Assignment[]): readonly Assignment[] {
  const used = assignments.filter(({ members }) => members.length > 0);
  return used.some(({ service }) => service !== undefined) ? used : assignments;
}

const hasJournals = ({ members }: Assignment): boolean => members.some(({ journalId }) => journalId !== '');

function checkCluster(assignment: Assignment, { stats }: NetworkStatus): ClusterCheck {
  const { cluster: number, epoch, available, members } = assignment;
  const cluster = clusterKeyOf(assignment);
  const live = members.filter((member) => member.live);
  const inSync = hasJournals(assignment) ? live.filter((member) => member.inSync) : live;
  const ends = stats.filter((each) => each.cluster === number);
  const furthest = Math.max(0, ...ends.map((each) => each.stats.durable));
  const behind = ends
    .filter((each) => inSync.some(({ serverId }) => serverId === each.serverId))
    .map((each) => furthest - each.stats.durable);
  const counts = { members: members.length, live: live.length, inSync: inSync.length };
  return { cluster, epoch, available, ...counts, lag: Math.max(0, ...behind) };
}

interface Scales {
  readonly limits: CheckLimits;
  readonly several: boolean;
  say(severity: Problem['severity'], text: string): void;
}

function weigh(assignment: Assignment, checked: ClusterCheck, { limits, several, say }: Scales): void {
  const { members } = assignment;
  const { cluster, available, inSync, lag } = checked;
  const where = several ? `${clusterTitle(cluster)}: ` : '';
  if (!available) {
    const why = assignment.unavailableReason || 'no server has ever served it';
    say('critical', `${where}nobody serves: ${why}`);
  }
  if (available && assignment.suspended !== undefined)
    say('warning', `${where}failover is suspended by an operator (${assignment.suspended})`);
  if (inSync < limits.minInSync)
    say('critical', `${where}${inSync} members are in sync, and ${limits.minInSync} are required`);
  if (lag > limits.maxLag)
    say('warning', `${where}an in-sync member is ${lag} entries behind, more than ${limits.maxLag}`);
  for (const member of members) {
    const name = serverNameIn(several ? cluster : undefined, member.serverId);
    if (!member.live) say('warning', `${name} is not there`);
    else if (hasJournals(assignment) && !member.inSync) say('warning', `${name} is not in sync`);
    else if (member.unreachable) say('warning', `${name} can't be dialled by the router`);
  }
}

/** A nearly full disk stops the writes of all users while its member is in sync. */
function weighDisks(
  { cluster, members }: Assignment,
  { stats }: NetworkStatus,
  { several, say }: Scales,
): void {
  for (const { stats: of, serverId, ...where } of stats) {
    if (where.cluster !== cluster || !of.disk?.isLow) continue;
    const member = members.find((each) => each.serverId === serverId);
    if (!member?.live) continue;
    const name = serverNameIn(several ? cluster : undefined, serverId);
    const refused = member.inSync ? "; users' writes are refused" : '';
    say(member.inSync ? 'critical' : 'warning', `${name}: ${diskSpaceText(of.disk)}${refused}`);
  }
}

/** One line in the format of monitoring plugins: the state, what is wrong, and after `|` the figures. */
export function renderVerdict({ severity, problems, clusters, disk, certificates }: Verdict): string {
  const several = clusters.length > 1;
  const texts = problems.map(({ text }) => text);
  const summary = clusters.map(
    ({ cluster, epoch, inSync }) =>
      `${several ? `${clusterTitle(cluster)}: ` : ''}epoch ${epoch}, ${inSync} in sync`,
  );
  const figures = clusters.flatMap((checked) => {
    const { cluster } = checked;
    const prefix = several ? `${typeof cluster === 'number' ? `c${cluster}` : cluster}_` : '';
    const { epoch, members, live, inSync, lag } = checked;
    return Object.entries({ epoch, members, live, in_sync: inSync, lag }).map(
      ([name, value]) => `${prefix}${name}=${value}`,
    );
  });
  if (disk !== undefined) figures.push(`disk_free=${disk.freePercent.toFixed(1)}%`);
  if (disk?.syncMs !== undefined) figures.push(`disk_sync=${Math.round(disk.syncMs)}ms`);
  if (certificates?.daysLeft !== undefined) figures.push(`certificate_days=${certificates.daysLeft}`);
  const said = (texts.length > 0 ? texts : summary).join('; ').replaceAll('|', '/');
  return `DUALPING ${severity.toUpperCase()}: ${said} | ${figures.join(' ')}`;
}
