/**
 * A permanent watch of assignments: at any router that answers, opened again when it breaks.
 *
 * Each attempt first checks that there is a router: an address where there never was one is an error, and
 * waiting would not help.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { BackOff, DualpingError, RECONNECT_BACK_OFF } from '@dualping/core';
import type { RouterUpdate, WatchQuestion } from '@dualping/protocol';
import createDebug from 'debug';
import { Observable, type Subscriber } from 'rxjs';
import { firstRouter } from './first-router.js';
import type { RouterLink } from './router-link.js';

const debug = createDebug('dualping:client:watch');

/**
 * Never completes. Errors when every router refuses permanently: with `not-a-router` when no
 * address ever was a router; with `unknown-cluster`, `invalid-user-name` or `invalid-argument` when there is
 * nothing to watch.
 */
export function watchRouters(
  links: readonly RouterLink[],
  question: WatchQuestion,
): Observable<RouterUpdate> {
  return new Observable((subscriber) => {
    const watch = new RouterWatch(links, question, subscriber);
    void watch.run();
    return () => watch.stop();
  });
}

class RouterWatch {
  /** The one to ask first is at the front. */
  #links: readonly RouterLink[];
  readonly #question: WatchQuestion;
  readonly #subscriber: Subscriber<RouterUpdate>;
  readonly #stopped = new AbortController();
  #backOff = BackOff.start(RECONNECT_BACK_OFF);
  /** Whether a router ever answered: then another program at its address may go away again. */
  #everAnswered = false;

  constructor(links: readonly RouterLink[], question: WatchQuestion, subscriber: Subscriber<RouterUpdate>) {
    this.#links = links;
    this.#question = question;
    this.#subscriber = subscriber;
  }

  stop(): void {
    this.#stopped.abort();
  }

  async run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const failure = await this.#watchOnce();
      if (signal.aborted) return;
      debug('%s', failure.message);
      const isHopeless = !this.#everAnswered && failure.action === 'give-up';
      if (isFinal(failure) || isHopeless) return this.#subscriber.error(failure);
      this.#backOff = this.#backOff.next();
      // Ends early when aborted.
      await delay(this.#backOff.delayMs(Math.random()), undefined, { signal }).catch(() => {});
    }
  }

  /** Watches until the watch breaks. @returns why it broke */
  async #watchOnce(): Promise<DualpingError> {
    try {
      const { link } = await firstRouter(this.#links, this.#stopped.signal);
      this.#everAnswered = true;
      // The next attempt asks the others first, because this watch has just broken.
      this.#links = [...this.#links.filter((other) => other !== link), link];
      return await this.#follow(link);
    } catch (error) {
      return error instanceof DualpingError ? error : new DualpingError('internal', String(error));
    }
  }

  #follow(link: RouterLink): Promise<DualpingError> {
    const { signal } = this.#stopped;
    return new Promise((resolve) => {
      if (signal.aborted) return;
      const stop = link.watch(this.#question, {
        onUpdate: (update) => {
          this.#backOff = this.#backOff.reset();
          this.#subscriber.next(update);
        },
        onEnd: (error) => {
          signal.removeEventListener('abort', stop);
          resolve(error);
        },
      });
      signal.addEventListener('abort', stop, { once: true });
    });
  }
}

/** Whether a router's answer is permanent. */
function isFinal({ reason }: DualpingError): boolean {
  return reason === 'unknown-cluster' || reason === 'invalid-user-name' || reason === 'invalid-argument';
}
