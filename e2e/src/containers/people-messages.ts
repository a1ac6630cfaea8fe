/** What the test and the people in their container say to one another: a line of JSON each. */
import type { NetworkStatus } from '@dualping/client';

export interface Questions {
  /** They log in, follow one another, and begin to post. */
  start: {
    readonly ask: { readonly users: readonly string[]; readonly routers: readonly string[] };
    readonly answer: null;
  };
  /** How far they are. */
  progress: { readonly ask: Record<never, never>; readonly answer: Progress };
  /**
   * How long nobody had an answer when `epoch` ended: from the last of it to the first of a later one. Null
   * while there is none yet.
   */
  gapAfter: { readonly ask: { readonly epoch: number }; readonly answer: number | null };
  /** The longest time without an answer since so many posts were acknowledged, ms. */
  longestGap: { readonly ask: { readonly since: number }; readonly answer: number };
  /** They finish their sentences. */
  stop: { readonly ask: Record<never, never>; readonly answer: null };
  /** What they were told, and whether everybody saw all of it once and in order. */
  verdict: { readonly ask: Record<never, never>; readonly answer: Verdict };
  /** What the router says, seen from where they are. */
  status: { readonly ask: { readonly routers: readonly string[] }; readonly answer: NetworkStatus };
}

export type Question = keyof Questions;

export interface Progress {
  readonly acknowledged: number;
  readonly failures: readonly string[];
}

export interface Verdict {
  /** Author's text and its position in the journal, of everything that was acknowledged. */
  readonly acknowledged: readonly { readonly text: string; readonly position: number }[];
  /** What is wrong, in words; empty when nothing is. */
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
