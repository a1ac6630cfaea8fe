/** The page needs no other file, and shows what the report says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Takeover } from '@dualping/terminal';
import type { Fault } from '../faults.js';
import { type DemoReport, isGood, renderJson, renderTable, summaries } from '../report.js';
import type { Story } from '../stories.js';
import { renderPage } from './page.js';
import { ticksUpTo } from './scale.js';

function takeover(number: number, fault: Fault | 'unknown', totalMs: number): Takeover {
  const detectMs = fault === 'kill' ? 4 : fault === 'freeze' ? 500 : undefined;
  return {
    number,
    cluster: 1,
    atMs: 0,
    fault,
    from: 1,
    to: 2,
    epoch: number + 1,
    parts: { detectMs, promoteMs: 1, reconnectMs: totalMs - (detectMs ?? 0) - 1, firstPostMs: 0 },
    totalMs,
    clients: { reconnected: 2, all: 2, longestGapMs: 9 },
  };
}

const TAKEOVERS = [takeover(1, 'kill', 20), takeover(2, 'freeze', 540), takeover(3, 'kill', 30)];

const story = (one: Takeover): Story => ({
  takeover: one,
  marks: { begin: 100, dropped: 104, promoted: 105, live: [110, 118], firstPost: 112, end: 120 },
  posts: [
    { person: 0, number: 1, sent: 20, acknowledged: 30, epoch: one.epoch - 1 },
    { person: 1, number: 1, sent: 102, acknowledged: 119, epoch: one.epoch },
    { person: 0, number: 2, sent: 200, acknowledged: undefined, epoch: undefined },
  ],
});

const REPORT: DemoReport = {
  startedAtMs: Date.UTC(2026, 10, 21),
  tookMs: 61_234,
  asked: 3,
  faults: ['kill', 'freeze'],
  servers: 3,
  timing: { pingIntervalMs: 100, deadAfterMs: 500, reattachGraceMs: 2_000 },
  counts: {
    clients: 2,
    posted: 1_204,
    acknowledged: 1_204,
    delivered: 1_204,
    lost: 0,
    repeated: 0,
    outOfOrder: 0,
  },
  failures: 0,
  findings: [],
  problems: [],
  takeovers: TAKEOVERS,
  stories: TAKEOVERS.map(story),
  machine: { dualping: '0.1.0', node: '20', system: 'Linux', processor: 'a <fast> one', cores: 2 },
};
const BROKEN: DemoReport = {
  ...REPORT,
  counts: { ...REPORT.counts, lost: 1 },
  findings: [{ failing: 'lost', text: 'ana #7 </li><script>' }],
};

test('the page needs nothing but itself', () => {
  const page = renderPage(REPORT);
  assert.doesNotMatch(page, /https?:|\/\/|src=|href=|@import|url\(|<script|<link/i);
  assert.match(page, /prefers-color-scheme:dark/);
});

test('the page has a bar for each takeover, a panel for each fault, and a takeover in close-up for each', () => {
  const page = renderPage(REPORT);
  assert.equal(page.match(/class="bar"/g)?.length, 2 * TAKEOVERS.length, 'for wide and narrow screens');
  assert.equal(page.match(/<figure/g)?.length, 2 + 2);
  assert.match(page, /3 takeovers\.<br><span class="good">Nothing lost\./);
  assert.match(page, /1 post was sent before there was a new primary\. It was acknowledged by s2\.</);
});

test('a 95th percentile is shown only for 20 or more takeovers of a kind', () => {
  const many = {
    ...REPORT,
    takeovers: Array.from({ length: 20 }, (_, at) => takeover(at + 1, 'kill', 20 + at)),
  };
  assert.match(renderPage(many), /p95 38 ms/);
  assert.doesNotMatch(renderPage(REPORT), /p95 [0-9]/);
  assert.match(renderPage(REPORT), /data-name="p95">—</);
  const [, , killed = ''] = renderTable(REPORT);
  assert.match(killed, /^kill +2 .* 20\.0 +· +30\.0$/);
});

test('a post that the lost primary acknowledged late is not shown as one that came through', () => {
  const late = TAKEOVERS.map(story).map((one) => ({
    ...one,
    posts: one.posts.map((post) => ({ ...post, epoch: one.takeover.epoch - 1 })),
  }));
  assert.match(renderPage({ ...REPORT, stories: late }), /No post was under way in that moment/);
});

test('a takeover far longer than the others is cut, marked, and labelled', () => {
  const all = [20, 30, 25, 9_600].map((ms, at) => takeover(at + 1, 'kill', ms));
  const page = renderPage({ ...REPORT, takeovers: all });
  assert.equal(page.match(/class="cut"/g)?.length, 2 * 2, 'two strokes, on wide and narrow screens');
  assert.match(page, />↑ 9600</);
  const ticks = [...page.matchAll(/class="tick end"[^>]*>(\d+)</g)].map(([, tick]) => Number(tick));
  assert.equal(Math.max(...ticks), 30);
  assert.doesNotMatch(renderPage(REPORT), /class="cut"/);
});

test('numbers on the page are numbers', () => {
  for (const report of [REPORT, { ...REPORT, takeovers: [], stories: [] }])
    assert.doesNotMatch(renderPage(report), /NaN|undefined|Infinity|\[object/);
});

test('foreign text is escaped', () => {
  assert.match(renderPage(REPORT), /a &lt;fast&gt; one/);
  assert.match(renderPage(BROKEN), /lost: ana #7 &lt;\/li&gt;&lt;script&gt;/);
});

test('broken promises are at the top, in the table and in the line', () => {
  assert.ok(!isGood(BROKEN));
  assert.match(renderPage(BROKEN), /<span class="bad">1 broken\./);
  assert.ok(renderTable(BROKEN).includes('1 lost, 0 repeated, 0 out of order'));
  const { good, lost } = JSON.parse(renderJson(BROKEN));
  assert.deepEqual({ good, lost }, { good: false, lost: 1 });
});

test('a run is good only if every promise was kept and every requested takeover happened', () => {
  assert.ok(isGood(REPORT));
  const { counts } = REPORT;
  const bad: readonly Partial<DemoReport>[] = [
    { counts: { ...counts, repeated: 1 } },
    { counts: { ...counts, outOfOrder: 1 } },
    { failures: 1 },
    { problems: ['not brought about: a cut'] },
    { asked: 4 },
    { takeovers: [...TAKEOVERS.slice(1), takeover(4, 'unknown', 30)] },
  ];
  for (const wrong of bad) assert.ok(!isGood({ ...REPORT, ...wrong }), JSON.stringify(wrong).slice(0, 80));
});

test('figures are by fault, and a part that was not measured is left out', () => {
  const [kill, freeze, unknown] = summaries([...TAKEOVERS, takeover(4, 'unknown', 30)]);
  assert.deepEqual([kill?.fault, kill?.count, kill?.p50Ms, kill?.maxMs], ['kill', 2, 20, 30]);
  assert.equal(freeze?.parts.detectMs, 500);
  assert.equal(unknown?.parts.detectMs, undefined);
});

test('the line for programs is one line', () => {
  const line = renderJson(REPORT);
  assert.ok(!line.includes('\n'));
  const { kind, good, asked, broughtAbout, takeovers } = JSON.parse(line);
  assert.deepEqual(
    { kind, good, asked, broughtAbout, count: takeovers.length },
    { kind: 'dualping-demo', good: true, asked: 3, broughtAbout: 3, count: 3 },
  );
});

test('ticks are round numbers, and reach the largest value', () => {
  assert.deepEqual(ticksUpTo(38), [0, 10, 20, 30, 40]);
  assert.deepEqual(ticksUpTo(684), [0, 200, 400, 600, 800]);
});
