import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cleanText } from './clean.js';
import { textWidth } from './graphemes.js';
import { postLike } from './text.fixture.js';
import { cut, fit, wrap } from './wrap.js';

test('rows break at spaces, and these are left out there', () => {
  assert.deepEqual(wrap('Shipped the takeover demo.', 12), ['Shipped the', 'takeover', 'demo.']);
  assert.deepEqual(wrap('one   two', 4), ['one', 'two']);
  assert.deepEqual(wrap('one  two', 8), ['one  two']);
});

test('lines stay lines, empty ones too', () => {
  assert.deepEqual(wrap('a\n\nb\n', 10), ['a', '', 'b', '']);
  assert.deepEqual(wrap('', 10), ['']);
  assert.deepEqual(wrap(' '.repeat(20), 10), ['']);
});

test('an indent stays', () => assert.deepEqual(wrap('  code here', 8), ['  code', 'here']));

test('a very long word is broken, and starts on a row of its own', () => {
  assert.deepEqual(wrap('see abcdefghij', 4), ['see', 'abcd', 'efgh', 'ij']);
  assert.deepEqual(wrap('e\u0335'.repeat(5), 2), ['e\u0335e\u0335', 'e\u0335e\u0335', 'e\u0335']);
});

test('ideographs need no space, and no row begins with what closes', () => {
  assert.deepEqual(wrap('山田さんです', 5), ['山田', 'さん', 'です']);
  assert.deepEqual(wrap('ok 山田。', 7), ['ok 山', '田。']);
  assert.deepEqual(wrap('ok 山田。', 5), ['ok 山', '田。']);
  assert.deepEqual(wrap('漢', 1), ['…']);
});

test('of any text in any width: no row is too wide, and no character is lost', () => {
  fc.assert(
    fc.property(postLike, fc.integer({ min: 2, max: 30 }), (text, width) => {
      const cleaned = cleanText(text);
      const rows = wrap(cleaned, width);
      assert.ok(rows.length >= cleaned.split('\n').length);
      for (const row of rows) assert.ok(textWidth(row) <= width, JSON.stringify(row));
      const visible = (shown: string): string => shown.replace(/[ \u3000\n]/g, '');
      assert.equal(visible(rows.join('')), visible(cleaned));
    }),
    { numRuns: 1_000 },
  );
});

test('cut marks that something is missing', () => {
  assert.equal(cut('hello', 5), 'hello');
  assert.equal(cut('hello!', 5), 'hell…');
  assert.equal(cut('漢字漢字', 6), '漢字…');
  assert.equal(cut('漢字漢字', 1), '…');
  assert.equal(cut('hello', 0), '');
  assert.equal(cut('a\nb', 5), 'a b');
});

test('fit fills its column exactly, for any text', () => {
  assert.equal(fit('ab', 4), 'ab  ');
  assert.equal(fit('漢字漢', 4), '漢… ');
  fc.assert(
    fc.property(postLike, fc.integer({ min: 0, max: 30 }), (text, width) => {
      const fitted = fit(cleanText(text), width);
      assert.equal(textWidth(fitted), width);
      assert.ok(!fitted.includes('\n'));
    }),
    { numRuns: 500 },
  );
});
