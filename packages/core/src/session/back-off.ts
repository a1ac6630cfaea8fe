/**
 * How long to wait before trying again, as an immutable value.
 *
 * Doubles from `firstMs` to `maxMs`. Half of each delay is fixed and half is random, so that a thousand
 * clients that lost the same router at the same moment don't all come back at the same moment.
 */
export interface BackOffBounds {
  readonly firstMs: number;
  readonly maxMs: number;
}

export class BackOff {
  private constructor(
    readonly bounds: BackOffBounds,
    /** Failures so far; 0 before the first. */
    readonly attempt: number,
  ) {}

  static start(bounds: BackOffBounds): BackOff {
    return new BackOff(bounds, 0);
  }

  /** The value after one more failure. */
  next(): BackOff {
    return new BackOff(this.bounds, this.attempt + 1);
  }

  /** The value after a success. */
  reset(): BackOff {
    return this.attempt === 0 ? this : BackOff.start(this.bounds);
  }

  /** @param chance from 0 (inclusive) to 1 (exclusive) */
  delayMs(chance: number): number {
    const doublings = Math.max(0, this.attempt - 1);
    const full = Math.min(this.bounds.maxMs, this.bounds.firstMs * 2 ** doublings);
    return full * (0.5 + chance / 2);
  }
}
