/** The table of the servers, and of the router if actions on it are possible. */
import type { MemberInfo } from '@dualping/client';
import { textWidth } from '../text/graphemes.js';
import { cut } from '../text/wrap.js';
import { unreachable } from '../unreachable.js';
import { gapText, lastedText } from '../view/ages.js';
import { countText } from '../view/counts.js';
import type { Role, Row, Span } from '../view/row.js';
import { asSelected, blank, cutRow, fitRow, lineOf, loud, say } from '../view/spans.js';
import { beatSpans } from './beats.js';
import type { Victim } from './feed.js';
import { NUMBERED, signOf, sortedVictims, sortIn } from './order.js';
import {
  asOfMs,
  type ClusterSeen,
  type ClusterViewState,
  type ColumnName,
  type Mark,
  type MemberSeen,
  openCluster,
  routerSilentMs,
  type Sort,
  sameVictim,
  victimKey,
  victimName,
  victimsOf,
} from './state.js';
import { ageOf, lagOf, postsPerSecond } from './watching.js';

interface Column {
  readonly name: ColumnName;
  readonly title: string;
  readonly width: number;
  readonly align: 'left' | 'right';
}

/** In the order of the table. */
const COLUMNS: readonly Column[] = [
  { name: 'server', title: 'SERVER', width: 6, align: 'left' },
  { name: 'role', title: 'ROLE', width: 7, align: 'left' },
  { name: 'state', title: 'STATE', width: 9, align: 'left' },
  { name: 'heartbeat', title: 'HEARTBEAT', width: 10, align: 'left' },
  { name: 'age', title: 'AGE', width: 7, align: 'right' },
  { name: 'lag', title: 'LAG', width: 6, align: 'right' },
  { name: 'clients', title: 'CLIENTS', width: 7, align: 'right' },
  { name: 'epoch', title: 'EPOCH', width: 6, align: 'right' },
  { name: 'uptime', title: 'UPTIME', width: 8, align: 'right' },
  { name: 'rate', title: 'POSTS/S', width: 8, align: 'right' },
  { name: 'pid', title: 'PID', width: 8, align: 'right' },
  { name: 'address', title: 'ADDRESS', width: 21, align: 'left' },
];

/** The columns by importance, for screens where not all fit. */
const BY_NEED: readonly ColumnName[] = [
  'server',
  'role',
  'state',
  'age',
  'heartbeat',
  'lag',
  'epoch',
  'clients',
  'uptime',
  'rate',
  'pid',
  'address',
];

const MARKER_WIDTH = 3;
const GAP_WIDTH = 1;
/** Widest trace: it takes the space that is left, up to this. */
const MOST_HEARTBEAT_WIDTH = 60;
/** Longest name of a server, `c10000/s2147483647` cut. */
const MOST_NAME_WIDTH = 14;
const NOTHING = say('dim', '—');

/** The head, and exactly `count` rows of members around the selected one; arrows show that there are more. */
export function tableRows(state: ClusterViewState, count: number, width: number): readonly Row[] {
  const columns = columnsFor(state, width);
  const victims = sortedVictims(state, namesOf(columns));
  const { first } = shownFrom(state, victims, count);
  const shown = victims.slice(first, first + count);
  const last = first + shown.length - 1;
  const rows = shown.map((victim, y) => {
    const goesOn = (y === 0 && first > 0) || (first + y === last && last < victims.length - 1);
    const arrow = goesOn ? (y === 0 ? '↑' : '↓') : ' ';
    return victimRow(state, victim, { columns, arrow, width });
  });
  if (victims.length === 0) rows.push([say('dim', '   no server is known yet')]);
  return [
    headRow(columns, sortIn(state, namesOf(columns)), width),
    ...Array.from({ length: count }, (_, y) => rows[y] ?? []),
  ];
}

/** The index of the selected row, and of the first shown one of at most `count`. */
function shownFrom(
  state: ClusterViewState,
  victims: readonly Victim[],
  count: number,
): { readonly at: number; readonly first: number } {
  const at = Math.max(
    0,
    victims.findIndex((victim) => sameVictim(victim, state.selected)),
  );
  return { at, first: Math.max(0, Math.min(at - Math.floor(count / 2), victims.length - count)) };
}

/** The selected row below the head, from 0. */
export function selectedTableRow(state: ClusterViewState, count: number): number {
  const victims = sortedVictims(state, columnNames(state));
  const { at, first } = shownFrom(state, victims, count);
  return at - first;
}

