/**
 * Finds a router that answers: asks all addresses in parallel and takes the first answer. If they were asked
 * one after another, an address that silently drops packets would delay the search.
 */
import { DualpingError, NEXT_ROUTER_MS } from '@dualping/core';
import type { Connected } from '@dualping/protocol';
import type { RouterLink } from './router-link.js';
import { ROUTER_TIMEOUT_MS } from './timeouts.js';

export interface FirstRouter {
  readonly link: RouterLink;
  /** The router's answer about its network. */
  readonly told: Connected;
}

/**
 * The first is asked at once; the next when there is no answer after `NEXT_ROUTER_MS`, or at once when one
 * fails. Rejects when all have failed, if possible with a failure that may be temporary.
 */
export function firstRouter(links: readonly RouterLink[], signal?: AbortSignal): Promise<FirstRouter> {
  return new Promise((resolve, reject) => {
    const over = new AbortController();
    const failures: DualpingError[] = [];
    let asked = 0;
    let timer: NodeJS.Timeout | undefined;
    const finish = (settle: () => void): void => {
      if (over.signal.aborted) return;
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      over.abort();
      settle();
    };
    const fail = (error: DualpingError): void => finish(() => reject(error));
    const stop = (): void => fail(new DualpingError('shutting-down', 'no answer is needed any more'));
    const askNext = (): void => {
      clearTimeout(timer);
      const link = links[asked];
      if (link === undefined) return;
      asked += 1;
      timer = setTimeout(askNext, NEXT_ROUTER_MS);
      link.connect('', { timeoutMs: ROUTER_TIMEOUT_MS, signal: over.signal }).then(
        (told) => finish(() => resolve({ link, told })),
        (error: unknown) => {
          failures.push(
            error instanceof DualpingError ? error : new DualpingError('internal', String(error)),
          );
          if (failures.length === links.length) fail(worthKnowing(failures));
          else if (!over.signal.aborted) askNext();
        },
      );
    };
    if (signal?.aborted) return stop();
    signal?.addEventListener('abort', stop, { once: true });
    if (links.length === 0) fail(new DualpingError('router-unreachable', 'there is no router to ask'));
    else askNext();
  });
}

function worthKnowing(failures: readonly DualpingError[]): DualpingError {
  const mayHeal = failures.find(({ action }) => action !== 'give-up');
  return mayHeal ?? failures.at(-1) ?? new DualpingError('router-unreachable', 'no router answered');
}
