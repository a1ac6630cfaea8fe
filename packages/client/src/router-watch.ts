/**
 * A watch of assignments that lasts: over whichever router answers, opened again when it breaks.
 *
 * Each opening asks first whether a router is there: an address where none ever was is an error, and not worth waiting for.
 */
import { BackOff, DualpingError, RECONNECT_BACK_OFF, RouterRotation } from '@dualping/core';
import type { RouterUpdate, WatchQuestion } from '@dualping/protocol';
import createDebug from 'debug';
import { Observable, type Subscriber } from 'rxjs';
import type { RouterLink } from './router-link.js';
import { ROUTER_TIMEOUT_MS } from './timeouts.js';

const debug = createDebug('dualping:client:watch');

/**
 * Never completes. Errors when every router says for good that it can't work: with `not-a-router` when none ever
 * was one, with `unknown-cluster`, `invalid-user-name` or `invalid-argument` when what is to be watched isn't there.
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
  readonly #byAddress: ReadonlyMap<string, RouterLink>;
  readonly #rotation: RouterRotation;
  readonly #question: WatchQuestion;
  readonly #subscriber: Subscriber<RouterUpdate>;
  readonly #stopped = new AbortController();
  #backOff = BackOff.start(RECONNECT_BACK_OFF);

  constructor(links: readonly RouterLink[], question: WatchQuestion, subscriber: Subscriber<RouterUpdate>) {
    this.#byAddress = new Map(links.map((link) => [link.address, link]));
    this.#rotation = new RouterRotation([...this.#byAddress.keys()]);
    this.#question = question;
    this.#subscriber = subscriber;
  }

  stop(): void {
    this.#stopped.abort();
  }

  async run(): Promise<void> {
    this.#rotation.beginRound();
    while (!this.#stopped.signal.aborted) {
      const failure = await this.#watchOnce();
      if (this.#stopped.signal.aborted) return;
      debug('%s', failure.message);
      if (isFinal(failure)) return this.#subscriber.error(failure);
      if (this.#rotation.passOn(failure.reason)) continue;
      if (this.#rotation.hopeless) return this.#subscriber.error(failure);
      this.#backOff = this.#backOff.next();
      await sleep(this.#backOff.delayMs(Math.random()), this.#stopped.signal);
      this.#rotation.beginRound();
    }
  }

  /** Watches until it breaks. @returns why it did */
  async #watchOnce(): Promise<DualpingError> {
    const link = this.#byAddress.get(this.#rotation.current);
    if (link === undefined) return new DualpingError('router-unreachable', 'there is no router to ask');
    const { signal } = this.#stopped;
    try {
      await link.connect('', { timeoutMs: ROUTER_TIMEOUT_MS, signal });
      this.#rotation.markIntroduced();
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
          this.#rotation.beginRound();
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

/** A router that is one has answered, and will not think better of it. */
function isFinal({ reason }: DualpingError): boolean {
  return reason === 'unknown-cluster' || reason === 'invalid-user-name' || reason === 'invalid-argument';
}

/** Ends early, without an error, when aborted. */
async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
