/**
 * The open timelines: which posts each gets next.
 *
 * A timeline that keeps up gets new posts as they are committed. One that doesn't costs no memory: it is only
 * a position, and is served from the journal when its stream has drained. Both get the same posts in the same
 * order: `live` and `behind` differ only in where the text comes from.
 *
 *     open, with past posts ──► behind ──read out, nothing left──► live ──does not drain, or crowded──► behind
 *
 * Posts that are read from the journal may be sent later than they were requested, because timelines take
 * turns. So a timeline with an unfinished read is never live: new posts would overtake older ones.
 */
import type { Post } from '../entry.js';
import { type Position, type PublicKey, position, type UserName } from '../ids.js';
import { invariant } from '../invariants.js';
import { MAX_LIVE_TIMELINES_OF_USER, MAX_PAGE_POSTS } from '../limits.js';
import type { NewerPosts, Shown, SocialState } from '../social/index.js';
import type { LinkId, ReplicaOutput, TimelineOpenRequest } from './messages.js';

interface Timeline {
  readonly link: LinkId;
  readonly user: UserName;
  /** The key that its reader has shown, if any. */
  readonly by: PublicKey | undefined;
  readonly posts: boolean;
  readonly shown: Shown;
  /** Its user had many timelines open already: new posts are read for it in its turn, not sent at once. */
  readonly crowded: boolean;
  mode: 'live' | 'behind';
  /** Its last read is not sent yet: nothing else is sent before it. */
  isReading: boolean;
  /** Every post up to here was given to it. */
  after: Position;
  /** New posts of this turn, not sent yet. */
  gathered: Post[];
}

export class Timelines {
  readonly #timelines = new Map<LinkId, Timeline>();
  readonly #byUser = new Map<UserName, Set<Timeline>>();
  readonly #gathering = new Set<Timeline>();
  /** Users whose presence may have changed since `takeMoved`. */
  #moved = new Set<UserName>();

  get size(): number {
    return this.#timelines.size;
  }

