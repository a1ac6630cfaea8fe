/** A person who posts numbered messages and keeps what the timeline shows. */
import { setTimeout as delay } from 'node:timers/promises';
import { DualpingSession, type NetworkCredentials } from '@dualping/client';
import { DualpingError, type Epoch, type Post } from '@dualping/core';
import { deviceOf } from './device.js';
import { eventually } from './eventually.js';

export interface Acknowledged {
  readonly text: string;
  readonly epoch: Epoch;
  readonly position: number;
  /** When the acknowledgement came, by performance.now(). */
  readonly at: number;
  /** From the call to the acknowledgement, ms. */
  readonly tookMs: number;
}

export interface Pace {
  /** Unanswered posts at a time: enough for several to be in flight when a server dies. */
  readonly inFlight: number;
  /**
   * Pause between posts, ms: it keeps the load steady, so that tests measure the takeover and not a queue.
   */
  readonly thinkingMs: number;
}

/** Posts go on once whatever was done to servers and routers is dealt with, ms. */
const GOES_ON_WITHIN_MS = 60_000;

const LIVELY: Pace = { inFlight: 4, thinkingMs: 25 };

export class Person {
  readonly session: DualpingSession;
  readonly seen: Post[] = [];
  readonly acknowledged: Acknowledged[] = [];
  readonly failures: string[] = [];
  #next = 1;
  #posting: Promise<void> | undefined;
  #stop = false;

  constructor(
    readonly user: string,
    routers: readonly string[],
    readonly pace = LIVELY,
    credentials?: NetworkCredentials,
  ) {
    const timeline = { history: 0 };
    this.session = new DualpingSession({
      routers: [...routers],
      user,
      timeline,
      credentials,
      ...deviceOf(credentials, user),
    });
    this.session.posts$.subscribe((post) => this.seen.push(post));
  }

  /** Resolves when they follow someone, who may not be logged in, or not be known in this cluster yet. */
  async follow(other: string, describe: () => string = () => ''): Promise<void> {
    await eventually(
      `${this.user} follows ${other}`,
      () =>
        this.session.follow(other).then(
          () => true,
          (error: unknown) => {
            if (error instanceof DualpingError && error.reason === 'unknown-target') return false;
            throw error;
          },
        ),
      GOES_ON_WITHIN_MS,
      describe,
    );
  }

  startPosting(): void {
    this.#stop = false;
    this.#posting = Promise.all(Array.from({ length: this.pace.inFlight }, () => this.#keepPosting())).then(
      () => {},
    );
  }

  /** Resolves when all posts are answered. */
  async stopPosting(): Promise<void> {
    this.#stop = true;
    await this.#posting;
  }

  /**
   * Waits until this many more posts are acknowledged.
   *
   * @param describe what else to say if they are not
   */
  async goesOn(more: number, describe: () => string = () => ''): Promise<void> {
    const from = this.acknowledged.length;
    await eventually(
      `${more} more posts of ${this.user} are acknowledged`,
      () => this.acknowledged.length >= from + more,
      GOES_ON_WITHIN_MS,
      () => `${this.failures.join('\n')}\n${describe()}`,
    );
  }

  async post(text: string): Promise<Acknowledged> {
    const asked = performance.now();
    const { position, epoch } = await this.session.post(text);
    const at = performance.now();
    const acknowledged = { text, epoch, position, at, tookMs: at - asked };
    this.acknowledged.push(acknowledged);
    return acknowledged;
  }

  async #keepPosting(): Promise<void> {
    while (!this.#stop) {
      const text = `${this.user} ${this.#next}`;
      this.#next += 1;
      try {
        await this.post(text);
      } catch (error) {
        this.failures.push(`${text}: ${String(error)}`);
        return;
      }
      await delay(this.pace.thinkingMs);
    }
  }
}
