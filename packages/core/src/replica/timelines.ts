/**
 * Who is reading what, and what each gets next.
 *
 * A timeline that keeps up gets new posts as they are committed. One that doesn't costs no memory: it
 * is only a position, and reads on from the journal when it has drained. Either way it gets the same
 * posts in the same order: `live` and `behind` differ only in where the text comes from.
 *
 *     open, with a past ──► behind ──read out, nothing left──► live ──does not drain, or is one of a crowd──► behind
 *
 * What is read may be put out later than it was asked for: others come first. So a timeline with a read that
 * is not out yet is never live, or new posts would overtake older ones.
 */
import type { Post } from '../entry.js';
import { type Position, position, type UserName } from '../ids.js';
import { invariant } from '../invariants.js';
import { MAX_LIVE_TIMELINES_OF_USER, MAX_PAGE_POSTS } from '../limits.js';
import type { NewerPosts, Shown, SocialState } from '../social/index.js';
import type { LinkId, ReplicaOutput, TimelineOpenRequest } from './messages.js';

interface Timeline {
  readonly link: LinkId;
  readonly user: UserName;
  readonly posts: boolean;
  readonly shown: Shown;
  /** Its user had many open already: new posts are read for it, in its turn, not pushed. */
  readonly crowded: boolean;
  mode: 'live' | 'behind';
  /** What it was given to read is not out yet: nothing else goes out before it. */
  isReading: boolean;
  /** Every post up to here was given to it. */
  after: Position;
  /** Live posts of this turn, not yet given out. */
  gathered: Post[];
}

export class Timelines {
  readonly #timelines = new Map<LinkId, Timeline>();
  readonly #byUser = new Map<UserName, Set<Timeline>>();
  readonly #gathering = new Set<Timeline>();
  /** Who has come or gone since it was last asked. */
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

  /** Who may have come or gone since this was last asked. */
  takeMoved(): ReadonlySet<UserName> {
    const moved = this.#moved;
    if (moved.size > 0) this.#moved = new Set();
    return moved;
  }

  /** Opens a timeline of a known user and gives the positions to begin with. */
  open(request: TimelineOpenRequest, social: SocialState): readonly ReplicaOutput[] {
    const resumes = request.resumeAfter > 0;
    // A position beyond ours can only come from before an unclean promotion: what followed it is gone.
    const begins = resumes && request.resumeAfter < social.applied ? request.resumeAfter : social.applied;
    const others = this.#byUser.get(request.user);
    const timeline: Timeline = {
      link: request.timeline,
      user: request.user,
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

  /** A post was committed: gathers it for everyone whom it is meant for and who keeps up. */
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

  /** The end of a turn: what was gathered goes out, at most a page a message. */
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
          break; // what is left is read after it
        }
        outputs.push({ kind: 'timeline-posts', timeline: timeline.link, posts });
      }
    }
    this.#gathering.clear();
    return outputs;
  }

  /** The stream doesn't drain: from here on it reads from the journal, after what it was given last. */
  full(link: LinkId): void {
    const timeline = this.#timelines.get(link);
    if (timeline === undefined || !timeline.posts) return;
    timeline.mode = 'behind';
    timeline.gathered = [];
    this.#gathering.delete(timeline);
  }

  /**
   * The stream has room again, whatever had filled it: the next posts from the journal, or, when there are
   * none, live again. Not before what is being read is out.
   */
  writable(link: LinkId, social: SocialState): readonly ReplicaOutput[] {
    const timeline = this.#timelines.get(link);
    if (timeline === undefined || timeline.mode === 'live' || timeline.isReading) return [];
    return this.#readOn(timeline, social);
  }

  /** What was to be read is out, and the stream has room: as `writable`. */
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

  /** Whoever sees a post may see what it answers. */
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

  /** Ends all; returns whose they were. */
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

/** From here on it is behind, until the driver says that these are out. */
function reads(
  timeline: Timeline,
  { positions, unfollowed }: Pick<NewerPosts, 'positions' | 'unfollowed'>,
): ReplicaOutput {
  timeline.mode = 'behind';
  timeline.isReading = true;
  return { kind: 'timeline-read', timeline: timeline.link, positions, unfollowed };
}
