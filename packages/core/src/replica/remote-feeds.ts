/**
 * The other clusters that read here: what each wants, how far it has read, and what it gets next.
 *
 * A reader has at most one batch without `taken`, so a slow reader costs no memory here and can't be flooded;
 * items gathered meanwhile come in one batch. A reader that keeps up gets new items when they are committed.
 * For one that doesn't, only a position is kept, and what it lacks is read from the state. Nothing is kept
 * for a reader that is away.
 */
import { type ClusterId, NO_POSITION, type Position, type UserName } from '../ids.js';
import { MAX_TAIL_ITEMS, MAX_TAIL_NAMES, MAX_TAIL_UNKNOWN_NAMES } from '../limits.js';
import type { TailMessage } from '../messages.js';
import { type Effect, type NewsItem, newsOfEdge, type SocialState } from '../social/index.js';
import type { LinkId, ReplicaOutput } from './messages.js';
import type { Timelines } from './timelines.js';

type Open = Extract<TailMessage, { kind: 'open' }>;
type Subscribe = Extract<TailMessage, { kind: 'subscribe' }>;

interface Tail {
  readonly link: LinkId;
  readonly from: ClusterId;
  readonly wanted: Set<UserName>;
  /** The wanted names that no user here had when the subscription came. */
  readonly unknown: Set<UserName>;
  /** Number of the subscription whose batches it gets. */
  number: number;
  /** Its subscription is complete: no further message of the same number follows. */
  subscribed: boolean;
  /** Everything wanted up to here was sent. */
  after: Position;
  mode: 'live' | 'behind';
  /** While live: the next items. */
  gathered: NewsItem[];
  /** A batch was sent, and its `taken` has not come. */
  untaken: boolean;
  /** Users that were reported to it as present; undefined: nothing was reported yet. */
  present: Set<UserName> | undefined;
  /** Users whose presence may have changed since. */
  moved: Set<UserName>;
  /** Listening time at which the last message came from it, and was sent to it, ms. */
  heardAt: number;
  spokenAt: number;
}

export class RemoteFeeds {
  readonly #remoteFeeds = new Map<LinkId, Tail>();

  has(link: LinkId): boolean {
    return this.#remoteFeeds.has(link);
  }