  /** The users who have a timeline open. */
  get present(): ReadonlySet<UserName> {
    return new Set(this.#byUser.keys());
  }

  isPresent(user: UserName): boolean {
    return this.#byUser.has(user);
  }

  /** Users whose presence may have changed since the last call. */
  takeMoved(): ReadonlySet<UserName> {
    const moved = this.#moved;
    if (moved.size > 0) this.#moved = new Set();
    return moved;
  }

  /** Opens a timeline of a known user and gives the positions to begin with. */
  open(request: TimelineOpenRequest, social: SocialState): readonly ReplicaOutput[] {
    const resumes = request.resumeAfter > 0;
    // A position beyond ours is from before an unclean promotion, which removed those entries.
    const begins = resumes && request.resumeAfter < social.applied ? request.resumeAfter : social.applied;
    const others = this.#byUser.get(request.user);
    const timeline: Timeline = {
      link: request.timeline,
      user: request.user,
      by: request.by,
      posts: request.posts,
      shown: { othersOnly: request.othersOnly ?? false, mentions: request.mentions ?? false },
      crowded: (others?.size ?? 0) >= MAX_LIVE_TIMELINES_OF_USER,
      mode: 'live',
      isReading: false,
      after: begins,
      gathered: [],
    };
    this.#timelines.set(timeline.link, timeline);
    if (others !== undefined) others.add(timeline);
    else {
      this.#byUser.set(timeline.user, new Set([timeline]));
      this.#moved.add(timeline.user);
    }
    if (!timeline.posts) return [];
    if (resumes) return this.#readOn(timeline, social);
    const { user, shown } = timeline;
    const past = social.timelineBefore(user, undefined, request.history, shown);
    return past.positions.length === 0 ? [] : [reads(timeline, past)];
  }

  /** A post was committed: gathers it for all timelines that show it and keep up. */
  posted(post: Post, named: readonly UserName[], social: SocialState): void {
    if (this.#byUser.size === 0) return;
    for (const user of social.audience(post.author))
      this.#gather(user, post, ({ shown }) => shown.othersOnly !== true || user !== post.author);
    if (named.length === 0) return;
    const toStrangers: Post = { ...post, unfollowed: true };
    for (const user of named) this.#gather(user, toStrangers, ({ shown }) => shown.mentions === true);
  }

  #gather(user: UserName, post: Post, wants: (timeline: Timeline) => boolean): void {
    for (const timeline of this.#byUser.get(user) ?? []) {
      if (!timeline.posts || timeline.mode !== 'live' || !wants(timeline)) continue;
      invariant(post.position > timeline.after, 'timeline-only-rises', {
        at: post.position,
        after: timeline.after,
      });
      timeline.gathered.push(post);
      this.#gathering.add(timeline);
    }
  }

  /** The end of a turn: sends what was gathered, at most a page in a message. */
  flush(): readonly ReplicaOutput[] {
    const outputs: ReplicaOutput[] = [];
    for (const timeline of this.#gathering) {
      const gathered = timeline.gathered;
      timeline.gathered = [];
      for (let i = 0; i < gathered.length; i += MAX_PAGE_POSTS) {
        const posts = gathered.slice(i, i + MAX_PAGE_POSTS);
        timeline.after = posts.at(-1)?.position ?? timeline.after;
        if (timeline.crowded) {
          const unfollowed = posts.filter((post) => post.unfollowed).map((post) => post.position);
          outputs.push(reads(timeline, { positions: posts.map((post) => post.position), unfollowed }));
          break; // the rest is read from the journal
        }
        outputs.push({ kind: 'timeline-posts', timeline: timeline.link, posts });
      }
    }
    this.#gathering.clear();
    return outputs;
  }

  /**
   * The stream doesn't drain: from here on its posts are read from the journal, after the last one given to
   * it.
   */
  full(link: LinkId): void {
    const timeline = this.#timelines.get(link);
    if (timeline === undefined || !timeline.posts) return;
    timeline.mode = 'behind';
    timeline.gathered = [];
    this.#gathering.delete(timeline);
  }

  /**
   * The stream has room again, for whatever reason it was full: gives the next posts from the journal, or
   * makes the timeline live if there are none. Does nothing while a read is unfinished.
   */
  writable(link: LinkId, social: SocialState): readonly ReplicaOutput[] {
    const timeline = this.#timelines.get(link);
    if (timeline === undefined || timeline.mode === 'live' || timeline.isReading) return [];
    return this.#readOn(timeline, social);
  }

  /** The read was sent, and the stream has room: as in `writable`. */
  readOut(link: LinkId, social: SocialState): readonly ReplicaOutput[] {
    const timeline = this.#timelines.get(link);
    if (timeline !== undefined) timeline.isReading = false;
    return this.writable(link, social);
  }

  older(link: LinkId, before: Position, limit: number, social: SocialState): readonly ReplicaOutput[] {
    const timeline = this.#timelines.get(link);
    if (timeline === undefined) return [];
    const { user, shown } = timeline;
    const page = social.timelineBefore(user, before, Math.min(limit, MAX_PAGE_POSTS), shown);
    return [{ kind: 'timeline-page', timeline: link, before, ...page }];
  }

  /** A user who sees a post may see the post that it answers. */
  answered(link: LinkId, of: Position, social: SocialState): readonly ReplicaOutput[] {
    const timeline = this.#timelines.get(link);
    if (timeline === undefined) return [];
    const isShown = social.isInTimeline(timeline.user, of);
    return [{ kind: 'timeline-answered', timeline: link, of, isShown }];
  }

  ended(link: LinkId): void {
    const timeline = this.#timelines.get(link);
    if (timeline === undefined) return;
    this.#timelines.delete(link);
    this.#gathering.delete(timeline);
    const others = this.#byUser.get(timeline.user);
    others?.delete(timeline);
    if (others?.size === 0) {
      this.#byUser.delete(timeline.user);
      this.#moved.add(timeline.user);
    }
  }

  /** The keys of a user have changed: the timelines of that user whose readers have none of them. */
  mutedOf(user: UserName, social: SocialState): readonly LinkId[] {
    const timelines = [...(this.#byUser.get(user) ?? [])];
    return timelines.filter(({ by }) => !social.speaks(user, by)).map(({ link }) => link);
  }

  /** Ends all; returns their users. */
  clear(): readonly LinkId[] {
    const links = [...this.#timelines.keys()];
    for (const user of this.#byUser.keys()) this.#moved.add(user);
    this.#timelines.clear();
    this.#byUser.clear();
    this.#gathering.clear();
    return links;
  }

  #readOn(timeline: Timeline, social: SocialState): readonly ReplicaOutput[] {
    const { user, after, shown } = timeline;
    const next = social.timelineAfter(user, after, MAX_PAGE_POSTS, shown);
    const last = next.positions.at(-1);
    timeline.after = next.more && last !== undefined ? last : position(Math.max(social.applied, after));
    if (last !== undefined) return [reads(timeline, next)];
    timeline.mode = 'live';
    return [];
  }
}

/** From here on the timeline is behind, until the driver says that these posts were sent. */
function reads(
  timeline: Timeline,
  { positions, unfollowed }: Pick<NewerPosts, 'positions' | 'unfollowed'>,
): ReplicaOutput {
  timeline.mode = 'behind';
  timeline.isReading = true;
  return { kind: 'timeline-read', timeline: timeline.link, positions, unfollowed };
}
