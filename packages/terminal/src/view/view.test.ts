import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { editorWith } from '../editor/editor.js';
import { postItem } from '../state/items.js';
import { NEWEST } from '../state/reading.js';
import type { Connection, Overlay, Person, Place, Prompt, State, TimelineId } from '../state/state.js';
import { postLike } from '../text/text.fixture.js';
import {
  CLOCK,
  draft,
  EVENING,
  evening,
  ME,
  MINUTE_MS,
  NOW_MONO_MS,
  NOW_MS,
  outgoing,
  post,
  reading,
  SENDING,
  screen,
  sized,
  target,
} from './evening.fixture.js';
import { plainText } from './row.js';
import { rowWidth } from './spans.js';
import { view } from './view.js';

const BUSY: State = evening({
  ...reading({ selected: 8812, divider: { after: 8809, sinceWallMs: NOW_MS - 9 * MINUTE_MS } }),
  ...draft('Held through four. Next: pull the network cable 🔌'),
  focus: 'composer',
  unread: new Map<TimelineId, number>([
    ['home', 3],
    ['mentions', 1],
    ['@ana', 2],
  ]),
  outbox: [outgoing(1, 'Freezing one is scarier than killing one.', SENDING)],
});

test('80x24', () => {
  assert.deepEqual(screen(BUSY), [
    ' dualping  @mira                                                  ● live  12:41',
    ' Timelines        │',
    ' ▸Home          3 │',
    '  Mentions      1 │',
    '                  │',
    ' Following 3      │',
    '  ● ana         2 │',
    '  ● bo            │',
    '  ○ chen          │',
    '                  │',
    ' People           │    ↑ older posts: keep scrolling (k / PgUp)',
    '  ● dee           │  @bo                                                    14m',
    '  ○ eli           │    Anyone else seeing the p95 drop since Tuesday?',
    '                  │  @chen                                                   9m',
    '                  │    Yes! It is the batching. Charts tomorrow.',
    '                  │ ──────────────────── 1 new since 12:32 ────────────────────',
    '                  │ ▌@ana                                                    2m',
    '                  │ ▌  Shipped the takeover demo. Kill a server and watch the',
    '                  │ ▌  timeline not blink. 🎉',
    '                  │  @mira                                            ◌ sending',
    '                  │    Freezing one is scarier than killing one.',
    '──────────────────┴─────────────────────────────────────────────────────────────',
    ' › Held through four. Next: pull the network cable 🔌                   49/1000',
    ' Enter send  Ctrl-j new line  Tab complete  Esc back',
  ]);
});

test('120x36 has the pane', () => {
  const rows = screen({
    ...BUSY,
    ...sized(120, 36),
    story: {
      everLive: true,
      moves: 4,
      longestGapMs: 31,
      received: 812,
      acknowledged: 3,
      lastMove: { from: target(1, 16), to: target(2), gapMs: 31, wallMs: NOW_MS },
    },
  });
  assert.equal(rows.length, 36);
  assert.deepEqual(
    rows.slice(1, 18).map((row) => row.slice(85)),
    [
      '│ @ana  ● here',
      '│  you follow    yes',
      '│  follows you   yes',
      '│  posts seen    1',
      '│  last post     2m',
      '│',
      '│ Session',
      '│  server        s2 · epoch 17',
      '│  stream up     12m 04s',
      '│  takeovers     4 survived',
      '│  lost          0',
      '│  longest gap   31 ms',
      '│  last move     s1 → s2',
      '│                31 ms at 12:41',
      '│',
      '│',
      '│',
    ],
  );
});

test('40x10 does without the sidebar', () => {
  assert.deepEqual(screen(evening(sized(40, 10))), [
    ' @mira · Home             ● live  12:41',
    '    Yes! It is the batching. Charts',
    '    tomorrow.',
    `  @ana${' '.repeat(31)}2m`,
    '    Shipped the takeover demo. Kill a',
    '    server and watch the timeline not',
    '    blink. 🎉',
    '────────────────────────────────────────',
    ' › i to write a post',
    ' i post  f follow  ? help  q quit',
  ]);
});

