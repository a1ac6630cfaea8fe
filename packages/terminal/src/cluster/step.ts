/** Decides what the cluster view does about everything that happens: one pure function. */
import { edit, emptyEditor, insert, isEditingKey, textOf } from '../editor/editor.js';
import { specialKey, withoutAlt } from '../input/key-name.js';
import type { KeyToken, Token } from '../input/token.js';
import type { Clock } from '../state/state.js';
import { unreachable } from '../unreachable.js';
import { detailOpened, detailPage, detailScrolled, logAskedAgain, logCame } from './detail.js';
import { paused, scrolled, withEvents } from './event-list.js';
import type { Takeover, Victim } from './feed.js';
import { isTooSmallForCluster, layoutOf } from './geometry.js';
import { mostHelpScroll } from './help.js';
import { type ClusterAction, type ClusterWhere, clusterActionOf } from './keymap.js';
import { problem, said } from './notices.js';
import { nextSort, sortedVictims, sortIn } from './order.js';
import { act, done, killPrimary, toggleCut, toggleFrozen, toSelected } from './process-actions.js';
import { type ClusterViewState, MOST_TAKEOVERS, sameVictim, victimKey, victimsOf } from './state.js';
import { columnNames } from './table.js';
import { type ClusterStep, type ClusterViewEvent, just } from './view-events.js';
import { settled, updated } from './watching.js';

/** Longer than any event. */
const MOST_SEARCH_LENGTH = 200;

export function step(before: ClusterViewState, clock: Clock, event: ClusterViewEvent): ClusterStep {
  const notice = before.notice !== undefined && before.notice.untilMs <= clock.monoMs;
  return changed({ ...before, clock, notice: notice ? undefined : before.notice }, event);
}

function changed(state: ClusterViewState, event: ClusterViewEvent): ClusterStep {
  switch (event.kind) {
    case 'update':
      return just(updated(state, event.update));
    case 'takeover':
      return just(takenOver(state, event.takeover));
    case 'events':
      return just(withEvents(state, event.events));
    case 'counts':
      return just({ ...state, counts: event.counts });
    case 'routers':
      return just({ ...state, routers: event.routers });
    case 'done':
      return just(done(state, event.action, event.victim));
    case 'not-done':
      return just(problem(state, event.text));
    case 'token':
      return tokenCame(state, event.token);
    case 'chosen':
      return just(chosen(state, event.victim));
    case 'resized':
      return just({ ...state, size: event.size });
    case 'log':
      return just(logCame(state, event.victim, event.log));
    case 'clock':
      return logAskedAgain({ ...state, pids: event.pids });
    default:
      return unreachable(event);
  }
}

/**
 * The part of the demo that made the fault reports which it was: the router can't tell a frozen server from a
 * dead one.
 */
function takenOver(state: ClusterViewState, takeover: Takeover): ClusterViewState {
  const takeovers = [...state.takeovers, takeover].slice(-MOST_TAKEOVERS);
  const { fault, cluster, from } = takeover;
  const member = state.clusters.get(cluster)?.members.find(({ info }) => info.serverId === from);
  if ((fault !== 'freeze' && fault !== 'cut') || member?.info.live !== false) return { ...state, takeovers };
  const marks = new Map(state.marks);
  marks.set(victimKey({ kind: 'server', cluster, serverId: from }), fault === 'freeze' ? 'frozen' : 'cut');
  return { ...state, takeovers, marks };
}

function tokenCame(state: ClusterViewState, token: Token): ClusterStep {
  // A page has no size in cells, and room for everything. On a screen that is too small the only action is to
  // leave: a person would kill a server without seeing which.
  if (state.size.width > 0 && isTooSmallForCluster(state.size))
    return token.kind === 'key' && ['q', 'ctrl-c'].includes(token.name)
      ? just(state, { kind: 'quit' })
      : just(state);
  if (token.kind === 'paste') return just(state.prompt === undefined ? state : typed(state, token.text));
  if (token.kind !== 'key') return just(state);
  return keyPressed(state, token);
}

function keyPressed(state: ClusterViewState, token: KeyToken): ClusterStep {
  const where = whereOf(state);
  const action = clusterActionOf(where, token.name, state.canAct);
  const next = withoutAlt(token);
  // Alt with a key that has no binding counts as Esc and then that key.
  if (action === undefined && next !== undefined && !(where === 'search' && isEditingKey(token.name))) {
    const left = keyPressed(state, specialKey('escape'));
    const after = keyPressed(left.state, next);
    return { state: after.state, effects: [...left.effects, ...after.effects] };
  }
  if (action !== undefined) return acted(state, where, action);
  if (state.prompt === undefined) return just(state);
  if (token.text !== undefined) return just(typed(state, token.text));
  const edited = edit(state.prompt, token.name);
  return just(edited === undefined ? state : searching({ ...state, prompt: edited }));
}

export function whereOf({ prompt, help, detail }: ClusterViewState): ClusterWhere {
  if (prompt !== undefined) return 'search';
  if (help !== undefined) return 'help';
  return detail === undefined ? 'cluster' : 'detail';
}

function typed(state: ClusterViewState, text: string): ClusterViewState {
  if (state.prompt === undefined) return state;
  const prompt = insert(state.prompt, text.replaceAll('\n', ' '));
  return textOf(prompt).length > MOST_SEARCH_LENGTH ? state : searching({ ...state, prompt });
}

/** The matches are shown while the search is typed. */
function searching(state: ClusterViewState): ClusterViewState {
  const text = state.prompt === undefined ? '' : textOf(state.prompt);
  return { ...state, shown: { ...state.shown, search: text === '' ? undefined : text } };
}

