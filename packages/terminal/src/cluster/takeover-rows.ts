/** Takeovers: stats over all, the last one in its parts, and how the clients experienced it. */

import { unreachable } from '../unreachable.js';
import { countText } from '../view/counts.js';
import type { Role, Row, Span } from '../view/row.js';
import { blank, cutRow, firstThatFits, loud, rowWidth, say, sides } from '../view/spans.js';
import type { Takeover } from './feed.js';
import type { ClusterViewState } from './state.js';
import {
  missingParts,
  type Part,
  type PartName,
  partsOf,
  shareCells,
  type TakeoverFigures,
  takeoverFigures,
  takeoversHere,
} from './takeovers.js';
import { durationText, numberText, secondText } from './times.js';

const INDENT = 3;
const GAP = '   ';

export function takeoversTitle(state: ClusterViewState, width: number): Row {
  const stats = takeoverFigures(takeoversHere(state), state.budgetMs);
  const title = loud('title', ' Takeovers');
  if (stats === undefined) {
    const hint = state.canAct ? `  none yet: x kills the selected one` : '  none since this view began';
    return cutRow([title, say('dim', hint)], width);
  }
  return firstThatFits(titleVariants(title, stats, state.budgetMs), width);
}

function titleVariants(title: Span, stats: TakeoverFigures, budgetMs: number): readonly Row[] {
  const { count, last, p50Ms, p95Ms, mostMs, over } = stats;
  const late = last.totalMs > budgetMs;
  const counted = say('text', `  ${countText(count)} ${count === 1 ? 'run' : 'runs'}`);
  const latest = [
    say('text', `${GAP}last `),
    loud(late ? 'warning' : 'good', `${tookText(last)}${late ? ' !' : ''}`),
  ];
  const p95 = p95Ms === undefined ? '' : `${GAP}p95 ${numberText(p95Ms)}`;
  const spread = say('text', `${GAP}p50 ${numberText(p50Ms)}${p95}${GAP}max ${numberText(mostMs)}`);
  const budget = say('dim', `${GAP}budget ${durationText(budgetMs)}`);
  const overs = over === 0 ? [] : [say('warning', `${GAP}${countText(over)} over`)];
  return [
    [title, counted, ...latest, spread, budget, ...overs],
    [title, counted, ...latest, spread, budget],
    [title, counted, ...latest, spread],
    [title, counted, ...latest],
  ];
}

export function lastRow(state: ClusterViewState, width: number): Row {
  const last = takeoversHere(state).at(-1);
  if (last === undefined) return [];
  const late = last.totalMs > state.budgetMs;
  const took = loud(late ? 'warning' : 'good', tookText(last));
  // If the begin was not seen, the total is not shown as a duration.
  const end = isWhole(last)
    ? [say('text', ' took over in '), took]
    : [say('text', ' promoted '), took, say('text', ' after that')];
  const left = [
    say('dim', ` #${last.number} `),
    ...storyOf(last),
    ...(last.fault === 'handover' ? [say('text', ' in '), took] : end),
    say('text', late ? ' (over budget)' : ''),
  ];
  const right = [say('dim', `epoch ${last.epoch} · ${secondText(last.atMs, state.clock)} `)];
  return rowWidth(left) + rowWidth(right) + 2 <= width ? sides(left, right, width) : cutRow(left, width);
}

/** Times that come from stats are upper bounds. */
export const tookText = ({ totalMs, grainMs }: Takeover): string =>
  `${grainMs === undefined || totalMs < 1 ? '' : '≤'}${durationText(totalMs)}`;

const isWhole = ({ parts }: Takeover): boolean =>
  parts.detectMs !== undefined || parts.firstPostMs !== undefined;

export function storyOf({ fault, from, to }: Takeover): Row {
  const onward = say('text', ` → s${to}`);
  switch (fault) {
    case 'kill':
      return [say('text', `s${from} `), say('problem', '✗ killed'), onward];
    case 'freeze':
      return [say('text', `s${from} `), say('warning', '◐ frozen'), onward];
    case 'cut':
      return [say('text', `s${from} `), say('warning', '◐ cut off'), onward];
    case 'handover':
      return [say('text', `s${from} `), say('good', '● handed over'), onward];
    case 'router':
      return [say('text', `s${from} `), say('problem', '✗ killed with the router'), onward];
    case 'unknown':
      return [say('text', `s${from} `), say('problem', '✗ lost'), onward];
    default:
      return unreachable(fault);
  }
}

const SIGNS: Record<PartName, string> = { detect: '█', promote: '▓', reconnect: '▒', 'first post': '░' };
const ROLES: Record<PartName, Role> = {
  detect: 'warning',
  promote: 'key',
  reconnect: 'good',
  'first post': 'text',
};
/** Widest bar: more width shows nothing more. */
const MOST_BAR_WIDTH = 80;
const LEAST_BAR_WIDTH = 11;

/** The last takeover from left to right, each part as wide as it was long. */
export function partsRow(state: ClusterViewState, width: number): Row {
  const last = takeoversHere(state).at(-1);
  if (last === undefined) return [];
  const parts = partsOf(last);
  if (parts.length === 0) return [blank(INDENT), say('dim', 'its parts were not measured')];
  const roomBeside = (legend: Row): number =>
    Math.min(MOST_BAR_WIDTH, width - INDENT - 2 - rowWidth(legend) - 1);
  const fits = (legend: Row): boolean => roomBeside(legend) >= LEAST_BAR_WIDTH;
  const legend = [true, false].map((named) => legendOf(parts, named)).find(fits) ?? [];
  const shares = shareCells(parts, roomBeside(legend));
  const bar = parts.map(({ name }, at) => say(ROLES[name], SIGNS[name].repeat(shares[at] ?? 0)));
  return cutRow([blank(INDENT), ...bar, say('text', '  '), ...legend], width);
}

const legendOf = (parts: readonly Part[], signed: boolean): Row =>
  parts.flatMap(({ name, ms }, at) => [
    ...(signed
      ? [say(ROLES[name], `${at === 0 ? '' : '  '}${SIGNS[name]} `)]
      : [say('dim', at === 0 ? '' : ' · ')]),
    say('dim', `${name} `),
    say('text', numberText(ms)),
    ...(at === parts.length - 1 ? [say('dim', ' ms')] : []),
  ]);

function grainRow(last: Takeover, grainMs: number, width: number): Row {
  const missing = missingParts(last);
  const left = missing.length === 0 ? '' : `not seen: ${missing.join(', ')}`;
  const exact = `exact to ${durationText(grainMs)}`;
  const texts = [`stats come with pings: ${exact}`, exact];
  return firstThatFits(
    texts.map((text) => [
      blank(INDENT),
      say('dim', text),
      ...(left === '' ? [] : [say('text', `${GAP}${left}`)]),
    ]),
    width,
  );
}

/**
 * How the clients experienced the last takeover; or, if it comes from stats, how exact it is, and which
 * parts were not seen.
 */
export function clientsRow(state: ClusterViewState, width: number): Row {
  const last = takeoversHere(state).at(-1);
  const clients = last?.clients;
  if (last?.grainMs !== undefined) return grainRow(last, last.grainMs, width);
  if (clients === undefined) return [];
  const { reconnected, all, longestGapMs } = clients;
  const isAll = reconnected === all;
  return cutRow(
    [
      blank(INDENT),
      say(
        isAll ? 'good' : 'warning',
        `${isAll ? '✓' : '◌'} ${countText(reconnected)} of ${countText(all)} clients`,
      ),
      say('text', ` are on it${GAP}longest gap ${durationText(longestGapMs)}`),
    ],
    width,
  );
}
