import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Position, position } from '@dualping/core';
import fc from 'fast-check';
import { openOn, snapshotAt, texts } from './journal.fixture.js';
import type { Journal } from './journal.js';
import { type Choice, MemoryDisk } from './memory-disk.fixture.js';

const SMALL = { segmentBytes: 150, tailCacheBytes: 60 };

type Step =
  | { readonly kind: 'append'; readonly count: number }
  /** Lets the disk work for so many turns. */
  | { readonly kind: 'run'; readonly turns: number }
  | { readonly kind: 'settle' }
  | { readonly kind: 'truncate'; readonly back: number }
  | { readonly kind: 'save' }
  | { readonly kind: 'fail-sync' }
  | { readonly kind: 'kill' }
  | { readonly kind: 'cut-power'; readonly seed: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 9 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('run' as const), turns: fc.integer({ min: 1, max: 40 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'settle' as const }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('truncate' as const), back: fc.nat(25) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'save' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'fail-sync' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'kill' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cut-power' as const), seed: fc.nat() }) },
);

/**
 * A model of the journal: an array. `versions` are the states that a crash may leave; the last is the present
 * one.
 */
class Run {
  #versions: string[][] = [[]];
  #appended = 0;
  #snapshot = 0;
  #failed = false;

  constructor(
    readonly disk: MemoryDisk,
    public journal: Journal,
  ) {}

  get #now(): string[] {
    return this.#versions[this.#versions.length - 1] ?? [];
  }

  async perform(step: Step): Promise<void> {
    const { journal, disk } = this;
    switch (step.kind) {
      case 'append':
        for (let count = 0; count < step.count; count += 1) {
          this.#appended += 1;
          const text = `entry ${this.#appended}`;
          this.#now.push(text);
          journal.append(position(this.#now.length), Buffer.from(text));
        }
        return;
      case 'run':
        for (let turn = 0; turn < step.turns; turn += 1) await Promise.resolve();
        return;
      case 'settle':
        await journal.whenDurable(journal.last).catch(() => assert.ok(this.#failed));
        return;
      case 'truncate':
        return this.#truncate(Math.max(this.#snapshot, this.#now.length - step.back));
      case 'save':
        return this.#save();
      case 'fail-sync':
        this.#failed = true;
        disk.before = (operation) => {
          if (operation === 'sync') throw new Error('EIO: i/o error');
        };
        return;
      case 'kill':
        disk.kill();
        return this.#reopen();
      case 'cut-power':
        disk.cutPower(choices(step.seed));
        return this.#reopen();
    }
  }

  check(): void {
    assert.deepEqual(texts(this.journal), this.#now);
  }

  #truncate(to: number): void {
    const version = this.#now.slice(0, to);
    if (to === this.#now.length) return;
    this.#versions.push(version);
    this.journal.truncateAfter(position(to)).then(
      () => {
        // What was taken back before this can't come back any more.
        this.#versions = this.#versions.slice(Math.max(0, this.#versions.indexOf(version)));
      },
      () => {},
    );
  }

  async #save(): Promise<void> {
    const at = this.journal.durable;
    if (at < 1) return;
    const snapshot = snapshotAt(this.journal, at, 'state');
    await this.journal.saveSnapshot(snapshot).then(
      () => {
        this.#snapshot = at;
      },
      () => assert.ok(this.#failed),
    );
  }

  async #reopen(): Promise<void> {
    const promised: Position = this.journal.durable;
    this.#failed = false;
    this.journal = await openOn(this.disk, SMALL);
    const found = texts(this.journal);
    assert.deepEqual(found.slice(0, promised), this.#now.slice(0, promised), 'a promise was broken');
    assert.ok(found.length >= promised);
    assert.ok(
      this.#versions.some((version) => found.every((text, index) => version[index] === text)),
      `it says what nobody wrote: ${found} and not ${this.#versions.join(' or ')}`,
    );
    assert.equal(this.journal.durable, found.length);
    assert.ok((this.journal.readSnapshot()?.position ?? 0) >= this.#snapshot);
    this.#versions = [found];
  }
}

test('whatever happens, durable entries are there, and nothing that was never appended', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
      const disk = new MemoryDisk();
      const run = new Run(disk, await openOn(disk, SMALL));
      for (const each of steps) {
        await run.perform(each);
        run.check();
      }
    }),
    { numRuns: 400 },
  );
});

/** Choices that look random and can be repeated. */
function choices(seed: number): Choice {
  let state = seed;
  return (max) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * (max + 1));
  };
}