function acted(state: ClusterViewState, where: ClusterWhere, action: ClusterAction): ClusterStep {
  switch (action) {
    case 'quit':
      return just(state, { kind: 'quit' });
    case 'suspend':
      return just(state, { kind: 'suspend' });
    case 'redraw':
      return just(state, { kind: 'redraw' });
    case 'help':
      return just({ ...state, help: state.help === undefined ? { scroll: 0 } : undefined });
    case 'leave':
      return just(left(state));
    case 'confirm':
      return just({ ...state, prompt: undefined });
    default:
      if (where === 'help') return just(helpScrolled(state, action));
      return where === 'detail' ? just(detailMoved(state, action)) : atCluster(state, action);
  }
}

/**
 * Each Esc closes one thing, in this order: the text being typed, the help, the detail page, the notice, the
 * search, the pause.
 */
function left(state: ClusterViewState): ClusterViewState {
  const { shown } = state;
  if (state.prompt !== undefined)
    return { ...state, prompt: undefined, shown: { ...shown, search: undefined } };
  if (state.help !== undefined) return { ...state, help: undefined };
  if (state.detail !== undefined) return { ...state, detail: undefined };
  if (state.notice !== undefined) return { ...state, notice: undefined };
  if (shown.search !== undefined) return { ...state, shown: { ...shown, search: undefined } };
  return { ...state, shown: { ...shown, end: undefined } };
}

type Plain = Exclude<ClusterAction, 'quit' | 'suspend' | 'redraw' | 'help' | 'leave' | 'confirm'>;

function atCluster(state: ClusterViewState, action: Plain): ClusterStep {
  switch (action) {
    case 'next':
      return just(selectedBy(state, (at) => at + 1));
    case 'previous':
      return just(selectedBy(state, (at) => at - 1));
    case 'first':
      return just(selectedBy(state, () => 0));
    case 'last':
      return just(selectedBy(state, (_, count) => count - 1));
    case 'next-cluster':
      return just(neighbour(state, 1));
    case 'previous-cluster':
      return just(neighbour(state, -1));
    case 'kill':
      return toSelected(state, 'kill');
    case 'kill-primary':
      return killPrimary(state);
    case 'kill-router':
      return act(state, 'kill', { kind: 'router' });
    case 'freeze':
      return toggleFrozen(state);
    case 'cut':
      return toggleCut(state);
    case 'restart':
      return toSelected(state, 'restart');
    case 'automatic':
      return automatic(state);
    case 'open':
      return detailOpened(state);
    case 'sort':
      return just({ ...state, sort: nextSort(state, columnNames(state)) });
    case 'sort-backwards': {
      const sort = sortIn(state, columnNames(state));
      return just({ ...state, sort: { ...sort, backwards: !sort.backwards } });
    }
    case 'pause':
      return just(paused(state));
    case 'older-events':
      return just(paged(state, -1));
    case 'newer-events':
      return just(paged(state, 1));
    case 'search':
      return just({ ...state, prompt: emptyEditor });
    default:
      return unreachable(action);
  }
}

/** A server that is gone can't be selected. */
const chosen = (state: ClusterViewState, victim: Victim): ClusterViewState =>
  victimsOf(state).some((each) => sameVictim(each, victim)) ? { ...state, selected: victim } : state;

function selectedBy(state: ClusterViewState, to: (at: number, count: number) => number): ClusterViewState {
  const victims = sortedVictims(state, columnNames(state));
  const key = state.selected === undefined ? undefined : victimKey(state.selected);
  const at = victims.findIndex((victim) => victimKey(victim) === key);
  const wanted = Math.max(0, Math.min(victims.length - 1, to(at, victims.length)));
  return { ...state, selected: victims[wanted] };
}

function neighbour(state: ClusterViewState, by: 1 | -1): ClusterViewState {
  const numbers = [...state.clusters.keys()];
  if (numbers.length < 2) return state;
  const at = (numbers.indexOf(state.open) + by + numbers.length) % numbers.length;
  return settled({ ...state, open: numbers[at] ?? state.open, selected: undefined });
}

function automatic(state: ClusterViewState): ClusterStep {
  const on = !state.automatic;
  const text = on ? 'faults come by themselves now' : 'no more faults by themselves';
  return just(said({ ...state, automatic: on }, text), { kind: 'automatic', on });
}

/** One row of the previous page stays visible. */
function paged(state: ClusterViewState, direction: 1 | -1): ClusterViewState {
  const { events } = layoutOf(state);
  return scrolled(state, direction * Math.max(1, events - 1), events);
}

function helpScrolled(state: ClusterViewState, action: Plain): ClusterViewState {
  const most = mostHelpScroll(state);
  const at = state.help?.scroll ?? 0;
  const page = Math.max(1, state.size.height - 3);
  const to: Partial<Record<Plain, number>> = {
    next: at + 1,
    previous: at - 1,
    first: 0,
    last: most,
    'older-events': at - page,
    'newer-events': at + page,
  };
  return { ...state, help: { scroll: Math.max(0, Math.min(most, to[action] ?? at)) } };
}

/** As in a log, the newest line is at the end. */
function detailMoved(state: ClusterViewState, action: Plain): ClusterViewState {
  const page = detailPage(state);
  const by: Partial<Record<Plain, number>> = {
    next: -1,
    previous: 1,
    first: Number.MAX_SAFE_INTEGER,
    last: -Number.MAX_SAFE_INTEGER,
    'older-events': page,
    'newer-events': -page,
  };
  return detailScrolled(state, by[action] ?? 0);
}
