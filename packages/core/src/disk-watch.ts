/**
 * Notices that a disk is slow, or hangs: while an operation is under way, not only when it is over.
 *
 * A disk that fails reports an error. A disk that hangs reports nothing, and a process that waits for it
 * looks healthy. Time is counted as `ListeningClock` counts it, so a stopped process does not count its own
 * pause as a delay of its disk. After "Gray Failure: The Achilles' Heel of Cloud-Scale Systems" (Huang et
 * al., 2017): the view of the waiting side decides.
 */
import type { Instant } from './ids.js';
import { unreachable } from './invariants.js';
import { ListeningClock } from './listening-clock.js';
import type { Machine } from './machine.js';
import type { Stats } from './messages.js';
import { DualpingError } from './reasons.js';

/**
 * A sync that takes longer is reported to the operator, ms: a healthy disk takes milliseconds, a busy one
 * tens.
 */
const SLOW_DISK_MS = 1_000;
/** A disk that does not answer for this long hangs, ms: pauses of cloud disks are shorter. */
export const DEFAULT_DISK_STALL_MS = 5_000;
/** With less a busy disk would count as hanging, ms. */
export const MIN_DISK_STALL_MS = SLOW_DISK_MS;
/** The longest time that can be set, an hour, ms: waiting longer for a disk has no use. */
export const MAX_DISK_STALL_MS = 3_600_000;
/**
 * @throws DualpingError `invalid-argument`, quoting a value that is not allowed; default
 * `DEFAULT_DISK_STALL_MS`
 */
export function parseDiskStallMs(given: number = DEFAULT_DISK_STALL_MS): number {
  if (!Number.isSafeInteger(given) || given < MIN_DISK_STALL_MS || given > MAX_DISK_STALL_MS)
    throw new DualpingError(
      'invalid-argument',
      `diskStallMs is "${given}": give whole milliseconds from ${MIN_DISK_STALL_MS} to ${MAX_DISK_STALL_MS}`,
    );
  return given;
}

/** How often to look while an operation runs, ms. */
export const DISK_LOOK_MS = 250;

/** Given by the driver, never used twice. */
export type DiskOperation = number;

export type DiskWatchInput =
  | {
      readonly kind: 'began';
      readonly operation: DiskOperation;
      /** For people: `syncing /data/s1/…`. */
      readonly doing: string;
      /**
       * What a long operation causes: a line for the operator (`slowness`), the disk counts as hanging
       * (`stall`), or both.
       */
      readonly watchedFor: 'slowness' | 'stall' | 'both';
    }
  | { readonly kind: 'ended'; readonly operation: DiskOperation }
  | { readonly kind: 'tick' };

export type DiskWatchOutput =
  /**
   * `isOver` false: the operation still runs. That is reported only for the first slow operation in a row, in
   * case it never ends; the end of each slow operation is reported.
   */
  | { readonly kind: 'slow'; readonly doing: string; readonly forMs: number; readonly isOver: boolean }
  | { readonly kind: 'stalled'; readonly doing: string; readonly forMs: number }
  /** The operation that had stalled is done. */
  | { readonly kind: 'recovered'; readonly doing: string; readonly forMs: number };

/** What operators see of a disk. */
export type DiskStats = Pick<Stats, 'slowSyncs' | 'longestSyncMs'>;

export const NO_DISK_STATS: DiskStats = Object.freeze({ slowSyncs: 0, longestSyncMs: 0 });

interface UnderWay {
  readonly doing: string;
  readonly watchedFor: 'slowness' | 'stall' | 'both';
  /** Listening time, ms. */
  readonly sinceMs: number;
  isSlow: boolean;
  hasStalled: boolean;
}

export class DiskWatch implements Machine<DiskWatchInput, DiskWatchOutput> {
  readonly #clock = new ListeningClock(2 * DISK_LOOK_MS);
  readonly #underWay = new Map<DiskOperation, UnderWay>();
  /** Whether the last operation that ended was slow. */
  #wasSlow = false;
  #slowSyncs = 0;
  #longestMs = 0;
  #lookAt: Instant = 0;

  constructor(readonly stallMs: number) {}

  get stats(): DiskStats {
    const running = [...this.#underWay.values()].map(({ sinceMs }) => this.#clock.heardMs - sinceMs);
    return { slowSyncs: this.#slowSyncs, longestSyncMs: Math.round(Math.max(this.#longestMs, ...running)) };
  }

  step(now: Instant, input: DiskWatchInput): DiskWatchOutput[] {
    this.#clock.advance(now);
    switch (input.kind) {
      case 'began': {
        const { operation, doing, watchedFor } = input;
        const sinceMs = this.#clock.heardMs;
        if (this.#underWay.size === 0) this.#lookAt = now + DISK_LOOK_MS;
        this.#underWay.set(operation, { doing, watchedFor, sinceMs, isSlow: false, hasStalled: false });
        return [];
      }
      case 'ended':
        return this.#ended(input.operation);
      case 'tick':
        this.#lookAt = now + DISK_LOOK_MS;
        return this.#look();
      default:
        return unreachable(input);
    }
  }

  /** When to `tick` next; undefined while no operation runs. */
  nextDeadline(): Instant | undefined {
    return this.#underWay.size === 0 ? undefined : this.#lookAt;
  }

  get #isStalled(): boolean {
    return [...this.#underWay.values()].some(({ hasStalled }) => hasStalled);
  }

  #ended(operation: DiskOperation): DiskWatchOutput[] {
    const ended = this.#underWay.get(operation);
    if (ended === undefined) return [];
    const outputs = this.#look();
    this.#underWay.delete(operation);
    const { doing, isSlow, hasStalled, watchedFor } = ended;
    const forMs = this.#clock.heardMs - ended.sinceMs;
    this.#longestMs = Math.max(this.#longestMs, forMs);
    if (watchedFor !== 'stall') this.#wasSlow = isSlow;
    if (isSlow) outputs.push({ kind: 'slow', doing, forMs, isOver: true });
    if (hasStalled && !this.#isStalled) outputs.push({ kind: 'recovered', doing, forMs });
    return outputs;
  }

  #look(): DiskWatchOutput[] {
    const outputs: DiskWatchOutput[] = [];
    for (const each of this.#underWay.values()) {
      const { doing, watchedFor } = each;
      const forMs = this.#clock.heardMs - each.sinceMs;
      if (watchedFor !== 'stall' && forMs >= SLOW_DISK_MS && !each.isSlow) {
        each.isSlow = true;
        this.#slowSyncs += 1;
        if (!this.#wasSlow) outputs.push({ kind: 'slow', doing, forMs, isOver: false });
      }
      if (watchedFor !== 'slowness' && forMs >= this.stallMs && !each.hasStalled) {
        if (!this.#isStalled) outputs.push({ kind: 'stalled', doing, forMs });
        each.hasStalled = true;
      }
    }
    return outputs;
  }
}
