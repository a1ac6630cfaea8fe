/** Journals on a disk in memory. */
import { epoch, position, serverId } from '@dualping/core';
import type { InstallChunk, Journal, JournalListener, Snapshot } from './journal.js';
import type { MemoryDisk } from './memory-disk.fixture.js';
import { type JournalOptions, openJournal } from './open-journal.js';

export const FOLDER = '/data/s1';

export function openOn(disk: MemoryDisk, options: Partial<JournalOptions> = {}): Promise<Journal> {
  return openJournal(FOLDER, {
    cluster: 1,
    serverId: serverId(1),
    newJournalId: () => 'journal-a',
    newLifeId: () => 'life-1',
    files: disk.boot(),
    ...options,
  });
}

/** The default content of the entry at a position. */
export const payload = (at: number, text = 'entry'): Buffer => Buffer.from(`${text} ${at}`);

/** Appends up to a position, and waits until it is durable. */
export async function fill(journal: Journal, to: number, text?: string): Promise<void> {
  for (let at = journal.last + 1; at <= to; at += 1) journal.append(position(at), payload(at, text));
  await journal.whenDurable(position(to));
}

/** All texts of a journal, in order. */
export function texts(journal: Journal): string[] {
  return [...journal.replay(journal.first, journal.last)].map((entry) => entry.payload.toString());
}

export class Witness implements JournalListener {
  readonly reports: number[] = [];
  readonly failures: string[] = [];

  constructor(readonly journal: Journal) {
    journal.listen(this);
  }

  durable(at: number): void {
    this.reports.push(at);
  }

  failed(error: Error): void {
    this.failures.push(error.message);
  }
}

export const snapshotAt = (journal: Journal, at: number, ...parts: string[]): Snapshot => ({
  position: position(at),
  epoch: epoch(1),
  checksum: journal.checksumAt(position(at)),
  parts: parts.map((part) => Buffer.from(part)),
});

export async function* chunks(
  parts: readonly string[],
  posts: readonly number[],
): AsyncGenerator<InstallChunk> {
  for (let from = 0; from < posts.length; from += 3) {
    const some = posts.slice(from, from + 3);
    const payloads = some.map((at) => payload(at, 'post'));
    yield { kind: 'posts', positions: some.map(position), payloads };
  }
  for (const part of parts) yield { kind: 'part', bytes: Buffer.from(part) };
}
