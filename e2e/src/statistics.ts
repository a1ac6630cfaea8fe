/** Figures of a run, for people. */

/** The value below which the share `p` of the values lies, by nearest rank. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}

export function summary(name: string, values: readonly number[]): string {
  const shown = (value: number): string => value.toFixed(1);
  return `${name}: n ${values.length}, p50 ${shown(percentile(values, 0.5))} ms, p95 ${shown(percentile(values, 0.95))} ms, max ${shown(Math.max(...values))} ms`;
}