const namesOf = (columns: readonly Column[]): readonly ColumnName[] => columns.map(({ name }) => name);

/** The columns that fit, in the order of the table. */
export const columnNames = (state: ClusterViewState): readonly ColumnName[] =>
  namesOf(columnsFor(state, state.size.width));

function columnsFor(state: ClusterViewState, width: number): readonly Column[] {
  const names = victimsOf(state).map((victim) => textWidth(victimName(victim, 1)));
  const nameWidth = Math.min(MOST_NAME_WIDTH, Math.max(6, ...names));
  const has = (name: ColumnName): boolean => name !== 'pid' || state.pids.size > 0;
  const chosen = new Set<ColumnName>();
  let room = width - MARKER_WIDTH;
  const widthOf = ({ name, width: own }: Column): number => (name === 'server' ? nameWidth : own);
  for (const name of BY_NEED) {
    const column = COLUMNS.find((each) => each.name === name);
    if (column === undefined || !has(name)) continue;
    const wanted = widthOf(column) + GAP_WIDTH;
    if (wanted > room) break;
    chosen.add(name);
    room -= wanted;
  }
  return COLUMNS.filter(({ name }) => chosen.has(name)).map((column) => {
    const own = widthOf(column);
    return {
      ...column,
      width: column.name === 'heartbeat' ? Math.min(MOST_HEARTBEAT_WIDTH, own + room) : own,
    };
  });
}

/**
 * A sign after its title marks the column that the rows are sorted by; if the column is full, the sign is in
 * the gap behind it.
 */
function headRow(columns: readonly Column[], sort: Sort, width: number): Row {
  const isUsual = sort.by === NUMBERED.by && !sort.backwards;
  const cells = columns.flatMap((column): Row => {
    if (isUsual || column.name !== sort.by) return cellOf([say('dim', column.title)], column);
    const title = loud('text', column.title);
    const sign = loud('text', signOf(sort));
    const hasRoom = column.align === 'left' && textWidth(column.title) < column.width;
    return hasRoom ? cellOf([title, sign], column) : [...cellOf([title], column).slice(0, -1), sign];
  });
  return cutRow([blank(MARKER_WIDTH), ...cells], width);
}

function cellOf(row: Row, { width, align }: Column): Row {
  const shorter = cutRow(row, width);
  const missing = width - shorter.reduce((sum, { text }) => sum + textWidth(text), 0);
  const filled = align === 'left' ? [...shorter, blank(missing)] : [blank(missing), ...shorter];
  return [...filled, blank(GAP_WIDTH)];
}

interface RowPlace {
  readonly columns: readonly Column[];
  /** Shows that there are more rows above or below. */
  readonly arrow: string;
  readonly width: number;
}

function victimRow(state: ClusterViewState, victim: Victim, { columns, arrow, width }: RowPlace): Row {
  const isSelected = sameVictim(victim, state.selected);
  const cells = cellsOf(state, victim);
  const row = [
    say('dim', arrow),
    say('key', isSelected ? '▸ ' : '  '),
    ...columns.flatMap((column) => cellOf(cells(column), column)),
  ];
  return isSelected ? asSelected(fitRow(row, width)) : cutRow(row, width);
}

/** The text of a column, in at most `width` cells. */
export type CellOf = (column: Pick<Column, 'name' | 'width'>) => Row;

export function cellsOf(state: ClusterViewState, victim: Victim): CellOf {
  const cells = victim.kind === 'router' ? routerCells(state) : serverCells(state, victim.serverId);
  const isStale = victim.kind === 'server' && routerSilentMs(state) !== undefined;
  // The result of an action of this view is known without the router.
  const isMarked = state.marks.has(victimKey(victim));
  return (column) => {
    const cell = cells(column);
    return isStale && !(column.name === 'state' && isMarked) ? cell.map(faded) : cell;
  };
}

/** Old information is dim, so that it does not look current. */
const faded = (span: Span): Span => ({ ...span, role: 'dim', bold: false });

