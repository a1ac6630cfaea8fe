/** Every takeover as a bar, its parts stacked; one panel for each fault, because a freeze takes ten times what a kill takes. */
import { chartTopMs, type Takeover } from '@dualping/terminal';
import { DONE } from '../faults.js';
import type { FaultSummary } from '../report.js';
import { element, picture, plot, svgText } from './markup.js';
import { PART_LOOKS } from './parts.js';
import { linear, type Scale, ticksUpTo } from './scale.js';

const HEIGHT = 250;
const LEFT = 52;
const RIGHT = 78;
const TOP = 22;
const BOTTOM = 38;
const MAX_BAR_WIDTH = 34;
/** Thinner than this a bar is not to be seen: the last ones are drawn. */
const LEAST_SLOT = 3;
/** With less room than this the numbers of the bars would run into one another. */
const LEAST_LABELLED_SLOT = 35;

const round = (ms: number | undefined): string => (ms === undefined ? '—' : ms.toFixed(ms < 10 ? 1 : 0));

export function faultPanel(summary: FaultSummary, takeovers: readonly Takeover[]): string {
  const { fault, count, p50Ms, p95Ms, maxMs } = summary;
  const p95 = p95Ms === undefined ? '' : ` · p95 ${round(p95Ms)} ms`;
  const heading = element(
    'h3',
    {},
    `${DONE[fault]}<span class="quiet">${count} ${count === 1 ? 'takeover' : 'takeovers'} · p50 ${round(p50Ms)} ms${p95} · max ${round(maxMs)} ms</span>`,
  );
  return element('figure', { class: 'panel' }, heading + plot((width) => drawing(summary, takeovers, width)));
}

function drawing(
  { fault, count, p50Ms, maxMs }: FaultSummary,
  all: readonly Takeover[],
  width: number,
): string {
  const takeovers = all.slice(-Math.floor((width - LEFT - RIGHT) / LEAST_SLOT));
  // One that dwarfs the others is cut.
  const top = chartTopMs(
    takeovers.map(({ totalMs }) => totalMs),
    0,
  );
  const ticks = ticksUpTo(top);
  const y = linear([0, ticks.at(-1) ?? 1], [HEIGHT - BOTTOM, TOP]);
  const slot = (width - LEFT - RIGHT) / takeovers.length;
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
      y,
      mostMs: ticks.at(-1) ?? 0,
      labelled: slot >= LEAST_LABELLED_SLOT,
    }),
  );
  const middle = y(p50Ms ?? 0);
  const half =
    element('line', { class: 'median', x1: LEFT, x2: width - RIGHT + 6, y1: middle, y2: middle }) +
    svgText(width - RIGHT + 12, middle + 4, `p50 ${round(p50Ms)}`, { class: 'median-label' });
  const drawn = takeovers.length < all.length ? `; the last ${takeovers.length} are drawn` : '';
  const label = `${count} takeovers after the primary was ${DONE[fault]}: median ${round(p50Ms)} ms, at most ${round(maxMs)} ms${drawn}`;
  const inner = [...grid, ...bars, half, svgText(LEFT - 10, TOP - 12, 'ms', { class: 'tick end' })];
  return picture(width, HEIGHT, label, inner.join(''));
}

interface BarPlace {
  readonly centre: number;
  readonly width: number;
  readonly y: Scale;
  /** Where the panel ends: what is longer is cut there. */
  readonly mostMs: number;
  readonly labelled: boolean;
}

function bar(takeover: Takeover, { centre, width, y, mostMs, labelled }: BarPlace): string {
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
  const told = PART_LOOKS.map(({ part, name }) => `${name} ${round(parts[part])}`).join(', ');
  const title = element(
    'title',
    {},
    `#${number}: s${from} → s${to}, epoch ${epoch}, ${round(totalMs)} ms (${told})`,
  );
  const value =
    labelled || isCut
      ? svgText(centre, y(below) - 6, `${isCut ? '↑ ' : ''}${round(totalMs)}`, { class: 'value middle' })
      : '';
  const labels = labelled
    ? svgText(centre, HEIGHT - BOTTOM + 16, `#${number}`, { class: 'tick middle' }) +
      svgText(centre, HEIGHT - BOTTOM + 30, `s${from}→s${to}`, { class: 'faint middle' })
    : '';
  return element(
    'g',
    { class: 'bar' },
    title + segments.join('') + (isCut ? cutMark(centre, width, y(mostMs)) : '') + value + labels,
  );
}

/** Two strokes through a bar near its top: it goes on beyond the panel. */
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
