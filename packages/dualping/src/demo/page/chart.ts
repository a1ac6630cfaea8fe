/** Takeovers as bars, their parts stacked, with a line at a value to compare them with. */
import { chartTopMs, type Takeover } from '@dualping/terminal';
import { element, picture, svgText } from './markup.js';
import { PART_LOOKS } from './parts.js';
import { linear, type Scale, ticksUpTo } from './scale.js';

const LEFT = 52;
const RIGHT = 86;
const TOP = 22;
const BOTTOM = 38;
const MAX_BAR_WIDTH = 34;
/** A thinner bar could not be seen, so only the last takeovers are drawn. */
const LEAST_SLOT = 3;
/** With less room than this the numbers of the bars would overlap. */
const LEAST_LABELLED_SLOT = 35;

export interface Chart {
  /** Oldest first. */
  readonly takeovers: readonly Takeover[];
  readonly width: number;
  readonly height: number;
  /** The chart reaches at least up to here, ms. */
  readonly leastTopMs: number;
  /** So many bars fit before they become thinner. */
  readonly leastBars: number;
  readonly line: { readonly ms: number; readonly name: string };
  /** The text for readers who can't see the chart. */
  readonly label: string;
}

export const roundMs = (ms: number | undefined): string =>
  ms === undefined ? '—' : ms.toFixed(ms < 10 ? 1 : 0);

export function chart(given: Chart): string {
  const { takeovers: all, width, height, leastTopMs, leastBars, line, label } = given;
  const room = width - LEFT - RIGHT;
  const takeovers = all.slice(-Math.floor(room / LEAST_SLOT));
  // A bar that is far longer than the others is cut.
  const top = chartTopMs(
    takeovers.map(({ totalMs }) => totalMs),
    leastTopMs,
  );
  const ticks = ticksUpTo(top);
  const bottom = height - BOTTOM;
  const y = linear([0, ticks.at(-1) ?? 1], [bottom, TOP]);
  const slot = room / Math.max(leastBars, takeovers.length);
  const grid = ticks.map(
    (tick) =>
      element('line', {
        class: tick === 0 ? 'axis' : 'grid',
        x1: LEFT,
        x2: width - RIGHT,
        y1: y(tick),
        y2: y(tick),
      }) + svgText(LEFT - 10, y(tick) + 4, String(tick), { class: 'tick end' }),
  );
  const bars = takeovers.map((takeover, index) =>
    bar(takeover, {
      centre: LEFT + slot * (index + 0.5),
      width: Math.min(MAX_BAR_WIDTH, slot * 0.68),
      bottom,
      y,
      mostMs: ticks.at(-1) ?? 0,
      labelled: slot >= LEAST_LABELLED_SLOT,
    }),
  );
  const at = y(line.ms);
  const drawn = takeovers.length < all.length ? `; the last ${takeovers.length} are drawn` : '';
  const inner = [
    ...grid,
    ...bars,
    element('line', { class: 'median', x1: LEFT, x2: width - RIGHT + 6, y1: at, y2: at }),
    svgText(width - RIGHT + 12, at + 4, `${line.name} ${roundMs(line.ms)}`, { class: 'median-label' }),
    svgText(LEFT - 10, TOP - 12, 'ms', { class: 'tick end' }),
  ];
  return picture(width, height, `${label}${drawn}`, inner.join(''));
}

interface BarPlace {
  readonly centre: number;
  readonly width: number;
  readonly bottom: number;
  readonly y: Scale;
  /** The top of the panel: longer bars are cut there. */
  readonly mostMs: number;
  readonly labelled: boolean;
}

function bar(takeover: Takeover, { centre, width, bottom, y, mostMs, labelled }: BarPlace): string {
  const { number, from, to, epoch, parts, totalMs } = takeover;
  let below = 0;
  const segments = PART_LOOKS.map(({ part, look }) => {
    const ms = Math.min(parts[part] ?? 0, mostMs - below);
    const top = y(below + ms);
    const height = y(below) - top;
    below += ms;
    if (ms <= 0) return '';
    return element('rect', {
      class: look,
      x: centre - width / 2,
      y: top,
      width,
      height: Math.max(height, 0.8),
    });
  });
  const isCut = totalMs > mostMs;
  const told = PART_LOOKS.map(({ part, name }) => `${name} ${roundMs(parts[part])}`).join(', ');
  const title = element(
    'title',
    {},
    `#${number}: s${from} → s${to}, epoch ${epoch}, ${roundMs(totalMs)} ms (${told})`,
  );
  const value =
    labelled || isCut
      ? svgText(centre, y(below) - 6, `${isCut ? '↑ ' : ''}${roundMs(totalMs)}`, { class: 'value middle' })
      : '';
  const labels = labelled
    ? svgText(centre, bottom + 16, `#${number}`, { class: 'tick middle' }) +
      svgText(centre, bottom + 30, `s${from}→s${to}`, { class: 'faint middle' })
    : '';
  return element(
    'g',
    { class: 'bar' },
    title + segments.join('') + (isCut ? cutMark(centre, width, y(mostMs)) : '') + value + labels,
  );
}

/** Two strokes through a bar near its top: the bar is longer than the panel. */
const cutMark = (centre: number, width: number, top: number): string =>
  [10, 17]
    .map((below) =>
      element('line', {
        class: 'cut',
        x1: centre - width / 2 - 3,
        x2: centre + width / 2 + 3,
        y1: top + below + 3,
        y2: top + below - 3,
      }),
    )
    .join('');
