import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Item } from '../state/state.js';
import { postLike } from '../text/text.fixture.js';
import { ME, outgoing, post } from './evening.fixture.js';
import { type BlockLook, blockHeight, blockRows } from './post-block.js';
import { plainText, type Row } from './row.js';
import { rowWidth } from './spans.js';

const LOOK: BlockLook = {
  me: ME,
  when: () => '2m',
  selected: false,
  focused: true,
  fresh: false,
  search: undefined,
  ignored: new Set(),
};

const postItem = (text: string, author = 'ana', mentionsMe = false): Item => ({
  kind: 'post',
  key: 7,
  post: post(7, author, 2, text),
  mentionsMe,
});

const failed = (detail: string, unknown = false): Item => ({
  kind: 'outgoing',
  key: -1,
  outgoing: outgoing(1, 'Freezing one is scarier.', { kind: 'failed', reason: 'busy', detail, unknown }),
});

const lines = (item: Item, width: number, look: Partial<BlockLook> = {}): readonly string[] =>
  blockRows(item, width, { ...LOOK, ...look }).map((row) => plainText(row).trimEnd());

const partsIn = (rows: readonly Row[], role: string): readonly string[] =>
  rows.flat().flatMap((span) => (span.role === role ? [span.text] : []));

test('a post is its author, its age at the right, and its text below', () => {
  assert.deepEqual(lines(postItem('Kill a server and watch the timeline not blink. 🎉'), 40), [
    `  @ana${' '.repeat(31)}2m`,
    '    Kill a server and watch the',
    '    timeline not blink. 🎉',
  ]);
});

test('the selected one has a mark at the left of every row', () => {
  assert.deepEqual(lines(postItem('one\ntwo'), 24, { selected: true }), [
    ' ▌@ana               2m',
    ' ▌  one',
    ' ▌  two',
  ]);
});

test('an own post that was just acknowledged is ticked', () => {
  assert.match(lines(postItem('x', ME), 30, { fresh: true })[0] ?? '', / {2}@mira .* ✓ 2m$/);
  assert.deepEqual(partsIn(blockRows(postItem('x', ME), 30, LOOK), 'self'), ['@mira']);
});

test('a post that is being sent is marked', () => {
  const sending: Item = { kind: 'outgoing', key: -1, outgoing: outgoing(1, 'x', { kind: 'sending' }) };
  assert.match(lines(sending, 30)[0] ?? '', /@mira .*◌ sending$/);
  const sent: Item = { kind: 'outgoing', key: -1, outgoing: outgoing(1, 'x', { kind: 'sent', position: 9 }) };
  assert.match(lines(sent, 30)[0] ?? '', /@mira .*✓ 2m$/);
});

test('an unsent post shows the reason, and the keys that help', () => {
  assert.deepEqual(lines(failed('the server said no'), 46), [
    '  @mira         ✗ not sent · R retry · e edit',
    '    Freezing one is scarier.',
    '    ✗ the server said no',
  ]);
  assert.match(lines(failed(''), 46)[2] ?? '', /✗ busy$/);
});

test('with less room the keys are abbreviated, then left out', () => {
  assert.match(lines(failed('no'), 40)[0] ?? '', /✗ not sent · R retry · e edit$/);
  assert.match(lines(failed('no'), 30)[0] ?? '', /@mira +✗ not sent · R\/e$/);
  assert.match(lines(failed('no'), 22)[0] ?? '', /@mira +✗ not sent$/);
});

test('a post with an uncertain outcome is not shown as unsent', () => {
  const [header, , reason] = lines(failed('the session ended', true), 80);
  assert.match(header ?? '', /✗ perhaps sent · R retry · e edit$/);
  assert.match(reason ?? '', /nobody can say whether it was posted: the session ended$/);
});

test('my name in a post is highlighted, only where it is a mention', () => {
  const text = 'Look @mira, @miranda and @mira';
  assert.deepEqual(partsIn(blockRows(postItem(text, 'ana', true), 60, LOOK), 'mention'), ['@mira', '@mira']);
  assert.deepEqual(partsIn(blockRows(postItem(text, 'ana', false), 60, LOOK), 'mention'), []);
});

test('matches of a search are highlighted, also over two rows, and in the name of the author', () => {
  const rows = blockRows(postItem('one two three two three', 'two'), 15, { ...LOOK, search: 'two three' });
  assert.deepEqual(rows.map((row) => plainText(row).trimEnd()).slice(1), [
    '    one two',
    '    three two',
    '    three',
  ]);
  assert.deepEqual(partsIn(rows, 'found'), ['two', 'three', 'two', 'three']);
  assert.deepEqual(partsIn(blockRows(postItem('x', 'bo'), 40, { ...LOOK, search: '@B' }), 'found'), ['@b']);
});

test('a long name gives way to the time', () => {
  const [header] = lines(postItem('x', 'a'.repeat(32)), 24);
  assert.equal(header, `  @${'a'.repeat(16)}… 2m`);
});

test('escape sequences and tags of a post are text', () => {
  const [, text] = lines(postItem('\u001b[31mred {bold,foo} \u202egnol\u009b2J'), 60);
  assert.equal(text, '    [31mred {bold,foo} gnol2J');
});

test('a block has exactly its computed height, for any content and look, and stays within its width', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.record({ text: postLike, author: postLike, mine: fc.boolean() }),
        fc.record({ text: postLike, author: fc.constant(ME), mine: fc.constant(true) }),
      ),
      fc.constantFrom('post', 'sending', 'sent', 'failed'),
      fc.integer({ min: 1, max: 120 }),
      fc.boolean(),
      fc.option(postLike, { nil: undefined }),
      ({ text, author, mine }, kind, width, selected, search) => {
        const status =
          kind === 'failed'
            ? ({ kind, reason: text, detail: author, unknown: mine } as const)
            : kind === 'sent'
              ? ({ kind, position: 9 } as const)
              : ({ kind: 'sending' } as const);
        const item: Item =
          kind === 'post'
            ? postItem(text, author, mine)
            : { kind: 'outgoing', key: -3, outgoing: outgoing(3, text, status) };
        const height = blockHeight(item, width);
        const rows = blockRows(item, width, { ...LOOK, selected, search, fresh: mine });
        assert.equal(rows.length, height);
        for (const row of rows) {
          assert.ok(rowWidth(row) <= width, JSON.stringify(row));
          assert.doesNotMatch(plainText(row), /[\p{Cc}\p{Cf}\p{Cs}]/u);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('the height depends on the post and the width alone, and is known after the first time', () => {
  const item = postItem('word '.repeat(200));
  const first = blockHeight(item, 50);
  assert.equal(blockHeight(item, 30) > first, true);
  assert.equal(blockHeight(item, 50), first);
});