test('in a smaller window it shows only that', () => {
  const said = (width: number, height: number): readonly string[] => screen(evening(sized(width, height)));
  assert.deepEqual(said(60, 9), [
    ...['', '', '', ''],
    'dualping needs 40x10 cells: make the window larger',
    'q quits',
    ...['', '', ''],
  ]);
  assert.deepEqual(said(39, 1), ['dualping needs 40x10 cells']);
  assert.deepEqual(said(12, 1), ['needs 40x10']);
  assert.deepEqual(said(3, 1), ['ne…']);
  assert.deepEqual(said(10, 0), []);
});

test('the cursor is at the typed text, else on the entry that the keys act on', () => {
  assert.deepEqual(view(BUSY).cursor, { x: 53, y: 22 });
  const cursorRow = (state: State): string => {
    const { rows, cursor } = view(state);
    return plainText(rows[cursor?.y ?? -1] ?? []);
  };
  assert.match(cursorRow({ ...BUSY, focus: 'timeline' }), /@ana +2m/, 'at the end the newest post');
  assert.match(cursorRow({ ...BUSY, focus: 'sidebar', sidebarAt: 1 }), /Mentions/);
  assert.match(cursorRow({ ...BUSY, overlay: { kind: 'help', scroll: 0 } }), /Reading/);
  const first = BUSY.posts[0];
  assert.ok(first !== undefined);
  const up = { ...NEWEST, top: { key: first.key, rows: 0 }, selected: first.key };
  const reading = { ...BUSY, focus: 'timeline' as const, places: new Map([['home', up]] as const) };
  assert.match(cursorRow(reading), new RegExp(`▌?@${first.post.author}`));
});

