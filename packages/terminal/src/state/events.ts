/** The events of the state, and its effects. */
import type { Move, Post, PostPage, PostReference, PresenceLists, SessionState } from '@dualping/client';
import type { Token } from '../input/token.js';
import type { Size } from './geometry.js';
import type { Kept } from './initial.js';
import type { Settings, State, TimelineId } from './state.js';

export type Event =
  | { readonly kind: 'session'; readonly session: SessionState }
  | { readonly kind: 'moved'; readonly move: Move }
  /** From the timeline, ascending. */
  | { readonly kind: 'posts'; readonly posts: readonly Post[] }
  /** Answers an `older` effect. */
  | { readonly kind: 'page'; readonly page: PostPage }
  | { readonly kind: 'page-failed'; readonly detail: string }
  /** Answers an `answered` effect; `post` undefined: the cluster does not have it. */
  | { readonly kind: 'answered'; readonly of: number; readonly post: Post | undefined }
  | { readonly kind: 'answered-failed'; readonly of: number; readonly detail: string }
  | { readonly kind: 'people'; readonly lists: PresenceLists }
  /** Answers a `post` effect. */
  | { readonly kind: 'posted'; readonly id: number; readonly position: number }
  | {
      readonly kind: 'post-failed';
      readonly id: number;
      readonly reason: string;
      readonly detail: string;
    }
  /** The outcome of another effect, as a notice. */
  | { readonly kind: 'said'; readonly text: string }
  | { readonly kind: 'problem'; readonly text: string }
  /**
   * The saved data of this network, once its id is known; `another`: it is not the network that was guessed.
   */
  | { readonly kind: 'remembered'; readonly kept: Kept; readonly another: boolean }
  /** Answers an `edit` effect. */
  | { readonly kind: 'edited'; readonly timeline: TimelineId; readonly text: string }
  | { readonly kind: 'token'; readonly token: Token }
  | { readonly kind: 'resized'; readonly size: Size }
  /** Time has passed. */
  | { readonly kind: 'clock' };

export type Effect =
  | {
      readonly kind: 'post';
      readonly id: number;
      readonly text: string;
      readonly answers?: PostReference;
    }
  | { readonly kind: 'follow'; readonly name: string }
  | { readonly kind: 'unfollow'; readonly name: string }
  | { readonly kind: 'list' }
  | { readonly kind: 'older'; readonly before: number; readonly limit: number }
  /** Asks for the post that the post at `of` answers. */
  | { readonly kind: 'answered'; readonly of: number }
  | { readonly kind: 'retry-now' }
  | { readonly kind: 'settings'; readonly settings: Settings }
  /** The terminal has another background: changes the theme of this screen, and is not saved. */
  | { readonly kind: 'theme'; readonly theme: Settings['theme'] }
  /** For a while only, not saved. */
  | { readonly kind: 'mouse'; readonly on: boolean }
  | { readonly kind: 'open'; readonly url: string }
  | { readonly kind: 'copy'; readonly text: string }
  /** Opens the draft in the person's own editor. */
  | { readonly kind: 'edit'; readonly timeline: TimelineId; readonly text: string }
  | { readonly kind: 'ring' }
  | { readonly kind: 'redraw' }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'quit' };

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

export const just = (state: State, ...effects: readonly Effect[]): Step => ({ state, effects });

/** Does one step after another, and joins their effects. */
export function then({ state, effects }: Step, next: (state: State) => Step): Step {
  const step = next(state);
  return { state: step.state, effects: [...effects, ...step.effects] };
}
