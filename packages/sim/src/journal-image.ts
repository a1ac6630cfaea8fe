/** The content of a journal on disk: its entries, and the newest snapshot of the state that is kept there. */
import type { Entry, EpochStart, JournalPlace, Position, SocialSnapshot } from '@dualping/core';
import { entryText } from './entry-text.js';
import type { Installation } from './wires.js';

/** Before the first entry. */
export const NO_BASE: JournalPlace = { position: 0 as Position, checksum: 0 };
export const EMPTY: SocialSnapshot = { position: 0 as Position, users: [], sessions: [], origins: [] };
const FNV_PRIME = 0x01000193;

/**
 * A checksum that starts from the one before, so that it is equal at the end only when all entries were
 * equal.
 */
export function chained(before: number, entry: Entry): number {
  let hash = before ^ 0x811c9dc5;
  const text = entryText(entry);
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  return hash >>> 0;
}

export class JournalImage {
  #snapshot = EMPTY;
  #entries: Entry[] = [];
  #checksums: number[] = [];

  get last(): number {
    return this.#entries.length;
  }
  /** The newest snapshot of the state that is kept here. */
  get snapshot(): SocialSnapshot {
    return this.#snapshot;
  }
  get entries(): readonly Entry[] {
    return this.#entries;
  }
  get checksum(): number {
    return this.checksumAt(this.last);
  }

  checksumAt(at: number): number {
    return this.#checksums[at - 1] ?? 0;
  }

  read(at: number): Entry | undefined {
    return this.#entries[at - 1];
  }

  append(entry: Entry): void {
    if (entry.position !== this.last + 1)
      throw new Error(`the journal ends at ${this.last} and is given entry ${entry.position}`);
    this.#checksums.push(chained(this.checksum, entry));
    this.#entries.push(entry);
  }

  truncateAfter(after: number): void {
    this.#entries.length = Math.min(this.#entries.length, after);
    this.#checksums.length = this.#entries.length;
  }

  /** Keeps a snapshot; one beyond the end of the journal is ignored. */
  keepSnapshot(snapshot: SocialSnapshot): void {
    if (snapshot.position <= this.last) this.#snapshot = snapshot;
  }

  install({ entries, snapshot }: Installation): void {
    this.#snapshot = snapshot;
    this.#entries = [];
    this.#checksums = [];
    for (const entry of entries) this.append(entry);
  }

  epochStarts(): EpochStart[] {
    const starts: EpochStart[] = [];
    let epoch = 0;
    for (const entry of this.#entries) {
      if (entry.epoch <= epoch) continue;
      epoch = entry.epoch;
      starts.push({ epoch: entry.epoch, position: entry.position });
    }
    return starts;
  }

  clone(): JournalImage {
    const copy = new JournalImage();
    copy.#snapshot = this.#snapshot;
    copy.#entries = [...this.#entries];
    copy.#checksums = [...this.#checksums];
    return copy;
  }
}
