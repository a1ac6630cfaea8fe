import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { editorWith } from '../editor/editor.js';
import { postLike } from '../text/text.fixture.js';
import { plainText } from '../view/row.js';
import { rowWidth } from '../view/spans.js';
import {
  assignment,
  Demonstration,
  lesson,
  member,
  NOW_MS,
  stats,
  takeover,
  update,
} from './demonstration.fixture.js';
import type { ClusterEvent, FaultKind, Takeover } from './feed.js';
import type { ClusterViewState } from './state.js';
import { clusterView } from './view.js';
import type { ClusterViewEvent } from './view-events.js';

test('80x24, in the middle of a lesson', () => {
  assert.deepEqual(lesson().screen(), [
    ' dualping  cluster 1  ◐ 2 of 4 healthy  primary s2  epoch 17           12:41:17',
    '   SERVER ROLE    STATE     HEARTBEAT        AGE    LAG CLIENTS  EPOCH   UPTIME',
    ' ▸ s1     standby ● up        ▁▂▂▁▂▂···▂   48 ms      0       0     17      0 s',
    '   s2     PRIMARY ● up        ▂▂▃▂▂▃▃▃▃▃   51 ms      0     398     17    >10 s',
    '   s3     —       ◐ frozen    ▃▃▃▃▃▃····   4.2 s      —       —     16        —',
    '   s4     —       ✗ dead      ▃▃▃▃▃▃····   4.3 s      —       —     16        —',
    '   router         ● up                         —      —       —      —        —',
    '',
    ' Takeovers  2 runs   last 21 ms   p50 21   max 34   budget 100 ms',
    '   ▃ ▂  each bar one takeover, █ over budget',
    ' #23 s1 ✗ killed → s2 took over in 21 ms                    epoch 17 · 12:41:07',
    '   ███████▓▓▒▒▒▒░░░  █ detect 11  ▓ promote 2  ▒ reconnect 5  ░ first post 3 ms',
    '   ✓ 398 of 398 clients are on it   longest gap 31 ms',
    ' Posts  36,102 delivered   ✓ 0 lost  0 repeated  0 out of order',
    '',
    ' Events · p pauses',
    '   12:41:07.145 ! s1 stream ended',
    '   12:41:07.147 ↑ s2 promoted, epoch 17',
    '   12:41:07.166 ✓ first post acknowledged after 21 ms',
    '',
    '',
    '',
    '',
    ' x kill  X kill primary  z freeze  n cut  r restart  a auto  ? help  q quit',
  ]);
});

test('60x16 has what matters most', () => {
  assert.deepEqual(lesson({ width: 60, height: 16 }).screen(), [
    ' cluster 1  ◐ 2 of 4 healthy  primary s2  epoch 17 12:41:17',
    '   SERVER ROLE    STATE     HEARTBEAT            AGE    LAG',
    ' ▸ s1     standby ● up            ▁▂▂▁▂▂···▂   48 ms      0',
    '   s2     PRIMARY ● up            ▂▂▃▂▂▃▃▃▃▃   51 ms      0',
    '↓  s3     —       ◐ frozen        ▃▃▃▃▃▃····   4.2 s      —',
    ' Takeovers  2 runs   last 21 ms   p50 21   max 34',
    '   ▃ ▂  each bar one takeover, █ over budget',
    ' #23 s1 ✗ killed → s2 took over in 21 ms',
    '   ██████████████████████████▓▓▓▓▓▓▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░░░░░░░',
    '   ✓ 0 lost  0 repeated  0 out of order',
    '',
    ' Events · p pauses',
    '   12:41:07.145 ! s1 stream ended',
    '   12:41:07.147 ↑ s2 promoted, epoch 17',
    '   12:41:07.166 ✓ first post acknowledged after 21 ms',
    ' x kill  X kill primary  z freeze  n cut  ? help  q quit',
  ]);
});

