/** The signals that end a long-running command in order. */
import { setTimeout as delay } from 'node:timers/promises';
import { ENDING_SIGNALS, type EndingSignal, SIGNAL_EXITS } from './exit-codes.js';
import { endProcess } from './process-end.js';

/** Longest that ending in order may take, ms; after that the process ends anyway. */
export const DRAIN_LIMIT_MS = 10_000;

export class Signals {
  readonly first: Promise<EndingSignal>;
  #received: EndingSignal | undefined;

  /** From now on the first signal doesn't end the process by itself; a second one ends it at once. */
  constructor(onSecond: () => void = () => {}) {
    this.first = new Promise((resolve) => {
      for (const signal of ENDING_SIGNALS)
        process.on(signal, () => {
          if (this.#received === undefined) {
            this.#received = signal;
            resolve(signal);
            return;
          }
          onSecond();
          void endProcess(SIGNAL_EXITS[signal]);
        });
    });
  }

  get received(): EndingSignal | undefined {
    return this.#received;
  }
}

/** Waits for an orderly end, at most for the limit. False when it took too long. */
export async function withinLimit(ending: Promise<unknown>, limitMs: number): Promise<boolean> {
  const limit = new AbortController();
  const late = delay(limitMs, false, { signal: limit.signal }).catch(() => true);
  const inTime = await Promise.race([ending.then(() => true), late]);
  limit.abort();
  return inTime;
}
