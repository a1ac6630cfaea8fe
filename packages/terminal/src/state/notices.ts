/** Short notices in the footer. */
import type { State } from './state.js';

/** How long a notice is shown, ms: long enough to read a line. */
const NOTICE_MS = 5_000;

const noticing =
  (kind: 'said' | 'problem') =>
  (state: State, text: string): State => ({
    ...state,
    notice: { kind, text, untilMs: state.clock.monoMs + NOTICE_MS },
  });

export const said = noticing('said');
export const problem = noticing('problem');