test('several routers have a row: which one leads, follows, or is gone', () => {
  const show = lesson({ width: 120 });
  const routers = [
    { address: '10.0.0.1:7070', state: 'follows', pid: undefined },
    { address: '10.0.0.2:7070', state: 'leads', pid: 4_711 },
    { address: '10.0.0.3:7070', state: 'absent', pid: undefined },
  ] as const;
  const row = () => show.screen().find((line) => line.startsWith(' Routers'));
  assert.equal(row(), undefined);
  show.now({ kind: 'routers', routers: { term: 12, routers } });
  assert.equal(
    row(),
    ' Routers  term 12  ○ 10.0.0.1:7070 follows  ● 10.0.0.2:7070 leads pid 4711  ✗ 10.0.0.3:7070 absent',
  );
  show.now({ kind: 'routers', routers: { term: 0, routers: routers.slice(0, 1) } });
  assert.equal(row(), ' Routers  none leads  ○ 10.0.0.1:7070 follows');
});

test('120x36 has bars with an axis, posts a second, pids and addresses', () => {
  const show = lesson({ width: 120, height: 36 });
  const pids = new Map([
    ['s2', 4_711],
    ['router', 4_700],
  ]);
  const rows = show.now({ kind: 'clock', pids }).screen();
  assert.deepEqual(
    rows.slice(1, 7).map((row) => row.slice(71)),
    [
      '  UPTIME  POSTS/S      PID ADDRESS',
      '     0 s        —        — 127.0.0.1:7101',
      '   >10 s      524     4711 127.0.0.1:7102',
      '       —        —        — 127.0.0.1:7103',
      '       —        —        — 127.0.0.1:7104',
      '       —        —     4700',
    ],
  );
  assert.deepEqual(
    rows.slice(9, 15).map((row) => row.slice(0, 20)),
    [
      '   100 ms ┤┄┄┄┄┄┄┄┄┄',
      '          │',
      '          │',
      '          │',
      '          │██ ▂▂',
      '     0 ms ┤██ ██',
    ],
  );
});

