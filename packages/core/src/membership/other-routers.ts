/**
 * When several routers share a store, one leads. A member is attached to the leader, and keeps a stream to
 * one other router, which says at once who leads next. Without that stream a member would have to detect by
 * itself that its router is frozen, which takes three times as long as the other routers need.
 *
 * This class knows the streams to routers that don't lead, the leader that they name, and the router to
 * listen to next.
 */
import type { Address, Instant } from '../ids.js';
import type { RouterMessage } from '../messages.js';
import type { Attempt } from './membership-messages.js';

export type LeaderIs = Extract<RouterMessage, { readonly kind: 'leader-is' }>;

/** A router that does not lead sends a message every second; it is given up when two are missing, ms. */
const LISTENER_SILENCE_MS = 3_000;
/** Wait between two attempts to find a router to listen to, ms: it matters only when the leader fails. */
const LISTEN_RETRY_MS = 1_000;

interface Listener {
  /** Index of the router in the list. */
  readonly router: number;
  until: Instant;
}

export class OtherRouters {
  readonly #routers: readonly Address[];
  readonly #listeners = new Map<Attempt, Listener>();
  /** The highest term that a router has named. */
  #term = 0;
  /** Index of its leader in the list; if it is not in the list, the list's length. */
  #leader: number | undefined;
  #unlisted: Address = '';
  /** Indexes of addresses that turned out to be the leader of `#term`: not listened to. */
  readonly #leaders = new Set<number>();
  #listenAt: Instant = Number.NEGATIVE_INFINITY;
  #lastTried = 0;

  constructor(routers: readonly Address[]) {
    this.#routers = routers;
  }

  has(attempt: Attempt): boolean {
    return this.#listeners.has(attempt);
  }

  isListening(router: number): boolean {
    for (const listener of this.#listeners.values()) if (listener.router === router) return true;
    return false;
  }

  get isEmpty(): boolean {
    return this.#listeners.size === 0;
  }

  addressOf(router: number): Address {
    return this.#routers[router] ?? this.#unlisted;
  }

  routerOf(attempt: Attempt): number | undefined {
    return this.#listeners.get(attempt)?.router;
  }

  /** Adds the stream to a router that does not lead. */
  add(attempt: Attempt, router: number): void {
    this.#listeners.set(attempt, { router, until: Number.POSITIVE_INFINITY });
  }

  /** One of these routers has said who leads. */
  told(attempt: Attempt, now: Instant, { term, address }: LeaderIs): void {
    const listener = this.#listeners.get(attempt);
    if (listener !== undefined) listener.until = now + LISTENER_SILENCE_MS;
    if (term === 0 || term < this.#term) return;
    this.#noteTerm(term);
    const listed = this.#routers.indexOf(address);
    if (listed < 0) this.#unlisted = address;
    this.#leader = listed < 0 ? this.#routers.length : listed;
  }

  /**
   * Which router leads in a later term than this; undefined: none is known to. A router that we listen to may
   * be named as leader and not know it yet, or no longer lead: its stream ends when it leads.
   */
  leaderAfter(term: number): number | undefined {
    if (this.#leader === undefined || this.#term <= term || this.isListening(this.#leader)) return undefined;
    return this.#leader;
  }

  /** This router leads in `term`. Returns which of these streams are no longer needed. */
  attached(router: number, term: number): readonly Attempt[] {
    this.#noteTerm(term);
    this.#leaders.add(router);
    return [...this.#listeners.keys()].slice(1);
  }

  /** Returns whether it was one of these. */
  remove(attempt: Attempt): boolean {
    return this.#listeners.delete(attempt);
  }

  /** Streams on which nothing has come for too long. */
  silent(now: Instant): readonly Attempt[] {
    return [...this.#listeners].filter(([, { until }]) => now >= until).map(([attempt]) => attempt);
  }

  nextSilence(): Instant {
    return Math.min(Number.POSITIVE_INFINITY, ...[...this.#listeners.values()].map(({ until }) => until));
  }

  /**
   * Which router to listen to, in addition to the one that this member is attached to; undefined: none now.
   */
  toListenTo(now: Instant, isDialled: (router: number) => boolean): number | undefined {
    if (now < this.#listenAt) return undefined;
    const count = this.#routers.length;
    for (let step = 1; step <= count; step += 1) {
      const router = (this.#lastTried + step) % count;
      if (this.#leaders.has(router) || isDialled(router)) continue;
      this.#listenAt = now + LISTEN_RETRY_MS;
      this.#lastTried = router;
      return router;
    }
    return undefined;
  }

  clear(): readonly Attempt[] {
    const attempts = [...this.#listeners.keys()];
    this.#listeners.clear();
    return attempts;
  }

  #noteTerm(term: number): void {
    if (term <= this.#term) return;
    this.#term = term;
    this.#leader = undefined;
    this.#leaders.clear();
  }
}
