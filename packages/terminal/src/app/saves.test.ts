import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interval, map, take, VirtualTimeScheduler } from 'rxjs';
import { Stage } from '../state/stage.fixture.js';
import { SAVE_AFTER_MS, savesOf } from './saves.js';

test('a draft is saved while its writer never pauses', () => {
  const time = new VirtualTimeScheduler();
  const stage = new Stage().live().press('i');
  const saved: number[] = [];
  const typing$ = interval(100, time).pipe(
    take(20),
    map(() => stage.type('a').state),
  );
  savesOf(typing$, time).subscribe(() => saved.push(time.now()));
  time.flush();
  assert.ok(saved.length >= 4, `saved at ${saved}`);
  assert.ok((saved[0] ?? 0) <= 100 + SAVE_AFTER_MS);
});

test('a change that need not be kept is not saved', () => {
  const time = new VirtualTimeScheduler();
  const stage = new Stage().live();
  const saved: number[] = [];
  const passing$ = interval(100, time).pipe(
    take(20),
    map(() => stage.pass(1_000).state),
  );
  savesOf(passing$, time).subscribe(() => saved.push(time.now()));
  time.flush();
  assert.equal(saved.length, 1, 'only what was there at first');
});
