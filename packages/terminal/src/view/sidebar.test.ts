import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { State, TimelineId } from '../state/state.js';
import { evening, person } from './evening.fixture.js';
import { plainText } from './row.js';
import { sidebarRows } from './sidebar.js';

const lines = (over: Partial<State>, height = 12): readonly string[] =>
  sidebarRows(evening(over), { width: 18, height }).map((row) => plainText(row).trimEnd());

test('timelines, followed users and others, each with its unread posts', () => {
  assert.deepEqual(
    lines({
      unread: new Map<TimelineId, number>([
        ['home', 3],
        ['mentions', 1],
        ['@ana', 1_200],
      ]),
    }),
    [
      ' Timelines',
      ' ▸Home          3',
      '  Mentions      1',
      '',
      ' Following 3',
      '  ● ana      999+',
      '  ● bo',
      '  ○ chen',
      '',
      ' People',
      '  ● dee',
      '  ○ eli',
    ],
  );
});

test('no user is known yet', () => {
  assert.deepEqual(lines({ people: undefined }, 4), [' Timelines', ' ▸Home', '  Mentions', '']);
});

test('the current entry is marked, and shown as selected over the whole width', () => {
  const rows = sidebarRows(evening({ focus: 'sidebar', sidebarAt: 2 }), { width: 18, height: 12 });
  const row = rows[5] ?? [];
  assert.equal(plainText(row), '▌ ● ana           ');
  assert.ok(row.every(({ selected }) => selected === true));
  assert.equal(rows.filter((each) => each.some(({ selected }) => selected === true)).length, 1);
});

test('the user whose timeline is open is marked', () => {
  assert.equal(lines({ timeline: '@bo' })[6], ' ▸● bo');
});

test('a name of 32 characters leaves room for its count', () => {
  const name = 'n'.repeat(32);
  const rows = lines({
    people: [person(name, { followed: true, present: true })],
    unread: new Map<TimelineId, number>([[`@${name}`, 12]]),
  });
  assert.equal(rows[5], '  ● nnnnnnnnn… 12');
});

test("entries that don't fit are counted, and scroll in with the selection", () => {
  const people = Array.from({ length: 30 }, (_, at) => person(`p${at}`, { followed: true }));
  const top = lines({ people }, 8);
  assert.deepEqual([top[0], top.at(-1)], [' Timelines', '  ↓ 28 more']);
  for (let sidebarAt = 0; sidebarAt < 32; sidebarAt += 1) {
    const rows = lines({ people, focus: 'sidebar', sidebarAt }, 8);
    const stoodOn = rows.filter((row) => row.startsWith('▌'));
    assert.equal(stoodOn.length, 1, `entry ${sidebarAt}`);
    if (sidebarAt > 1) assert.equal(stoodOn[0], `▌ ○ p${sidebarAt - 2}`);
  }
});
