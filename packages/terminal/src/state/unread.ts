/**
 * Decides what counts as read: posts up to the last one that was on the screen, in a window with the focus,
 * while the person was present. So posts that arrive unseen, also before a restart or during a failover, stay
 * unread.
 */
import { indexOfKey, itemsOf, strangersIn } from './items.js';
import { isAtEnd, lastSeen, NEWEST, placeOf } from './reading.js';
import type { Place, PostItem, State, TimelineId } from './state.js';

/**
 * Posts that were read in Home count as read everywhere. Mentions by people whom I don't follow are not in
 * Home, and are read only in Mentions.
 */
export const readUpTo = ({ places }: Pick<State, 'places'>, timeline: TimelineId): number =>
  Math.max(places.get('home')?.readUpTo ?? 0, places.get(timeline)?.readUpTo ?? 0);

/** How far Mentions itself was read. */
const mentionsReadUpTo = ({ places }: Pick<State, 'places'>): number => places.get('mentions')?.readUpTo ?? 0;

const isUnread = (state: State, { key, post }: PostItem, timeline: TimelineId): boolean =>
  key > (post.unfollowed === true ? mentionsReadUpTo(state) : readUpTo(state, timeline));

/** Adds the last of `posts`, from `from` on, to the counts. */
function counted(state: State, counts: Map<TimelineId, number>, from: number): State {
  const { posts, places, me, muted, ignored } = state;
  const home = places.get('home')?.readUpTo ?? 0;
  const count = (item: PostItem, timeline: TimelineId): void => {
    if (isUnread(state, item, timeline)) counts.set(timeline, (counts.get(timeline) ?? 0) + 1);
  };
  for (let at = posts.length - 1; at >= from; at -= 1) {
    const item = posts[at];
    if (item === undefined || item.key <= home) break;
    const { author, unfollowed } = item.post;
    if (unfollowed === true || author === me || muted.has(author) || ignored.has(author)) continue;
    count(item, 'home');
    count(item, `@${item.post.author}`);
    if (item.mentionsMe) count(item, 'mentions');
  }
  const since = posts[from]?.key ?? 0;
  for (const item of strangersIn(posts))
    if (item.key >= since && isNews(state, item)) count(item, 'mentions');
  return { ...state, unread: counts };
}

/** On a first visit earlier posts are not new. */
const isNews = ({ muted, ignored, isFirstVisit, startedWallMs }: State, { post }: PostItem): boolean =>
  !muted.has(post.author) && !ignored.has(post.author) && !(isFirstVisit && post.timeMs < startedWallMs);

export const recounted = (state: State): State => counted(state, unseenFollowers(state), 0);

/** New followers count as unread in Mentions until that is opened. */
const unseenFollowers = ({ newFollowers: { unseen } }: State): Map<TimelineId, number> =>
  new Map(unseen.length === 0 ? [] : [['mentions', unseen.length]]);

/** Marks the open timeline as read. Posts read in Home are read everywhere. */
function allRead(state: State): State {
  const readUpTo = state.posts.at(-1)?.key ?? 0;
  const next = withPlace(state, { ...placeOf(state), readUpTo });
  // When all of Home is read, only posts that are only in Mentions are left.
  if (state.timeline === 'home') return recounted(next);
  const unread = new Map(state.unread);
  unread.delete(state.timeline);
  return { ...next, unread };
}

export const unreadOf = ({ unread }: State, timeline: TimelineId): number => unread.get(timeline) ?? 0;

/** Whether there may be unread posts before those that are loaded. On a first visit there are none. */
export function isUnreadBefore(state: State): boolean {
  const first = state.posts[0]?.key ?? 0;
  const read = readUpTo(state, 'home');
  return read > 0 && first > read + 1 && !state.reachedOldest;
}

export function withPlace(state: State, place: Place): State {
  if (place === state.places.get(state.timeline)) return state;
  return { ...state, places: new Map(state.places).set(state.timeline, place) };
}

/**
 * If the terminal does not report the focus, a person who has pressed no key for this long counts as away,
 * ms: long enough to read a screen of posts.
 */
export const IDLE_AFTER_MS = 30_000;

/** Whether the person is at this window. */
export const isPresent = ({ windowFocused, lastInputMs, clock }: State): boolean =>
  windowFocused ?? clock.monoMs - lastInputMs < IDLE_AFTER_MS;

/** Whether the person is looking at the timeline. */
export const isWatched = (state: State): boolean => isPresent(state) && state.overlay === undefined;

/** Marks the posts on the screen as read. */
export function seen(state: State): State {
  if (!isWatched(state) || unreadOf(state, state.timeline) === 0) return state;
  const last = lastSeen(state);
  const place = placeOf(state);
  const before = state.timeline === 'mentions' ? mentionsReadUpTo(state) : readUpTo(state, state.timeline);
  if (last <= before) return state;
  return recounted(withPlace(state, { ...place, readUpTo: last }));
}

/** Puts the divider above the first unread post; without unread posts it stays. */
export function divided(state: State): State {
  if (unreadOf(state, state.timeline) === 0) return state;
  const first = itemsOf(state, state.timeline).find(
    (item) => item.kind === 'post' && isUnread(state, item, state.timeline) && item.post.author !== state.me,
  );
  const after = first === undefined ? readUpTo(state, state.timeline) : first.key - 1;
  const sinceWallMs = first?.kind === 'post' ? first.post.timeMs : state.clock.wallMs;
  return withPlace(state, { ...placeOf(state), divider: { after, sinceWallMs } });
}

/** Removes the divider: the reader has gone on. */
export function undivided(state: State): State {
  const place = state.places.get(state.timeline);
  return place?.divider === undefined ? state : withPlace(state, { ...place, divider: undefined });
}

/**
 * The last `count` posts are new. Only these are counted: a client that is left alone for a day has tens of
 * thousands of unread posts, and they come one by one.
 */
export function arrived(before: State, after: State, count: number, isPast: boolean): State {
  const wasRead = unreadOf(before, before.timeline) === 0;
  const more = counted(after, new Map(before.unread), Math.max(0, after.posts.length - count));
  if (wasRead && isAtEnd(after) && isWatched(after) && !isPast) {
    return allRead(more);
  }
  return wasRead ? divided(more) : more;
}

/** Key of the first unread post of a timeline; undefined: everything is read. */
export function firstUnread(state: State): number | undefined {
  const items = itemsOf(state, state.timeline);
  const place = state.places.get(state.timeline) ?? NEWEST;
  const hasUnread = unreadOf(state, state.timeline) > 0;
  const after = place.divider?.after ?? Infinity;
  const at = items.findIndex(
    (item) =>
      item.kind === 'post' &&
      item.post.author !== state.me &&
      (hasUnread ? isUnread(state, item, state.timeline) : item.key > after),
  );
  const key = items[at]?.key;
  return key === undefined || indexOfKey(items, key) < 0 ? undefined : key;
}
