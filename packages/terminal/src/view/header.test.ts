import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editorWith } from '../editor/editor.js';
import type { Connection, State } from '../state/state.js';
import { evening, NOW_MONO_MS, target } from './evening.fixture.js';
import { headerRow } from './header.js';
import { plainText } from './row.js';

const header = (over: Partial<State>, width: number, titled = false): string =>
  plainText(headerRow(evening(over), width, titled));

/** The right part of the header, at a width. */
const told = (connection: Connection, width: number, over: Partial<State> = {}): string =>
  header({ connection, ...over }, width)
    .trimEnd()
    .replace(/^ (dualping {2})?@mira +/, '');

const LOST: Connection = { kind: 'lost', because: undefined, resumeAfter: 8812 };
const RESUMED: Connection = {
  kind: 'resumed',
  target: target(2),
  gapMs: 31,
  sinceMs: NOW_MONO_MS,
  untilMs: NOW_MONO_MS + 3_000,
};
const WAITING: Connection = {
  kind: 'waiting',
  retryAtMs: NOW_MONO_MS + 2_400,
  attempt: 3,
  because: { reason: 'router-unreachable', detail: 'connection refused' },
};

test('the user is on the left, the state of the session on the right', () => {
  const row = header({}, 80);
  assert.equal(row, ` dualping  @mira${' '.repeat(50)}● live  12:41 `);
  assert.equal(row.length, 80);
});

test('a lost server is shown with the next one', () => {
  assert.equal(told(LOST, 80), '◐ server lost · resuming from #8812');
  assert.equal(told(LOST, 40), '◐ resuming from #8812');
  assert.equal(told({ ...LOST, resumeAfter: 0 }, 80), '◐ server lost · resuming');
});

test('a move is shown with its cost, for a while', () => {
  assert.equal(told(RESUMED, 80), '● resumed on s2 · gap 31 ms · nothing missed');
  assert.equal(told(RESUMED, 40), '● resumed on s2 · gap 31 ms');
  assert.equal(told({ ...RESUMED, untilMs: NOW_MONO_MS }, 80), '● live  12:41');
});

test('with everything down it counts down, and names the key that tries at once, if that key works there', () => {
  assert.equal(told(WAITING, 80), '◌ everything is down · trying again in 3 s · r now');
  assert.equal(told(WAITING, 80, { focus: 'composer' }), '◌ everything is down · trying again in 3 s');
  assert.equal(
    told(WAITING, 80, { prompt: { kind: 'command', editor: editorWith(''), completions: [], chosen: -1 } }),
    '◌ everything is down · trying again in 3 s',
  );
  assert.equal(told(WAITING, 40), '◌ again in 3 s');
  assert.equal(
    told({ ...WAITING, retryAtMs: NOW_MONO_MS - 5 }, 80),
    '◌ everything is down · trying again now · r now',
  );
});

test('with several clusters a server is named with its cluster, and a waiting user sees which cluster is down', () => {
  const elsewhere = { ...target(2), cluster: 3 };
  assert.equal(
    told({ ...RESUMED, target: elsewhere }, 80),
    '● resumed on c3/s2 · gap 31 ms · nothing missed',
  );
  assert.equal(told({ kind: 'connecting', to: elsewhere }, 80), '◌ connecting to c3/s2');
  const because = { reason: 'no-available-server', detail: 's2, primary of epoch 4, is gone' } as const;
  assert.equal(
    told({ ...WAITING, because, cluster: 3 }, 80),
    '◌ cluster 3 is down · trying again in 3 s · r now',
  );
  assert.equal(told({ ...WAITING, because }, 80), '◌ everything is down · trying again in 3 s · r now');
});

test('the search for the first server, and its failure', () => {
  assert.equal(told({ kind: 'connecting', to: undefined }, 80), '◌ looking for a server');
  assert.equal(told({ kind: 'connecting', to: target(3) }, 80), '◌ connecting to s3');
  const because = { reason: 'wrong-network', detail: 'this router serves another network' } as const;
  assert.equal(told({ kind: 'failed', because }, 80), '✗ this router serves another network');
  assert.equal(told({ kind: 'failed', because }, 40), '✗ wrong-network');
});

test('without a sidebar it shows the timeline and the number of mentions', () => {
  assert.equal(header({}, 40, true), ` @mira · Home${' '.repeat(13)}● live  12:41 `);
  assert.match(header({ unread: new Map([['mentions', 2]]) }, 50, true), /^ @mira · Home · 2 mentions {2}/);
  assert.match(header({ timeline: '@ana' }, 40, true), /^ @mira · @ana /);
});

test('a long name gives way', () => {
  const row = header({ me: 'm'.repeat(32) }, 40);
  assert.equal(row.length, 40);
  assert.match(row, /^ @m+… ● live {2}12:41 $/);
});
