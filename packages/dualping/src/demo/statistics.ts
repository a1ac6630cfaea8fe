/** Figures of a run. */

/** The value below which the share `p` of the values lies, by nearest rank; undefined without values. */
export function percentile(values: readonly number[], p: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))];
}

export const median = (values: readonly number[]): number | undefined => percentile(values, 0.5);
