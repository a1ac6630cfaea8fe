import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DISK_LOOK_MS, DiskWatch, type DiskWatchOutput } from './disk-watch.js';

const line = (output: DiskWatchOutput): string =>
  `${output.kind} ${output.doing} ${output.forMs}${output.kind === 'slow' && !output.isOver ? ' so far' : ''}`;

/** A disk, and a clock; the watch is stepped as often as it wants. */
class Stage {
  readonly watch = new DiskWatch(5_000);
  now = 0;

  began = (operation: number, doing: string, watchedFor: 'slowness' | 'stall' | 'both' = 'both'): void => {
    assert.deepEqual(this.watch.step(this.now, { kind: 'began', operation, doing, watchedFor }), []);
  };

  ended = (operation: number): string[] => this.watch.step(this.now, { kind: 'ended', operation }).map(line);

  pass(ms: number): string[] {
    const until = this.now + ms;
    const lines: string[] = [];
    for (;;) {
      const at = this.watch.nextDeadline();
      if (at === undefined || at > until) break;
      this.now = at;
      lines.push(...this.watch.step(at, { kind: 'tick' }).map(line));
    }
    this.now = until;
    return lines;
  }
}

test('a fast disk is not reported, and without a running operation there is no deadline', () => {
  const stage = new Stage();
  for (let sync = 1; sync <= 10_000; sync += 1) {
    stage.began(sync, 'syncing a');
    assert.deepEqual([stage.pass(20), stage.ended(sync)], [[], []]);
  }
  assert.equal(stage.watch.nextDeadline(), undefined);
  assert.deepEqual(stage.watch.stats, { slowSyncs: 0, longestSyncMs: 20 });
});

test('a slow operation is reported while it lasts and at its end; the next ones in a row only at their end', () => {
  const stage = new Stage();
  stage.began(1, 'syncing a');
  assert.deepEqual(stage.pass(1_900), ['slow syncing a 1000 so far']);
  assert.deepEqual(stage.watch.stats, { slowSyncs: 1, longestSyncMs: 1_750 });
  assert.deepEqual(stage.ended(1), ['slow syncing a 1900']);
  stage.began(2, 'syncing b');
  assert.deepEqual([stage.pass(1_900), stage.ended(2)], [[], ['slow syncing b 1900']]);
  stage.began(3, 'syncing b');
  assert.deepEqual([stage.pass(10), stage.ended(3)], [[], []]);
  stage.began(4, 'syncing b');
  assert.deepEqual(stage.pass(1_000), ['slow syncing b 1000 so far']);
});

test('a hanging disk is reported once, and has recovered when all stalled operations are done', () => {
  const stage = new Stage();
  stage.began(1, 'syncing a');
  stage.pass(100);
  stage.began(2, 'syncing b', 'stall');
  assert.deepEqual(stage.pass(60_000), ['slow syncing a 1000 so far', 'stalled syncing a 5000']);
  assert.deepEqual(stage.ended(1), ['slow syncing a 60100']);
  assert.deepEqual(stage.ended(2), ['recovered syncing b 60000']);
});

test('an operation that may take long does not make the disk count as hanging', () => {
  const stage = new Stage();
  stage.began(1, 'syncing a snapshot', 'slowness');
  assert.deepEqual(stage.pass(20_000), ['slow syncing a snapshot 1000 so far']);
  assert.deepEqual(stage.ended(1), ['slow syncing a snapshot 20000']);
});

test("a stopped process does not count its own pause as its disk's delay", () => {
  const stage = new Stage();
  stage.began(1, 'syncing a');
  stage.now += 60_000;
  assert.deepEqual(stage.watch.step(stage.now, { kind: 'tick' }), []);
  assert.deepEqual(stage.ended(1), []);
  assert.equal(stage.watch.stats.longestSyncMs, 2 * DISK_LOOK_MS);
});
