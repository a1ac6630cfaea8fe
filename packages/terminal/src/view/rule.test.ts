import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editorWith } from '../editor/editor.js';
import { geometryOf } from '../state/geometry.js';
import type { Window } from '../state/reading.js';
import type { Prompt, State } from '../state/state.js';
import { evening } from './evening.fixture.js';
import { plainText } from './row.js';
import { ruleRow } from './rule.js';

const window = (below: number): Window => ({
  blocks: [],
  blankRows: 0,
  olderRow: false,
  older: 'none',
  newCount: 0,
  below,
});

const rule = (over: Partial<State>, width = 60, below = 0): string =>
  plainText(ruleRow(evening(over), geometryOf({ width, height: 24 }, 1), window(below)));

const prompt = (kind: Prompt['kind'], text: string, completions: readonly string[] = [], chosen = -1) => ({
  prompt: { kind, editor: editorWith(text), completions, chosen },
});

test('it closes the columns', () => {
  assert.equal(rule({}), `${'─'.repeat(18)}┴${'─'.repeat(41)}`);
  assert.equal(rule({}, 40), '─'.repeat(40));
  assert.equal(rule({}, 120), `${'─'.repeat(18)}┴${'─'.repeat(66)}┴${'─'.repeat(34)}`);
  assert.equal(rule({ overlay: { kind: 'help', scroll: 0 } }, 120), `${'─'.repeat(18)}┴${'─'.repeat(101)}`);
});

test('it shows what is below the screen', () => {
  assert.equal(rule({}, 40, 12), `${'─'.repeat(22)} ↓ 12 newer · G ──`);
});

test('it shows the search text, and how to continue', () => {
  assert.equal(rule({ search: 'dog' }, 60), `── /dog · n older · N newer · Esc ${'─'.repeat(26)}`);
});

test('it lists the completions of a word, the chosen one marked', () => {
  const over = prompt('command', 'follow', ['ana', 'bo', 'chen'], 1);
  assert.equal(rule(over, 40), `── ana  bo  chen ${'─'.repeat(23)}`);
  const row = ruleRow(evening(over), geometryOf({ width: 40, height: 24 }, 1), window(0));
  assert.deepEqual(
    row.filter(({ selected }) => selected === true).map(({ text }) => text),
    [' bo '],
  );
});

test('of many it lists those around the chosen one', () => {
  const completions = Array.from({ length: 20 }, (_, at) => `person${at}`);
  assert.match(rule(prompt('command', 'x', completions), 40), /^── person0 {2}person1 {2}person2 › ─+$/);
  for (let chosen = 0; chosen < 20; chosen += 1) {
    const row = ruleRow(
      evening(prompt('command', 'x', completions, chosen)),
      geometryOf({ width: 40, height: 24 }, 1),
      window(0),
    );
    assert.equal(plainText(row).length, 40);
    assert.equal(row.find(({ selected }) => selected === true)?.text, ` person${chosen} `);
  }
});

test('without completions it shows what the command does', () => {
  assert.match(rule(prompt('command', 'follow x'), 60), /^── follow NAME · see what they write ─+$/);
  assert.match(rule(prompt('command', 'zzz'), 40), /^─+$/);
  assert.match(rule(prompt('search', 'dog'), 40), /^── search in this timeline ─+$/);
});