function routerCells(state: ClusterViewState): CellOf {
  const mark = state.marks.get('router');
  const silentMs = routerSilentMs(state);
  return ({ name }) => {
    switch (name) {
      case 'server':
        return [say('text', 'router')];
      case 'state':
        if (mark !== undefined) return markSpans(mark);
        if (silentMs !== undefined) return [say('problem', '✗ silent')];
        return state.heardMs === undefined ? [say('warning', '◌ asking')] : [say('good', '● up')];
      case 'age':
        return silentMs === undefined ? [NOTHING] : [say('text', gapText(silentMs))];
      case 'pid':
        return pidOf(state, { kind: 'router' });
      case 'role':
      case 'heartbeat':
      case 'address':
        return [];
      default:
        return [NOTHING];
    }
  };
}

function serverCells(state: ClusterViewState, serverId: number): CellOf {
  const cluster = openCluster(state);
  const member = cluster?.members.find(({ info }) => info.serverId === serverId);
  if (cluster === undefined || member === undefined) return () => [];
  const victim: Victim = { kind: 'server', cluster: state.open, serverId };
  const isServing = member.info.live && state.marks.get(victimKey(victim)) !== 'killed';
  return ({ name, width }) => {
    switch (name) {
      case 'server':
        return [say('text', victimName(victim, 1))];
      case 'role':
        return isServing ? roleOf(cluster, member) : [NOTHING];
      case 'state':
        return stateOf(state, member, victim);
      case 'heartbeat':
        return beatSpans(member.beats, width);
      case 'age':
        return optional(ageOf(member, asOfMs(state)), gapText);
      case 'lag':
        return isServing ? optional(lagOf(cluster, member), countText) : [NOTHING];
      case 'clients':
        return isServing ? optional(member.told?.stats.stats.timelines, countText) : [NOTHING];
      case 'epoch':
        return member.epoch === 0 ? [NOTHING] : [say('text', String(member.epoch))];
      case 'uptime':
        return isServing ? uptimeOf(state, member) : [NOTHING];
      case 'rate':
        return isServing ? optional(postsPerSecond(member), rateText) : [NOTHING];
      case 'pid':
        return pidOf(state, victim);
      case 'address':
        return [say('dim', cut(lineOf(member.info.address), width))];
      default:
        return [];
    }
  };
}

const optional = (value: number | undefined, text: (value: number) => string): Row =>
  value === undefined ? [NOTHING] : [say('text', text(value))];

const rateText = (rate: number): string => (rate > 0 && rate < 10 ? rate.toFixed(1) : countText(rate));

function roleOf({ assignment }: ClusterSeen, { info }: MemberSeen): Row {
  const isPrimary = assignment.primary?.serverId === info.serverId;
  return isPrimary ? [{ text: 'PRIMARY', role: 'title', bold: true }] : [say('text', 'standby')];
}

function stateOf(state: ClusterViewState, { info }: MemberSeen, victim: Victim): Row {
  const mark = state.marks.get(victimKey(victim));
  // Once the router has dropped it, it is shown as dead.
  if (mark !== undefined && !(mark === 'killed' && !info.live)) return markSpans(mark);
  const [role, glyph, text] = conditionOf(info);
  return [say(role, `${routerSilentMs(state) === undefined ? glyph : '?'} ${text}`)];
}

function conditionOf(info: MemberInfo): readonly [Role, glyph: string, text: string] {
  if (!info.live) return ['problem', '✗', 'dead'];
  // Live, but the router could not dial the address that it gives.
  if (info.unreachable) return ['problem', '!', 'no path'];
  // Live, but still catching up.
  if (info.journalId !== '' && !info.inSync) return ['warning', '◌', 'joining'];
  return ['good', '●', 'up'];
}

function markSpans(mark: Mark): Row {
  switch (mark) {
    case 'frozen':
      return [say('warning', '◐ frozen')];
    case 'cut':
      return [say('warning', '◐ cut off')];
    case 'killed':
      return [say('problem', '✗ killed')];
    default:
      return unreachable(mark);
  }
}

/** `>`: it was up already when the view began, so this is a minimum. */
function uptimeOf(state: ClusterViewState, { liveSinceMs, beginningSeen }: MemberSeen): Row {
  if (liveSinceMs === undefined) return [NOTHING];
  return [say('text', `${beginningSeen ? '' : '>'}${lastedText(asOfMs(state) - liveSinceMs)}`)];
}

function pidOf({ pids, clusters }: ClusterViewState, victim: Victim): Row {
  const pid = pids.get(victimName(victim, clusters.size));
  return pid === undefined ? [NOTHING] : [say('text', String(pid))];
}
