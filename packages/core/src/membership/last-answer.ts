/**
 * How old the router's last answer can be. Its age counts from when the question was *asked*, not from when
 * the answer was read: a process that was frozen finds old answers in its buffers.
 *
 * Like the client of a lease (Gray and Cheriton, 1989): the term begins with the request.
 */
import type { Instant } from '../ids.js';

interface Question {
  readonly sequence: number;
  readonly askedAt: Instant;
}

export class LastAnswer {
  /** When the newest answered question was asked; undefined when none was answered on this stream. */
  #askedAt: Instant | undefined;
  /** Not answered yet, oldest first. */
  #waiting: Question[] = [];

  /**
   * A stream was welcomed: the welcome answers what was asked when the stream was opened. Questions asked on
   * another stream no longer count.
   */
  begin(askedAt: Instant): void {
    this.#askedAt = askedAt;
    this.#waiting = [];
  }

  /** Answers to all questions asked so far no longer count. */
  forget(): void {
    this.#askedAt = undefined;
    this.#waiting = [];
  }

  /**
   * @param validMs for how long an answer is valid: older questions are forgotten, so that there are never
   * many
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

  /** The instant from which the router's last answer is no longer valid. */
  validUntil(validMs: number): Instant {
    return (this.#askedAt ?? Number.NEGATIVE_INFINITY) + validMs;
  }
}
