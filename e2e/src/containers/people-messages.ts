/** The messages between the test and the people in their container: one line of JSON each. */
import type { NetworkStatus } from '@dualping/client';

export interface Questions {
  /** They log in, follow one another, and begin to post. */
  start: {
    readonly ask: { readonly users: readonly string[]; readonly routers: readonly string[] };
    readonly answer: null;
  };
  /** How many posts they have. */
  progress: { readonly ask: Record<never, never>; readonly answer: Progress };
  /**
   * Time without any answer when `epoch` ended: from its last acknowledgement to the first one of a later
   * epoch. Null while there is none yet.
   */
  gapAfter: { readonly ask: { readonly epoch: number }; readonly answer: number | null };
  /** The longest time without an answer since this many posts were acknowledged, ms. */
  longestGap: { readonly ask: { readonly since: number }; readonly answer: number };
  /** They stop posting, and wait for all answers. */
  stop: { readonly ask: Record<never, never>; readonly answer: null };
  /** What was acknowledged, and whether each person saw all of it once and in order. */
  verdict: { readonly ask: Record<never, never>; readonly answer: Verdict };
  /** The router's status, asked from their container. */
  status: { readonly ask: { readonly routers: readonly string[] }; readonly answer: NetworkStatus };
}

export type Question = keyof Questions;

export interface Progress {
  readonly acknowledged: number;
  readonly failures: readonly string[];
}

export interface Verdict {
  /** Text and journal position of every acknowledged post. */
  readonly acknowledged: readonly { readonly text: string; readonly position: number }[];
  /** The violations, in words; empty if there are none. */
  readonly wrong: readonly string[];
}

export interface Asked {
  readonly id: number;
  readonly question: Question;
  readonly ask: unknown;
}

export type Answered =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string };
