/** What a benchmark is. */
import type { Figures } from './figures.js';

export interface BenchRun {
  readonly repetitions: number;
  readonly figures: Figures;
  /** A word to the person who waits. */
  say(text: string): void;
}

export interface Bench {
  /** What it measures, in a line. */
  readonly title: string;
  /** What its figures are compared with, in a line. */
  readonly limit: string;
  run(run: BenchRun): Promise<void>;
}

/** Ours and the limit in turn. Which of them goes first alternates, so that neither always follows the other's mess. */
export async function* pairs<Ours, Limit>(
  repetitions: number,
  ours: () => Promise<Ours>,
  limit: () => Promise<Limit>,
): AsyncGenerator<{ readonly ours: Ours; readonly limit: Limit }> {
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    if (repetition % 2 === 0) {
      const first = await ours();
      yield { ours: first, limit: await limit() };
    } else {
      const first = await limit();
      yield { ours: await ours(), limit: first };
    }
  }
}
