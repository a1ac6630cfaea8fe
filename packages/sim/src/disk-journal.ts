/** The journal on a simulated disk, as the driver of the replica has it. */
import {
  type Entry,
  type JournalId,
  type Known,
  type LifeId,
  type NetworkId,
  type Position,
  type Post,
  postIn,
  type SocialSnapshot,
} from '@dualping/core';
import type { DiskAsker, JournalListener, ReplicaJournal } from '@dualping/runtime';
import type { DiskNews, ServerDisk } from './server-disk.js';

export interface DiskJournalOwner {
  readonly name: string;
  appended(entries: readonly Entry[]): void;
  /** For a journal that is renewed. */
  nextJournalId(): JournalId;
  renewed(): void;
}

/** Of every journal. */
export const FIRST = 1 as Position;

export class DiskJournal implements ReplicaJournal {
  #listener: JournalListener | undefined;

  constructor(
    readonly disk: ServerDisk,
    readonly owner: DiskJournalOwner,
  ) {}

  get first(): Position {
    return FIRST;
  }
  get last(): Position {
    return this.disk.image.last as Position;
  }

  listen(listener: JournalListener): void {
    this.#listener = listener;
  }

  /** Takes what the disk reports. */
  hear(news: Exclude<DiskNews, { kind: 'stalled' }>): void {
    if (news.kind === 'durable') this.#listener?.durable(news.last as Position, news.checksum);
    else this.#listener?.failed(news.detail);
  }

  checksumAt(position: Position): number {
    return this.disk.image.checksumAt(position);
  }

  read(from: number, to: number): Entry[] {
    const entries: Entry[] = [];
    for (let at = from; at <= to; at += 1) entries.push(this.#entryAt(at));
    return entries;
  }

  readPosts(positions: readonly Position[]): (Post | undefined)[] {
    return positions.map((at) => postIn(this.#entryAt(at)));
  }

  append(entries: readonly Entry[]): void {
    this.disk.write({ kind: 'append', entries });
    this.owner.appended(entries);
  }

  truncateAfter(position: Position, { done }: DiskAsker<void>): void {
    this.disk.write({ kind: 'truncate', after: position, done });
  }

  saveSnapshot(snapshot: SocialSnapshot): void {
    this.disk.keepSnapshot(snapshot);
  }

  noteWelcome(networkId: NetworkId, lifeId: LifeId, { done }: DiskAsker<void>): void {
    this.disk.noteWelcome(networkId, lifeId, done);
  }

  noteKnown(known: Known): void {
    this.disk.noteKnown(known);
  }

  renew({ done }: DiskAsker<JournalId>): void {
    this.disk.renew(this.owner.nextJournalId(), (journalId) => {
      this.owner.renewed();
      done(journalId);
    });
  }

  /** Asking for an entry that is not there is a bug, not a failure of the disk. */
  #entryAt(at: number): Entry {
    const entry = this.disk.image.read(at);
    if (entry === undefined) throw new Error(`${this.owner.name} has no entry ${at}`);
    return entry;
  }
}
