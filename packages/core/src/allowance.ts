/**
 * Limits how often an action may happen: a burst at once, and from then on a rate per second.
 *
 * This is a token bucket. Its only state is the time at which it will be full again (after the generic cell
 * rate algorithm of ATM). Full buckets are forgotten, so only recently used ones take memory.
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

/** Rounding errors of time differences are smaller than this, ms: they must not cause a refusal. */
const ROUNDING_MS = 1e-6;

export class Allowances<Key> {
  /** The one used last comes last. */
  readonly #buckets = new RecencyMap<Key, Bucket>();
  readonly #msEach: number;
  readonly #msAll: number;

  /** @param most buckets that are kept; beyond that, the least recently used one counts as full again */
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
   * How long until `amount` may be taken, ms; 0: now. An amount larger than the whole bucket may be taken
   * from a full one.
   */
  waitMs(key: Key, now: Instant, amount = 1): number {
    const emptyMs = Math.max(0, (this.#buckets.get(key)?.fullAt ?? now) - now);
    const wantedMs = Math.min(amount * this.#msEach, this.#msAll);
    const waitMs = emptyMs + wantedMs - this.#msAll;
    return waitMs > ROUNDING_MS ? waitMs : 0;
  }

  /** Takes `amount`, even if the bucket has less. */
  take(key: Key, now: Instant, amount = 1): void {
    const buckets = this.#buckets;
    const bucket = buckets.touch(key);
    const filledMs = amount * this.#msEach;
    if (bucket === undefined) buckets.add(key, { fullAt: now + filledMs });
    else bucket.fullAt = Math.max(now, bucket.fullAt) + filledMs;
    while (buckets.size > this.most || (buckets.first?.fullAt ?? now) < now) buckets.deleteFirst();
  }
}
