/** Lines for people. Every text that other users wrote goes through `cleanForTerminal` here. */
import type { LeadingRouter, NetworkStatus, RouterStanding } from '@dualping/client';
import {
  type Address,
  type Assignment,
  type Build,
  buildText,
  clusterKeyOf,
  clusterTitle,
  diskSpaceText,
  type HistoryEntry,
  type Instant,
  LEVEL,
  type MemberInfo,
  type Post,
  type PresenceLists,
  primaryMember,
  type SessionState,
  type SessionTarget,
  type Stats,
  type Suspension,
  serverName,
  serverNameIn,
  type UserPresence,
  unreachable,
} from '@dualping/core';
import type { MemberFigures } from '@dualping/protocol';
import { cleanForTerminal } from './terminal-text.js';

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** `08:28:23` today, `2026-11-21 08:28:23` otherwise; in the reader's time zone. */
export function renderTime(timeMs: number, nowMs: number): string {
  const time = new Date(timeMs);
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(':');
  if (time.toDateString() === new Date(nowMs).toDateString()) return clock;
  return `${time.getFullYear()}-${twoDigits(time.getMonth() + 1)}-${twoDigits(time.getDate())} ${clock}`;
}

/**
 * A post is one line, so that lines can be counted and searched. A sign stands between its own lines, and
 * another one between its author and the author that it answers.
 */
export function renderPost({ timeMs, author, answers, text }: Post, nowMs: number): string {
  const answered = answers === undefined ? '' : ` ↳ ${answers.author}`;
  const line = text.trimEnd().replaceAll('\n', ' ↵ ');
  return cleanForTerminal(`${renderTime(timeMs, nowMs)} ${author}${answered}: ${line}`);
}

export interface Move {
  readonly from: SessionTarget;
  readonly to: SessionTarget;
  readonly gapMs: number;
}

/**
 * `moved s1 → s2 in 23 ms, epoch 4, nothing missed`. The session guarantees that nothing was missed: it goes
 * on after the last post it has shown, and sends unanswered requests again.
 */
export function renderMove({ from, to, gapMs }: Move): string {
  const ms = Math.round(gapMs);
  if (from.serverId === to.serverId)
    return `back on ${nameOf(to)} after ${ms} ms, epoch ${to.epoch}, nothing missed`;
  return `moved ${nameOf(from)} → ${nameOf(to)} in ${ms} ms, epoch ${to.epoch}, nothing missed`;
}

export function renderState(state: SessionState, now: Instant): string {
  switch (state.kind) {
    case 'resolving':
      return cleanForTerminal(
        state.because === undefined
          ? `asking the router at ${state.router} …`
          : `no server (${state.because.detail || state.because.reason}), asking the router at ${state.router} …`,
      );
    case 'connecting':
      return cleanForTerminal(`connecting to ${renderTarget(state.target)} …`);
    case 'live':
      return cleanForTerminal(
        `live on ${renderTarget(state.target)}${state.heldUp === undefined ? '' : `, writes wait: ${state.heldUp.detail}`}`,
      );
    case 'waiting': {
      const seconds = Math.max(0, (state.retryAt - now) / 1_000).toFixed(1);
      return cleanForTerminal(
        `not connected: ${state.because.detail || state.because.reason}; trying again in ${seconds} s`,
      );
    }
    case 'closed':
      return 'closed';
    case 'failed':
      return cleanForTerminal(`${state.because.reason}: ${state.because.detail}`);
    default:
      return unreachable(state);
  }
}

const nameOf = ({ cluster, serverId }: SessionTarget): string => serverNameIn(cluster, serverId);

const renderTarget = (target: SessionTarget): string =>
  `${nameOf(target)} at ${target.address}, epoch ${target.epoch}`;

const presence = ({ user, present }: UserPresence): string =>
  cleanForTerminal(present ? `${user} (on)` : user);
const names = (users: readonly UserPresence[]): string =>
  users.length === 0 ? '-' : users.map(presence).join(', ');

type List = keyof PresenceLists;

export const renderList = (list: List, users: readonly UserPresence[]): string => `${list}: ${names(users)}`;

export const renderLists = (lists: PresenceLists): readonly string[] =>
  (['users', 'followers', 'following'] as const).map((list) => renderList(list, lists[list]));

