/**
 * Clients' requests that arrived a moment too early.
 *
 * The router announces a new epoch to clients and servers at the same time, so a client may be faster than
 * the server. A request that names an epoch which the server doesn't serve yet waits here for a moment;
 * otherwise the client would have to ask the router again.
 */
import type { ClientRequest } from './messages.js';

/** Requests that may wait at once; more are refused, and their clients ask the router again. */
const MAX_HELD_REQUESTS = 20_000;

export interface Held {
  readonly request: ClientRequest;
  /** Listening time, ms. */
  readonly until: number;
}

type Key = `token ${number}` | `timeline ${number}`;

const keyOf = (request: ClientRequest): Key =>
  request.kind === 'timeline-open' ? `timeline ${request.timeline}` : `token ${request.token}`;

export class HeldRequests {
  /** In order of arrival. */
  #held = new Map<Key, Held>();
  /** When the first of them expires, or earlier; listening time, ms. */
  #firstUntil = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#held.size;
  }

  /** Returns false when there is no room. */
  hold(request: ClientRequest, until: number): boolean {
    if (this.#held.size >= MAX_HELD_REQUESTS) return false;
    this.#held.set(keyOf(request), { request, until });
    this.#firstUntil = Math.min(this.#firstUntil, until);
    return true;
  }

  /**
   * Removes and returns all, in order of arrival. A request that is put back keeps its deadline; otherwise it
   * could be held for ever.
   */
  takeAll(): readonly Held[] {
    const held = [...this.#held.values()];
    this.#held = new Map();
    this.#firstUntil = Number.POSITIVE_INFINITY;
    return held;
  }

  takeExpired(at: number): readonly ClientRequest[] {
    if (this.#firstUntil > at) return [];
    const held = this.takeAll();
    for (const { request, until } of held) if (until > at) this.hold(request, until);
    return held.filter(({ until }) => until <= at).map(({ request }) => request);
  }

  dropTimeline(timeline: number): void {
    this.#held.delete(`timeline ${timeline}`);
  }

  dropToken(token: number): void {
    this.#held.delete(`token ${token}`);
  }
}
