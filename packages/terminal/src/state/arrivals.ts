/** Handles news from the network: posts, pages of older ones, people, and the outcomes of sent posts. */
import type { Post, PostPage, PresenceLists } from '@dualping/client';
import { type Effect, just, type Step } from './events.js';
import { itemsOf, postItem, showsOutbox } from './items.js';
import { problem, said } from './notices.js';
import { isAtBeginning, isAtEnd, isNearBeginning } from './reading.js';
import { sidebarEntries } from './sidebar-entries.js';
import type { Outgoing, Person, PostItem, State } from './state.js';
import { arrived, divided, isPresent, isUnreadBefore, recounted } from './unread.js';

/** Most posts in memory, about 10 MB; older ones are loaded again when the person reads back. */
const MAX_POSTS = 20_000;
/** Most posts while the person reads far back, so that the posts on the screen stay loaded. */
const MAX_POSTS_READ_BACK = 3 * MAX_POSTS;
/** Posts that are dropped at one time, so that it is not done with every post. */
const TRIMMED = 1_000;
/** How long the sign of an acknowledged post stays, ms. */
const FRESH_MS = 5_000;
const PAGE_POSTS = 100;
/** Most pages that are loaded in a row to find posts of a timeline with few posts. */
const MOST_PAGES = 10;

/** Whether the post is not known yet: another message may bring it a second time. */
function isNews(state: State, post: Post): boolean {
  return post.position > (state.posts.at(-1)?.key ?? 0);
}

function trimmed(state: State): State {
  const { posts } = state;
  const most = isAtEnd(state) && state.seeking === undefined ? MAX_POSTS : MAX_POSTS_READ_BACK;
  if (posts.length <= most + TRIMMED) return state;
  return { ...state, posts: posts.slice(posts.length - most), reachedOldest: false };
}

/**
 * Removes own posts that have arrived on the timeline from the outgoing ones, even before their
 * acknowledgement.
 */
function withoutDelivered(
  outbox: readonly Outgoing[],
  items: readonly PostItem[],
  me: string,
): readonly Outgoing[] {
  if (outbox.length === 0) return outbox;
  let left = outbox;
  for (const { key, post } of items) {
    if (post.author !== me) continue;
    const at = left.findIndex(({ status, text }) =>
      status.kind === 'sent' ? status.position === key : status.kind === 'sending' && text === post.text,
    );
    if (at >= 0) left = left.filter((_, index) => index !== at);
  }
  return left;
}

export function postsCame(state: State, posts: readonly Post[]): Step {
  const items = posts.filter((post) => isNews(state, post)).map((post) => postItem(state.me, post));
  if (items.length === 0) return just(state);
  const { settings, startedWallMs, story, me, outbox } = state;
  const isPast = !state.isFirstVisit && items.some(({ post }) => post.timeMs < startedWallMs);
  const next = trimmed({
    ...state,
    posts: [...state.posts, ...items],
    outbox: withoutDelivered(outbox, items, me),
    story: { ...story, received: story.received + items.length },
  });
  const alerts = items.some(
    ({ mentionsMe, post }) =>
      mentionsMe &&
      post.timeMs >= startedWallMs &&
      !state.muted.has(post.author) &&
      !state.ignored.has(post.author),
  );
  const effects: Effect[] = alerts && settings.bell && !isPresent(state) ? [{ kind: 'ring' }] : [];
  const then = arrived(state, next, items.length, isPast);
  // After a long absence there may be more unread posts than the timeline begins with.
  const { state: last, effects: asked } = isPast && isUnreadBefore(then) ? loadingOlder(then) : just(then);
  return just(last, ...effects, ...asked);
}

/** Asks for older posts, unless there are none or a page is loading already. */
export function loadingOlder(state: State, pages = MOST_PAGES): Step {
  const before = state.posts[0]?.key;
  if (state.loadingOlder || state.reachedOldest || before === undefined) return just(state);
  if (state.posts.length > MAX_POSTS_READ_BACK)
    return just(
      problem(state, `${state.posts.length} posts are loaded: that is as far back as this client reads`),
    );
  return just(
    { ...state, loadingOlder: true, pagesLeft: pages - 1 },
    { kind: 'older', before, limit: PAGE_POSTS },
  );
}

/** Loads older posts when the person is near the beginning of the loaded ones. */
export const backwards = (state: State): Step => (isNearBeginning(state) ? loadingOlder(state) : just(state));

/**
 * Loads older posts when the beginning of a timeline is on the screen, so that the person need not ask for
 * them.
 */
export const filled = (state: State): Step => (isAtBeginning(state) ? loadingOlder(state) : just(state));