  /** @returns the link of an earlier stream of the same cluster, which this one replaces */
  open(link: LinkId, { from }: Open, at: number): LinkId | undefined {
    const former = [...this.#remoteFeeds.values()].find((tail) => tail.from === from);
    if (former !== undefined) this.#remoteFeeds.delete(former.link);
    this.#remoteFeeds.set(link, {
      link,
      from,
      wanted: new Set(),
      unknown: new Set(),
      number: 0,
      subscribed: false,
      after: NO_POSITION,
      mode: 'behind',
      gathered: [],
      untaken: false,
      present: undefined,
      moved: new Set(),
      heardAt: at,
      spokenAt: at,
    });
    return former?.link;
  }

  /**
   * A name that no user here has or can have is ignored: there will never be items about it.
   * @param canExist whether such a user would belong to this cluster
   * @returns whether it may go on; false when it asks for too many names that no user has
   */
  subscribe(
    link: LinkId,
    { number, after, add, remove, more }: Subscribe,
    social: SocialState,
    canExist: (user: UserName) => boolean,
    at: number,
  ): boolean {
    const tail = this.#remoteFeeds.get(link);
    if (tail === undefined) return true;
    for (const user of remove) {
      tail.wanted.delete(user);
      tail.unknown.delete(user);
    }
    for (const user of add) {
      const isKnown = social.has(user);
      if (!isKnown && !canExist(user)) continue;
      if (!isKnown) tail.unknown.add(user);
      tail.wanted.add(user);
    }
    if (tail.unknown.size > MAX_TAIL_UNKNOWN_NAMES)
      for (const user of tail.unknown) if (social.has(user)) tail.unknown.delete(user);
    if (tail.unknown.size > MAX_TAIL_UNKNOWN_NAMES) return false;
    tail.heardAt = at;
    tail.number = number;
    tail.subscribed = !more;
    tail.after = after;
    tail.mode = 'behind';
    tail.gathered = [];
    tail.untaken = false;
    return true;
  }

  taken(link: LinkId, number: number, at: number): void {
    const tail = this.#remoteFeeds.get(link);
    if (tail === undefined) return;
    tail.heardAt = at;
    if (tail.number === number) tail.untaken = false;
  }

  alive(link: LinkId, at: number): void {
    const tail = this.#remoteFeeds.get(link);
    if (tail !== undefined) tail.heardAt = at;
  }

  ended(link: LinkId): void {
    this.#remoteFeeds.delete(link);
  }

  /** An entry was committed: gathers it for readers that want it and keep up. */
  committed(effect: Effect, social: SocialState): void {
    for (const tail of this.#remoteFeeds.values()) {
      if (tail.mode !== 'live') continue;
      const item = itemFor(tail, effect, social);
      if (item === undefined || item.position <= tail.after) continue;
      tail.gathered.push(item);
      if (tail.gathered.length <= MAX_TAIL_ITEMS) continue;
      tail.mode = 'behind';
      tail.gathered = [];
    }
  }

  /** The end of a turn: sends what may be sent now. */
  flush(social: SocialState, timelines: Timelines, at: number): readonly ReplicaOutput[] {
    const moved = timelines.takeMoved();
    const outputs: ReplicaOutput[] = [];
    for (const tail of this.#remoteFeeds.values()) {
      for (const user of moved) tail.moved.add(user);
      if (!tail.subscribed || tail.untaken) continue;
      const items = this.#next(tail, social);
      if (items.length === 0) continue;
      tail.untaken = true;
      outputs.push(this.#batch(tail, items, timelines, at));
    }
    return outputs;
  }

  /** A sign of life to every reader to which nothing was sent for a ping interval. */
  signsOfLife(
    social: SocialState,
    timelines: Timelines,
    at: number,
    pingIntervalMs: number,
  ): readonly ReplicaOutput[] {
    const outputs: ReplicaOutput[] = [];
    for (const tail of this.#remoteFeeds.values()) {
      if (!tail.subscribed || at - tail.spokenAt < pingIntervalMs) continue;
      if (tail.mode === 'live' && tail.gathered.length === 0 && social.applied > tail.after)
        tail.after = social.applied;
      outputs.push(this.#batch(tail, [], timelines, at));
    }
    return outputs;
  }

  silentLinks(at: number, deadAfterMs: number): readonly LinkId[] {
    return [...this.#remoteFeeds.values()]
      .filter((tail) => at - tail.heardAt >= deadAfterMs)
      .map(({ link }) => link);
  }

  /** Ends all; returns their links. */
  clear(): readonly LinkId[] {
    const links = [...this.#remoteFeeds.keys()];
    this.#remoteFeeds.clear();
    return links;
  }

  /** The next items; they count as sent from now on. */
  #next(tail: Tail, social: SocialState): readonly NewsItem[] {
    if (tail.mode === 'live') {
      const items = tail.gathered;
      tail.gathered = [];
      if (social.applied > tail.after) tail.after = social.applied;
      return items;
    }
    const reader = { cluster: tail.from, authors: tail.wanted };
    const { items, more } = social.newsAfter(reader, tail.after, MAX_TAIL_ITEMS);
    const last = items.at(-1);
    // A position beyond the commit position is from before an unclean promotion: nothing is sent until it is
    // reached.
    if (more && last !== undefined) tail.after = last.position;
    else if (social.applied >= tail.after) {
      tail.after = social.applied;
      tail.mode = 'live';
    }
    return items;
  }

  #batch(tail: Tail, items: readonly NewsItem[], timelines: Timelines, at: number): ReplicaOutput {
    tail.spokenAt = at;
    const { number, after: through, link } = tail;
    const { arrived, left } = presenceNews(tail, timelines);
    return { kind: 'tell-tail', link, batch: { kind: 'batch', number, items, through, arrived, left } };
  }
}

function itemFor(tail: Tail, effect: Effect, social: SocialState): NewsItem | undefined {
  if (effect.kind === 'user') return { kind: 'user', position: effect.position, user: effect.user };
  if (effect.kind === 'edge') return effect.home === tail.from ? newsOfEdge(effect.change) : undefined;
  if (effect.kind !== 'post') return undefined;
  const { author } = effect.post;
  // Posts of other clusters come from those clusters themselves.
  if (!tail.wanted.has(author) || !social.has(author)) return undefined;
  return { kind: 'post', position: effect.post.position };
}

/**
 * Users whose presence has changed since the last report to the reader. A message has a limit; the rest comes
 * with the next.
 */
function presenceNews(
  tail: Tail,
  timelines: Timelines,
): { readonly arrived: readonly UserName[]; readonly left: readonly UserName[] } {
  if (tail.present === undefined) {
    tail.present = new Set();
    tail.moved = new Set(timelines.present);
  }
  const arrived: UserName[] = [];
  const left: UserName[] = [];
  for (const user of tail.moved) {
    if (arrived.length + left.length >= MAX_TAIL_NAMES) break;
    tail.moved.delete(user);
    const isPresent = timelines.isPresent(user);
    if (isPresent === tail.present.has(user)) continue;
    if (isPresent) {
      tail.present.add(user);
      arrived.push(user);
    } else {
      tail.present.delete(user);
      left.push(user);
    }
  }
  return { arrived, left };
}
