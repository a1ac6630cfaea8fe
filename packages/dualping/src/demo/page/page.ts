/** The report as a page: one file that needs no other, to keep, mail or show. */
import { DONE } from '../faults.js';
import { broughtAbout, type DemoReport, type FaultSummary, grouped, isGood, summaries } from '../report.js';
import { median } from '../statistics.js';
import type { Story } from '../stories.js';
import { anatomy } from './anatomy.js';
import { faultPanel } from './bars.js';
import { element, escaped } from './markup.js';
import { PART_LOOKS } from './parts.js';
import { STYLE } from './style.js';

export function renderPage(report: DemoReport): string {
  const body = [
    header(report),
    everyTakeover(report),
    oneTakeover(report),
    table(report),
    failings(report),
    conditions(report),
  ].join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>dualping: ${report.takeovers.length} takeovers, ${report.counts.lost} lost</title>
<style>${STYLE}</style>
</head>
<body><main>
${body}
</main></body>
</html>
`;
}

const section = (title: string, lead: string, inner: string): string =>
  element('section', {}, `${element('h2', {}, title)}${lead === '' ? '' : element('p', {}, lead)}${inner}`);

function header(report: DemoReport): string {
  const { counts, takeovers, tookMs, servers } = report;
  const good = isGood(report);
  const broken = counts.lost + counts.repeated + counts.outOfOrder + report.failures;
  const verdict =
    broken === 0
      ? '<span class="good">Nothing lost.</span>'
      : `<span class="bad">${grouped(broken)} broken.</span>`;
  const short = report.asked - broughtAbout(report);
  const lead =
    `${counts.clients} people posted and read on ${servers} servers for ${Math.round(tookMs / 1_000)} seconds while their primary was taken away again and again. ` +
    'Each of them checked every post: the numbers below are what they counted.';
  return element(
    'header',
    {},
    element('p', { class: 'mark' }, `<b>dualping</b> demo · ${dateOf(report.startedAtMs)}`) +
      element('h1', {}, `${takeovers.length} takeover${takeovers.length === 1 ? '' : 's'}.<br>${verdict}`) +
      element(
        'p',
        { class: 'lead' },
        good || short <= 0 ? lead : `${lead} ${short} of ${report.asked} could not be brought about.`,
      ) +
      tiles(report),
  );
}

function tiles({ counts }: DemoReport): string {
  const tile = (name: string, value: number, judged: boolean): string => {
    const look = judged ? (value === 0 ? 'good' : 'bad') : 'plain';
    return element('div', { class: look }, element('dt', {}, name) + element('dd', {}, grouped(value)));
  };
  return element(
    'dl',
    { class: 'counts' },
    tile('lost', counts.lost, true) +
      tile('repeated', counts.repeated, true) +
      tile('out of order', counts.outOfOrder, true) +
      tile('posted', counts.posted, false) +
      tile('acknowledged', counts.acknowledged, false) +
      tile('delivered', counts.delivered, false),
  );
}

function everyTakeover({ takeovers }: DemoReport): string {
  if (takeovers.length === 0) return '';
  const legend = PART_LOOKS.map(
    ({ look, name, meaning }) => `<span><i class="swatch ${look}"></i><b>${name}</b> ${meaning}</span>`,
  );
  const panels = summaries(takeovers).map((summary) =>
    faultPanel(
      summary,
      takeovers.filter(({ fault }) => fault === summary.fault),
    ),
  );
  return section(
    'Every takeover',
    'From the fault to everybody being served again. A kill closes the connection, and that is noticed at once; a freeze or a cut is only silence, and has to be waited for.',
    element('p', { class: 'legend' }, legend.join('')) + panels.join('\n'),
  );
}

function oneTakeover({ stories, takeovers }: DemoReport): string {
  const shown = summaries(takeovers).flatMap(({ fault }) => {
    const story = typical(stories.filter(({ takeover }) => takeover.fault === fault));
    return story === undefined ? [] : [anatomy(story)];
  });
  if (shown.length === 0) return '';
  return section(
    'One takeover under glass',
    'A lane for each person and a line for each post, from being sent (○) to being acknowledged (●). Strong lines crossed the takeover. The blue stroke is when that person was live on the new primary.',
    shown.join('\n'),
  );
}

/** The takeover of median length. */
function typical(stories: readonly Story[]): Story | undefined {
  const middle = median(stories.map(({ takeover }) => takeover.totalMs));
  return stories.find(({ takeover }) => takeover.totalMs === middle);
}

const ms = (value: number | undefined): string => (value === undefined ? '—' : value.toFixed(1));

function table({ takeovers }: DemoReport): string {
  const names = ['primary was', 'n', ...PART_LOOKS.map(({ name }) => name), 'p50', 'p95', 'max'];
  const row = ({ fault, count, parts, p50Ms, p95Ms, maxMs }: FaultSummary): string =>
    element(
      'tr',
      {},
      [
        ...[DONE[fault], String(count), ...PART_LOOKS.map(({ part }) => ms(parts[part]))],
        ...[p50Ms, p95Ms, maxMs].map(ms),
      ]
        .map((cell, column) => element('td', { 'data-name': names[column] ?? '' }, cell))
        .join(''),
    );
  const head = element('tr', {}, names.map((name) => element('th', { scope: 'col' }, name)).join(''));
  return section(
    'In figures',
    'Milliseconds; the parts are medians of their own and need not add up to the median of the whole.',
    `<div class="panel"><table><thead>${head}</thead><tbody>${summaries(takeovers).map(row).join('')}</tbody></table></div>`,
  );
}

function failings({ findings, problems }: DemoReport): string {
  const all = [...problems, ...findings.map(({ failing, text }) => `${failing}: ${text}`)];
  if (all.length === 0) return '';
  const items = all.map((text) => element('li', {}, escaped(text))).join('');
  return section('What went wrong', '', element('ul', { class: 'findings' }, items));
}

function conditions({ machine, timing, servers, counts, faults, asked }: DemoReport): string {
  const facts: readonly (readonly [string, string])[] = [
    ['Machine', `${machine.cores} × ${machine.processor}`],
    ['System', machine.system],
    ['Versions', `dualping ${machine.dualping}, Node ${machine.node}`],
    [
      'Cluster',
      `1 router, ${servers} servers, ${counts.clients} people, all on this machine, each server a process of its own`,
    ],
    ['Timing', `ping ${timing.pingIntervalMs} ms, dead after ${timing.deadAfterMs} ms of silence`],
    [
      'Asked for',
      asked === 0 ? 'whatever a person did by hand' : `${asked} takeovers: ${faults.join(', ')}, in turn`,
    ],
  ];
  const list = facts
    .map(([name, value]) => element('dt', {}, name) + element('dd', {}, escaped(value)))
    .join('');
  return section(
    'How it was measured',
    'Every connection ran through a proxy that can be held, which is how a cable is pulled without root. A post counts as lost when it was acknowledged and a follower never saw it, or did not find it when reading the whole timeline back at the end; as repeated when a follower saw it twice; as out of order when it came after a later one.',
    element('dl', { class: 'facts panel' }, list),
  );
}

const dateOf = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
