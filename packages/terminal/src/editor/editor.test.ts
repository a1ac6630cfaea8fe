import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cleanInput } from '../text/clean.js';
import { graphemes } from '../text/graphemes.js';
import { postLike } from '../text/text.fixture.js';
import {
  type Editor,
  edit,
  editorWith,
  emptyEditor,
  insert,
  isEmpty,
  replaceWordBefore,
  textOf,
  wordBefore,
} from './editor.js';
import { MOST_UNDOS } from './editor-value.js';

/** An editor from a text with `|` at the cursor. */
const at = (marked: string): Editor => {
  const cursor = marked.indexOf('|');
  return { ...editorWith(marked.replace('|', '')), cursor };
};
const shown = ({ text, cursor }: Editor): string => `${text.slice(0, cursor)}|${text.slice(cursor)}`;
const press = (editor: Editor, ...keys: readonly string[]): Editor =>
  keys.reduce((before, key) => edit(before, key) ?? assert.fail(`${key} means nothing`), editor);
const type = (editor: Editor, text: string): Editor => [...text].reduce(insert, editor);

/** Each row: before, keys, after. */
const plays = (rows: readonly (readonly [string, string, string])[]): void => {
  for (const [before, keys, after] of rows)
    assert.equal(shown(press(at(before), ...keys.split(' '))), after, `${before} ${keys}`);
};

test('typing, also in the middle', () => {
  assert.equal(shown(type(emptyEditor, 'Hi there')), 'Hi there|');
  assert.equal(shown(insert(at('a|d'), 'bc')), 'abc|d');
  assert.equal(shown(insert(at('a|d'), '\n')), 'a\n|d');
  assert.ok(isEmpty(emptyEditor));
  assert.equal(textOf(editorWith('x')), 'x');
});

test("input is cleaned; characters that only this terminal can't show stay", () => {
  assert.equal(shown(insert(emptyEditor, 'a\tb\u001b[31m\r\nc\u202e👍🏽')), 'a b[31m\nc👍|');
  assert.equal(shown(insert(emptyEditor, '🫡')), '🫡|');
});

test('a mark that is typed after its letter belongs to it', () => {
  assert.equal(shown(type(emptyEditor, 'e\u0301')), 'é|');
  assert.equal(shown(type(emptyEditor, '\u1112\u1161\u11ab')), '한|');
  assert.equal(shown(insert(at('e|x'), '\u0335')), 'e\u0335|x');
  assert.equal(shown(insert(at('a\n|'), '\u0301')), 'a\n|');
  assert.equal(insert(emptyEditor, '\u200b'), emptyEditor);
});

test('by character', () => {
  plays([
    ['ab|', 'left', 'a|b'],
    ['|ab', 'left', '|ab'],
    ['|ab', 'right', 'a|b'],
    ['ab|', 'right', 'ab|'],
    ['|🎉x', 'right', '🎉|x'],
    ['x\u0335|', 'left', '|x\u0335'],
    ['a\n|b', 'left', 'a|\nb'],
    ['a|b', 'ctrl-b', '|ab'],
    ['a|b', 'ctrl-f', 'ab|'],
  ]);
});

test('moves by word', () => {
  plays([
    ['one two|', 'ctrl-left', 'one |two'],
    ['one |two', 'ctrl-left', '|one two'],
    ['one, |two', 'alt-left', '|one, two'],
    ['|one, two', 'ctrl-right', 'one|, two'],
    ['one|, two', 'ctrl-right', 'one, two|'],
    ['naïve\u0335x|', 'ctrl-left', '|naïve\u0335x'],
    ['|...', 'ctrl-right', '...|'],
  ]);
});

test('by line', () => {
  plays([
    ['one\ntw|o', 'home', 'one\n|two'],
    ['one\ntw|o', 'ctrl-e', 'one\ntwo|'],
    ['on|e\ntwo', 'end', 'one|\ntwo'],
    ['\n|', 'home', '\n|'],
    ['|\n', 'home', '|\n'],
    ['|\nx', 'ctrl-a', '|\nx'],
    ['one\ntw|o', 'ctrl-home', '|one\ntwo'],
    ['o|ne\ntwo', 'ctrl-end', 'one\ntwo|'],
  ]);
});

