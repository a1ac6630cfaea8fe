/**
 * The interface between a machine and its driver.
 *
 * A driver feeds inputs one after another, and performs the outputs of each in order. At `nextDeadline` the
 * driver steps the machine with `tick`, unless an input came first and moved the deadline.
 */
import type { Instant } from './ids.js';

/** Nothing but the time. */
export interface Tick {
  readonly kind: 'tick';
}

export interface Machine<Input extends { readonly kind: string }, Output> {
  /** @param now never earlier than at the step before */
  step(now: Instant, input: Input | Tick): readonly Output[];
  /** When it must be stepped with `tick` at the latest; undefined: not before the next input. */
  nextDeadline(): Instant | undefined;
}
