/**
 * How often somebody may do something: a number of times at once, and from then on so many times a second.
 *
 * This is a token bucket, and all that is kept of it is when it will be full again (after the generic cell
 * rate algorithm of ATM). Buckets that are full are forgotten, so only those are kept that were used lately.
 */
import type { Instant } from './ids.js';
import { RecencyMap } from './recency-map.js';

export interface Allowance {
  /** At once, out of a full bucket. Above 0. */
  readonly burst: number;
  /** How fast the bucket fills. Above 0. */
  readonly perSecond: number;
}

interface Bucket {
  /** When it will be full again. */
  fullAt: Instant;
}

/** Differences of times are exact to less than that, ms: a sum of fractions must not refuse what is due. */
const ROUNDING_MS = 1e-6;

export class Allowances<Key> {
  /** The one used last comes last. */
  readonly #buckets = new RecencyMap<Key, Bucket>();
  readonly #msEach: number;
  readonly #msAll: number;

  /** @param most buckets that are kept: of more, the one untouched for longest counts as full again */
  constructor(
    allowance: Allowance,
    readonly most: number,
  ) {
    this.#msEach = 1_000 / allowance.perSecond;
    this.#msAll = allowance.burst * this.#msEach;
  }

  /** Buckets that are kept. */
  get size(): number {
    return this.#buckets.size;
  }

  /**
   * How long until so much may be taken, ms; 0: it may be taken now. What is larger than the whole bucket may
   * be taken out of a full one.
   */
  waitMs(key: Key, now: Instant, amount = 1): number {
    const emptyMs = Math.max(0, (this.#buckets.get(key)?.fullAt ?? now) - now);
    const wantedMs = Math.min(amount * this.#msEach, this.#msAll);
    const waitMs = emptyMs + wantedMs - this.#msAll;
    return waitMs > ROUNDING_MS ? waitMs : 0;
  }

  /** Takes so much, whether it is there or not. */
  take(key: Key, now: Instant, amount = 1): void {
    const buckets = this.#buckets;
    const bucket = buckets.touch(key);
    const filledMs = amount * this.#msEach;
    if (bucket === undefined) buckets.add(key, { fullAt: now + filledMs });
    else bucket.fullAt = Math.max(now, bucket.fullAt) + filledMs;
    while (buckets.size > this.most || (buckets.first?.fullAt ?? now) < now) buckets.deleteFirst();
  }
}
