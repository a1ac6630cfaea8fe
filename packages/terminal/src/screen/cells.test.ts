import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CellEngine } from './cell-engine.js';
import { type Cell, paintRow } from './cells.js';
import { looksOf } from './theme.js';

const LOOKS = looksOf('plain');
const paint = (text: string, width: number): Cell[] => paintRow([{ text, role: 'text' }], width, LOOKS);
const texts = (text: string, width: number): string[] => paint(text, width).map((cell) => cell.text);
const to = (column: number): string => `\x1b[${column}G`;

test('characters that all terminals measure alike are sent unchanged', () => {
  assert.deepEqual(texts('a│ж', 4), ['a', '│', 'ж', ' ']);
});

test('after a wide character the cursor is put in its place by number', () => {
  assert.deepEqual(texts('山x', 3), [`山${to(2)}`, to(3), 'x']);
  assert.deepEqual(texts('🎉x', 3), [`\x1b[2X🎉${to(2)}`, to(3), 'x']);
});

test('marks stay on their letter; what a terminal may see wider makes its neighbour be sent too', () => {
  const [accented, next] = paint('e\u0301x', 2);
  assert.equal(accented?.text, `e\u0301${to(2)}`);
  assert.equal(accented?.spillsOver, true);
  assert.equal(next?.text, 'x');
});

test('a wide character that does not fit is left blank', () => {
  assert.deepEqual(texts('ab山', 3), ['a', 'b', ' ']);
});

test('controls, formats and lone marks become one harmless cell each; a flood of marks is cut off', () => {
  const bad = ['\x1b', '\u009b', '\u202e', '\u200b', '\u0301', '\n', '\u2028', '\ud800'];
  for (const character of bad)
    assert.equal(texts(character, 1)[0]?.charAt(0), '\ufffd', JSON.stringify(character));
  assert.equal(texts(`e${'\u0301'.repeat(1_000)}`, 1)[0], 'e');
});

test('any text fills exactly the width and has no control sequences except our own cursor moves', () => {
  const own = new RegExp(`${'\x1b'}\\[\\d+[GX]`, 'g');
  const text = fc.string({
    unit: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\x1b[31m', '山', '🎉', '\u0301')),
  });
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 40 }), (written, width) => {
      const cells = paint(written, width);
      assert.equal(cells.length, width);
      for (const cell of cells)
        assert.doesNotMatch(cell.text.replaceAll(own, ''), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }),
  );
});

test('blessed writes only what has changed', () => {
  const engine = new CellEngine({ width: 10, height: 2 }, 'xterm-256color');
  try {
    assert.match(engine.enter(), /\?1049h/);
    engine.put(0, paint('hello', 10));
    assert.match(engine.changes(), /hello/);
    engine.put(0, paint('hello', 10));
    assert.equal(engine.changes(), '');
    engine.put(0, paint('hallo', 10));
    const changes = engine.changes();
    assert.match(changes, /a/);
    assert.doesNotMatch(changes, /l/);
    engine.clear();
    engine.put(0, paint('hallo', 10));
    assert.match(engine.changes(), /hallo/, 'what was cleared is sent again');
    assert.match(engine.leave(), /\?1049l/);
  } finally {
    engine.close();
  }
});

test('opening blessed leaves the process as it was', () => {
  const events = ['uncaughtException', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'exit'];
  const listeners = (): number[] => events.map((event) => process.listenerCount(event));
  const before = listeners();
  const environment = { ...process.env };
  const engine = new CellEngine({ width: 10, height: 2 }, 'linux');
  assert.deepEqual(listeners(), before);
  engine.close();
  assert.deepEqual(listeners(), before);
  assert.deepEqual({ ...process.env }, environment);
});
