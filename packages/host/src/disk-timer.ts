/**
 * Times what is asked of a disk: feeds `DiskWatch`, and says what it notices.
 *
 * What is under way in the whole process is counted too: `process.exit` waits for the thread that does it,
 * and a disk that hangs never lets it go.
 */
import { DiskWatch, type DiskWatchInput, type DiskWatchOutput, unreachable } from '@dualping/core';

export interface DiskListener {
  /** One line for the operator. */
  slow(text: string): void;
  /** The disk has not answered for `stallMs`. */
  stalled(text: string): void;
  /** It answers again. */
  recovered(text: string): void;
}

type WatchedFor = Extract<DiskWatchInput, { readonly kind: 'began' }>['watchedFor'];

/** Operations under way in this process, of all disks. */
let underWay = 0;
/** Called when there are none any more. */
const onIdle: (() => void)[] = [];

/** Resolves when nothing is under way on any disk: at once, soon, or never. */
export function disksIdle(): Promise<void> {
  if (underWay === 0) return Promise.resolve();
  return new Promise((resolve) => onIdle.push(resolve));
}

export class DiskTimer {
  readonly #watch: DiskWatch;
  #operations = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    stallMs: number,
    readonly listener: DiskListener,
    readonly now: () => number = () => performance.now(),
  ) {
    this.#watch = new DiskWatch(stallMs);
  }

  get figures(): DiskWatch['figures'] {
    return this.#watch.figures;
  }

  /** Does the work, and notices when it takes long. `doing` is for people: `syncing PATH`. */
  async time<T>(doing: string, watchedFor: WatchedFor, work: () => Promise<T>): Promise<T> {
    this.#operations += 1;
    const operation = this.#operations;
    underWay += 1;
    this.#step({ kind: 'began', operation, doing, watchedFor });
    try {
      return await work();
    } finally {
      underWay -= 1;
      if (underWay === 0) for (const resolve of onIdle.splice(0)) resolve();
      this.#step({ kind: 'ended', operation });
    }
  }

  #step(input: DiskWatchInput): void {
    for (const output of this.#watch.step(this.now(), input)) this.#tell(output);
    const at = this.#watch.nextDeadline();
    // A timer that is set is left, also when nothing is under way: operations begin and end all the time.
    if (at === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#step({ kind: 'tick' });
      },
      Math.max(0, at - this.now()),
    );
    this.#timer.unref();
  }

  #tell(output: DiskWatchOutput): void {
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
