/**
 * Actions on processes. A fault that would leave no server to serve is made only when it is asked
 * for twice, so a class that presses keys in a hurry still has a cluster to look at.
 */
import { unreachable } from '../unreachable.js';
import type { Victim } from './feed.js';
import { problem, said } from './notices.js';
import {
  type ClusterSeen,
  type ClusterViewState,
  type Mark,
  openCluster,
  type ProcessAction,
  sameVictim,
  victimKey,
  victimName,
} from './state.js';
import { type ClusterStep, just } from './view-events.js';

/** A second request within this time makes the fault, ms. */
const AGAIN_WITHIN_MS = 6_000;

function primaryVictim(state: ClusterViewState): Victim | undefined {
  const cluster = openCluster(state);
  const primary = cluster?.assignment.primary;
  const isLive = cluster?.members.some(({ info }) => info.live && info.serverId === primary?.serverId);
  return primary === undefined || isLive !== true
    ? undefined
    : { kind: 'server', cluster: state.open, serverId: primary.serverId };
}

export function killPrimary(state: ClusterViewState): ClusterStep {
  const victim = primaryVictim(state);
  return victim === undefined
    ? just(problem(state, 'nobody is primary now: there is nobody to kill'))
    : act({ ...state, selected: victim }, 'kill', victim);
}

/** Freezes, or thaws. */
export const toggleFrozen = (state: ClusterViewState): ClusterStep =>
  toggled(state, 'frozen', 'freeze', 'thaw');
/** Cuts off, or heals. */
export const toggleCut = (state: ClusterViewState): ClusterStep => toggled(state, 'cut', 'cut', 'heal');

function toggled(
  state: ClusterViewState,
  mark: Mark,
  fault: ProcessAction,
  remedy: ProcessAction,
): ClusterStep {
  const { selected } = state;
  if (selected === undefined) return nobody(state);
  const isMarked = state.marks.get(victimKey(selected)) === mark;
  return act(state, isMarked ? remedy : fault, selected);
}

export const toSelected = (state: ClusterViewState, action: ProcessAction): ClusterStep =>
  state.selected === undefined ? nobody(state) : act(state, action, state.selected);

const nobody = (state: ClusterViewState): ClusterStep => just(problem(state, 'no server is selected'));

export function act(state: ClusterViewState, action: ProcessAction, victim: Victim): ClusterStep {
  const name = nameOf(state, victim);
  const why = objection(state, action, victim);
  const { refused, clock } = state;
  const isMeant =
    refused?.action === action && sameVictim(refused.victim, victim) && clock.monoMs < refused.untilMs;
  if (why !== undefined && !isMeant) {
    const untilMs = clock.monoMs + AGAIN_WITHIN_MS;
    return just({ ...problem(state, why), refused: { action, victim, untilMs } });
  }
  const doing = said({ ...state, refused: undefined }, `${DOING[action]} ${name} …`);
  return just(doing, { kind: 'action', action, victim });
}

const DOING: Record<ProcessAction, string> = {
  kill: 'killing',
  freeze: 'freezing',
  thaw: 'thawing',
  cut: 'cutting off',
  heal: 'healing',
  restart: 'restarting',
};

const nameOf = (state: ClusterViewState, victim: Victim): string =>
  victim.kind === 'router' ? 'the router' : victimName(victim, state.clusters.size);

/** Why the person should think again; undefined: a server remains to serve, or no client is affected. */
function objection(state: ClusterViewState, action: ProcessAction, victim: Victim): string | undefined {
  if (action === 'thaw' || action === 'heal' || victim.kind === 'router') return undefined;
  const cluster = state.clusters.get(victim.cluster);
  if (cluster === undefined || !isLastToServe(state, cluster, victim.serverId)) return undefined;
  const name = nameOf(state, victim);
  return `${name} is the last that can serve: to ${WORD[action]} it stops all posts until it is back. Press again if you mean it.`;
}

const WORD: Record<ProcessAction, string> = {
  kill: 'kill',
  freeze: 'freeze',
  thaw: 'thaw',
  cut: 'cut off',
  heal: 'heal',
  restart: 'restart',
};

/** Only in-sync members may be promoted; in a cluster that does not replicate, every member. */
function isLastToServe(state: ClusterViewState, { members, assignment }: ClusterSeen, id: number): boolean {
  const canServe = members.filter(
    ({ info }) =>
      info.live &&
      (info.inSync || info.journalId === '') &&
      !state.marks.has(victimKey({ kind: 'server', cluster: assignment.cluster, serverId: info.serverId })),
  );
  return canServe.length === 1 && canServe[0]?.info.serverId === id;
}

/** Records a completed action, as what is known until the router reports more. */
export function done(state: ClusterViewState, action: ProcessAction, victim: Victim): ClusterViewState {
  const key = victimKey(victim);
  const marks = new Map(state.marks);
  switch (action) {
    case 'freeze':
      marks.set(key, 'frozen');
      break;
    case 'cut':
      marks.set(key, 'cut');
      break;
    case 'kill':
      // The router may be away and not report it. A process that is cut off stays cut off.
      if (victim.kind === 'server' && marks.get(key) !== 'cut') marks.set(key, 'killed');
      else if (marks.get(key) === 'frozen') marks.delete(key);
      break;
    case 'restart':
      // The frozen process has ended; a process that is cut off stays cut off.
      if (marks.get(key) === 'frozen') marks.delete(key);
      break;
    case 'thaw':
    case 'heal':
      marks.delete(key);
      break;
    default:
      return unreachable(action);
  }
  return said({ ...state, marks }, `${nameOf(state, victim)} ${DONE[action]}`);
}

const DONE: Record<ProcessAction, string> = {
  kill: 'killed',
  freeze: 'frozen: its process is stopped, its connections stand',
  thaw: 'goes on',
  cut: 'cut off from all others',
  heal: 'reaches everybody again',
  restart: 'started again',
};
