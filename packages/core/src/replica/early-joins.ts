/**
 * Standbys that join before the router has told this server that it is primary, or that they are members.
 *
 * The router tells both sides at the same time, so a standby may be faster than its primary. Its join waits
 * here for a moment instead of being refused.
 */
import { MAX_MEMBERS } from '../limits.js';
import type { StandbyMessage } from '../messages.js';
import type { LinkId } from './messages.js';

type Join = Extract<StandbyMessage, { readonly kind: 'join' }>;

export interface EarlyJoin {
  readonly link: LinkId;
  readonly join: Join;
}

export class EarlyJoins {
  /** `until` is listening time, ms. */
  readonly #waiting = new Map<LinkId, EarlyJoin & { readonly until: number }>();

  get size(): number {
    return this.#waiting.size;
  }

  /** Returns false when there is no room. */
  hold(link: LinkId, join: Join, until: number): boolean {
    if (this.#waiting.size >= MAX_MEMBERS) return false;
    this.#waiting.set(link, { link, join, until });
    return true;
  }

  ended(link: LinkId): void {
    this.#waiting.delete(link);
  }

  /** Removes and returns those that need not wait any more, in order of arrival. */
  takeWhere(isOver: (join: Join) => boolean): readonly EarlyJoin[] {
    return this.#take(({ join }) => isOver(join));
  }

  takeExpired(heardMs: number): readonly EarlyJoin[] {
    return this.#take(({ until }) => until <= heardMs);
  }

  #take(isTaken: (waiting: EarlyJoin & { readonly until: number }) => boolean): readonly EarlyJoin[] {
    const taken = [...this.#waiting.values()].filter(isTaken);
    for (const { link } of taken) this.#waiting.delete(link);
    return taken;
  }
}
