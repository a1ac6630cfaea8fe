/**
 * What a benchmark finds out: each figure of ours beside the bare limit that was measured in the same moment.
 *
 * On a shared machine a rate says little by itself. Ours and the limit are measured in turn, and each
 * repetition gives a pair; the *share* of a pair is how much of the limit was reached: ours / limit where
 * more is better, limit / ours where less is. So one number means the same for rates and times, 1 is the
 * limit, and noise that lasts longer than a repetition falls out of it.
 */
import { percentile } from '../statistics.js';

/** What is measured: in which unit, and which way is better. */
export interface Quantity {
  readonly unit: string;
  readonly better: 'more' | 'less';
  /** False: shown, and without a floor. */
  readonly guarded?: boolean;
}

export const MILLISECONDS: Quantity = { unit: 'ms', better: 'less' };
/** Of the slowest, or of what others do to them: on a shared machine that is mostly the noise. */
export const TAIL_MILLISECONDS: Quantity = { ...MILLISECONDS, guarded: false };
export const CPU_MICROSECONDS: Quantity = { unit: 'µs CPU', better: 'less' };

/** Of all repetitions. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export interface Measurement {
  /** Unique within its benchmark, and lasting: the recorded floors go by it. */
  readonly name: string;
  readonly unit: string;
  readonly better: 'more' | 'less';
  readonly guarded?: boolean;
  readonly ours: Spread;
  /** Absent where there is nothing bare to compare with. */
  readonly limit: Spread | undefined;
  /** Of each repetition's pair. */
  readonly share: Spread | undefined;
}

interface Repetition {
  readonly ours: number;
  readonly limit: number | undefined;
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: percentile(values, 0.5), least: Math.min(...values), most: Math.max(...values) };
}

/** How much of the limit was reached. */
export function shareOf({ better }: Pick<Quantity, 'better'>, ours: number, limit: number): number {
  return better === 'more' ? ours / limit : limit / ours;
}

/** Gathers repetitions by the name of what they measure. */
export class Figures {
  readonly #rows = new Map<string, { readonly quantity: Quantity; readonly repetitions: Repetition[] }>();

  /** One repetition. */
  add(name: string, quantity: Quantity, ours: number, limit?: number): void {
    const row = this.#rows.get(name) ?? { quantity, repetitions: [] };
    this.#rows.set(name, row);
    row.repetitions.push({ ours, limit });
  }

  /** In the order in which they were first added. */
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