test('up and down keep the column, also over shorter lines and wide characters', () => {
  plays([
    ['long line\nx\nlong |line', 'up', 'long line\nx|\nlong line'],
    ['long line\nx\nlong |line', 'up up', 'long |line\nx\nlong line'],
    ['long |line\nx\nlong line', 'down down', 'long line\nx\nlong |line'],
    ['漢字漢字\nabc|d', 'up', '漢|字漢字\nabcd'],
    ['long |line\nx\nlong line', 'down left down', 'long line\nx\n|long line'],
  ]);
});

test('beyond the first and the last line Up and Down are left to the caller, like unknown keys', () => {
  assert.equal(edit(at('a|b\nc'), 'up'), undefined);
  assert.equal(edit(at('ab\n|c'), 'down'), undefined);
  assert.equal(edit(emptyEditor, 'up'), undefined);
  assert.equal(edit(emptyEditor, 'a'), undefined);
  assert.equal(edit(emptyEditor, 'enter'), undefined);
  assert.notEqual(edit(emptyEditor, 'left'), undefined, 'at the begin it is ours, and does nothing');
});

test('erasing', () => {
  plays([
    ['ab|c', 'backspace', 'a|c'],
    ['a|bc', 'delete', 'a|c'],
    ['|a', 'backspace', '|a'],
    ['a|', 'ctrl-d', 'a|'],
    ['🎉x\u0335|', 'backspace backspace', '|'],
    ['a\n|b', 'backspace', 'a|b'],
  ]);
});

test('cutting and putting back', () => {
  plays([
    ['see @an-na|', 'ctrl-w', 'see |'],
    ['see @an-na  |', 'ctrl-w', 'see |'],
    ['see @an-na|', 'alt-backspace', 'see @an-|'],
    ['|see that', 'alt-delete', '| that'],
    ['one two|', 'ctrl-w ctrl-w ctrl-y', 'one two|'],
    ['|one two', 'alt-delete alt-delete ctrl-y ctrl-y', 'one twoone two|'],
    ['a\none t|wo', 'ctrl-u', 'a\n|wo'],
    ['a\none t|wo', 'ctrl-u ctrl-u', 'a|wo'],
    ['on|e\nb', 'ctrl-k', 'on|\nb'],
    ['on|e\nb', 'ctrl-k ctrl-k', 'on|b'],
    ['on|e\nb', 'ctrl-k ctrl-k ctrl-y', 'one\n|b'],
    ['one two|', 'ctrl-w left ctrl-w ctrl-y', 'one| '],
    ['|', 'ctrl-u ctrl-k ctrl-y ctrl-w', '|'],
  ]);
});

test('undo goes back word by word, redo forward again', () => {
  const typed = type(emptyEditor, 'one two\nthree');
  const steps = ['one two\n|', 'one |', '|', '|'];
  let editor = typed;
  for (const step of steps) {
    editor = press(editor, 'ctrl-_');
    assert.equal(shown(editor), step);
  }
  assert.equal(shown(press(editor, 'ctrl-r', 'ctrl-r')), 'one two\n|');
  assert.equal(shown(press(editor, 'ctrl-r', 'ctrl-r', 'ctrl-r', 'ctrl-r')), shown(typed));
  assert.equal(
    shown(press(insert(press(editor, 'ctrl-r'), 'x'), 'ctrl-r')),
    'one x|',
    'something new has no forward',
  );
});

test('undo: a paste is one step, a row of backspaces too, each cut is', () => {
  const editor = insert(type(emptyEditor, 'ab'), 'pasted text\nof two lines');
  assert.equal(shown(press(editor, 'ctrl-_')), 'ab|');
  assert.equal(shown(press(editor, 'backspace', 'backspace', 'backspace', 'ctrl-_')), shown(editor));
  assert.equal(shown(press(editor, 'ctrl-w', 'ctrl-w', 'ctrl-_')), 'abpasted text\nof two |');
  assert.equal(shown(press(type(press(type(emptyEditor, 'ab'), 'left'), 'x'), 'ctrl-_')), 'a|b');
});

