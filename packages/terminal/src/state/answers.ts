/** Posts that answer others: how to write one, and how to go from one to the post that it answers. */
import { type Answers, beginOf, type Post, referenceTo } from '@dualping/client';
import { composing, withAnswer } from './composing.js';
import { just, type Step } from './events.js';
import { indexOfKey, itemsOf, postItem } from './items.js';
import { placeOf, selecting } from './reading.js';
import type { Item, PostItem, State } from './state.js';
import { withPlace } from './unread.js';

function selected(state: State): Item | undefined {
  const key = placeOf(state).selected;
  if (key === undefined || state.focus === 'sidebar') return undefined;
  const items = itemsOf(state, state.timeline);
  return items[indexOfKey(items, key)];
}

/**
 * Opens the composer, for an answer if a post is selected. @param name as in `composing`
 */
export function answering(state: State, name: string | undefined): State {
  const item = selected(state);
  const next = composing(state, name);
  if (item?.kind !== 'post') return next;
  const { post } = item;
  return withAnswer(next, { ...referenceTo(post), begin: beginOf(post.text) });
}

/** Finds the post among the loaded ones. */
function loaded({ posts }: State, { home, position, author }: Answers): PostItem | undefined {
  const item =
    home === undefined
      ? posts[indexOfKey(posts, position)]
      : posts.find(({ post: { origin } }) => origin?.cluster === home && origin.position === position);
  return item?.kind === 'post' && item.post.author === author ? item : undefined;
}

/**
 * Goes to the post that the selected one answers; if the timeline does not have it, shows it over the posts.
 * Undefined: it answers none.
 */
export const answeredShown = (state: State): Step | undefined => answeredOf(state, selected(state));

/** The post that is shown over the posts, if it is an answer itself. */
export const answerOverPosts = ({ overlay }: State): PostItem | undefined =>
  overlay?.kind === 'answered' &&
  typeof overlay.found === 'object' &&
  'post' in overlay.found &&
  overlay.found.post.answers !== undefined
    ? overlay.found
    : undefined;

/**
 * The same for the post that is shown over the posts, so that a reader can go back to the begin of a
 * conversation.
 */
export const answeredFurther = (state: State): Step | undefined =>
  answeredOf({ ...state, overlay: undefined }, answerOverPosts(state));

function answeredOf(state: State, item: Item | undefined): Step | undefined {
  const answers = item?.kind === 'post' ? item.post.answers : item?.outgoing.answers;
  if (item === undefined || answers === undefined) return undefined;
  const found = loaded(state, answers);
  if (found !== undefined && indexOfKey(itemsOf(state, state.timeline), found.key) >= 0)
    return just(withPlace(state, selecting(state, found.key)));
  const over = { kind: 'answered', scroll: 0, of: item.key, answers } as const;
  if (found !== undefined) return just({ ...state, overlay: { ...over, found } });
  // An unsent post can't be asked about.
  if (item.kind === 'outgoing') return just({ ...state, overlay: { ...over, found: 'unknown' } });
  return just({ ...state, overlay: { ...over, found: 'asking' } }, { kind: 'answered', of: item.key });
}

/** Ignored if the person has closed the overlay. */
const withFound = (
  state: State,
  of: number,
  found: PostItem | 'unknown' | { readonly problem: string },
): State =>
  state.overlay?.kind === 'answered' && state.overlay.of === of
    ? { ...state, overlay: { ...state.overlay, found } }
    : state;

export const answeredCame = (state: State, of: number, post: Post | undefined): State =>
  withFound(state, of, post === undefined ? 'unknown' : postItem(state.me, post));

export const answeredFailed = (state: State, of: number, problem: string): State =>
  withFound(state, of, { problem });
