/**
 * A simulated person with a real session over real sockets: it posts numbered texts, reads, and reports to
 * the tally.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { DualpingSession, type NetworkCredentials } from '@dualping/client';
import { type Address, DualpingError, type Epoch, MAX_PAGE_POSTS } from '@dualping/core';
import { numberedText, parseNumbered } from './post-text.js';
import type { SeenPost, Tally } from './tally.js';

/** Above the position of any post. */
const END = Number.MAX_SAFE_INTEGER;
/** Wait before another attempt to follow a user who has not logged in yet, ms. */
const NOT_YET_THERE_MS = 20;

/** Where the network is, and its credentials. */
export interface FoundNetwork {
  readonly routers: readonly Address[];
  readonly credentials: NetworkCredentials;
}

export interface PersonEvents {
  live(person: number, epoch: Epoch): void;
  moved(gapMs: number): void;
  posting(person: number, number: number): void;
  acknowledged(person: number, number: number, epoch: Epoch): void;
}

export interface ReadBack {
  readonly posts: readonly SeenPost[];
  /** Whether it is complete, from the first post on. */
  readonly whole: boolean;
}

export class Person {
  readonly session: DualpingSession;
  readonly #index: number;
  readonly #tally: Tally;
  readonly #events: PersonEvents;
  readonly #stopping = new AbortController();
  #posting: Promise<void> | undefined;

  constructor(index: number, name: string, network: FoundNetwork, tally: Tally, events: PersonEvents) {
    this.#index = index;
    this.#tally = tally;
    this.#events = events;
    this.session = new DualpingSession({ ...network, user: name, timeline: { history: 0 } });
    this.session.posts$.subscribe({
      next: ({ text, position }) => {
        for (const post of this.#seen(text, position)) tally.delivered(name, post);
      },
      error: (error: Error) => tally.unknown(name, `a timeline that ended: ${error.message}`),
    });
    this.session.state$.subscribe((state) => {
      if (state.kind === 'live') events.live(index, state.target.epoch);
    });
    this.session.moves$.subscribe(({ gapMs }) => events.moved(gapMs));
  }

  get name(): string {
    return this.session.user;
  }

  async follow(other: string): Promise<void> {
    for (;;)
      try {
        await this.session.follow(other);
        return;
      } catch (error) {
        if (!(error instanceof DualpingError) || error.reason !== 'unknown-target') throw error;
        await delay(NOT_YET_THERE_MS);
      }
  }

  /**
   * Posts one after another, each when the one before is acknowledged. @param thinkMs average pause between
   * them
   */
  startPosting(thinkMs: number): void {
    this.#posting = this.#keepPosting(thinkMs);
  }

  /** Resolves when all posts are answered. */
  async stopPosting(): Promise<void> {
    this.#stopping.abort();
    await this.#posting;
  }

  /**
   * Reads the timeline from the present primary, ascending. @param most about how many of the newest posts
   */
  async readBack(most: number): Promise<ReadBack> {
    const pages: SeenPost[][] = [];
    let before = END;
    for (let count = 0; count < most; ) {
      const page = await this.session.older(before, MAX_PAGE_POSTS);
      pages.push(page.posts.flatMap(({ text, position }) => this.#seen(text, position)));
      const first = page.posts[0];
      if (page.oldest || first === undefined) return { posts: pages.reverse().flat(), whole: true };
      before = first.position;
      count += page.posts.length;
    }
    return { posts: pages.reverse().flat(), whole: false };
  }

  close(): void {
    this.#stopping.abort();
    this.session.close();
  }

  #seen(text: string, position: number): readonly SeenPost[] {
    const post = parseNumbered(text);
    if (post !== undefined) return [{ ...post, position }];
    this.#tally.unknown(this.name, text);
    return [];
  }

  async #keepPosting(thinkMs: number): Promise<void> {
    const { signal } = this.#stopping;
    // So that not all people begin at the same moment.
    await pause(Math.random() * thinkMs, signal);
    while (!signal.aborted) {
      const number = this.#tally.posting(this.name);
      this.#events.posting(this.#index, number);
      try {
        const { epoch } = await this.session.post(numberedText(this.name, number));
        this.#tally.acknowledged(this.name, number);
        this.#events.acknowledged(this.#index, number, epoch);
      } catch (error) {
        this.#tally.failed(this.name, number, error instanceof Error ? error.message : String(error));
        if (this.session.state.kind === 'failed' || this.session.state.kind === 'closed') return;
      }
      await pause(thinkMs * (0.5 + Math.random()), signal);
    }
  }
}

/** Ends early, without an error, when aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {});
}
