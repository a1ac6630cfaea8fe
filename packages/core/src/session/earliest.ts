import type { Instant } from '../ids.js';

/** The earlier of two deadlines; each may be undefined. */
export function earliest(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
