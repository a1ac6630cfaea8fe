/** A bar for each takeover: in one row, or in several with an axis and a line at the budget. */
import type { Role, Row, Span } from '../view/row.js';
import { blank, cutRow, firstThatFits, say } from '../view/spans.js';
import { BARS } from './beats.js';
import type { Takeover } from './feed.js';
import { LEAST_CHART_WITH_AXIS } from './geometry.js';
import type { ClusterViewState } from './state.js';
import { chartTopMs, takeoversHere } from './takeovers.js';
import { durationText } from './times.js';

const INDENT = 3;

/** Exactly `rows` rows; with an axis and a line at the budget if there are enough rows. */
export function chartRows(state: ClusterViewState, rows: number, width: number): readonly Row[] {
  const takeovers = takeoversHere(state);
  if (rows < 1) return [];
  return rows < LEAST_CHART_WITH_AXIS
    ? Array.from({ length: rows }, (_, y) => (y === rows - 1 ? barRow(takeovers, state.budgetMs, width) : []))
    : axisRows(takeovers, state.budgetMs, rows, width);
}

const roleOfBar = ({ totalMs }: Takeover, budgetMs: number): Role =>
  totalMs > budgetMs ? 'warning' : 'good';

/** The full block is for takeovers longer than the budget, so that they are visible without colours too. */
function barRow(takeovers: readonly Takeover[], budgetMs: number, width: number): Row {
  const within = BARS.length - 1;
  const levelOf = (totalMs: number): number =>
    totalMs > budgetMs
      ? within
      : Math.max(0, Math.min(within - 1, Math.ceil((totalMs / budgetMs) * within) - 1));
  const room = Math.max(1, width - INDENT - 1);
  // A blank between the bars, if all still fit.
  const gap = takeovers.length * 2 <= room ? ' ' : '';
  const bars = takeovers
    .slice(-room)
    .map((each): Span => say(roleOfBar(each, budgetMs), `${BARS.at(levelOf(each.totalMs)) ?? ''}${gap}`));
  const legend = say('dim', ' each bar one takeover, █ over budget');
  return firstThatFits(
    [
      [blank(INDENT), ...joined(bars), legend],
      [blank(INDENT), ...joined(bars)],
    ],
    width,
  );
}

/** Joins neighbouring spans of the same role. */
function joined(spans: readonly Span[]): Row {
  const all: Span[] = [];
  for (const span of spans) {
    const last = all.at(-1);
    if (last?.role === span.role) all[all.length - 1] = { ...last, text: last.text + span.text };
    else all.push(span);
  }
  return all;
}

/** Cells of the axis with its numbers. */
const AXIS_WIDTH = 11;
const EIGHTHS = 8;

function axisRows(
  takeovers: readonly Takeover[],
  budgetMs: number,
  rows: number,
  width: number,
): readonly Row[] {
  const room = Math.max(1, width - AXIS_WIDTH - 2);
  // Two cells for each bar and one between them, if all fit.
  const wide = takeovers.length * 3 <= room;
  const barWidth = wide ? 3 : 1;
  const shown = takeovers.slice(-Math.floor(room / barWidth));
  const most = chartTopMs(
    shown.map(({ totalMs }) => totalMs),
    budgetMs,
  );
  const isCut = shown.some(({ totalMs }) => totalMs > most);
  const bars = barRows({ shown, budgetMs, most, rows: isCut ? rows - 1 : rows, room, wide });
  const all = bars.map(({ label, row }) => cutRow([...axis(label), ...row], width));
  return isCut ? [cutRow([...axis(''), ...cutLabels(shown, most, barWidth, room)], width), ...all] : all;
}

interface Bars {
  readonly shown: readonly Takeover[];
  readonly budgetMs: number;
  readonly most: number;
  readonly rows: number;
  readonly room: number;
  readonly wide: boolean;
}

function barRows({ shown, budgetMs, most, rows, room, wide }: Bars): readonly { label: string; row: Row }[] {
  const eighths = (ms: number): number => Math.round((Math.min(ms, most) / most) * rows * EIGHTHS);
  const budgetRow = Math.min(rows - 1, Math.ceil(eighths(budgetMs) / EIGHTHS) - 1);
  const labelOf = (level: number): string => {
    if (level === budgetRow) return durationText(budgetMs);
    if (level === rows - 1) return durationText(most);
    return level === 0 ? '0 ms' : '';
  };
  return Array.from({ length: rows }, (_, y) => {
    const level = rows - 1 - y;
    const line = level === budgetRow ? '┄' : ' ';
    const bars = shown.flatMap((each): Row => {
      const height = Math.max(1, eighths(each.totalMs)) - level * EIGHTHS;
      const sign = height <= 0 ? line : (BARS.at(Math.min(EIGHTHS, height) - 1) ?? '');
      const role = height <= 0 ? 'dim' : roleOfBar(each, budgetMs);
      return wide ? [say(role, sign + sign), say('dim', line)] : [say(role, sign)];
    });
    const used = shown.length * (wide ? 3 : 1);
    const rest = say('dim', line.repeat(Math.max(0, room - used)));
    return { label: labelOf(level), row: [...joined(bars), rest] };
  });
}

const axis = (label: string): Row => [
  say('dim', `${label.padStart(AXIS_WIDTH - 2)} ${label === '' ? '│' : '┤'}`),
];

/**
 * Labels above the bars that are cut: their length, or, if there is no room, only an arrow. The newest first.
 */
function cutLabels(shown: readonly Takeover[], most: number, barWidth: number, room: number): Row {
  const cells = Array.from({ length: room }, () => ' ');
  for (let at = shown.length - 1; at >= 0; at -= 1) {
    const totalMs = shown[at]?.totalMs ?? 0;
    if (totalMs <= most) continue;
    const whole = `↑${durationText(totalMs)}`;
    for (const text of [whole, '↑']) {
      const x = Math.min(at * barWidth, room - text.length);
      // A blank on both sides separates it from other labels.
      const around = cells.slice(Math.max(0, x - 1), x + text.length + 1);
      if (x < 0 || (text === whole ? around : cells.slice(x, x + 1)).some((cell) => cell !== ' ')) continue;
      cells.splice(x, text.length, ...text);
      break;
    }
  }
  return [say('warning', cells.join('').trimEnd())];
}
