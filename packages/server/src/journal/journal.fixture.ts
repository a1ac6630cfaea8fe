/** Journals on a disk in memory. */
import { DualpingError, epoch, type HeldCopy, position, serverId } from '@dualping/core';
import { MARK_NAME, readMark } from './durable-mark.js';
import { encodeFrame } from './frame.js';
import type {
  CopyContent,
  CopyPiece,
  Journal,
  JournalContent,
  JournalListener,
  Snapshot,
} from './journal.js';
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

const MARK_TIMEOUT_MS = 10_000;

/** Waits until the mark that follows a group has been written. */
export async function markArrives(disk: MemoryDisk, at: number): Promise<void> {
  const path = disk.paths().find((name) => name.endsWith(MARK_NAME)) ?? '';
  const until = performance.now() + MARK_TIMEOUT_MS;
  while (readMark(disk.boot(), path) !== at) {
    if (performance.now() > until) throw new Error(`${path} is not at ${at} within ${MARK_TIMEOUT_MS} ms`);
    await new Promise((done) => setImmediate(done));
  }
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

/** What a copy brings, all at hand. */
export interface WholeCopy {
  readonly content: CopyContent;
  readonly all: readonly CopyPiece[];
}

/** The place before a journal that an older version began after a snapshot. */
export const OLD_BASE = { position: position(100), checksum: 77 };
const OLD_STATE = { ...OLD_BASE, epoch: epoch(3) };
const POSTS_A_PIECE = 3;

/** A copy of such a journal, which has these posts from before its base and nothing after it. */
export function oldCopy(parts: readonly string[], posts: readonly number[]): WholeCopy {
  const state = stateBytes(parts);
  const history: CopyPiece[] = [];
  let checksum = 0;
  for (let from = 0; from < posts.length; from += POSTS_A_PIECE) {
    const frames = posts.slice(from, from + POSTS_A_PIECE).map((at) => {
      const frame = encodeFrame(at, payload(at, 'post'), checksum);
      checksum = frame.readUInt32LE(0);
      return frame;
    });
    history.push({ kind: 'history', bytes: Buffer.concat(frames) });
  }
  const all: CopyPiece[] = [{ kind: 'state', bytes: state }, ...history];
  const content = {
    base: OLD_BASE,
    after: OLD_BASE,
    through: OLD_BASE,
    state: OLD_BASE.position,
    history: { posts: posts.length, checksum },
    bytes: all.reduce((sum, { bytes }) => sum + bytes.length, 0),
  };
  return { content, all };
}

/** A snapshot's file with that state in it. */
function stateBytes(parts: readonly string[]): Buffer {
  const payloads = [JSON.stringify({ format: 2, ...OLD_STATE }), ...parts, `${parts.length} parts`];
  let checksum = 0;
  const frames = payloads.map((text, index) => {
    const number = index === payloads.length - 1 ? 2 ** 48 - 1 : index;
    const frame = encodeFrame(number, Buffer.from(text), checksum);
    checksum = frame.readUInt32LE(0);
    return frame;
  });
  return Buffer.concat(frames);
}

/** A copy of a journal, read at once. */
export function copyFrom(journal: Journal, through = journal.durable, held?: HeldCopy): WholeCopy {
  const { content, pieces } = journal.copyThrough(through, held);
  return { content, all: [...pieces()] };
}

/** The pieces as they come over a network. @param breaksAfter so many of them have come */
export async function* coming(
  pieces: readonly CopyPiece[],
  breaksAfter = Number.POSITIVE_INFINITY,
): AsyncGenerator<CopyPiece> {
  for (const [index, piece] of pieces.entries()) {
    if (index >= breaksAfter) break;
    yield piece;
  }
  if (breaksAfter <= pieces.length) throw new DualpingError('server-unreachable', 'the call broke off');
}

/** @param make what is made of the copy before it is installed */
export const install = (
  journal: Journal,
  { content, all }: WholeCopy,
  pieces = coming(all),
  make: (copied: JournalContent) => Promise<void> = async () => {},
): Promise<void> => journal.installCopy(content, pieces, { setAside: false }, make);
