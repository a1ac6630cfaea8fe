/**
 * How old the router's word is at most: counted from when the question was asked that it answers, not from
 * when the answer was read. A process that was frozen finds answers in its buffers which were true before.
 *
 * What a client of a lease does (Gray and Cheriton, 1989): its term begins with the request.
 */
import type { Instant } from '../ids.js';

interface Question {
  readonly sequence: number;
  readonly askedAt: Instant;
}

export class LastAnswer {
  /** When the newest question was asked that has been answered; undefined when none was on this stream. */
  #askedAt: Instant | undefined;
  /** Not answered yet, oldest first. */
  #waiting: Question[] = [];

  /**
   * A stream stands by an answer to what was asked when it was opened. Nothing that was asked on another one
   * counts.
   */
  begin(askedAt: Instant): void {
    this.#askedAt = askedAt;
    this.#waiting = [];
  }

  /** Nothing that was asked until now counts any more. */
  forget(): void {
    this.#askedAt = undefined;
    this.#waiting = [];
  }

  /**
   * @param validMs for how long an answer would be worth anything: older questions are forgotten, so that
   * there are never many
   */
  asked(sequence: number, now: Instant, validMs: number): void {
    this.#waiting = this.#waiting.filter(({ askedAt }) => askedAt + validMs > now);
    this.#waiting.push({ sequence, askedAt: now });
  }

  answered(sequence: number): void {
    for (
      let next = this.#waiting[0];
      next !== undefined && next.sequence <= sequence;
      next = this.#waiting[0]
    ) {
      if (next.sequence === sequence) this.#askedAt = next.askedAt;
      this.#waiting.shift();
    }
  }

  /** Until when, excluded, the router's word is worth something. */
  validUntil(validMs: number): Instant {
    return (this.#askedAt ?? Number.NEGATIVE_INFINITY) + validMs;
  }
}