test('undo is bounded', () => {
  let editor = emptyEditor;
  for (let word = 0; word < 2 * MOST_UNDOS; word += 1) editor = type(editor, 'ab ');
  assert.equal(editor.past.length, MOST_UNDOS);
});

test('the word before the cursor, and a completion in its place', () => {
  assert.equal(wordBefore(at('hi @an|na')), '@an');
  assert.equal(wordBefore(at('hi |')), '');
  assert.equal(wordBefore(at('hi\n@b|')), '@b');
  assert.equal(shown(replaceWordBefore(at('hi @an| you'), '@ana')), 'hi @ana| you');
  const twice = replaceWordBefore(replaceWordBefore(at('@a|'), '@ana'), '@anton');
  assert.equal(shown(twice), '@anton|');
  assert.equal(shown(press(twice, 'ctrl-_')), '@a|');
});

const KEYS = [
  ...['left', 'right', 'ctrl-left', 'ctrl-right', 'home', 'end', 'ctrl-home', 'ctrl-end', 'up', 'down'],
  ...[
    'backspace',
    'delete',
    'ctrl-w',
    'alt-backspace',
    'alt-delete',
    'ctrl-u',
    'ctrl-k',
    'ctrl-y',
    'ctrl-_',
    'ctrl-r',
  ],
];
type Doing = { readonly key: string } | { readonly text: string };
const doings: fc.Arbitrary<readonly Doing[]> = fc.array(
  fc.oneof(
    fc.constantFrom(...KEYS).map((key) => ({ key })),
    postLike.map((text) => ({ text: text.slice(0, 30) })),
  ),
  { maxLength: 60 },
);
const done = (editor: Editor, doing: Doing): Editor =>
  'key' in doing ? (edit(editor, doing.key) ?? editor) : insert(editor, doing.text);

test('after any keys the cursor is between graphemes, and the text can be posted', () => {
  fc.assert(
    fc.property(doings, (all) => {
      let editor = emptyEditor;
      for (const doing of all) {
        editor = done(editor, doing);
        const places = new Set([0]);
        let place = 0;
        for (const grapheme of graphemes(editor.text)) {
          place += grapheme.length;
          places.add(place);
        }
        assert.ok(places.has(editor.cursor), JSON.stringify(editor));
        assert.doesNotMatch(editor.text, /(?!\n)\p{Cc}|[\p{Cf}\p{Cs}]/u);
        // Characters may be left uncomposed where two pieces meet; they are composed when they are shown.
        assert.equal(cleanInput(editor.text), editor.text.normalize('NFC'));
        assert.ok(editor.past.length <= MOST_UNDOS);
      }
    }),
    { numRuns: 300 },
  );
});

test('undo goes back to the first text, redo forward to the last', () => {
  fc.assert(
    fc.property(postLike, doings, (text, all) => {
      const first = editorWith(text);
      const last = all.reduce(done, first);
      let editor = last;
      while (editor.past.length > 0) editor = press(editor, 'ctrl-_');
      assert.equal(editor.text, first.text);
      while (editor.future.length > 0) editor = press(editor, 'ctrl-r');
      const lastIsUndone = last.future.length > 0;
      if (!lastIsUndone) assert.equal(editor.text, last.text);
    }),
    { numRuns: 300 },
  );
});

test('a long text is edited as fast as a short one', () => {
  const before = performance.now();
  let editor = insert(emptyEditor, 'wörd '.repeat(2_000));
  for (let count = 0; count < 10_000; count += 1) editor = insert(editor, 'ä');
  for (let count = 0; count < 1_000; count += 1) editor = press(editor, 'left', 'backspace');
  // Takes some 50 ms; the bound only tells it from copying everything again and again.
  assert.ok(performance.now() - before < 2_000);
});
