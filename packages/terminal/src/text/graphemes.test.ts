import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cleanText } from './clean.js';
import { cellWidth, graphemeEnd, graphemeStart, graphemes, textWidth } from './graphemes.js';
import { postLike } from './text.fixture.js';

test('widths', () => {
  const widths: readonly (readonly [string, number])[] = [
    ['a', 1],
    ['é', 1],
    ['漢', 2],
    ['한', 2],
    ['ｱ', 1],
    ['Ａ', 2],
    ['🎉', 2],
    ['❤', 1],
    ['●', 1],
    ['…', 1],
    ['│', 1],
    ['א', 1],
    ['\u{20000}', 2],
  ];
  for (const [character, width] of widths) {
    assert.equal(cellWidth(character), width, character);
    assert.equal(textWidth(`${character}${character}`), 2 * width, character);
  }
});

test('marks belong to the character before them; a letter of a syllable that has its own cell does not', () => {
  assert.deepEqual(graphemes('x\u0335\u0301y'), ['x\u0335\u0301', 'y']);
  assert.deepEqual(graphemes('का'), ['क', 'ा']);
  assert.deepEqual(graphemes('🎉a\n漢'), ['🎉', 'a', '\n', '漢']);
});

test('moving back over a text stops at the same places as moving forward', () => {
  fc.assert(
    fc.property(postLike, (text) => {
      const cleaned = cleanText(text);
      const forward: number[] = [];
      for (let at = 0; at < cleaned.length; at = graphemeEnd(cleaned, at)) forward.push(at);
      const back: number[] = [];
      for (let at = cleaned.length; at > 0; ) {
        at = graphemeStart(cleaned, at);
        back.unshift(at);
      }
      assert.deepEqual(back, forward);
    }),
  );
});
