/**
 * Asks the routers in parallel: the first at once, the next when there is no answer after a moment, or at
 * once when one fails. An address that drops all packets never refuses: when routers were asked one after
 * another, it delayed every session that had it in its list.
 *
 * The first useful answer counts, and the others are cancelled. When a router holds its answer for a while,
 * `Connect` is sent to it over another connection: the one on which the answer would come may be dead.
 */
import type { Address, Instant } from '../ids.js';
import type { Reason } from '../reasons.js';
import { earliest } from './earliest.js';
import type { RouterRotation } from './router-rotation.js';
import { ASK_ANEW_MS, NEXT_ROUTER_MS, ROUTER_ANSWER_MARGIN_MS } from './session-limits.js';

const HOLD_STEP_MS = 100;

/** An open question. */
export interface Inquiry {
  readonly askNo: number;
  readonly router: Address;
  readonly deadline: Instant;
  /** When to ask the router again over another connection; undefined when that was done, or is not needed. */
  anewAt: Instant | undefined;
}

export class RouterInquiries {
  readonly #open = new Map<number, Inquiry>();
  #lastAskNo = 0;
  /** When the next router is asked too. */
  #nextAt: Instant | undefined;
  /** Until when routers may hold their answers in this round, even if they are asked again in it. */
  #heldUntil: Instant | undefined;

  constructor(readonly rotation: RouterRotation) {}

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  get deadline(): Instant | undefined {
    let first = this.rotation.hasNext ? this.#nextAt : undefined;
    for (const { deadline, anewAt } of this.#open.values())
      first = earliest(first, earliest(anewAt, deadline));
    return first;
  }

  beginRound(): void {
    this.rotation.beginRound();
    this.#heldUntil = undefined;
  }

  /**
   * How long a router that is asked now may hold its answer. Rounded, so that equal questions of several
   * sessions can be sent as one.
   *
   * @param roundMs in a whole round
   */
  holdMs(now: Instant, roundMs: number): number {
    if (this.#heldUntil === undefined) {
      this.#heldUntil = now + roundMs;
      return roundMs;
    }
    return Math.max(0, Math.ceil((this.#heldUntil - now) / HOLD_STEP_MS) * HOLD_STEP_MS);
  }

  /** @param waitMs how long the router may hold its answer */
  ask(router: Address, now: Instant, waitMs: number): Inquiry {
    this.#lastAskNo += 1;
    const deadline = now + waitMs + ROUTER_ANSWER_MARGIN_MS;
    const anewAt = waitMs > ASK_ANEW_MS ? now + ASK_ANEW_MS : undefined;
    const inquiry = { askNo: this.#lastAskNo, router, deadline, anewAt };
    this.#open.set(inquiry.askNo, inquiry);
    return inquiry;
  }

  /** The router to ask now, if any. */
  takeNext(now: Instant): Address | undefined {
    if (this.#open.size > 0 && this.#nextAt !== undefined && now < this.#nextAt) return undefined;
    this.#nextAt = now + NEXT_ROUTER_MS;
    return this.rotation.next();
  }

  /** Removes and returns a question that has ended. Undefined when it no longer matters. */
  take(askNo: number): Inquiry | undefined {
    const inquiry = this.#open.get(askNo);
    this.#open.delete(askNo);
    return inquiry;
  }

  /** Removes and returns the questions that had no answer in time. */
  takeDue(now: Instant): readonly Inquiry[] {
    const due = [...this.#open.values()].filter(({ deadline }) => now >= deadline);
    for (const { askNo } of due) this.#open.delete(askNo);
    return due;
  }

  /** Routers that have held their answer for a while; they must be asked again. */
  takeAnew(now: Instant): readonly Address[] {
    const anew = [...this.#open.values()].filter(({ anewAt }) => anewAt !== undefined && now >= anewAt);
    for (const inquiry of anew) inquiry.anewAt = undefined;
    return anew.map(({ router }) => router);
  }

  /** The router failed: the next one is asked now. */
  failed(router: Address, reason: Reason): void {
    this.rotation.failed(router, reason);
    this.#nextAt = undefined;
  }

  /** Cancels the earlier questions to this router. @returns their numbers */
  cancelAt(router: Address): readonly number[] {
    const open = [...this.#open.values()].filter((inquiry) => inquiry.router === router);
    for (const { askNo } of open) this.#open.delete(askNo);
    return open.map(({ askNo }) => askNo);
  }

  /** Cancels all questions. @returns their numbers */
  cancel(): readonly number[] {
    const open = [...this.#open.keys()];
    this.#open.clear();
    this.#nextAt = undefined;
    return open;
  }
}
