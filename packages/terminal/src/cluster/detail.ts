/**
 * The detail page of a server or the router: its events since this view began, and, if its log can be read
 * from here, the last lines of the log.
 */
import { wrap } from '../text/wrap.js';
import { unreachable } from '../unreachable.js';
import { countText } from '../view/counts.js';
import { plainText, type Row } from '../view/row.js';
import { cutRow, lineOf, loud, say } from '../view/spans.js';
import { eventRow } from './event-rows.js';
import type { ClusterEvent, Victim } from './feed.js';
import { type ClusterViewState, type Detail, sameVictim, victimName } from './state.js';
import { cellsOf } from './table.js';
import { storyOf, tookText } from './takeover-rows.js';
import { type ClusterStep, just } from './view-events.js';

/** How often a log is read again while it is shown, ms. */
const LOG_EVERY_MS = 1_000;
/** Share of the rows for the log, at least, if there is one. */
const LOG_SHARE = 2 / 3;
/** Row of facts, title of the events, title of the log, blanks before both titles. */
const FIXED_ROWS = 5;
const LINE_INDENT = 3;
const CONTINUED_INDENT = 5;
/** Wide enough for every cell text. */
const CELL_WIDTH = 60;

export function detailOpened(state: ClusterViewState): ClusterStep {
  const { selected: victim, hasLogs, clock } = state;
  if (victim === undefined) return just(state);
  const log = hasLogs ? 'asking' : undefined;
  return asking({ ...state, detail: { victim, log, askedMs: clock.monoMs, below: 0 } });
}

const memberOf = (state: ClusterViewState, victim: Victim) =>
  victim.kind === 'router'
    ? undefined
    : state.clusters.get(victim.cluster)?.members.find(({ info }) => info.serverId === victim.serverId);

function asking(state: ClusterViewState): ClusterStep {
  const { detail, hasLogs, clusters, clock } = state;
  if (detail === undefined || !hasLogs) return just(state);
  const { victim } = detail;
  return just(
    { ...state, detail: { ...detail, askedMs: clock.monoMs } },
    {
      kind: 'log',
      victim,
      name: victimName(victim, clusters.size),
      address: memberOf(state, victim)?.info.address,
    },
  );
}

/** Reads the log again, so that new lines are shown. */
export const logAskedAgain = (state: ClusterViewState): ClusterStep =>
  state.detail !== undefined && state.clock.monoMs - state.detail.askedMs >= LOG_EVERY_MS
    ? asking(state)
    : just(state);

export function logCame(
  state: ClusterViewState,
  victim: Victim,
  log: Exclude<Detail['log'], 'asking' | undefined>,
): ClusterViewState {
  const { detail } = state;
  if (detail === undefined || !sameVictim(detail.victim, victim)) return state;
  return { ...state, detail: { ...detail, log } };
}

/** Its events, and the takeovers that it took part in, oldest first. */
function eventsOf(state: ClusterViewState, victim: Victim): readonly ClusterEvent[] {
  const own = state.events.filter(({ about }) => about?.some((each) => sameVictim(each, victim)));
  const takeovers = state.takeovers
    .filter(
      ({ cluster, from, to }) =>
        victim.kind === 'server' && victim.cluster === cluster && [from, to].includes(victim.serverId),
    )
    .map(
      (takeover): ClusterEvent => ({
        atMs: takeover.atMs,
        kind: 'measured',
        text: `takeover #${takeover.number}: ${plainText(storyOf(takeover))} in ${tookText(takeover)}`,
      }),
    );
  return [...own, ...takeovers].sort((one, other) => one.atMs - other.atMs);
}

interface Parts {
  readonly events: readonly Row[];
  readonly log: readonly Row[];
  readonly logTitle: Row;
  /** Rows of each part. */
  readonly eventRows: number;
  readonly logRows: number;
}

function partsOf(state: ClusterViewState, detail: Detail, width: number): Parts {
  const events = eventsOf(state, detail.victim).map((event) => eventRow(state, event, width));
  const room = Math.max(0, state.size.height - 2 - FIXED_ROWS);
  const { rows: log, title: logTitle } = logOf(detail, width);
  const forLog = Math.min(log.length, Math.ceil(room * LOG_SHARE));
  const eventRows = Math.max(1, Math.min(Math.max(1, events.length), room - forLog));
  return { events, log, logTitle, eventRows, logRows: Math.max(0, room - eventRows) };
}

