/**
 * Times operations on a disk: feeds `DiskWatch`, and reports what it notices.
 *
 * Also counts the running operations of the whole process: `process.exit` waits for their threads, and with a
 * hanging disk these never end.
 */
import { DiskWatch, type DiskWatchInput, type DiskWatchOutput, unreachable } from '@dualping/core';
import { BACKGROUND_CLOCK, MachineLoop } from '@dualping/runtime';

export interface DiskListener {
  /** One line for the operator. */
  slow(text: string): void;
  /** The disk has not answered for `stallMs`. */
  stalled(text: string): void;
  /** It answers again. */
  recovered(text: string): void;
}

type WatchedFor = Extract<DiskWatchInput, { readonly kind: 'began' }>['watchedFor'];

/** Running operations of this process, on all disks. */
let underWay = 0;
/** Called when no operation runs any more. */
const onIdle: (() => void)[] = [];

/** Resolves when no operation runs on any disk: at once, soon, or (when a disk hangs) never. */
export function disksIdle(): Promise<void> {
  if (underWay === 0) return Promise.resolve();
  return new Promise((resolve) => onIdle.push(resolve));
}

export class DiskTimer {
  readonly #watch: DiskWatch;
  readonly #loop: MachineLoop<DiskWatchInput, DiskWatchOutput>;
  #operations = 0;

  constructor(
    stallMs: number,
    readonly listener: DiskListener,
  ) {
    this.#watch = new DiskWatch(stallMs);
    this.#loop = new MachineLoop(this.#watch, {
      clock: BACKGROUND_CLOCK,
      perform: (output) => this.#perform(output),
    });
  }

  get stats(): DiskWatch['stats'] {
    return this.#watch.stats;
  }

  /** Does the work, and watches how long it takes. `doing` is for people: `syncing PATH`. */
  async time<T>(doing: string, watchedFor: WatchedFor, work: () => Promise<T>): Promise<T> {
    this.#operations += 1;
    const operation = this.#operations;
    underWay += 1;
    this.#loop.feed({ kind: 'began', operation, doing, watchedFor });
    try {
      return await work();
    } finally {
      underWay -= 1;
      if (underWay === 0) for (const resolve of onIdle.splice(0)) resolve();
      this.#loop.feed({ kind: 'ended', operation });
    }
  }

  #perform(output: DiskWatchOutput): void {
    const took = `${Math.round(output.forMs)} ms`;
    switch (output.kind) {
      case 'slow':
        return this.listener.slow(
          output.isOver
            ? `${output.doing} took ${took}`
            : `${output.doing} has taken ${took} so far and goes on`,
        );
      case 'stalled':
        return this.listener.stalled(`the disk hangs: ${output.doing} has not ended for ${took}`);
      case 'recovered':
        return this.listener.recovered(`the disk answers again: ${output.doing} took ${took}`);
      default:
        return unreachable(output);
    }
  }
}
