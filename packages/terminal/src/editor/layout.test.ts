import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { showable } from '../text/clean.js';
import { graphemes, textWidth } from '../text/graphemes.js';
import { postLike } from '../text/text.fixture.js';
import { editorWith, layout } from './editor.js';

const rowsOf = (text: string, width: number, mostRows = 100): readonly string[] =>
  layout(editorWith(text), width, mostRows).rows;

test('rows break after blanks, and leave a cell for the cursor', () => {
  assert.deepEqual(rowsOf('one two three', 8), ['one two ', 'three']);
  assert.deepEqual(rowsOf('one two three', 7), ['one ', 'two ', 'three']);
  assert.deepEqual(rowsOf('abcdefgh', 5), ['abcd', 'efgh']);
  assert.deepEqual(rowsOf('漢字漢字', 5), ['漢字', '漢字']);
  assert.deepEqual(rowsOf('a\n\nb\n', 5), ['a', '', 'b', '']);
  assert.deepEqual(rowsOf('', 5), ['']);
});

test('the cursor at the end of a full row is in the last cell, and after a hanging blank in the next row', () => {
  assert.deepEqual(layout(editorWith('abcd'), 5, 3), {
    rows: ['abcd'],
    cursorRow: 0,
    cursorColumn: 4,
    totalRows: 1,
  });
  assert.deepEqual(layout(editorWith('abcd '), 5, 3), {
    rows: ['abcd ', ''],
    cursorRow: 1,
    cursorColumn: 0,
    totalRows: 2,
  });
});

test('the cursor counts cells', () => {
  assert.equal(layout(editorWith('漢e\u0335🎉'), 20, 3).cursorColumn, 5);
  assert.equal(layout(editorWith('🫡'), 20, 3).cursorColumn, 1);
  assert.deepEqual(rowsOf('🫡', 20), ['\ufffd']);
});

test('only the part around the cursor is shown; the ends stay at the ends', () => {
  const text = 'a\nb\nc\nd\ne\nf\ng';
  const at = (cursor: number) => layout({ ...editorWith(text), cursor }, 10, 3);
  assert.deepEqual(at(text.length), { rows: ['e', 'f', 'g'], cursorRow: 2, cursorColumn: 1, totalRows: 7 });
  assert.deepEqual(at(0).rows, ['a', 'b', 'c']);
  assert.deepEqual(at(6), { rows: ['c', 'd', 'e'], cursorRow: 1, cursorColumn: 0, totalRows: 7 });
});

test('of any text in any column: nothing is too wide, the cursor is inside, and nothing is lost', () => {
  fc.assert(
    fc.property(
      postLike,
      fc.nat(),
      fc.integer({ min: 2, max: 20 }),
      fc.integer({ min: 1, max: 6 }),
      (text, where, width, most) => {
        const whole = editorWith(text);
        const places = [0];
        for (const grapheme of graphemes(whole.text)) places.push((places.at(-1) ?? 0) + grapheme.length);
        const editor = { ...whole, cursor: places[where % places.length] ?? 0 };
        const { rows, cursorRow, cursorColumn, totalRows } = layout(editor, width, most);
        assert.equal(rows.length, Math.min(most, totalRows));
        assert.ok(cursorRow >= 0 && cursorRow < rows.length);
        assert.ok(cursorColumn >= 0 && cursorColumn < width);
        for (const row of rows) assert.ok(textWidth(row) <= width, JSON.stringify(row));
        const all = layout(editor, width, Number.MAX_SAFE_INTEGER);
        assert.equal(all.rows.join(''), graphemes(whole.text.replaceAll('\n', '')).map(showable).join(''));
        assert.equal(all.rows[all.cursorRow], rows[cursorRow]);
        assert.equal(all.cursorColumn, cursorColumn);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('a column of one cell breaks nothing', () => {
  for (const row of rowsOf('a漢 b', 1)) assert.ok(textWidth(row) <= 1);
});
