import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { blockHeight } from '../view/post-block.js';
import { itemsOf } from './items.js';
import { placeOf, windowOf } from './reading.js';
import { postsArea } from './screen-geometry.js';
import { NOON_MS, Stage } from './stage.fixture.js';
import { recounted } from './unread.js';

const numbered = (count: number, from = 1): string[] =>
  Array.from({ length: count }, (_, at) => `ana: post number ${from + at}`);

/** The numbers of the posts whose text is on the screen, from top to bottom. */
const shownNumbers = (stage: Stage): number[] =>
  [...stage.screen.matchAll(/post number (\d+)/g)].map(([, number]) => Number(number));

describe('the position of the reader', () => {
  test('the end is followed', () => {
    const stage = new Stage().live().posts(...numbered(50));
    assert.equal(shownNumbers(stage).at(-1), 50);
    stage.posts(...numbered(3, 51));
    assert.equal(shownNumbers(stage).at(-1), 53);
  });

  test('new posts move neither the position nor the selection of a user who reads older posts', () => {
    const stage = new Stage()
      .live()
      .posts(...numbered(50))
      .press('k', 'k', 'page-up', 'page-up');
    const before = shownNumbers(stage);
    const selected = placeOf(stage.state).selected;
    stage.posts(...numbered(40, 51));
    assert.deepEqual(shownNumbers(stage), before);
    assert.equal(placeOf(stage.state).selected, selected);
  });

  test('a page of older posts goes above, and the place stays', () => {
    const stage = new Stage().live();
    const older = Array.from({ length: 30 }, (_, at) => stage.post(`ana: older number ${at}`));
    stage.posts(...numbered(30)).asked();
    stage.press('g');
    assert.deepEqual(stage.asked(), [{ kind: 'older', before: 31, limit: 100 }]);
    const before = shownNumbers(stage);
    stage.tell({ kind: 'page', page: { posts: older, oldest: true } });
    const after = shownNumbers(stage);
    assert.ok(
      before.every((number) => after.includes(number) || number === before.at(-1)),
      `${before} ${after}`,
    );
    stage.press('g');
    assert.match(stage.screen, /older number 0/);
    stage.press('k');
    assert.deepEqual(stage.asked(), [], 'nothing older is left');
  });

  test('a timeline with room at its beginning fills itself', () => {
    const stage = new Stage().live().past('ana: one').posts('bo: two');
    assert.deepEqual(
      stage.asked().filter(({ kind }) => kind === 'older'),
      [{ kind: 'older', before: 1, limit: 100 }],
    );
    stage.tell({ kind: 'page', page: { posts: [], oldest: true } });
    stage.type(':user ana').press('enter');
    assert.deepEqual(
      stage.asked().filter(({ kind }) => kind === 'older'),
      [],
      'there is nothing older',
    );
  });

  test('a user’s timeline is filled from older pages until it has a post', () => {
    const stage = new Stage().live();
    const older = Array.from({ length: 100 }, (_, at) => stage.post(`bo: older ${at}`));
    const oldest = Array.from({ length: 3 }, (_, at) => stage.post(`ana: oldest ${at}`));
    stage.posts(...numbered(20).map((line) => line.replace('ana', 'bo')), 'bo: hi');
    stage.asked();
    stage.type(':user ana').press('enter');
    assert.deepEqual(stage.asked(), [{ kind: 'older', before: 104, limit: 100 }]);
    stage.tell({
      kind: 'page',
      page: { posts: older.map((post, at) => ({ ...post, position: 4 + at }) as typeof post), oldest: false },
    });
    assert.deepEqual(stage.asked(), [{ kind: 'older', before: 4, limit: 100 }]);
    stage.tell({
      kind: 'page',
      page: { posts: oldest.map((post, at) => ({ ...post, position: 1 + at }) as typeof post), oldest: true },
    });
    assert.deepEqual(stage.asked(), []);
    assert.match(stage.screen, /oldest 2/);
  });

  test('j goes on to the newest and then follows it again', () => {
    const stage = new Stage()
      .live()
      .posts(...numbered(30))
      .press('g');
    for (let at = 0; at < 30; at += 1) stage.press('j');
    assert.equal(placeOf(stage.state).top, 'newest');
    stage.posts(...numbered(1, 31));
    assert.equal(shownNumbers(stage).at(-1), 31);
  });

  test('the wheel loads older posts too, also Page Up while writing', () => {
    const stage = new Stage().live();
    for (let at = 0; at < 60; at += 1) stage.post('ana: before');
    stage.posts(...numbered(30)).asked();
    for (let at = 0; at < 40; at += 1) stage.wheel('up');
    assert.deepEqual(stage.asked(), [{ kind: 'older', before: 61, limit: 100 }]);
    stage.tell({ kind: 'page-failed', detail: 'gone' }).press('G', 'i').asked();
    for (let at = 0; at < 10; at += 1) stage.press('page-up');
    assert.deepEqual(stage.asked(), [{ kind: 'older', before: 61, limit: 100 }]);
  });

  test('older posts come before their reader gets there', () => {
    const stage = new Stage().live();
    for (let at = 0; at < 60; at += 1) stage.post('ana: before');
    stage.posts(...numbered(100)).asked();
    let presses = 0;
    while (stage.asked().length === 0) {
      stage.press('page-up');
      presses += 1;
      assert.ok(presses < 20);
    }
    assert.doesNotMatch(stage.screen, /loading older|post number 1$/m);
  });

  test('after scrolling by the wheel the keys start from the posts on the screen', () => {
    const stage = new Stage().live().posts(...numbered(80));
    for (let at = 0; at < 30; at += 1) stage.wheel('up');
    const before = shownNumbers(stage);
    assert.ok((before.at(-1) ?? 80) < 60, `${before}`);
    stage.press('k');
    assert.deepEqual(shownNumbers(stage), before, 'nothing jumps');
    assert.ok(before.includes(placeOf(stage.state).selected ?? 0));
    for (let at = 0; at < 10; at += 1) stage.wheel('up');
    const further = shownNumbers(stage);
    stage.press('j');
    assert.ok(
      further.includes(placeOf(stage.state).selected ?? 0),
      'a selection that was left behind does not pull the reader back',
    );
  });

  test('a timeline without a loaded post loads older pages by itself, and does not claim to be empty', () => {
    const stage = new Stage().live().people('ana*', 'bo*');
    for (let at = 0; at < 60; at += 1) stage.post('bo: before');
    stage.posts(...numbered(30)).asked();
    stage.type(':user bo').press('enter');
    assert.deepEqual(stage.asked(), [{ kind: 'older', before: 61, limit: 100 }]);
    assert.match(stage.screen, /Loading/);
    stage.tell({ kind: 'page-failed', detail: 'gone' });
    assert.doesNotMatch(stage.screen, /Nothing from @bo yet/);
    assert.match(stage.screen, /older/);
    stage.press('2');
    assert.equal(stage.asked().length, 1);
    stage.tell({ kind: 'page', page: { posts: [], oldest: true } });
    assert.match(stage.screen, /Nobody has mentioned you yet/);
  });

  test('the selected post is always on the screen', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, maxLength: 400 }), { minLength: 1, maxLength: 40 }),
        fc.array(fc.constantFrom('j', 'k', 'g', 'G', 'page-up', 'page-down', 'u'), { maxLength: 60 }),
        fc.integer({ min: 40, max: 130 }),
        fc.integer({ min: 10, max: 40 }),
        (texts, keys, width, height) => {
          const stage = new Stage({ width, height }).live();
          stage.posts(...texts.map((text) => `ana: ${text}`));
          for (const key of keys) {
            stage.press(key);
            const { selected } = placeOf(stage.state);
            const { blocks } = windowOf(stage.state, postsArea(stage.state));
            if (selected !== undefined)
              assert.ok(
                blocks.some(({ item }) => item.key === selected),
                key,
              );
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  test('the rows of a window are as many as there is room for, and no row of the timeline is left out', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, maxLength: 300 }), { maxLength: 30 }),
        fc.array(fc.constantFrom('j', 'k', 'page-up', 'page-down', 'g', 'wheel-up', 'wheel-down'), {
          maxLength: 30,
        }),
        fc.integer({ min: 40, max: 130 }),
        fc.integer({ min: 10, max: 40 }),
        (texts, keys, width, height) => {
          const stage = new Stage({ width, height }).live();
          stage.posts(...texts.map((text) => `ana: ${text}`));
          for (const key of keys) {
            if (key === 'wheel-up' || key === 'wheel-down')
              stage.tell({
                kind: 'token',
                token: { kind: 'mouse', action: key, button: undefined, x: width - 1, y: 2 },
              });
            else stage.press(key);
            const area = postsArea(stage.state);
            const { blocks, blankRows, olderRow, below } = windowOf(stage.state, area);
            const rows = blocks.reduce((sum, block) => sum + block.rows, 0);
            assert.equal(rows + blankRows + (olderRow ? 1 : 0), area.height);
            const items = itemsOf(stage.state, 'home');
            const first = blocks[0] === undefined ? items.length - below : items.indexOf(blocks[0].item);
            assert.equal(first + blocks.length + below, items.length);
            for (const [at, { item, skipRows, rows: shown, divider }] of blocks.entries())
              if (at < blocks.length - 1)
                assert.equal(shown, (divider ? 1 : 0) + blockHeight(item, area.width) - skipRows);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('unread', () => {
  test('posts that arrive while the user watches are read', () => {
    const stage = new Stage().live().past('ana: hello').posts('bo: hi', 'ana: there');
    assert.equal(stage.state.unread.size, 0);
  });

  test('posts that arrive without the focus are unread, below a divider, until the user is back and presses a key', () => {
    const stage = new Stage()
      .live()
      .past('ana: hello')
      .focusWindow(false)
      .posts('bo: hi @mira', 'ana: there');
    assert.deepEqual(
      [...stage.state.unread],
      [
        ['home', 2],
        ['@ana', 1],
        ['@bo', 1],
        ['mentions', 1],
      ],
    );
    assert.match(stage.screen, /─ 2 new since 12:41 ─/);
    stage.focusWindow(true);
    assert.equal(stage.state.unread.get('home'), 2);
    stage.press('G');
    assert.equal(stage.state.unread.size, 0);
    assert.doesNotMatch(stage.screen, /new since/);
  });

  test('on a terminal without focus reports, a user who presses no key for long counts as away', () => {
    const stage = new Stage().live().past('ana: hello').press('escape');
    stage.tell({ kind: 'token', token: { kind: 'key', name: 't', text: 't' } });
    stage.press(':').type('bell on').press('enter');
    stage.pass(20_000).posts('bo: one @mira');
    assert.equal(stage.state.unread.size, 0, 'still reading');
    stage.asked();
    stage.pass(20_000).posts('bo: two @mira');
    assert.equal(stage.state.unread.get('home'), 1);
    assert.match(stage.screen, /─ 1 new since /);
    assert.deepEqual(stage.asked(), [{ kind: 'ring' }]);
    stage.press('k');
    assert.equal(stage.state.unread.size, 0, 'back, and it is on the screen');
    stage.posts('bo: three @mira');
    assert.deepEqual(stage.asked(), []);
  });

  test('on a terminal with focus reports only these count, also without keys for long', () => {
    const stage = new Stage().live().past('ana: hello').focusWindow(false).focusWindow(true);
    stage.pass(600_000).posts('bo: one');
    assert.equal(stage.state.unread.size, 0);
  });

  test('while older posts are read new ones are counted, and u goes there', () => {
    const stage = new Stage()
      .live()
      .posts(...numbered(40))
      .press('g');
    stage.posts(...numbered(30, 41));
    assert.equal(stage.state.unread.get('home'), 30);
    stage.press('u');
    assert.equal(shownNumbers(stage)[0], 41);
    assert.ok((stage.state.unread.get('home') ?? 0) < 30);
    stage.press('G');
    assert.equal(stage.state.unread.get('home'), undefined);
  });

  test('posts that were unread at the end of the client are unread at its next start', () => {
    const stage = new Stage({ kept: { readUpTo: new Map([['home', 2]]) } })
      .live()
      .past('ana: one', 'ana: two', 'bo: three', 'ana: four');
    assert.equal(stage.state.unread.get('home'), 2);
    assert.match(stage.screen, /2 new since/);
  });

  test('unread posts older than the first page are loaded and counted', () => {
    const stage = new Stage({ kept: { readUpTo: new Map([['home', 20]]) } }).live();
    const older = Array.from({ length: 200 }, () => stage.post('bo: older @mira', NOON_MS - 90_000));
    stage.asked();
    stage.past(...numbered(100));
    assert.deepEqual(stage.asked(), [{ kind: 'older', before: 201, limit: 100 }]);
    stage.tell({ kind: 'page', page: { posts: older.slice(100), oldest: false } });
    assert.equal(stage.state.unread.get('home'), 200);
    assert.deepEqual(stage.asked(), [{ kind: 'older', before: 101, limit: 100 }]);
    stage.tell({ kind: 'page', page: { posts: older.slice(0, 100), oldest: true } });
    assert.deepEqual(stage.asked(), []);
    assert.equal(stage.state.unread.get('home'), 280);
    assert.equal(stage.state.unread.get('mentions'), 180);
    stage.press('u');
    assert.match(stage.screen, /280 new since/);
    assert.equal(placeOf(stage.state).selected, 21);
  });

  test('counting only new posts gives the same as counting all', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.array(fc.constantFrom('ana: hi', 'bo: hi @mira', 'mira: me', 'chen: longer text '.repeat(9)), {
              minLength: 1,
              maxLength: 8,
            }),
            fc.constantFrom('j', 'k', 'g', 'G', 'u', '?', '1', '2', ']', 'page-up', 'away', 'back'),
          ),
          { maxLength: 60 },
        ),
        (events) => {
          const stage = new Stage().live().people('ana*', 'bo*').posts('ana: first');
          for (const event of events) {
            if (event === 'away' || event === 'back') stage.focusWindow(event === 'back');
            else if (typeof event === 'string') stage.press(event);
            else stage.posts(...event);
            assert.deepEqual(
              [...stage.state.unread].sort(),
              [...recounted(stage.state).unread].sort(),
              String(event),
            );
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('on a first visit past posts count as read', () => {
    const stage = new Stage().live().past('ana: one').past('ana: two');
    assert.equal(stage.state.unread.size, 0);
  });

  test('a failover does not change the unread posts', () => {
    const stage = new Stage().live().past('ana: hello').focusWindow(false).posts('bo: hi');
    const { unread } = stage.state;
    stage.session({
      kind: 'resolving',
      router: 'r',
      because: { reason: 'server-unreachable', detail: 'gone' },
    });
    stage.live(2, 2);
    assert.deepEqual(stage.state.unread, unread);
  });

  test('a new follower is announced, counts in Mentions, and is shown above them once', () => {
    const stage = new Stage().live().people('ana*<', 'bo', 'chen').past('ana: hello');
    assert.equal(stage.state.unread.size, 0, 'on a first visit nobody is new');
    stage.people('ana*<', 'bo<', 'chen<');
    assert.match(stage.screen, /2 more follow you/);
    assert.equal(stage.state.unread.get('mentions'), 2);
    stage.posts('ana: what is read in Home leaves them');
    assert.equal(stage.state.unread.get('mentions'), 2);
    stage.press('2');
    assert.equal(stage.state.unread.get('mentions'), undefined);
    assert.match(stage.screen, /new: @chen, @bo follow you/);
    stage.press('1', '2');
    assert.doesNotMatch(stage.screen, /new: @/);
  });

  test('followers since the last run are new too', () => {
    const stage = new Stage({ kept: { followers: ['ana'] } }).live().people('ana*<', 'bo<');
    assert.match(stage.screen, /bo follows you/);
    assert.equal(stage.state.unread.get('mentions'), 1);
  });
});
