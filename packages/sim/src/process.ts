/**
 * The base of every process: alive or not, frozen or slow, with a clock of its own.
 *
 * A frozen process reads nothing, and its timers fire when it thaws; its sockets stay open, and messages wait
 * in them. A slow process does one thing at a time, and each takes long.
 */
import type { Instant } from '@dualping/core';
import type { Clock } from '@dualping/runtime';
import { LocalClock } from './local-clock.js';
import type { Acceptors, Network, Station } from './network.js';
import type { Random } from './random.js';
import type { Scheduled, World } from './world.js';

/** Most lateness of a timer when nothing else delays the process, ms. */
const TIMER_LATE_MS = 1.5;

/** The parts of a world that a process uses. */
export interface Surroundings {
  readonly world: World;
  readonly network: Network;
  readonly random: Random;
}

export abstract class Process implements Station {
  readonly clock = new LocalClock();
  /** The clock for its loop. */
  readonly timers: Clock = {
    now: () => this.now,
    setTimer: (at, fire) => this.#setTimer(at, fire),
  };
  readonly random: Random;
  readonly world: World;
  readonly network: Network;
  abstract readonly acceptors: Acceptors;
  #running = false;
  #frozen = 0;
  #freezes = 0;
  /** How long each thing takes, ms. */
  #costMs = 0;
  #inbox: (() => void)[] = [];
  #working: Scheduled | undefined;
  #busyUntil = 0;
  #life = 0;

  constructor(
    readonly name: string,
    { world, network, random }: Surroundings,
  ) {
    this.world = world;
    this.network = network;
    this.random = random.fork(name);
    network.enter(this);
  }

  get running(): boolean {
    return this.#running;
  }
  get awake(): boolean {
    return this.#frozen === 0;
  }
  /** How often it was frozen. */
  get freezes(): number {
    return this.#freezes;
  }
  /** The number of this life; work that was begun in another life is dropped. */
  get life(): number {
    return this.#life;
  }
  get now(): Instant {
    return this.clock.monotonic(this.world.now);
  }

  /** Whether it is neither frozen nor slow. */
  get isProper(): boolean {
    return this.#frozen === 0 && this.#costMs === 0;
  }

  protected begin(): void {
    this.#life += 1;
    this.#running = true;
    this.clock.restart(this.world.now);
    this.network.powered(this.name);
  }

  /** Ends this life: nothing of it happens any more. */
  protected end(powerLost = false): void {
    this.#running = false;
    this.#life += 1;
    this.#frozen = 0;
    this.#inbox = [];
    this.network.gone(this.name, powerLost);
    this.network.woke(this.name);
  }

  receive(work: () => void): void {
    if (!this.#running) return;
    if (this.awake && this.#costMs === 0 && this.#inbox.length === 0) return work();
    this.#inbox.push(work);
    this.#workOn();
  }

  /** Hands work to this very life of the process. */
  get receiving(): (work: () => void) => void {
    const life = this.#life;
    return (work) => {
      if (this.#life === life) this.receive(work);
    };
  }

  /** Does the work after a while, if the life is still the same then. */
  later(delayMs: number, label: string, work: () => void): void {
    const life = this.#life;
    this.world.after(delayMs, label, () => {
      if (this.#life === life) this.receive(work);
    });
  }

  /** Returns a function that thaws the process, unless it was killed meanwhile. */
  freeze(): () => void {
    const life = this.#life;
    this.#frozen += 1;
    this.#freezes += 1;
    return () => {
      if (this.#life !== life) return;
      this.#frozen -= 1;
      if (!this.awake) return;
      this.network.woke(this.name);
      this.#workOn();
    };
  }

  /** Returns a function that ends this. */
  slowDown(costMs: number): () => void {
    this.#costMs += costMs;
    return () => {
      this.#costMs -= costMs;
    };
  }

  #setTimer(at: Instant, fire: () => void): () => void {
    const life = this.#life;
    let isOff = false;
    const waitMs = this.clock.waitMs(this.world.now, at) + this.random.within(0, TIMER_LATE_MS);
    const scheduled = this.world.after(waitMs, `${this.name} timer`, () => {
      if (this.#life !== life) return;
      this.receive(() => {
        if (!isOff) fire();
      });
    });
    return () => {
      isOff = true;
      this.world.cancel(scheduled);
    };
  }

  #workOn(): void {
    if (this.#working !== undefined || this.#inbox.length === 0 || !this.awake) return;
    const waitMs = Math.max(0, this.#busyUntil - this.world.now);
    const label = `${this.name} works`;
    this.#working = this.world.after(waitMs, label, () => {
      this.#working = undefined;
      if (!this.awake || !this.#running) return;
      const work = this.#inbox.shift();
      this.#busyUntil = this.world.now + this.#costMs * this.random.within(0.5, 1.5);
      work?.();
      this.#workOn();
    });
  }
}