function logOf({ log }: Detail, width: number): { readonly rows: readonly Row[]; readonly title: Row } {
  const title = loud('title', ' Log');
  if (log === undefined) return { title: [title, say('dim', ' · not to be read from here')], rows: [] };
  if (log === 'asking') return { title: [title, say('dim', ' · ◌ reading')], rows: [] };
  if ('problem' in log) return { title: [title], rows: [[say('problem', `   ✗ ${lineOf(log.problem)}`)]] };
  return {
    title: [title, say('dim', ` · ${lineOf(log.path)}`)],
    rows: log.lines.flatMap((line) => lineRows(line, width)),
  };
}

/** A long line continues on the next rows, indented. */
function lineRows(line: string, width: number): readonly Row[] {
  const parts = wrap(lineOf(line), Math.max(1, width - CONTINUED_INDENT));
  return parts.map((part, at) => [say('text', ' '.repeat(at === 0 ? LINE_INDENT : CONTINUED_INDENT) + part)]);
}

/** The furthest that the log, or else the events, can be scrolled back. */
function mostBelow(state: ClusterViewState, detail: Detail): number {
  const { events, log, eventRows, logRows } = partsOf(state, detail, state.size.width);
  return Math.max(0, log.length > 0 ? log.length - logRows : events.length - eventRows);
}

export function detailScrolled(state: ClusterViewState, by: number): ClusterViewState {
  const { detail } = state;
  if (detail === undefined) return state;
  const below = Math.max(0, Math.min(mostBelow(state, detail), detail.below + by));
  return { ...state, detail: { ...detail, below } };
}

export const detailPage = ({ size }: ClusterViewState): number =>
  Math.max(1, Math.floor((size.height - 2 - FIXED_ROWS) * LOG_SHARE) - 1);

/** Exactly as many rows as there are between header and footer. */
export function detailRows(state: ClusterViewState, detail: Detail): readonly Row[] {
  const { width, height } = state.size;
  const parts = partsOf(state, detail, width);
  const scrollsLog = parts.log.length > 0;
  const events = windowOf(parts.events, parts.eventRows, scrollsLog ? 0 : detail.below);
  const log = windowOf(parts.log, parts.logRows, scrollsLog ? detail.below : 0);
  const before = detail.below === 0 ? [] : [say('dim', ` · ${countText(detail.below)} newer below`)];
  const rows: readonly Row[] = [
    factsRow(state, detail.victim),
    [],
    [loud('title', ' What happened to it'), ...(scrollsLog ? [] : before)],
    ...(parts.events.length === 0 ? [[say('dim', '   nothing since this view began')]] : events),
    [],
    [...parts.logTitle, ...(scrollsLog ? before : [])],
    ...log,
  ];
  return Array.from({ length: Math.max(0, height - 2) }, (_, y) => cutRow(rows[y] ?? [], width));
}

/** The last rows that fit, above those that are scrolled past. */
function windowOf(rows: readonly Row[], room: number, below: number): readonly Row[] {
  const end = Math.max(0, rows.length - below);
  return rows.slice(Math.max(0, end - room), end);
}

function factsRow(state: ClusterViewState, victim: Victim): Row {
  const cells = cellsOf(state, victim);
  const cell = (name: Parameters<typeof cells>[0]['name']): Row => cells({ name, width: CELL_WIDTH });
  const gap = say('text', '  ');
  const name = [say('text', ' '), ...cell('server').map((span) => ({ ...span, bold: true }))];
  switch (victim.kind) {
    case 'router':
      return [...name, gap, ...cell('state'), gap, ...pidSpans(cell('pid'))];
    case 'server': {
      const incarnation = memberOf(state, victim)?.info.incarnation;
      return [
        ...name,
        gap,
        ...cell('role'),
        gap,
        ...cell('state'),
        say('dim', '  up '),
        ...cell('uptime'),
        ...(incarnation === undefined ? [] : [say('dim', `  start ${incarnation}`)]),
        gap,
        ...cell('address'),
        ...(state.pids.size === 0 ? [] : [gap, ...pidSpans(cell('pid'))]),
      ];
    }
    default:
      return unreachable(victim);
  }
}

const pidSpans = (pid: Row): Row => [say('dim', 'pid '), ...pid];
