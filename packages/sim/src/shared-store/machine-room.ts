/** Processes and streams of these worlds: killed, started again, frozen, cut from one another. */
import type { Instant } from '@dualping/core';
import type { Clock } from '@dualping/runtime';
import type { Random } from '../random.js';
import type { World } from '../world.js';

const DELAY_MS = { least: 0.2, most: 2 } as const;
/** How often what a cut holds back is tried again, ms. */
const RETRY_MS = 20;

export abstract class Process {
  #life = 0;
  #isUp = false;
  #frozen: (() => void)[] | undefined;

  constructor(
    readonly name: string,
    readonly world: World,
  ) {}

  protected abstract started(): void;
  protected abstract died(): void;

  get isUp(): boolean {
    return this.#isUp;
  }

  get isFrozen(): boolean {
    return this.#frozen !== undefined;
  }

  start(): void {
    if (this.#isUp) return;
    this.#life += 1;
    this.#isUp = true;
    this.started();
  }

  kill(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#frozen = undefined;
    this.died();
  }

  freeze(): void {
    if (this.#isUp) this.#frozen ??= [];
  }

  thaw(): void {
    const waiting = this.#frozen ?? [];
    this.#frozen = undefined;
    for (const what of waiting) what();
  }

  /** What happens to this very life of the process; when it is frozen, once it is thawed. */
  readonly deliver = (what: () => void): void => this.#deliver(this.#life, what);

  /** As it is given to what runs in this life. */
  get delivering(): (what: () => void) => void {
    const life = this.#life;
    return (what) => this.#deliver(life, what);
  }

  get clock(): Clock {
    const deliver = this.delivering;
    return {
      now: (): Instant => this.world.now,
      setTimer: (at, fire) => {
        let isOff = false;
        // Never early, and never without time having passed: the world counts in whole microseconds.
        const firesAt = Math.max(Math.floor(at * 1_000), Math.round(this.world.now * 1_000)) + 1;
        const timer = this.world.at(firesAt / 1_000, `${this.name}: timer`, () =>
          deliver(() => {
            if (!isOff) fire();
          }),
        );
        return () => {
          isOff = true;
          this.world.cancel(timer);
        };
      },
    };
  }

  #deliver(life: number, what: () => void): void {
    if (!this.#isUp || life !== this.#life) return;
    if (this.#frozen === undefined) what();
    else this.#frozen.push(() => this.#deliver(life, what));
  }
}

/** Who can't reach whom now. */
export class Cuts {
  /** How many cuts there are between two. */
  readonly #pairs = new Map<string, number>();

  /** Returns what heals it. */
  cut(one: string, other: string): () => void {
    const key = pair(one, other);
    this.#pairs.set(key, this.#count(key) + 1);
    return () => this.#pairs.set(key, this.#count(key) - 1);
  }

  isCut(one: string, other: string): boolean {
    return this.#count(pair(one, other)) > 0;
  }

  #count(key: string): number {
    return this.#pairs.get(key) ?? 0;
  }
}

const pair = (one: string, other: string): string => [one, other].sort().join(' ');

/** One direction of a stream: in order, and held back by a cut. */
export class Lane {
  readonly #queue: (() => void)[] = [];
  #isScheduled = false;

  constructor(
    readonly from: Process,
    readonly to: Process,
    readonly cuts: Cuts,
    readonly random: Random,
  ) {}

  send(arrive: () => void): void {
    const deliver = this.to.delivering;
    this.#queue.push(() => deliver(arrive));
    this.#schedule(this.random.within(DELAY_MS.least, DELAY_MS.most));
  }

  #schedule(afterMs: number): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.to.world.after(afterMs, `${this.from.name} → ${this.to.name}`, () => {
      this.#isScheduled = false;
      if (this.cuts.isCut(this.from.name, this.to.name)) return this.#schedule(RETRY_MS);
      for (const arrive of this.#queue.splice(0)) arrive();
    });
  }
}
