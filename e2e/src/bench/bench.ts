/** The interface of a benchmark. */
import type { Figures } from './figures.js';

export interface BenchRun {
  readonly repetitions: number;
  readonly figures: Figures;
  /** Prints progress for the person who waits. */
  say(text: string): void;
}

export interface Bench {
  /** What it measures, in a line. */
  readonly title: string;
  /** What its figures are compared with, in a line. */
  readonly limit: string;
  run(run: BenchRun): Promise<void>;
}

type Runs = Readonly<Record<string, () => Promise<unknown>>>;
type Results<All extends Runs> = { readonly [Name in keyof All]: Awaited<ReturnType<All[Name]>> };

/**
 * Runs ours and the limits one after another. The first one changes, so that no run always follows the same
 * other run.
 */
export async function* rounds<All extends Runs>(
  repetitions: number,
  runs: All,
): AsyncGenerator<Results<All>> {
  const names = Object.keys(runs);
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    const first = repetition % names.length;
    const results: Record<string, unknown> = {};
    for (const name of [...names.slice(first), ...names.slice(0, first)])
      results[name] = await runs[name]?.();
    yield results as Results<All>;
  }
}
