/** The events of the cluster view, and its effects. */
import type { WatchUpdate } from '@dualping/client';
import type { Token } from '../input/token.js';
import type { Size } from '../state/geometry.js';
import type { ClusterEvent, Counts, ProcessLog, RoutersSeen, Takeover, Victim } from './feed.js';
import type { ClusterViewState, ProcessAction } from './state.js';

export type ClusterViewEvent =
  | { readonly kind: 'update'; readonly update: WatchUpdate }
  | { readonly kind: 'takeover'; readonly takeover: Takeover }
  | { readonly kind: 'events'; readonly events: readonly ClusterEvent[] }
  | { readonly kind: 'counts'; readonly counts: Counts }
  | { readonly kind: 'routers'; readonly routers: RoutersSeen }
  /** Answers a `action` effect. */
  | { readonly kind: 'done'; readonly action: ProcessAction; readonly victim: Victim }
  | { readonly kind: 'not-done'; readonly text: string }
  /** Answers a `log` effect. */
  | {
      readonly kind: 'log';
      readonly victim: Victim;
      readonly log: ProcessLog | { readonly problem: string };
    }
  | { readonly kind: 'token'; readonly token: Token }
  /** The person clicked on it: the next key is about it. */
  | { readonly kind: 'chosen'; readonly victim: Victim }
  | { readonly kind: 'resized'; readonly size: Size }
  /** Time has passed; the process ids as they are now. */
  | { readonly kind: 'clock'; readonly pids: ReadonlyMap<string, number> };

export type ClusterEffect =
  | { readonly kind: 'action'; readonly action: ProcessAction; readonly victim: Victim }
  | { readonly kind: 'automatic'; readonly on: boolean }
  /** Asks for the last lines of its log. */
  | {
      readonly kind: 'log';
      readonly victim: Victim;
      readonly name: string;
      readonly address: string | undefined;
    }
  | { readonly kind: 'redraw' }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'quit' };

export interface ClusterStep {
  readonly state: ClusterViewState;
  readonly effects: readonly ClusterEffect[];
}

export const just = (state: ClusterViewState, ...effects: readonly ClusterEffect[]): ClusterStep => ({
  state,
  effects,
});
