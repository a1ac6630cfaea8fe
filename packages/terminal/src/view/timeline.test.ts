import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scrolled, windowOf } from '../state/reading.js';
import { postsArea } from '../state/screen-geometry.js';
import type { State } from '../state/state.js';
import {
  EVENING,
  evening,
  items,
  MINUTE_MS,
  NOW_MONO_MS,
  NOW_MS,
  post,
  reading,
  sized,
} from './evening.fixture.js';
import { plainText } from './row.js';
import { timelineRows } from './timeline.js';

/** Without a sidebar: 40 cells and 6 rows for posts. */
const SMALL = sized(40, 10);

const timeline = (over: Partial<State>): readonly string[] => {
  const state = evening({ ...SMALL, ...over });
  const area = postsArea(state);
  const height = area.height + (state.timeline.startsWith('@') ? 1 : 0);
  return timelineRows(state, { width: area.width, height }, windowOf(state, area)).map((row) =>
    plainText(row).trimEnd(),
  );
};

test('at the end the newest post is at the bottom, and the first is cut off', () => {
  assert.deepEqual(timeline({}), [
    '    Yes! It is the batching. Charts',
    '    tomorrow.',
    `  @ana${' '.repeat(31)}2m`,
    '    Shipped the takeover demo. Kill a',
    '    server and watch the timeline not',
    '    blink. 🎉',
  ]);
});

test('few posts are at the bottom, under the line about older ones', () => {
  const posts = items(post(1, 'bo', 14, 'hello'));
  assert.deepEqual(timeline({ posts }).slice(-4), [
    '',
    '    ↑ older posts: keep scrolling',
    `  @bo${' '.repeat(31)}14m`,
    '    hello',
  ]);
  assert.equal(timeline({ posts, loadingOlder: true })[3], '    ◌ loading older posts');
  assert.equal(timeline({ posts, reachedOldest: true })[3], '    · nothing older ·');
  assert.equal(timeline({ posts, ...sized(60, 10) })[3], '    ↑ older posts: keep scrolling');
  assert.equal(timeline({ posts, ...sized(80, 10) })[3], '    ↑ older posts: keep scrolling (k / PgUp)');
});

test('the divider shows how many are new and since when', () => {
  const divider = { after: 8809, sinceWallMs: NOW_MS - 9 * MINUTE_MS };
  assert.equal(timeline(reading({ divider }))[1], ` ${'─'.repeat(9)} 1 new since 12:32 ${'─'.repeat(10)}`);
});

test('times of day in the place of ages', () => {
  assert.equal(
    timeline({ settings: { ...EVENING.settings, times: 'absolute' } })[2],
    `  @ana${' '.repeat(28)}12:39`,
  );
});

test('an own post that was acknowledged is ticked for a moment', () => {
  const posts = items(post(9, 'mira', 0, 'mine'));
  assert.match(timeline({ posts, fresh: new Map([[9, NOW_MONO_MS + 1]]) })[4] ?? '', /✓ now$/);
  assert.match(timeline({ posts, fresh: new Map([[9, NOW_MONO_MS]]) })[4] ?? '', /@mira +now$/);
});

test('the timeline of a user begins with that user', () => {
  assert.equal(timeline({ timeline: '@chen' })[0], '  @chen · you follow · follows you');
  assert.equal(
    timeline({ timeline: '@bo', ...sized(80, 10) })[0],
    '  @bo · you follow · ● here · F unfollow',
  );
  assert.equal(timeline({ timeline: '@eli' })[0], '  @eli · follows you · ○ away · f follow');
  assert.equal(timeline({ timeline: '@mira' })[0], '  @mira · this is you');
  assert.equal(timeline({ timeline: '@zed' })[0], '  @zed · nobody has that name yet');
  assert.equal(timeline({ timeline: '@zed', people: undefined })[0], '  @zed');
});

const said = (over: Partial<State>): string =>
  timeline({ posts: [], ...sized(100, 24), ...over })
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' | ');

test('scrolling moves each row to the place of the one before it', () => {
  const posts = items(
    ...Array.from({ length: 12 }, (_, at) =>
      post(at + 1, at % 3 === 0 ? 'ana' : 'bo', 30 - at, 'words '.repeat(at * 3)),
    ),
  );
  const place = { divider: { after: 7, sinceWallMs: NOW_MS } };
  const all = timeline({ posts, ...reading(place), ...sized(40, 100) });
  const shown = all.slice(all.findIndex((row) => row !== ''));
  assert.match(shown[0] ?? '', /older posts/);
  let state = evening({ ...SMALL, posts, ...reading(place) });
  for (let above = shown.length - 6; above >= 0; above -= 1) {
    assert.deepEqual(timeline({ ...state }), shown.slice(above, above + 6), `${above} rows above`);
    state = { ...state, places: new Map([['home', scrolled(state, -1)]]) };
  }
  for (let above = 0; above <= shown.length - 6; above += 1) {
    assert.deepEqual(timeline({ ...state }), shown.slice(above, above + 6), `${above} rows above`);
    state = { ...state, places: new Map([['home', scrolled(state, 1)]]) };
  }
});

test('an empty timeline shows why, and what to do', () => {
  assert.match(
    said({ people: [] }),
    /^Nothing here yet \| .* \| f {2}follow somebody \| i {2}write a post \| :/,
  );
  assert.match(said({}), /None of the 3 people you follow has posted since/);
  assert.match(said({ people: undefined }), /^Loading \| .*You can write/);
  assert.match(said({ timeline: 'mentions' }), /^Nobody has mentioned you yet \| .*@mira/);
  assert.match(said({ timeline: '@eli' }), /You do not follow @eli \| .* \| f {2}follow @eli$/);
  assert.match(said({ timeline: '@bo' }), /Nothing from @bo yet/);
  assert.match(said({ timeline: '@mira' }), /You have not posted yet/);
  assert.match(said({ timeline: '@zed' }), /There is no @zed yet/);
  assert.match(said({ timeline: 'mentions', loadingOlder: true }), /^Loading/);
});
