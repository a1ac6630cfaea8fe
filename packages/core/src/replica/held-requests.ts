/**
 * Clients' requests that came a moment too early.
 *
 * The router tells clients and servers of a new epoch at the same time, so a client may be faster than
 * the server it comes to. What names an epoch that the server doesn't serve yet waits here for a moment
 * instead of sending the client round again.
 */
import type { ClientRequest } from './messages.js';

/** Requests that may wait at once; more are refused, and their clients ask the router again. */
export const MAX_HELD_REQUESTS = 20_000;

export interface Held {
  readonly request: ClientRequest;
  /** Listening time, ms. */
  readonly until: number;
}

export class HeldRequests {
  #held: Held[] = [];

  get size(): number {
    return this.#held.length;
  }

  /** Returns false when there is no room. */
  hold(request: ClientRequest, until: number): boolean {
    if (this.#held.length >= MAX_HELD_REQUESTS) return false;
    this.#held.push({ request, until });
    return true;
  }

  /** Takes all out, in order of arrival. What is put back keeps its time, or it would be held for ever. */
  takeAll(): readonly Held[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }

  takeExpired(at: number): readonly ClientRequest[] {
    if (this.#held.every((held) => held.until > at)) return [];
    const expired = this.#held.filter((held) => held.until <= at).map(({ request }) => request);
    this.#held = this.#held.filter((held) => held.until > at);
    return expired;
  }

  dropTimeline(timeline: number): void {
    this.#held = this.#held.filter(
      ({ request }) => request.kind !== 'timeline-open' || request.timeline !== timeline,
    );
  }

  dropToken(token: number): void {
    this.#held = this.#held.filter(
      ({ request }) => request.kind === 'timeline-open' || request.token !== token,
    );
  }
}
