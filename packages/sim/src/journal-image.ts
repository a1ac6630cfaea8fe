/**
 * The content of a journal on disk: a base that came as a snapshot, the entries after it, and the newest
 * snapshot of its own.
 */
import { type Entry, type EpochStart, type Position, postIn, type SocialSnapshot } from '@dualping/core';
import { entryText } from './entry-text.js';
import type { Installation } from './wires.js';

const EMPTY: SocialSnapshot = { position: 0 as Position, users: [], sessions: [], origins: [] };
const NO_BASE: Installation = { snapshot: EMPTY, epochStarts: [], checksum: 0, posts: new Map() };
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
  #base = NO_BASE;
  #snapshot = EMPTY;
  #entries: Entry[] = [];
  #checksums: number[] = [];

  get first(): number {
    return this.#base.snapshot.position + 1;
  }
  get last(): number {
    return this.#base.snapshot.position + this.#entries.length;
  }
  get base(): Installation {
    return this.#base;
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
    return this.#checksums[at - this.first] ?? this.#base.checksum;
  }

  /** An entry that is here; below the base only posts are. */
  read(at: number): Entry | undefined {
    return this.#entries[at - this.first] ?? this.#base.posts.get(at as Position);
  }

  append(entry: Entry): void {
    if (entry.position !== this.last + 1)
      throw new Error(`the journal ends at ${this.last} and is given entry ${entry.position}`);
    this.#checksums.push(chained(this.checksum, entry));
    this.#entries.push(entry);
  }

  truncateAfter(after: number): void {
    if (after < this.first - 1)
      throw new Error(`the journal begins at ${this.first} and is to be cut after ${after}`);
    this.#entries.length = Math.min(this.#entries.length, after - this.first + 1);
    this.#checksums.length = this.#entries.length;
  }

  /** Keeps a snapshot; one beyond the end of the journal is ignored. */
  keepSnapshot(snapshot: SocialSnapshot): void {
    if (snapshot.position >= this.#base.snapshot.position && snapshot.position <= this.last)
      this.#snapshot = snapshot;
  }

  install(installation: Installation): void {
    this.#base = installation;
    this.#snapshot = installation.snapshot;
    this.#entries = [];
    this.#checksums = [];
  }

  epochStarts(): EpochStart[] {
    const starts = [...this.#base.epochStarts];
    let epoch = starts.at(-1)?.epoch ?? 0;
    for (const entry of this.#entries) {
      if (entry.epoch <= epoch) continue;
      epoch = entry.epoch;
      starts.push({ epoch: entry.epoch, position: entry.position });
    }
    return starts;
  }

  /** The posts up to a position, for a server that will not have the journal before it. */
  postsThrough(through: number): Map<Position, Entry> {
    const posts = new Map([...this.#base.posts].filter(([at]) => at <= through));
    for (const entry of this.#entries)
      if (entry.position <= through && postIn(entry) !== undefined) posts.set(entry.position, entry);
    return posts;
  }

  clone(): JournalImage {
    const copy = new JournalImage();
    copy.#base = this.#base;
    copy.#snapshot = this.#snapshot;
    copy.#entries = [...this.#entries];
    copy.#checksums = [...this.#checksums];
    return copy;
  }
}
