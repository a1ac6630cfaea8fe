/**
 * Keeps every post around each takeover, with the times when it was sent and acknowledged.
 *
 * The picture of a takeover is drawn from this: it shows the posts that were in flight when the primary was
 * lost, and were acknowledged.
 */
import type { Instant } from '@dualping/core';
import type { Measured } from './takeover-clock.js';

/** How much time before and after a takeover is shown, ms. */
export const BEFORE_MS = 150;
export const AFTER_MS = 250;
/** Most posts kept outside takeovers: a few seconds of them. */
const MAX_RECENT = 4_096;

/** Most stories kept; then the oldest are dropped. Each has about a hundred posts. */
const MAX_STORIES = 1_000;

export interface StoryPost {
  readonly person: number;
  readonly number: number;
  readonly sent: Instant;
  /** Undefined: it was still in flight at the end of the story. */
  readonly acknowledged: Instant | undefined;
  /** Epoch of the primary that acknowledged it. */
  readonly epoch: number | undefined;
}

export interface Story extends Measured {
  readonly posts: readonly StoryPost[];
}

export class Stories {
  readonly told: Story[] = [];
  readonly #recent: { -readonly [K in keyof StoryPost]: StoryPost[K] }[] = [];
  #untold: Measured[] = [];

  posting(at: Instant, person: number, number: number): void {
    this.#recent.push({ person, number, sent: at, acknowledged: undefined, epoch: undefined });
    if (this.#recent.length > MAX_RECENT) this.#recent.shift();
    this.#tellUntil(at);
  }

  acknowledged(at: Instant, person: number, number: number, epoch: number): void {
    const post = this.#recent.findLast((one) => one.person === person && one.number === number);
    if (post !== undefined) {
      post.acknowledged = at;
      post.epoch = epoch;
    }
    this.#tellUntil(at);
  }

  measured(measured: Measured): void {
    this.#untold.push(measured);
  }

  /** Completes the stories that still wait for later posts. */
  close(): void {
    this.#tellUntil(Number.POSITIVE_INFINITY);
  }

  #tellUntil(now: Instant): void {
    const due = this.#untold.filter(({ marks }) => now > marks.end + AFTER_MS);
    if (due.length === 0) return;
    this.#untold = this.#untold.filter((one) => !due.includes(one));
    for (const measured of due) this.told.push({ ...measured, posts: this.#around(measured) });
    if (this.told.length > MAX_STORIES) this.told.splice(0, this.told.length - MAX_STORIES);
  }

  #around({ marks }: Measured): readonly StoryPost[] {
    const from = marks.begin - BEFORE_MS;
    const to = marks.end + AFTER_MS;
    return this.#recent
      .filter(({ sent, acknowledged }) => sent <= to && (acknowledged ?? to) >= from)
      .map((post) => ({ ...post }));
  }
}
