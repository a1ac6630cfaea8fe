import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RoutersSeen } from '@dualping/terminal';
import { from } from 'rxjs';
import { leadershipEvents } from './leadership-feed.js';

type State = RoutersSeen['routers'][number]['state'];

const seen = (term: number, ...states: readonly State[]): RoutersSeen => ({
  term,
  routers: states.map((state, at) => ({ address: `r${at + 1}`, state, pid: undefined })),
});

function eventsOf(...all: readonly RoutersSeen[]): readonly string[] {
  const events: string[] = [];
  leadershipEvents(from(all), { wallMs: () => 0 }).subscribe(({ kind, text }) => {
    events.push(`${kind}: ${text}`);
  });
  return events;
}

test('a new leader, a lost router and its return are events', () => {
  assert.deepEqual(
    eventsOf(
      seen(5, 'leads', 'follows', 'follows'),
      seen(5, 'leads', 'follows', 'follows'),
      seen(9, 'absent', 'leads', 'follows'),
      seen(9, 'follows', 'leads', 'follows'),
    ),
    ['down: router r1 does not answer', 'promoted: router r2 leads in term 9', 'up: router r1 answers again'],
  );
});

test('the state at the start is not an event', () => {
  assert.deepEqual(eventsOf(seen(5, 'leads', 'absent')), []);
});