function renderMember(member: MemberInfo, primary: MemberInfo | undefined, stats: Stats | undefined): string {
  const role = member === primary ? 'primary' : 'standby';
  const marks = [
    member.live ? 'live' : 'away',
    ...(member.inSync ? ['in sync'] : []),
    ...(member.unreachable ? ['unreachable'] : []),
  ];
  return `  ${serverName(member.serverId)} ${role} at ${member.address}, ${marks.join(', ')}, incarnation ${member.incarnation}${versionText(member.build)}${member.journalId === '' ? '' : renderFigures(stats)}`;
}

/** Equal checksums at equal positions: equal journals. */
/** Stats of a disk, only if it was slow or is nearly full. */
const renderDisk = ({ slowSyncs, longestSyncMs, disk }: Stats): string =>
  (slowSyncs === 0 ? '' : `, SLOW DISK: ${slowSyncs} syncs over 1 s, the longest ${longestSyncMs} ms`) +
  (disk?.isLow ? `, DISK LOW: ${diskSpaceText(disk)}` : '');

const renderFigures = (stats: Stats | undefined): string =>
  stats === undefined
    ? ''
    : `, journal to ${stats.durable} (checksum ${stats.checksum.toString(16).padStart(8, '0')}), committed to ${stats.committed}, ${stats.timelines} timelines${renderDisk(stats)}`;

const versionText = (build: Build | undefined): string =>
  build === undefined ? '' : `, version ${buildText(build)}`;

/** Only while a server does not know everything that this program does. */
const levelText = ({ level }: Assignment): string =>
  level === undefined || level >= LEVEL ? '' : `, LEVEL ${level} of ${LEVEL}: not all servers are upgraded`;

/** `router 127.0.0.1:7070, network …, version 0.1.0`. */
export const renderRouter = ({ router, networkId, build }: NetworkStatus): string =>
  cleanForTerminal(`router ${router}, network ${networkId}${versionText(build)}`);

const suspendedText = (suspended: Suspension | undefined): string =>
  suspended === undefined ? '' : suspended === 'paused' ? ', FAILOVER PAUSED' : ', AT REST';

const HAPPENED: Readonly<Record<HistoryEntry['what'], string>> = {
  promoted: 'is primary',
  'promoted-unclean': 'is primary, UNCLEAN',
  paused: 'failover paused',
  resting: 'at rest',
  resumed: 'resumed',
  removed: 'forgotten',
};

/** `08:28:23 epoch 4: s2 is primary, 31 ms after s1 was dropped (its stream ended)`. */
export function renderHistory(
  { what, timeMs, epoch, serverId, detail }: HistoryEntry,
  nowMs: number,
): string {
  const who = serverId === undefined ? '' : `${serverName(serverId)} `;
  const when = timeMs === 0 ? 'at an unknown time' : renderTime(timeMs, nowMs);
  return cleanForTerminal(`${when} epoch ${epoch}: ${who}${HAPPENED[what]}, ${detail}`);
}

export function renderAssignment(
  assignment: Assignment,
  stats: readonly MemberFigures[] = [],
): readonly string[] {
  const primary = primaryMember(assignment);
  const statsOf = ({ serverId }: MemberInfo) =>
    stats.find((each) => each.cluster === assignment.cluster && each.serverId === serverId)?.stats;
  const state = assignment.available ? 'available' : `not available: ${assignment.unavailableReason}`;
  return [
    `${clusterTitle(clusterKeyOf(assignment))}: epoch ${assignment.epoch}, ${state}${suspendedText(assignment.suspended)}${levelText(assignment)}`,
    ...assignment.members.map((member) => renderMember(member, primary, statsOf(member))),
  ].map(cleanForTerminal);
}

/**
 * The leader, and the state of each other router; nothing if there is one router.
 * @param pids of routers on this machine, by address
 */
export function renderRouters(
  { leader, routers = [] }: Pick<NetworkStatus, 'leader' | 'routers'>,
  pids: ReadonlyMap<Address, number> = new Map(),
): readonly string[] {
  if (leader === undefined) return [];
  const others = routers.filter(({ address }) => address !== leader.address).map(renderStanding);
  const lines = [{ address: leader.address, line: renderLeader(leader) }, ...others];
  return lines.map(({ address, line }) => {
    const pid = pids.get(address);
    return pid === undefined ? line : `${line}, pid ${pid}`;
  });
}

export const renderLeader = ({ address, term }: LeadingRouter): string =>
  address === '' ? 'no router leads now' : `router ${address} leads in term ${term}`;

function renderStanding({ address, state, detail }: RouterStanding) {
  const line =
    state === 'absent' ? `router ${address} does not answer: ${detail}` : `router ${address} ${state}`;
  return { address, line };
}
