/**
 * Signs of life between a primary and those who read timelines: whom to give one now, and who has fallen
 * silent.
 *
 * Only of readers that asked for it when they opened. What one was told stands until it is told more: the
 * interval rises with the number of readers, and never falls on one stream, since its reader may not have
 * read that yet.
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
 * New readers come by the thousand after a takeover: their first signs are spread over so many parts of the
 * interval.
 */
const SPREAD = 5;

export class ReaderSigns {
  readonly #readers = new Map<LinkId, Reader>();

  /** @returns what the reader is told */
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

  /** Those of whom nothing was heard for as long as they were told; they are forgotten. */
  takeSilent(at: number): readonly { readonly link: LinkId; readonly silentMs: number }[] {
    const silent: { link: LinkId; silentMs: number }[] = [];
    for (const [link, { told, heardAt }] of this.#readers)
      if (at - heardAt >= told.deadAfterMs) silent.push({ link, silentMs: at - heardAt });
    for (const { link } of silent) this.#readers.delete(link);
    return silent;
  }

  /** Who gets a sign now, and what it says. */
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
