/** Short notices, in the place of the keys. */
import type { ClusterViewState, Notice } from './state.js';

const SAID_FOR_MS = 3_000;
const PROBLEM_FOR_MS = 6_000;

const withNotice = (
  state: ClusterViewState,
  kind: Notice['kind'],
  text: string,
  forMs: number,
): ClusterViewState => ({
  ...state,
  notice: { kind, text, untilMs: state.clock.monoMs + forMs },
});

export const said = (state: ClusterViewState, text: string): ClusterViewState =>
  withNotice(state, 'said', text, SAID_FOR_MS);

export const problem = (state: ClusterViewState, text: string): ClusterViewState =>
  withNotice(state, 'problem', text, PROBLEM_FOR_MS);
