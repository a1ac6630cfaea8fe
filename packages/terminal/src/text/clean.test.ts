import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cellClass } from './cell-class.js';
import { cleanInput, cleanText, MOST_MARKS, showable, UNSHOWABLE } from './clean.js';
import { cellWidth, graphemes, textWidth } from './graphemes.js';
import { postLike } from './text.fixture.js';

test('plain text stays as it is', () => {
  const text = 'All of this, {bold}even tags{/bold}:\n\tno'.replace('\t', ' ');
  assert.equal(cleanText(text), text);
});

test('control sequences are dropped', () => {
  assert.equal(cleanText('a\u001b[31mb\u0007c\u007fd\u009b2Je\u0000'), 'a[31mbcd2Je');
  assert.equal(cleanText('a\r\nb\tc'), 'a\nb c');
  assert.equal(cleanText('a\u2028b\u2029c'), 'a b c');
});

test('nothing turns the direction of writing; right-to-left letters stay in logical order', () => {
  for (const control of '\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c')
    assert.equal(cleanText(`a${control}b`), 'ab');
  assert.equal(cleanText('שלום abc'), 'שלום abc');
});

test('invisible characters are dropped, however many', () => {
  assert.equal(cleanText(`a${'\u200b\u2060\ufeff\u200c\u00ad\u180e\u3164'.repeat(300)}b`), 'ab');
  assert.equal(cleanText('a\u{e0041}\u{e007f}b'), 'ab');
});

test('characters without a common shape become one sign', () => {
  for (const shapeless of ['\ud800', '\udc00', '\ue000', '\u{f0000}', '\u0378', '\u{10ffff}'])
    assert.equal(cleanText(`a${shapeless}b`), `a${UNSHOWABLE}b`);
});

test('an emoji is one code point', () => {
  assert.equal(cleanText('👨‍👩‍👧‍👦!'), '👨!');
  assert.equal(cleanText('👍🏽 🏽'), '👍 ');
  assert.equal(cleanText('❤️‍🔥❤️'), '❤❤');
  assert.equal(cleanText('1️⃣'), '1');
  assert.equal(cleanText('🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}'), '🏴');
  assert.equal(cleanText('👩‍💻👩‍💻'), '👩👩');
});

test('a flag is the letters of its country', () => {
  assert.equal(cleanText('🇩🇪🇺🇸'), 'DEUS');
  assert.equal(textWidth(cleanText('🇩🇪')), 2);
});

test('characters are composed, also around what was dropped', () => {
  assert.equal(cleanText('e\u0301'), 'é');
  assert.equal(cleanText('e\u200d\u0301'), 'é');
  assert.equal(cleanText('\u1112\u1161\u11ab'), '한');
});

test('marks are bounded, and none sits on the frame', () => {
  const cleaned = cleanText(`x${'\u0335'.repeat(1_000)}y`);
  assert.equal(cleaned, `x${'\u0335'.repeat(MOST_MARKS)}y`);
  assert.equal(cleanText('\u0335\u0336a\n\u0335b'), 'a\nb');
});

test('characters that terminals measure differently are shown as a sign, and kept in the text', () => {
  assert.equal(cleanText('yes 🫡'), `yes ${UNSHOWABLE}`);
  assert.equal(cleanInput('yes 🫡'), 'yes 🫡');
  assert.equal(showable('🫡'), UNSHOWABLE);
  assert.equal(showable('🎉'), '🎉');
  assert.equal(showable('é\u0335'), 'é\u0335');
});

const FORBIDDEN = /(?!\n)\p{Cc}|[\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

test('of any text, only cells of one base and few marks are left; cleaning again changes nothing', () => {
  fc.assert(
    fc.property(postLike, (text) => {
      const cleaned = cleanText(text);
      assert.doesNotMatch(cleaned, FORBIDDEN);
      assert.equal(cleanText(cleaned), cleaned);
      assert.equal(cleanText(cleanInput(text)), cleaned);
      for (const grapheme of graphemes(cleaned)) {
        const [base = '', ...marks] = [...grapheme].map((character) =>
          cellClass(character.codePointAt(0) ?? 0),
        );
        assert.ok(base === 'narrow' || base === 'wide', JSON.stringify(grapheme));
        assert.ok(marks.length <= MOST_MARKS && marks.every((mark) => mark === 'mark'));
      }
    }),
    { numRuns: 1_000 },
  );
});

test('each single code point comes out harmless', () => {
  for (let codePoint = 0; codePoint <= 0x10ffff; codePoint += codePoint < 0x2_0000 ? 1 : 61) {
    const cleaned = cleanText(`a${String.fromCodePoint(codePoint)}`);
    assert.doesNotMatch(cleaned, FORBIDDEN);
    assert.equal(cleanText(cleaned), cleaned, codePoint.toString(16));
  }
});

test('graphemes are all of the text, and as wide as it', () => {
  fc.assert(
    fc.property(postLike, (text) => {
      const cleaned = cleanText(text).replaceAll('\n', ' ');
      const parts = graphemes(cleaned);
      assert.equal(parts.join(''), cleaned);
      assert.equal(
        parts.reduce((sum, part) => sum + cellWidth(part), 0),
        textWidth(cleaned),
      );
    }),
  );
});

test('the worst post is cleaned in no time', () => {
  const worst = [
    'a\u0301'.repeat(500),
    '👨‍'.repeat(500),
    '👨\ufe0f\u200d'.repeat(333),
    '\u0335'.repeat(1_000),
    '🏽'.repeat(1_000),
  ];
  const before = performance.now();
  for (let round = 0; round < 20; round += 1) for (const text of worst) cleanText(text);
  // 100 posts: more than fit on any screen. It takes some 10 ms; the bound only tells linear from quadratic.
  assert.ok(performance.now() - before < 1_000);
});
