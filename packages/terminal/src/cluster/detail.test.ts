import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assignment,
  Demonstration,
  member,
  NOW_MS,
  stats,
  takeover,
  update,
} from './demonstration.fixture.js';
import type { ClusterEvent } from './feed.js';
import type { ClusterViewEvent } from './view-events.js';

const server = (serverId: number) => ({ kind: 'server', cluster: 1, serverId }) as const;
const cluster = (hasLogs = true, size = {}): Demonstration =>
  new Demonstration({ canAct: false, hasLogs, ...size }).now(
    update([
      assignment(
        2,
        [1, 2, 3].map((id) => member(id)),
      ),
    ]),
  );
const told = (...given: readonly (readonly [text: string, ...servers: number[]])[]): ClusterViewEvent => ({
  kind: 'events',
  events: given.map(
    ([text, ...servers], at): ClusterEvent => ({
      atMs: NOW_MS + at,
      kind: 'said',
      text,
      about: servers.map(server),
    }),
  ),
});
const log = (serverId: number, ...lines: readonly string[]): ClusterViewEvent => ({
  kind: 'log',
  victim: server(serverId),
  log: { path: `logs/s${serverId}.log`, lines },
});
const rowsOf = (show: Demonstration): string => show.screen().slice(2).join('\n');

test('Enter shows the events of the selected server, and none of others', () => {
  const show = cluster().now(
    told(['s1 dropped', 1], ['s3 is in sync', 3], ['s2 promoted', 2, 1], ['a router answers']),
    { kind: 'takeover', takeover: takeover(4, 21, { from: 1, to: 2, atMs: NOW_MS + 10 }) },
  );
  show.press('g', 'enter');
  const [first, , title, ...rows] = show.screen().slice(1);
  assert.match(first ?? '', /^ s1 {2}standby {2}● up .* 127\.0\.0\.1/);
  assert.equal(title, ' What happened to it');
  assert.deepEqual(
    rows.slice(0, 4).map((row) => row.slice(18)),
    ['s1 dropped', 's2 promoted', 'takeover #4: s1 ✗ killed → s2 in 21 ms', ''],
  );
  show.press('escape');
  assert.match(show.screen().join('\n'), /Events/);
  assert.doesNotMatch(rowsOf(cluster().press('G', 'enter')), /promoted/);
});

test('the log is requested, shown, and requested again while it is on the screen', () => {
  const show = cluster().press('g', 'enter');
  const asked = { kind: 'log', victim: server(1), name: 's1', address: '127.0.0.1:9001' };
  assert.deepEqual(
    show.effects.map((effect) => ({ ...effect, address: asked.address })),
    [asked],
  );
  assert.match(rowsOf(show), /Log · ◌ reading/);
  show.now(log(2, 'of another'), log(1, 'listening', `long ${'word '.repeat(20)}end`));
  assert.match(rowsOf(show), /Log · logs\/s1\.log\n {3}listening\n {3}long word.*\n {5}word.* end/);
  assert.doesNotMatch(rowsOf(show), /of another/);
  show.after(900);
  assert.equal(show.effects.length, 1);
  show.after(100);
  assert.equal(show.effects.length, 2);
  show.press('escape').after(5_000);
  assert.equal(show.effects.length, 2, 'nobody looks any more');
  show.now(log(1, 'late'));
  assert.equal(show.state.detail, undefined);
});

test('an unreadable log is reported', () => {
  const show = cluster().press('g', 'enter');
  show.now({ kind: 'log', victim: server(1), log: { problem: 'logs/s1.log cannot be read: ENOENT' } });
  assert.match(rowsOf(show), /✗ logs\/s1\.log cannot be read: ENOENT/);
  const without = cluster(false).press('g', 'enter').after(5_000);
  assert.match(rowsOf(without), /Log · not to be read from here/);
  assert.deepEqual(without.effects, []);
});

test('a long log is shown to its end, and is scrolled back in', () => {
  const show = cluster().press('g', 'enter');
  show.now(log(1, ...Array.from({ length: 200 }, (_, at) => `line ${at + 1}.`)));
  assert.match(rowsOf(show), /line 200\./);
  show.press('k');
  assert.doesNotMatch(rowsOf(show), /line 200\./);
  assert.match(rowsOf(show), /1 newer below/);
  show.press('g');
  assert.match(rowsOf(show), / line 1\./);
  show.press('page-down', 'j', 'G');
  assert.match(rowsOf(show), /line 200\./);
});

test('it fits the smallest screen, also with many events', () => {
  const show = cluster(true, { width: 60, height: 16 }).press('g', 'enter');
  const many = Array.from({ length: 50 }, (_, at) => [`event ${at} ${'x'.repeat(90)}`, 1] as const);
  show.now(told(...many), log(1, ...Array.from({ length: 50 }, (_, at) => `line ${at}`)));
  const screen = show.screen();
  assert.equal(screen.length, 16);
  assert.ok(screen.every((row) => [...row].length <= 60));
  assert.match(rowsOf(show), /event 49/);
  assert.match(rowsOf(show), /line 49/);
});

test('rows are sorted by a column, the most interesting values first', () => {
  const show = cluster(true, { width: 120 });
  const order = () =>
    show
      .screen()
      .slice(2, 5)
      .map((row) => row.slice(3, 5));
  show.now(
    update(
      [],
      [
        stats(1, { ageMs: 5, timelines: 7 }),
        stats(2, { ageMs: 90, timelines: 400 }),
        stats(3, { ageMs: 40, timelines: 0 }),
      ],
    ),
  );
  assert.deepEqual(order(), ['s1', 's2', 's3']);
  assert.doesNotMatch(show.screen()[1] ?? '', /[▴▾]/);
  show.press('S');
  assert.match(show.screen()[1] ?? '', /SERVER▾ROLE/);
  assert.deepEqual(order(), ['s3', 's2', 's1']);
  const seen: string[] = [];
  for (let columns = 0; columns < 9; columns += 1) {
    show.press('s');
    const [, title = ''] = /([A-Z/]+)[▴▾]/.exec(show.screen()[1] ?? '') ?? [];
    seen.push(`${title} ${order().join(' ')}`);
  }
  assert.deepEqual(seen, [
    'ROLE s2 s1 s3',
    'STATE s1 s2 s3',
    'AGE s2 s3 s1',
    'LAG s1 s2 s3',
    'CLIENTS s2 s1 s3',
    'EPOCH s1 s2 s3',
    'UPTIME s1 s2 s3',
    'POSTS/S s1 s2 s3',
    ' s1 s2 s3',
  ]);
  show.press('s', 's', 's', 'S');
  assert.match(show.screen()[1] ?? '', /AGE▴/);
  assert.deepEqual(order(), ['s1', 's3', 's2']);
  show.press('S', 's', 's').now({ kind: 'resized', size: { width: 60, height: 16 } });
  assert.doesNotMatch(show.screen()[1] ?? '', /CLIENTS|[▴▾]/, 'what is not shown orders nothing');
  assert.deepEqual(order(), ['s1', 's2', 's3']);
});

test('the selection stays with its server when the order changes, and moves in the new order', () => {
  const show = cluster().press('g', 's');
  assert.deepEqual(show.state.selected, server(1));
  show.press('j');
  assert.deepEqual(show.state.selected, server(3), 'the primary, s2, is above');
  show.press('g');
  assert.deepEqual(show.state.selected, server(2));
});
