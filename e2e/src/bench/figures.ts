/**
 * The results of a benchmark: each figure of ours beside the bare limit that was measured at the same time.
 *
 * On a shared machine a rate means little by itself. Ours and the limit are measured in turn, and each
 * repetition gives a pair. The *share* of a pair is how much of the limit was reached: ours / limit if more
 * is better, limit / ours if less is better. So a share means the same for rates and times, 1 is the limit,
 * and noise that lasts longer than a repetition cancels out.
 */
import { percentile } from '../statistics.js';

/** A measured quantity: its unit, and whether more or less is better. */
export interface Quantity {
  readonly unit: string;
  readonly better: 'more' | 'less';
  /** False: it is shown, but has no floor. */
  readonly guarded?: boolean;
}

export const MILLISECONDS: Quantity = { unit: 'ms', better: 'less' };
/** Times of the slowest: on a shared machine these are mostly noise. */
export const TAIL_MILLISECONDS: Quantity = { ...MILLISECONDS, guarded: false };
export const CPU_MICROSECONDS: Quantity = { unit: 'µs CPU', better: 'less' };

/** The spread over all repetitions. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export interface Measurement {
  /** Unique within its benchmark, and lasting: the recorded floors use it. */
  readonly name: string;
  readonly unit: string;
  readonly better: 'more' | 'less';
  readonly guarded?: boolean;
  readonly ours: Spread;
  /** Absent if there is no bare limit. */
  readonly limit: Spread | undefined;
  /** The shares of the repetitions' pairs. */
  readonly share: Spread | undefined;
}

interface Repetition {
  readonly ours: number;
  readonly limit: number | undefined;
}

function spreadOf(values: readonly number[]): Spread {
  return { median: percentile(values, 0.5), least: Math.min(...values), most: Math.max(...values) };
}

/** How much of the limit was reached. */
function shareOf({ better }: Pick<Quantity, 'better'>, ours: number, limit: number): number {
  return better === 'more' ? ours / limit : limit / ours;
}

/** Collects repetitions by the name of the measurement. */
export class Figures {
  readonly #rows = new Map<string, { readonly quantity: Quantity; readonly repetitions: Repetition[] }>();

  /** One repetition. */
  add(name: string, quantity: Quantity, ours: number, limit?: number): void {
    const row = this.#rows.get(name) ?? { quantity, repetitions: [] };
    this.#rows.set(name, row);
    row.repetitions.push({ ours, limit });
  }

  /** The measurements, in the order in which they were first added. */
  measurements(): Measurement[] {
    return [...this.#rows].map(([name, { quantity, repetitions }]) => {
      const pairs = repetitions.flatMap(({ ours, limit }) => (limit === undefined ? [] : [{ ours, limit }]));
      const compared = pairs.length > 0;
      return {
        name,
        ...quantity,
        ours: spreadOf(repetitions.map(({ ours }) => ours)),
        limit: compared ? spreadOf(pairs.map(({ limit }) => limit)) : undefined,
        share: compared
          ? spreadOf(pairs.map(({ ours, limit }) => shareOf(quantity, ours, limit)))
          : undefined,
      };
    });
  }
}
