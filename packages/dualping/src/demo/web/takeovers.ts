/** Takeovers: a bar for each, and the last one in its parts. */
import {
  type ClusterViewState,
  countText,
  durationText,
  numberText,
  storyOf,
  type Takeover,
  takeoverFigures,
  takeoversHere,
  tookText,
} from '@dualping/terminal';
import { chart } from '../page/chart.js';
import { element, escaped, plot, stretched } from '../page/markup.js';
import { PART_LOOKS } from '../page/parts.js';
import { markupOf } from './spans.js';

/** Widths of a plot in units. Letters grow with the page: fewer units make them larger. */
const WIDTHS = { wide: 620, narrow: 380 };
/** Height of the plot: as high as its place beside the events; relatively higher on a telephone. */
const heightFor = (width: number): number => Math.max(250, width * 0.43);
/** Most bars that are shown; the oldest disappear on the left. */
const MOST_BARS = 60;
const LEAST_BARS = 8;
const STRIP_WIDTH = 1_000;
const STRIP_HEIGHT = 30;
/** A part that took any time must be visible. */
const LEAST_STRIP = 4;

export function takeoversMarkup(state: ClusterViewState): string {
  const takeovers = takeoversHere(state);
  const figures = takeoverFigures(takeovers, state.budgetMs);
  const drawing = plot(
    (width) =>
      chart({
        takeovers: takeovers.slice(-MOST_BARS),
        width,
        height: heightFor(width),
        leastTopMs: state.budgetMs,
        leastBars: LEAST_BARS,
        line: { ms: state.budgetMs, name: 'budget' },
        label: `${countText(takeovers.length)} takeovers, each as long as it took`,
      }),
    WIDTHS,
  );
  if (figures === undefined) return element('h2', {}, 'Takeovers') + drawing;
  const { count, p50Ms, p95Ms, mostMs } = figures;
  const p95 = p95Ms === undefined ? '' : ` · p95 ${numberText(p95Ms)}`;
  const quiet = `${countText(count)} · p50 ${numberText(p50Ms)}${p95} · max ${numberText(mostMs)} ms`;
  return element('h2', {}, `Takeovers<span class="quiet">${quiet}</span>`) + drawing;
}

export function lastMarkup(state: ClusterViewState): string {
  const last = takeoversHere(state).at(-1);
  if (last === undefined)
    return (
      element('h2', {}, 'The last takeover') +
      element('p', { class: 'quiet' }, 'None yet: everybody is served by the first primary.')
    );
  const took = element(
    'b',
    { class: last.totalMs > state.budgetMs ? 'warning' : 'good' },
    escaped(tookText(last)),
  );
  const heading = `The last takeover<span class="quiet">#${last.number} · epoch ${last.epoch}</span>`;
  return (
    element('h2', {}, heading) +
    element('p', { class: 'story' }, `${markupOf(storyOf(last))} in ${took}`) +
    strip(last) +
    element('p', { class: 'legend' }, legend(last)) +
    clients(last)
  );
}

/** The last takeover from left to right, each part as wide as it was long. */
function strip({ parts, totalMs }: Takeover): string {
  let x = 0;
  const drawn = PART_LOOKS.map(({ part, look }) => {
    const ms = parts[part] ?? 0;
    if (ms <= 0) return '';
    const width = Math.max(LEAST_STRIP, (ms / totalMs) * STRIP_WIDTH);
    const rect = element('rect', { class: look, x, y: 0, width, height: STRIP_HEIGHT });
    x += width;
    return rect;
  });
  const told = PART_LOOKS.map(({ part, name }) => `${name} ${partText(parts[part])}`).join(', ');
  return element(
    'div',
    { class: 'strip' },
    stretched(x || STRIP_WIDTH, STRIP_HEIGHT, `its parts: ${told}`, drawn.join('')),
  );
}

const partText = (ms: number | undefined): string =>
  ms === undefined ? '—' : ms === 0 ? '0 ms' : durationText(ms);

const legend = ({ parts }: Takeover): string =>
  PART_LOOKS.map(
    ({ part, look, name, meaning }) =>
      `<span title="${escaped(meaning)}"><i class="swatch ${look}"></i>${name} <b>${partText(parts[part])}</b></span>`,
  ).join('');

function clients({ clients: on }: Takeover): string {
  if (on === undefined) return '';
  const all = on.reconnected === on.all;
  const text = `${all ? '✓' : '◌'} ${countText(on.reconnected)} of ${countText(on.all)} people are on it`;
  const gap = ` · longest gap ${durationText(on.longestGapMs)}`;
  return element('p', { class: 'on-it' }, element('span', { class: all ? 'good' : 'warning' }, text) + gap);
}
