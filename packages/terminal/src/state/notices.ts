/** What is said in the footer for a moment. */
import type { State } from './state.js';

/** Long enough to read a line. */
const NOTICE_MS = 5_000;

const noticing =
  (kind: 'said' | 'problem') =>
  (state: State, text: string): State => ({
    ...state,
    notice: { kind, text, untilMs: state.clock.monoMs + NOTICE_MS },
  });

export const said = noticing('said');
export const problem = noticing('problem');
