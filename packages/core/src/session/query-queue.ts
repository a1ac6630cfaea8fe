/**
 * A session's reads that are not answered yet. They are sent one at a time, in order; after a break the read
 * is sent again, because reading twice does no harm.
 */
import type { Instant } from '../ids.js';
import { invariant } from '../invariants.js';
import { MAX_PENDING_QUERIES } from './session-limits.js';
import type { SessionQuery } from './session-messages.js';

export interface PendingQuery {
  /** The caller's name for it; undefined for the page of past posts that the session itself needs. */
  readonly ticket: number | undefined;
  readonly query: SessionQuery;
}

export class QueryQueue {
  readonly #waiting: PendingQuery[] = [];
  #lastTicket = 0;
  #asked: { readonly sendNo: number; readonly sentAt: Instant } | undefined;

  get full(): boolean {
    return this.#waiting.length >= MAX_PENDING_QUERIES;
  }

  get sentAt(): Instant | undefined {
    return this.#asked?.sentAt;
  }

  /** Whether a read could be sent now. */
  get due(): boolean {
    return this.#asked === undefined && this.#waiting.length > 0;
  }

  /** Notes a ticket as used; each names one query. */
  useTicket(ticket: number): void {
    invariant(ticket > this.#lastTicket, 'requests-settle-once', { ticket, last: this.#lastTicket });
    this.#lastTicket = ticket;
  }

  add(ticket: number, query: SessionQuery): void {
    invariant(!this.full, 'limit-is-kept', { waiting: this.#waiting.length, most: MAX_PENDING_QUERIES });
    this.#waiting.push({ ticket, query });
  }

  /**
   * Adds the page of past posts before all others: no post is shown until it is answered. Only between links,
   * when no read is in flight.
   */
  addPast(query: SessionQuery): void {
    invariant(this.#asked === undefined, 'requests-settle-once', { asked: this.#asked?.sendNo });
    this.#waiting.unshift({ ticket: undefined, query });
  }

  /** The read to send now, if there is one. */
  takeDue(now: Instant, nextSendNo: () => number): { sendNo: number; query: SessionQuery } | undefined {
    const [first] = this.#waiting;
    if (first === undefined || this.#asked !== undefined) return undefined;
    this.#asked = { sendNo: nextSendNo(), sentAt: now };
    return { sendNo: this.#asked.sendNo, query: first.query };
  }

  /** The query that was sent as `sendNo`; undefined when its answer no longer matters. */
  find(sendNo: number): PendingQuery | undefined {
    return this.#asked?.sendNo === sendNo ? this.#waiting[0] : undefined;
  }

  /** The read in flight has its result. */
  settle(): void {
    this.#asked = undefined;
    this.#waiting.shift();
  }

  askAgain(): void {
    this.#asked = undefined;
  }

  /** The link is lost. The page of past posts belonged to it; the next link decides whether one is needed. */
  linkLost(): void {
    this.#asked = undefined;
    if (this.#waiting[0] !== undefined && this.#waiting[0].ticket === undefined) this.#waiting.shift();
  }

  /** Removes and returns everything. */
  takeAll(): readonly PendingQuery[] {
    this.#asked = undefined;
    return this.#waiting.splice(0);
  }
}