export function pageCame(state: State, { posts, oldest }: PostPage): Step {
  const first = state.posts[0]?.key ?? Number.POSITIVE_INFINITY;
  const items = posts.filter(({ position }) => position < first).map((post) => postItem(state.me, post));
  const shownBefore = itemsOf(state, state.timeline).length;
  const next = withOlder({
    ...state,
    posts: [...items, ...state.posts],
    loadingOlder: false,
    reachedOldest: oldest,
    story: { ...state.story, received: state.story.received + items.length },
  });
  if (next.pagesLeft > 0 && isUnreadBefore(next)) return loadingOlder(next, next.pagesLeft);
  // A page may have no post of this timeline: then the next page is loaded, while the reader waits at the
  // beginning.
  const found = itemsOf(next, next.timeline).length > shownBefore;
  if (found || next.pagesLeft === 0 || !isAtBeginning(next)) return just({ ...next, pagesLeft: 0 });
  return loadingOlder(next, next.pagesLeft);
}

/** Some of the loaded posts may be unread. */
function withOlder(state: State): State {
  const counted = recounted(state);
  return counted.unread.get(state.timeline) === state.unread.get(state.timeline) ? counted : divided(counted);
}

export const pageFailed = (state: State, detail: string): Step =>
  just(
    problem({ ...state, loadingOlder: false, pagesLeft: 0, seeking: undefined }, `older posts: ${detail}`),
  );

export function peopleCame(state: State, { users, followers, following }: PresenceLists): Step {
  const followed = new Set(following.map(({ user }) => user));
  const follows = new Set(followers.map(({ user }) => user));
  const people = users
    .filter(({ user }) => user !== state.me)
    .map(
      ({ user, present }): Person => ({
        name: user,
        present,
        followed: followed.has(user),
        followsMe: follows.has(user),
      }),
    );
  if (isSame(people, state.people)) return just(state);
  const at = sidebarEntries(state)[state.sidebarAt];
  const { state: next, effects: alerts } = newFollowersTold({ ...state, people });
  const entries = sidebarEntries(next);
  const still = entries.findIndex(
    (entry) =>
      entry === at || (at?.kind !== 'timeline' && entry.kind !== 'timeline' && entry.name === at?.name),
  );
  const sidebarAt = still >= 0 ? still : Math.min(state.sidebarAt, entries.length - 1);
  return just({ ...next, sidebarAt }, ...alerts);
}

/** Without an earlier list of followers no follower counts as new. */
function newFollowersTold(state: State): Step {
  const { people = [], followers, newFollowers, ignored, settings } = state;
  const now = people.filter(({ followsMe }) => followsMe).map(({ name }) => name);
  if (followers !== undefined && now.length === followers.size && now.every((name) => followers.has(name)))
    return just(state);
  const known = { ...state, followers: new Set(now) };
  const fresh =
    followers === undefined ? [] : now.filter((name) => !followers.has(name) && !ignored.has(name));
  if (fresh.length === 0) return just(known);
  const seesThem = state.timeline === 'mentions' && isPresent(state);
  const next = recounted({
    ...said(known, fresh.length === 1 ? `${fresh[0]} follows you` : `${fresh.length} more follow you`),
    newFollowers: seesThem
      ? { ...newFollowers, shown: [...newFollowers.shown, ...fresh] }
      : { ...newFollowers, unseen: [...newFollowers.unseen, ...fresh] },
  });
  return settings.bell && !isPresent(state) ? just(next, { kind: 'ring' }) : just(next);
}

const isSame = (one: readonly Person[], other: readonly Person[] | undefined): boolean =>
  other !== undefined &&
  one.length === other.length &&
  one.every((person, at) => {
    const before = other[at];
    return (
      before?.name === person.name &&
      before.present === person.present &&
      before.followed === person.followed &&
      before.followsMe === person.followsMe
    );
  });

const withStatus = (state: State, id: number, status: Outgoing['status']): State => ({
  ...state,
  outbox: state.outbox.map((outgoing) => (outgoing.id === id ? { ...outgoing, status } : outgoing)),
});

export function posted(state: State, id: number, position: number): Step {
  const { clock, story, fresh } = state;
  const told = showsOutbox(state, state.timeline) ? state : said(state, '✓ posted: it is in Home');
  const next: State = {
    ...told,
    story: { ...story, acknowledged: story.acknowledged + 1 },
    fresh: new Map(fresh).set(position, clock.monoMs + FRESH_MS),
  };
  if ((state.posts.at(-1)?.key ?? 0) >= position)
    return just({ ...next, outbox: next.outbox.filter((outgoing) => outgoing.id !== id) });
  return just(withStatus(next, id, { kind: 'sent', position }));
}

export function postFailed(state: State, id: number, reason: string, detail: string): Step {
  const unknown = reason === 'may-have-happened';
  const next = withStatus(state, id, { kind: 'failed', reason, detail, unknown });
  return just(problem(next, unknown ? `it may have been posted: ${detail}` : `not posted: ${detail}`));
}
