/** Every takeover as a bar; one panel for each fault, because a freeze takes ten times what a kill takes. */
import type { Takeover } from '@dualping/terminal';
import { DONE } from '../faults.js';
import type { FaultSummary } from '../report.js';
import { chart, roundMs } from './chart.js';
import { element, plot } from './markup.js';

const HEIGHT = 250;

export function faultPanel(summary: FaultSummary, takeovers: readonly Takeover[]): string {
  const { fault, count, p50Ms, p95Ms, maxMs } = summary;
  const p95 = p95Ms === undefined ? '' : ` · p95 ${roundMs(p95Ms)} ms`;
  const heading = element(
    'h3',
    {},
    `${DONE[fault]}<span class="quiet">${count} ${count === 1 ? 'takeover' : 'takeovers'} · p50 ${roundMs(p50Ms)} ms${p95} · max ${roundMs(maxMs)} ms</span>`,
  );
  const label = `${count} takeovers after the primary was ${DONE[fault]}: median ${roundMs(p50Ms)} ms, at most ${roundMs(maxMs)} ms`;
  const drawing = plot((width) =>
    chart({
      takeovers,
      width,
      height: HEIGHT,
      leastTopMs: 0,
      leastBars: 1,
      line: { ms: p50Ms ?? 0, name: 'p50' },
      label,
    }),
  );
  return element('figure', { class: 'panel' }, heading + drawing);
}
