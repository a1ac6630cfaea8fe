/** Selects the posts of a timeline from all known ones. */
import type { Post } from '@dualping/client';
import type { Item, Outgoing, OutgoingItem, PostItem, State, TimelineId } from './state.js';

const NAME_CHARACTER = /[A-Za-z0-9_-]/;

/** Whether a text has `@ann` as a word, not as a part of `@anna` or `joann@ann`. */
export function mentions(text: string, name: string): boolean {
  const mention = `@${name}`;
  for (let at = text.indexOf(mention); at >= 0; at = text.indexOf(mention, at + 1)) {
    const before = text[at - 1] ?? ' ';
    const after = text[at + mention.length] ?? ' ';
    if (!NAME_CHARACTER.test(before) && !NAME_CHARACTER.test(after)) return true;
  }
  return false;
}

export const postItem = (me: string, post: Post): PostItem => ({
  kind: 'post',
  key: post.position,
  post,
  mentionsMe:
    post.author !== me &&
    (post.unfollowed === true || mentions(post.text, me) || post.answers?.author === me),
});

/** The same outgoing post is always the same item object, so that cached layouts of it stay valid. */
const outgoingItems = new WeakMap<Outgoing, OutgoingItem>();

function outgoingItem(outgoing: Outgoing): OutgoingItem {
  let item = outgoingItems.get(outgoing);
  if (item === undefined) {
    item = { kind: 'outgoing', key: -outgoing.id, outgoing };
    outgoingItems.set(outgoing, item);
  }
  return item;
}

/** Whether a post belongs to a timeline. */
export function belongs({ post, mentionsMe }: PostItem, timeline: TimelineId): boolean {
  if (timeline === 'home') return post.unfollowed !== true;
  return timeline === 'mentions' ? mentionsMe : post.author === timeline.slice(1);
}

interface Selected {
  readonly ignored: ReadonlySet<string>;
  readonly outbox: readonly Outgoing[];
  readonly timeline: TimelineId;
  readonly items: readonly Item[];
}

/** The last selection of each list of posts: a timeline is needed several times a frame. */
const selections = new WeakMap<readonly PostItem[], Selected>();

/** Whether own unsent posts are shown in a timeline. */
export const showsOutbox = ({ me }: State, timeline: TimelineId): boolean =>
  timeline === 'home' || timeline === `@${me}`;

/** The items of a timeline, ascending by position; unsent posts come last. */
export function itemsOf(state: State, timeline: TimelineId): readonly Item[] {
  const { posts, outbox, ignored } = state;
  const known = selections.get(posts);
  if (known?.outbox === outbox && known.timeline === timeline && known.ignored === ignored)
    return known.items;
  const chosen = chosenOf(posts, timeline, ignored);
  const mine = showsOutbox(state, timeline) ? outbox.map(outgoingItem) : [];
  const items = mine.length === 0 ? chosen : [...chosen, ...mine];
  selections.set(posts, { outbox, timeline, items, ignored });
  return items;
}

/** Cached posts by people whom I don't follow, for each list of posts. */
const strangers = new WeakMap<readonly PostItem[], readonly PostItem[]>();

/** Posts that are only in Mentions: they name me, and I don't follow their author. */
export function strangersIn(posts: readonly PostItem[]): readonly PostItem[] {
  let found = strangers.get(posts);
  if (found === undefined) {
    found = posts.filter(({ post }) => post.unfollowed === true);
    strangers.set(posts, found);
  }
  return found;
}

/** Posts of an ignored person are only in that person's timeline. */
function chosenOf(
  posts: readonly PostItem[],
  timeline: TimelineId,
  ignored: ReadonlySet<string>,
): readonly PostItem[] {
  if (timeline === 'home' && ignored.size === 0 && strangersIn(posts).length === 0) return posts;
  const isShown = ({ post }: PostItem): boolean => timeline.startsWith('@') || !ignored.has(post.author);
  return posts.filter((item) => belongs(item, timeline) && isShown(item));
}

/** Index of the item with a key; -1: there is none. */
export function indexOfKey(items: readonly Item[], key: number): number {
  if (key < 0) return items.findLastIndex((item) => item.key === key);
  let low = 0;
  let high = items.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = items[middle]?.key ?? -1;
    if (found === key) return middle;
    if (found >= 0 && found < key) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