test('bars over the budget are full blocks, or rise above its line', () => {
  const show = lesson();
  show.now({ kind: 'takeover', takeover: takeover(24, 130, { fault: 'freeze', from: 2, to: 1 }) });
  const rows = show.screen();
  assert.match(rows[8] ?? '', /last 130 ms !/);
  assert.match(rows[9] ?? '', /^ {3}▃ ▂ █ /);
  assert.match(rows[10] ?? '', /#24 s2 ◐ frozen → s1 took over in 130 ms \(over budget\)/);
  const tall = lesson({ width: 100, height: 36 });
  tall.now({ kind: 'takeover', takeover: takeover(24, 130) });
  assert.match(tall.screen()[9] ?? '', /130 ms ┤ {6}██/);
  assert.match(tall.screen()[10] ?? '', /100 ms ┤┄┄┄┄┄┄██┄/);
});

test('a very long bar is cut, with its value above it, and the others keep their height', () => {
  const tall = lesson({ width: 100, height: 36 });
  const before = tall.screen().slice(9, 15);
  tall.now({ kind: 'takeover', takeover: takeover(24, 9_600) });
  tall.now({ kind: 'takeover', takeover: takeover(25, 80) });
  const rows = tall.screen().slice(9, 15);
  assert.equal(rows[0], '          │      ↑9.6 s');
  assert.match(rows[1] ?? '', /^ {3}100 ms ┤┄{6}██┄/, 'the scale ends at the budget');
  assert.match(rows[5] ?? '', /0 ms ┤██ ██ ██ ██$/);
  assert.equal(before.length, rows.length);
  tall.now({ kind: 'takeover', takeover: takeover(26, 7_000) });
  tall.now({ kind: 'takeover', takeover: takeover(27, 12_000) });
  assert.equal(
    tall.screen()[9],
    '          │      ↑     ↑  ↑12 s',
    'where there is no room only that it is cut',
  );
});

test('values from stats are shown with their precision, and unseen parts are named', () => {
  const parts = { detectMs: 9_600, promoteMs: 0, reconnectMs: 850, firstPostMs: undefined };
  const facts = { fault: 'unknown', parts, clients: undefined, grainMs: 1_100 } as const;
  const rows = lesson()
    .now({ kind: 'takeover', takeover: takeover(24, 10_450, facts) })
    .screen();
  assert.match(rows[10] ?? '', /^ #24 s1 ✗ lost → s2 took over in ≤10 s \(over budget\) {2}/);
  assert.match(rows[11] ?? '', /^ {3}█+▓▒+ {2}█ detect 9,600 {2}▓ promote <1 {2}▒ reconnect 850 ms$/);
  assert.equal(rows[12], '   stats come with pings: exact to 1.1 s   not seen: first post');
});

test('a takeover of which only the promotion was seen is not shown with a total', () => {
  const parts = { detectMs: undefined, promoteMs: 0, reconnectMs: undefined, firstPostMs: undefined };
  const facts = { fault: 'unknown', parts, clients: undefined, grainMs: 1_100 } as const;
  const rows = lesson()
    .now({ kind: 'takeover', takeover: takeover(24, 0, facts) })
    .screen();
  assert.match(rows[10] ?? '', /^ #24 s1 ✗ lost → s2 promoted <1 ms after that {2}/);
  assert.match(rows[11] ?? '', /^ {3}▓+ {2}▓ promote <1 ms$/);
  assert.equal(rows[12], '   exact to 1.1 s   not seen: detect, reconnect, first post');
});

test('in a window that is too small it shows only that', () => {
  const said = (width: number, height: number) => lesson({ width, height }).screen();
  assert.deepEqual(said(59, 3), [
    '',
    'the cluster view needs 60x16 cells: make the window larger',
    'q quits',
  ]);
  assert.deepEqual(said(80, 15)[7], 'the cluster view needs 60x16 cells: make the window larger');
  assert.deepEqual(said(14, 1), ['needs 60x16']);
});

test('before the router has answered, and without an answer', () => {
  const show = new Demonstration({ canAct: false });
  assert.match(show.screen()[0] ?? '', /◌ asking the router …/);
  assert.match(show.screen()[2] ?? '', /no server is known yet/);
  show.after(3_000);
  assert.match(show.screen()[0] ?? '', /◌ no router answers for 3 s/);
  show.now(update([assignment(undefined, [])]));
  assert.match(show.screen()[0] ?? '', /◌ no server has registered yet/);
});

test('the last state of a silent router is shown with its time, and dim', () => {
  const show = lesson({ canAct: false }).after(4_000);
  assert.match(show.screen()[0] ?? '', /◌ no router answers for 4 s · this is as of 12:41:17/);
  const { rows } = clusterView(show.state);
  const roles = new Set((rows[3] ?? []).filter(({ text }) => text.trim() !== '').map(({ role }) => role));
  assert.deepEqual([...roles], ['dim']);
});

test('while the router is away rows have a sign for it, and their values stop', () => {
  const show = lesson({ width: 100 }).after(4_000);
  const before = show.screen().slice(2, 6);
  assert.match(before[1] ?? '', /^ {3}s2 {5}PRIMARY \? up .* 398 .* >10 s/);
  assert.match(before[3] ?? '', /^ {3}s4 {5}— {7}\? dead /);
  assert.match(before[2] ?? '', /◐ frozen/, 'what was done here is known here');
  assert.deepEqual(show.after(60_000).screen().slice(2, 6), before);
});

test('a server that was killed here is not shown as up while the router is away', () => {
  const show = lesson({ width: 110 }).after(4_000);
  show.now({ kind: 'done', action: 'kill', victim: { kind: 'server', cluster: 1, serverId: 2 } });
  assert.match(show.screen()[3] ?? '', /^ {3}s2 {5}— {7}✗ killed .* 51 ms {6}— {7}— {5}17 {8}— {8}— /);
  const { rows } = clusterView(show.state);
  assert.equal(rows[3]?.find(({ text }) => text.includes('killed'))?.role, 'problem');
  const started = [member(1), member(2, { incarnation: 2 }), member(3), member(4)];
  show.now(update([assignment(2, started, { revision: 4 })]));
  assert.match(show.screen()[3] ?? '', /● up/);
});

test('an unavailable cluster is shown with the reason', () => {
  const gone = [member(1, { live: false }), member(2, { inSync: false })];
  const lost = assignment(1, gone, {
    revision: 9,
    available: false,
    unavailableReason: 'waits for s1',
  });
  const show = new Demonstration().now(update([lost]));
  assert.match(show.screen()[0] ?? '', /✗ nobody available: waits for s1 {2}epoch 17/);
  assert.match(show.screen()[3] ?? '', /s2 {5}standby ◌ joining/);
});

test('a pause is in the header', () => {
  const paused = assignment(1, [member(1), member(2)], { suspended: 'paused' });
  const show = new Demonstration().now(update([paused]));
  assert.match(show.screen()[0] ?? '', /● 2 of 2 healthy {2}primary s1 {2}epoch 17 {2}failover paused/);
});

test('several clusters: one is open, all are in a row', () => {
  const show = new Demonstration({ canAct: false });
  const others = [1, 2, 3].map((cluster) =>
    assignment(cluster === 2 ? 2 : 1, [member(1, { live: cluster !== 2 }), member(2)], { cluster }),
  );
  show.now(update(others), update([], [stats(2, { cluster: 2, timelines: 7 })]));
  assert.match(show.screen()[0] ?? '', /cluster 1 of 3 {2}● 2 of 2 healthy/);
  assert.equal(show.screen()[1], '  1 ● 2/2 s1  2 ◐ 1/2 s2  3 ● 2/2 s1');
  show.press(']');
  assert.match(show.screen()[0] ?? '', /cluster 2 of 3 {2}◐ 1 of 2 healthy {2}primary s2/);
  assert.match(show.screen()[4] ?? '', /s2 .* 7 /);
  show.now({ kind: 'takeover', takeover: takeover(1, 5) });
  assert.match(show.screen().join('\n'), /Takeovers {2}none since/);
  show.press('[');
  assert.match(show.screen().join('\n'), /Takeovers {2}1 run /);
});

test('a lost post is shown as a problem', () => {
  const counts = {
    clients: 3,
    posted: 9,
    acknowledged: 9,
    delivered: 17,
    lost: 1,
    repeated: 0,
    outOfOrder: 0,
  };
  const rows = lesson().now({ kind: 'counts', counts }).screen();
  assert.match(rows[13] ?? '', /✗ 1 lost {2}0 repeated/);
});

test('the help comes from the keymap, and without controls has none of their keys', () => {
  assert.match(lesson().press('?').screen().join('\n'), /z {15}freeze the selected one/);
  const watching = lesson({ canAct: false }).press('?').screen().join('\n');
  assert.doesNotMatch(watching, /freeze the selected|kill whoever/);
  const end = lesson({ canAct: false, height: 16 }).press('?', 'G').screen();
  assert.match(end.join('\n'), /Takeovers/);
});

const text = fc.oneof(postLike, fc.constantFrom('s1 dropped', '\u001b[2J', '山田 🎉'.repeat(30)));
const ms = fc.oneof(fc.constantFrom(0, 0.4, 31, 999.6, 1e7), fc.double({ min: 0, max: 1e9, noNaN: true }));
const optionally = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined });

const anyTakeover: fc.Arbitrary<Takeover> = fc.record({
  number: fc.nat(),
  cluster: fc.integer({ min: 1, max: 3 }),
  atMs: fc.nat(),
  fault: fc.constantFrom<(FaultKind | 'unknown')[]>('kill', 'freeze', 'cut', 'handover', 'router', 'unknown'),
  from: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  to: fc.integer({ min: 1, max: 9 }),
  epoch: fc.nat(),
  parts: fc.record({
    detectMs: optionally(ms),
    promoteMs: optionally(ms),
    reconnectMs: optionally(ms),
    firstPostMs: optionally(ms),
  }),
  totalMs: ms,
  grainMs: fc.constant(1_100),
  clients: optionally(fc.record({ reconnected: fc.nat(), all: fc.nat(), longestGapMs: ms })),
});

const anyEvent: fc.Arbitrary<ClusterEvent> = fc.record({
  atMs: fc.integer({ min: -1, max: 2 * NOW_MS }),
  kind: fc.constantFrom('up', 'down', 'promoted', 'fault', 'healed', 'measured', 'said'),
  text,
});

const anyMember = fc.record({
  serverId: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant(2 ** 31 - 1)),
  live: fc.boolean(),
  inSync: fc.boolean(),
  liveness: fc.constantFrom('stream' as const, 'watched' as const),
  address: text,
  incarnation: fc.integer({ min: 1, max: 3 }),
});

