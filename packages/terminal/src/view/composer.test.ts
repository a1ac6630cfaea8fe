import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editorWith } from '../editor/editor.js';
import type { Prompt, State } from '../state/state.js';
import { composerView } from './composer.js';
import { draft, evening, NOW_MONO_MS } from './evening.fixture.js';
import { plainText } from './row.js';

const AREA = { x: 0, y: 20, width: 60, height: 2 };

const composer = (over: Partial<State>, area = AREA) => {
  const { rows, cursor } = composerView(evening(over), area);
  return { lines: rows.map((row) => plainText(row).trimEnd()), rows, cursor };
};

const prompt = (kind: Prompt['kind'], text: string): Pick<State, 'prompt'> => ({
  prompt: { kind, editor: editorWith(text), completions: [], chosen: -1 },
});

test('a text with its counter, and the cursor after it while writing', () => {
  const { lines, cursor } = composer({ ...draft('Held through four.'), focus: 'composer' });
  assert.deepEqual(lines, [` › Held through four.${' '.repeat(31)}18/1000`, '']);
  assert.deepEqual(cursor, { x: 21, y: 20 });
});

test('a draft without the focus has no cursor', () => {
  assert.equal(composer(draft('later')).cursor, undefined);
  assert.equal(
    composer({ ...draft('later'), focus: 'composer', overlay: { kind: 'help', scroll: 0 } }).cursor,
    undefined,
  );
});

test('a text of several rows', () => {
  const { lines, cursor } = composer({ ...draft('one\ntwo'), focus: 'composer' });
  assert.match(lines[0] ?? '', /^ › one +7\/1000$/);
  assert.equal(lines[1], '   two');
  assert.deepEqual(cursor, { x: 6, y: 21 });
});

test('near the limit the counter warns, and beyond it shows the excess', () => {
  const roleOf = (length: number): readonly string[] =>
    composer({ ...draft('x'.repeat(length)), focus: 'composer' })
      .rows[0]?.filter(({ text }) => /\/1000|over/.test(text))
      .map(({ text, role }) => `${role} ${text}`) ?? [];
  assert.deepEqual(roleOf(900), ['dim 900/1000']);
  assert.deepEqual(roleOf(901), ['warning 901/1000']);
  assert.deepEqual(roleOf(1_000), ['warning 1000/1000']);
  assert.deepEqual(roleOf(1_012), ['problem ✗ 12 over']);
});

test('characters are counted as the limit counts them', () => {
  assert.match(composer(draft('🎉🎉')).lines[0] ?? '', / 2\/1000$/);
});

test('an empty one shows how to begin, also after a server was lost', () => {
  assert.equal(composer({}).lines[0], ' › i to write a post');
  assert.equal(composer({ focus: 'composer' }).lines[0], ' › what is going on?');
  assert.deepEqual(composer({ focus: 'composer' }).cursor, { x: 3, y: 20 });
  const away: Partial<State> = {
    connection: {
      kind: 'waiting',
      retryAtMs: NOW_MONO_MS,
      attempt: 1,
      because: { reason: 'router-unreachable', detail: '' },
    },
  };
  assert.equal(composer(away).lines[0], ' › i to write: it is sent as soon as there is a server');
  assert.equal(composer({ ...away, focus: 'composer' }).lines[0], ' › sent as soon as there is a server');
});

test('a command and a search are typed in its place', () => {
  const command = composer({ ...draft('kept'), ...prompt('command', 'follow an') });
  assert.deepEqual(command.lines, [' :follow an', '']);
  assert.deepEqual(command.cursor, { x: 11, y: 20 });
  assert.equal(composer(prompt('search', 'dog')).lines[0], ' /dog');
});

test('a line that is longer than the row shows the part around the cursor', () => {
  const { lines, cursor } = composer(prompt('command', `user ${'a'.repeat(200)}`), { ...AREA, height: 1 });
  assert.equal(lines.length, 1);
  assert.ok((lines[0] ?? '').length <= AREA.width);
  assert.ok(cursor !== undefined && cursor.x < AREA.width && cursor.y === AREA.y);
});
