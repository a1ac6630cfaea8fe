import type { Instant } from '../ids.js';

/** The earlier of two deadlines, either of which may not be set. */
export function earliest(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