const anyUpdate: fc.Arbitrary<ClusterViewEvent> = fc
  .record({
    members: fc.uniqueArray(anyMember, { maxLength: 12, selector: ({ serverId }) => serverId }),
    cluster: fc.integer({ min: 1, max: 30 }),
    primary: optionally(fc.nat({ max: 9 })),
    epoch: fc.nat(),
    revision: fc.nat({ max: 5 }),
    reason: text,
    ageMs: ms,
    count: fc.nat(),
  })
  .map(({ members, cluster, primary, epoch, revision, reason, ageMs, count }) => {
    const infos = members.map(({ serverId, ...facts }) => member(serverId, facts));
    const told = infos.map(({ serverId }) =>
      stats(serverId, {
        cluster,
        ageMs,
        timelines: count,
        posts: count,
        durable: count,
        committed: 2 * count,
      }),
    );
    return update(
      [assignment(primary, infos, { cluster, epoch, revision, unavailableReason: reason })],
      told,
    );
  });

const anyKey: fc.Arbitrary<ClusterViewEvent> = fc
  .constantFrom(
    'j',
    'k',
    'g',
    'G',
    ']',
    '[',
    'x',
    'X',
    'K',
    'z',
    'n',
    'r',
    'a',
    'p',
    '?',
    '/',
    'e',
    'page-up',
    'page-down',
    'enter',
    'escape',
  )
  .map(
    (name): ClusterViewEvent => ({
      kind: 'token',
      token: { kind: 'key', name, text: name.length === 1 ? name : undefined },
    }),
  );