test('typing continues while the server is lost: only the header changes', () => {
  const lost = screen({ ...BUSY, connection: { kind: 'lost', because: undefined, resumeAfter: 8812 } });
  const before = screen(BUSY);
  assert.match(lost[0] ?? '', /◐ server lost · resuming from #8812$/);
  assert.deepEqual(lost.slice(1), before.slice(1));
});

test("a user's timeline is shown while the sidebar has the focus", () => {
  const rows = screen(evening({ ...sized(120, 30), focus: 'sidebar', sidebarAt: 6 }));
  assert.match(rows[1] ?? '', /│ @eli {2}○ away$/);
});

const connection: fc.Arbitrary<Connection> = fc.oneof(
  fc.constant<Connection>({ kind: 'connecting', to: undefined }),
  fc.constant<Connection>({ kind: 'connecting', to: target(2 ** 31 - 1) }),
  fc.constant<Connection>({ kind: 'live', target: target(2), sinceMs: 0 }),
  fc.nat().map((resumeAfter): Connection => ({ kind: 'lost', because: undefined, resumeAfter })),
  fc.double({ min: 0, max: 1e9, noNaN: true }).map(
    (gapMs): Connection => ({
      kind: 'resumed',
      target: target(9),
      gapMs,
      sinceMs: NOW_MONO_MS,
      untilMs: NOW_MONO_MS + 1,
    }),
  ),
  fc.tuple(fc.nat(), postLike).map(
    ([retryAtMs, detail]): Connection => ({
      kind: 'waiting',
      retryAtMs,
      attempt: 3,
      because: { reason: 'busy', detail },
    }),
  ),
  postLike.map((detail): Connection => ({ kind: 'failed', because: { reason: 'wrong-network', detail } })),
);

const person: fc.Arbitrary<Person> = fc.record({
  name: postLike,
  present: fc.boolean(),
  followed: fc.boolean(),
  followsMe: fc.boolean(),
});

const prompt: fc.Arbitrary<Prompt> = fc.record({
  kind: fc.constantFrom('command', 'search'),
  editor: postLike.map((text) => editorWith(text)),
  completions: fc.array(postLike, { maxLength: 8 }),
  chosen: fc.integer({ min: -1, max: 7 }),
});

const overlay: fc.Arbitrary<Overlay> = fc.record({
  kind: fc.constantFrom('help', 'info', 'people'),
  scroll: fc.nat({ max: 200 }),
});

const place: fc.Arbitrary<Place> = fc.record({
  top: fc.oneof(
    fc.constant('newest' as const),
    fc.record({ key: fc.integer({ min: -4, max: 40 }), rows: fc.integer({ min: 0, max: 30 }) }),
  ),
  selected: fc.option(fc.integer({ min: -4, max: 40 }), { nil: undefined }),
  readUpTo: fc.nat({ max: 40 }),
  divider: fc.option(fc.record({ after: fc.nat({ max: 40 }), sinceWallMs: fc.constant(NOW_MS) }), {
    nil: undefined,
  }),
});

const status = fc.oneof(
  fc.constant(SENDING),
  fc.constant({ kind: 'sent', position: 12 } as const),
  fc.record({
    kind: fc.constant('failed' as const),
    reason: fc.constant('busy'),
    detail: postLike,
    unknown: fc.boolean(),
  }),
);

const optional = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(of, { nil: undefined, freq: 2 });

const anyState: fc.Arbitrary<State> = fc
  .record({
    width: fc.oneof(fc.integer({ min: 0, max: 140 }), fc.integer({ min: 40, max: 300 })),
    height: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 10, max: 100 })),
    connection,
    texts: fc.array(fc.tuple(postLike, fc.constantFrom('ana', 'bo', ME, 'x'.repeat(32))), { maxLength: 30 }),
    outbox: fc.array(fc.tuple(postLike, status), { maxLength: 3 }),
    people: optional(fc.array(person, { maxLength: 30 })),
    timeline: fc.constantFrom<TimelineId[]>('home', 'mentions', '@ana', `@${ME}`, '@\u001b[31m'),
    place,
    focus: fc.constantFrom('timeline', 'sidebar', 'composer'),
    sidebarAt: fc.nat({ max: 35 }),
    written: postLike,
    prompt: optional(prompt),
    search: optional(postLike),
    overlay: optional(overlay),
    notice: optional(postLike),
    times: fc.constantFrom('relative', 'absolute'),
    flags: fc.tuple(fc.boolean(), fc.boolean()),
  })
  .map((it): State => {
    const posts = it.texts.map(([text, author], at) => postItem(ME, post(at + 1, author, at, text)));
    return {
      ...EVENING,
      ...sized(it.width, it.height),
      ...draft(it.written, it.timeline),
      clock: CLOCK,
      connection: it.connection,
      posts,
      outbox: it.outbox.map(([text, how], at) => outgoing(at + 1, text, how)),
      people: it.people,
      timeline: it.timeline,
      places: new Map([[it.timeline, { ...NEWEST, ...it.place }]]),
      unread: new Map<TimelineId, number>([
        ['home', 12_345],
        ['@ana', 3],
      ]),
      focus: it.focus,
      sidebarAt: it.sidebarAt,
      prompt: it.prompt,
      search: it.search,
      overlay: it.overlay,
      notice:
        it.notice === undefined ? undefined : { kind: 'problem', text: it.notice, untilMs: NOW_MONO_MS + 1 },
      settings: { ...EVENING.settings, times: it.times },
      loadingOlder: it.flags[0],
      reachedOldest: it.flags[1],
    };
  });

/** Characters that would move a terminal's cursor, or change the direction of text. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;

test('in any state every row is there, none is wider than the screen, and nothing in it is unsafe', () => {
  fc.assert(
    fc.property(anyState, (state) => {
      const { rows, cursor } = view(state);
      const { width, height } = state.size;
      assert.equal(rows.length, height);
      for (const [y, row] of rows.entries()) {
        const text = plainText(row);
        assert.ok(rowWidth(row) <= width, `row ${y} of ${width} cells is ${JSON.stringify(text)}`);
        assert.ok(!UNSAFE.test(text), `row ${y} is ${JSON.stringify(text)}`);
      }
      if (cursor !== undefined) {
        assert.ok(cursor.x >= 0 && cursor.x < width, `cursor at column ${cursor.x} of ${width}`);
        assert.ok(cursor.y >= 0 && cursor.y < height, `cursor at row ${cursor.y} of ${height}`);
      }
    }),
    { numRuns: 500 },
  );
});
