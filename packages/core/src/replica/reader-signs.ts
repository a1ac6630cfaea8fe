/**
 * Signs of life between a primary and the readers of timelines: which readers get one now, and which are
 * silent.
 *
 * Only for readers that asked for it in `open`. The interval rises with the number of readers. On one stream
 * it never falls, because the reader may not have read the shorter one yet.
 */
import { type SignsOfLife, signsOfLife } from '../signs-of-life.js';
import type { Timing } from '../timing.js';
import type { LinkId } from './messages.js';

interface Reader {
  told: SignsOfLife;
  /** Listening time at which it was last heard, ms. */
  heardAt: number;
  /** Listening time at which it gets the next sign, ms. */
  signAt: number;
}

/**
 * Thousands of readers may come at once after a takeover: their first signs are spread over the interval, in
 * this many parts.
 */
const SPREAD = 5;

export class ReaderSigns {
  readonly #readers = new Map<LinkId, Reader>();

  /** @returns the times to send to the reader */
  opened(link: LinkId, at: number, timing: Pick<Timing, 'pingIntervalMs' | 'deadAfterMs'>): SignsOfLife {
    const told = signsOfLife(timing, this.#readers.size + 1);
    const signAt = at + (told.intervalMs * (1 + (link % SPREAD))) / SPREAD;
    this.#readers.set(link, { told, heardAt: at, signAt });
    return told;
  }

  heard(link: LinkId, at: number): void {
    const reader = this.#readers.get(link);
    if (reader !== undefined) reader.heardAt = at;
  }

  ended(link: LinkId): void {
    this.#readers.delete(link);
  }

  clear(): void {
    this.#readers.clear();
  }

  /** Removes and returns the readers that were silent for longer than they may be. */
  takeSilent(at: number): readonly { readonly link: LinkId; readonly silentMs: number }[] {
    const silent: { link: LinkId; silentMs: number }[] = [];
    for (const [link, { told, heardAt }] of this.#readers)
      if (at - heardAt >= told.deadAfterMs) silent.push({ link, silentMs: at - heardAt });
    for (const { link } of silent) this.#readers.delete(link);
    return silent;
  }

  /** The readers that get a sign now, and the times that it carries. */
  due(
    at: number,
    timing: Pick<Timing, 'pingIntervalMs' | 'deadAfterMs'>,
  ): readonly { readonly link: LinkId; readonly signs: SignsOfLife }[] {
    const due: { link: LinkId; signs: SignsOfLife }[] = [];
    const now = signsOfLife(timing, this.#readers.size);
    for (const [link, reader] of this.#readers) {
      if (at < reader.signAt) continue;
      if (now.deadAfterMs > reader.told.deadAfterMs) reader.told = now;
      reader.signAt = at + reader.told.intervalMs;
      due.push({ link, signs: reader.told });
    }
    return due;
  }
}