const anyViewEvent: fc.Arbitrary<ClusterViewEvent> = fc.oneof(
  anyUpdate,
  anyKey,
  anyTakeover.map((it): ClusterViewEvent => ({ kind: 'takeover', takeover: it })),
  fc.array(anyEvent, { maxLength: 20 }).map((events): ClusterViewEvent => ({ kind: 'events', events })),
  fc
    .record({
      clients: fc.nat(),
      posted: fc.nat(),
      acknowledged: fc.nat(),
      delivered: fc.nat(),
      lost: fc.nat(),
      repeated: fc.nat(),
      outOfOrder: fc.nat(),
    })
    .map((counts): ClusterViewEvent => ({ kind: 'counts', counts })),
  text.map((it): ClusterViewEvent => ({ kind: 'not-done', text: it })),
  fc.constant<ClusterViewEvent>({ kind: 'clock', pids: new Map([['s1', 2 ** 22]]) }),
  fc.constantFrom('kill', 'freeze', 'thaw', 'cut', 'heal', 'restart').map(
    (action): ClusterViewEvent => ({
      kind: 'done',
      action: action as 'kill',
      victim: { kind: 'server', cluster: 1, serverId: 1 },
    }),
  ),
);

/** Characters that would move a terminal's cursor, or change the direction of text. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;

function checkFrame(state: ClusterViewState): void {
  const { rows, cursor } = clusterView(state);
  const { width, height } = state.size;
  assert.equal(rows.length, height);
  for (const [y, row] of rows.entries()) {
    const shown = plainText(row);
    assert.ok(rowWidth(row) <= width, `row ${y} of ${width} cells is ${JSON.stringify(shown)}`);
    assert.ok(!UNSAFE.test(shown), `row ${y} is ${JSON.stringify(shown)}`);
  }
  if (cursor !== undefined) assert.ok(cursor.x < width && cursor.y < height);
}

test('after any inputs every row is there, none is wider than the screen, and nothing in it is unsafe', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 60, max: 300 }),
      fc.integer({ min: 16, max: 100 }),
      fc.boolean(),
      text,
      fc.array(fc.tuple(anyViewEvent, fc.nat({ max: 3_000 })), { maxLength: 25 }),
      optionally(text),
      (width, height, canAct, title, events, search) => {
        const show = new Demonstration({ width, height, canAct, title });
        for (const [event, after] of events) {
          show.after(after, event);
          checkFrame(show.state);
        }
        checkFrame({ ...show.state, shown: { end: 3, search } });
        if (search !== undefined) checkFrame({ ...show.state, prompt: editorWith(search) });
        checkFrame({ ...show.state, size: { width: width - 55, height: height - 14 } });
      },
    ),
    { numRuns: 120 },
  );
});
