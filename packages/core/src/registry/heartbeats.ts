/**
 * Knows which callers send heartbeats, and which have stopped, in listening time.
 *
 * A unary heartbeat is evidence for `timeoutMs`, until the next one. Entries are kept in the order in which
 * they were last heard, so only the first one is ever checked.
 */
import { RecencyMap } from '../recency-map.js';

interface Heard<T> {
  readonly who: T;
  readonly atMs: number;
}

export class Heartbeats<T> {
  /** In the order of last being heard. */
  readonly #heard = new RecencyMap<string, Heard<T>>();

  constructor(readonly timeoutMs: number) {}

  heard(listeningMs: number, key: string, who: T): void {
    this.#heard.add(key, { who, atMs: listeningMs });
  }

  /** Removes and returns all that have been silent for too long. */
  takeSilent(listeningMs: number): { readonly who: T; readonly silentMs: number }[] {
    const silent = [];
    for (const [key, { who, atMs }] of this.#heard) {
      const silentMs = listeningMs - atMs;
      if (silentMs < this.timeoutMs) break; // all behind it were heard later
      this.#heard.delete(key);
      silent.push({ who, silentMs });
    }
    return silent;
  }

  /** Listening time until a caller may have been silent for too long; undefined when there is none. */
  nextSilenceInMs(listeningMs: number): number | undefined {
    const { first } = this.#heard;
    return first === undefined ? undefined : Math.max(0, first.atMs + this.timeoutMs - listeningMs);
  }
}
