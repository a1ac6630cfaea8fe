import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMANDS } from '../state/commands.js';
import { EDITING_HELP, KEYMAP } from '../state/keymap.js';
import type { Overlay, State } from '../state/state.js';
import { evening, NOW_MS, person, sized, target } from './evening.fixture.js';
import { helpRows } from './help.js';
import { keyText } from './keys.js';
import { mostOverlayScroll, overlayArea, overlayRows } from './overlay.js';
import { plainText } from './row.js';
import { rowWidth } from './spans.js';

const lines = (overlay: Overlay, over: Partial<State> = {}): readonly string[] => {
  const state = evening({ overlay, ...over });
  return overlayRows(overlay, state, overlayArea(state)).map(plainText);
};

const words = (text: string): string => text.replace(/\s+/g, ' ');

test('the help has every key, every command and what edits text, at any width', () => {
  for (const width of [36, 57, 97, 277]) {
    const rows = helpRows(width);
    for (const row of rows) assert.ok(rowWidth(row) <= width, plainText(row));
    const text = rows.map(plainText).join('\n');
    for (const { keys } of KEYMAP)
      for (const key of keys) assert.ok(text.includes(keyText(key)), `${key} at ${width}`);
    for (const { name } of COMMANDS) assert.ok(text.includes(`:${name}`), `:${name} at ${width}`);
    for (const { keys } of EDITING_HELP)
      for (const key of keys.split(' ')) assert.ok(text.includes(keyText(key)), `${key} at ${width}`);
  }
});

test('in one column every line of help is there in full', () => {
  const text = words(helpRows(60).map(plainText).join(' '));
  for (const { help } of KEYMAP) assert.ok(text.includes(words(help)), help);
  for (const { help } of COMMANDS) assert.ok(text.includes(words(help)), help);
});

test('two columns when there is room for them', () => {
  assert.ok(helpRows(100).length < helpRows(80).length * 0.7);
  assert.match(plainText(helpRows(100)[0] ?? []), /^Reading {10,}\S/);
});

test('a frame with a title, how to close it, and which part is shown', () => {
  const rows = lines({ kind: 'help', scroll: 0 });
  assert.equal(rows.length, 20);
  assert.match(rows[0] ?? '', /^┌─ Help ─+ Esc closes ─┐$/);
  assert.match(rows.at(-1) ?? '', /^└─+ 1–18 of \d+ ─┘$/);
  for (const row of rows.slice(1, -1)) assert.match(row, /^│ .* │$/);
  for (const row of rows) assert.equal(row.length, 61);
});

test('it scrolls to its end and no further', () => {
  const overlay: Overlay = { kind: 'help', scroll: 100_000 };
  const most = mostOverlayScroll(evening({ overlay }));
  assert.ok(most > 0);
  assert.deepEqual(lines(overlay), lines({ kind: 'help', scroll: most }));
  assert.notDeepEqual(lines({ kind: 'help', scroll: most - 1 }), lines(overlay));
  assert.match(lines(overlay).at(-2) ?? '', /:quit/);
  assert.equal(mostOverlayScroll(evening()), 0);
});

test('the session in full', () => {
  const text = lines(
    { kind: 'info', scroll: 0 },
    {
      ...sized(80, 40),
      story: {
        everLive: true,
        moves: 4,
        longestGapMs: 1_940,
        received: 812,
        acknowledged: 14,
        lastMove: { from: target(1, 16), to: target(2), gapMs: 31, wallMs: NOW_MS - 60_000 },
      },
    },
  ).map((row) => row.replace(/^│ | *│$/g, ''));
  for (const line of [
    '  server        s2 · epoch 17',
    '  stream up     12m 04s',
    '  takeovers     4 survived',
    '  lost          0',
    '  longest gap   1.9 s',
    '  last move     s1 → s2',
    '                31 ms at 12:40',
    '  address       127.0.0.1:7072',
    '  routers       127.0.0.1:7000',
    '                127.0.0.1:7001',
    '  received      812 posts',
    '  acknowledged  14 of yours',
    '  mouse         on',
  ])
    assert.ok(text.includes(line), line);
});

test('everybody', () => {
  assert.deepEqual(
    lines({ kind: 'people', scroll: 0 })
      .slice(1, 8)
      .map((row) => row.replace(/^│ | *│$/g, '')),
    [
      '5 people besides you, 3 here',
      '',
      '● ana   you follow · follows you',
      '● bo    you follow',
      '○ chen  you follow · follows you',
      '● dee',
      '○ eli   follows you',
    ],
  );
  assert.match(lines({ kind: 'people', scroll: 0 }, { people: undefined })[1] ?? '', /Not known yet/);
  assert.match(lines({ kind: 'people', scroll: 0 }, { people: [] })[1] ?? '', /Nobody but you/);
  assert.match(
    lines({ kind: 'people', scroll: 0 }, { people: [person('a')] })[1] ?? '',
    /1 person besides you, 0 here/,
  );
});
