import assert from 'node:assert/strict';
import { test } from 'node:test';
import { highlightedRow, highlightsOf, mentionPattern, searchPattern } from './highlights.js';
import { plainText } from './row.js';

const placesOf = (text: string, pattern: RegExp): readonly string[] =>
  highlightsOf(text, pattern, 'found').map(({ start, end }) => text.slice(start, end));

test('a mention is a word of its own', () => {
  assert.deepEqual(placesOf('@ann @anna x@ann (@ann) @ann-b @ann.', mentionPattern('ann')), [
    '@ann',
    '@ann',
    '@ann',
  ]);
});

test('a name with a dash or an underscore', () => {
  assert.deepEqual(placesOf('@a-b_c, @a-b', mentionPattern('a-b_c')), ['@a-b_c']);
});

test('a search is literal and takes any case', () => {
  assert.deepEqual(placesOf('A.B a.b axb', searchPattern('a.b')), ['A.B', 'a.b']);
  assert.deepEqual(placesOf('(x) [y] {z} ^$ \\ - /', searchPattern('{z} ^$ \\ - /')), ['{z} ^$ \\ - /']);
  assert.deepEqual(placesOf('ПРИВЕТ', searchPattern('привет')), ['ПРИВЕТ']);
});

test('an empty search finds nothing', () => assert.deepEqual(placesOf('abc', searchPattern('')), []));

test('a mark stays with its character', () => {
  assert.deepEqual(placesOf('x̃y', searchPattern('x')), ['x̃']);
  assert.deepEqual(placesOf('x̃y', searchPattern('\u0303')), []);
  assert.deepEqual(placesOf('ax̃y', searchPattern('a')), ['a']);
});

test('a row shows its part of a highlight, and the later one where two overlap', () => {
  const text = 'one @mira two';
  const highlights = [
    { start: 4, end: 9, role: 'mention' },
    { start: 6, end: 11, role: 'found' },
  ] as const;
  const row = highlightedRow(text, 0, text.length, highlights, 'text');
  assert.deepEqual(
    row.map(({ text: part, role }) => [part, role]),
    [
      ['one ', 'text'],
      ['@m', 'mention'],
      ['ira', 'found'],
      [' t', 'found'],
      ['wo', 'text'],
    ],
  );
  assert.equal(plainText(highlightedRow(text, 5, 8, highlights, 'text')), 'mir');
});
