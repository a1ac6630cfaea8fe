/**
 * Reads a journal from disk, accepts only verified content, and cuts only entries that were never
 * acknowledged.
 *
 *     … segment ┃ segment ┃ frame frame frame ▒▒▒
 *                                              └ bad: torn, if it lies beyond the durable mark and no valid
 *                                                frame follows it; then it is cut. Else it is damage, and
 *                                                the journal is refused.
 *
 * A torn write lies at the very end: entries are synced group by group, and file systems extend a file
 * only over data that they have written. A valid frame after a bad one therefore means that a written frame
 * was damaged later. In doubt (no mark, or a group whose pages reached the disk out of order) the journal is
 * refused: rebuilding a server from the primary is cheaper than losing an entry.
 */

import { join } from 'node:path';
import type { Position } from '@dualping/core';
import type { FileOperations, OpenFile } from '@dualping/host';
import { breathe } from '../breathe.js';
import { findFrameBeyond, frameAt } from './frame.js';
import type { CutTail } from './journal.js';
import {
  decodeSegmentHeader,
  FrameOffsets,
  NOTHING_WRITTEN,
  SEGMENT_HEADER_BYTES,
  Segment,
  segmentNames,
  sumWith,
} from './segment.js';
import { readIndex, writeIndex } from './segment-index.js';
import { damaged } from './storage-errors.js';
import { WholeFiles } from './whole-files.js';

/** The base on which a generation begins. */
export interface Base {
  /** Position before its first entry. */
  readonly position: Position;
  /** Checksum up to there. */
  readonly checksum: number;
}

export interface Recovered {
  readonly segments: Segment[];
  readonly checksum: number;
  readonly cutTail: CutTail | undefined;
}

/** Everything in it is on disk when it resolves. `mark`: up to where it is known to be durable. */
export async function recoverSegments(
  files: FileOperations,
  folder: string,
  names: readonly string[],
  base: Base,
  mark: Position | undefined,
): Promise<Recovered> {
  const paths = segmentNames('journal', names).map((name) => join(folder, name));
  const segments: Segment[] = [];
  let checksum = base.checksum;
  let last = base.position;
  const whole = new WholeFiles(files);
  let cutTail: CutTail | undefined;
  for (const [number, path] of paths.entries()) {
    const isLast = number === paths.length - 1;
    const bytes = whole.read(path);
    if (isLast && number > 0 && isUnfinished(path, bytes)) {
      await files.remove(path);
      break;
    }
    const first = (last + 1) as Position;
    assertGoesOn(path, bytes, first, checksum);
    const index = isLast ? undefined : readIndex(files, path, 'journal', bytes);
    const { offsets, checksum: through } = index ?? scanFrames(bytes, first, checksum);
    const segment = new Segment(path, first, checksum, offsets);
    segment.sum = index?.sum ?? sumWith(NOTHING_WRITTEN, bytes.subarray(0, offsets.end));
    const file = files.open(path);
    try {
      if (offsets.end < bytes.length) {
        cutTail = judgeBadFrame(segment, bytes, isLast, mark);
        await file.truncate(offsets.end);
        await file.sync();
      }
      await syncAgain(file, bytes.subarray(0, offsets.end), segment, isLast, mark);
    } finally {
      file.close();
    }
    if (!isLast && index === undefined)
      await writeIndex(files, path, 'journal', {
        sum: segment.sum,
        checksum: through,
        offsets,
        positions: [],
      });
    segments.push(segment);
    checksum = through;
    last = segment.last;
    await breathe();
  }
  await files.syncFolder(folder);
  const end = segments[segments.length - 1];
  if (end === undefined) throw damaged(folder, 0, undefined, 'it has no segment');
  if (mark !== undefined && last < mark)
    throw damaged(
      end.path,
      end.offsets.end,
      last + 1,
      `entries up to position ${mark} were durable and are gone`,
    );
  return { segments, checksum, cutTail };
}

/** Whether a segment was only begun: its header is durable before anything is written after it. */
function isUnfinished(path: string, bytes: Buffer): boolean {
  return bytes.length <= SEGMENT_HEADER_BYTES && decodeSegmentHeader(path, bytes, 'journal') === undefined;
}

function assertGoesOn(path: string, bytes: Buffer, first: Position, seed: number): void {
  const header = decodeSegmentHeader(path, bytes, 'journal');
  if (header === undefined) throw damaged(path, 0, first, 'its header does not match its checksum');
  if (header.first !== first)
    throw damaged(path, 0, first, `it begins with position ${header.first}, what comes before it is missing`);
  if (header.seed !== seed)
    throw damaged(path, 0, first, `it goes on from checksum ${header.seed}, and not from ${seed}`);
}

/** The frames before the first bad one, and the checksum of the last of them. */
function scanFrames(
  bytes: Buffer,
  first: Position,
  seed: number,
): { readonly offsets: FrameOffsets; readonly checksum: number } {
  const offsets = new FrameOffsets();
  let checksum = seed;
  let position: number = first;
  for (let frame = frameAt(bytes, offsets.end); frame !== undefined; frame = frameAt(bytes, offsets.end)) {
    if (frame.previous !== checksum || frame.position !== position) break;
    offsets.add(frame.end - frame.offset);
    checksum = frame.checksum;
    position += 1;
  }
  return { offsets, checksum };
}

/**
 * Classifies the bad frame after the good ones of a segment: returns an incomplete tail, throws for anything
 * else.
 */
function judgeBadFrame(
  segment: Segment,
  bytes: Buffer,
  isLast: boolean,
  mark: Position | undefined,
): CutTail {
  const offset = segment.offsets.end;
  const position = (segment.last + 1) as Position;
  const refuse = (what: string) => damaged(segment.path, offset, position, what);
  if (!isLast) throw refuse('a record does not match its checksum');
  if (mark !== undefined && position <= mark)
    throw refuse(`a record does not match its checksum, and was durable once (up to position ${mark})`);
  const valid = findFrameBeyond(bytes, offset, position);
  if (valid !== undefined)
    throw refuse(
      `a record does not match its checksum, and a valid one of position ${valid.position} follows at byte ${valid.offset}`,
    );
  return { file: segment.path, offset, bytes: bytes.length - offset, position };
}

/**
 * Writes everything that is not known to be durable again, and syncs it.
 *
 * It can be read, but perhaps only from the page cache: the last process may have died before its sync; or
 * its sync may have failed, after which the system regards pages as written that are not. Without a mark this
 * is done for the last segment.
 */
async function syncAgain(
  file: OpenFile,
  bytes: Buffer,
  segment: Segment,
  isLast: boolean,
  mark: Position | undefined,
): Promise<void> {
  if (!isLast && (mark === undefined || segment.last <= mark)) return;
  const from = mark === undefined || mark < segment.first ? 0 : segment.offsetOf((mark + 1) as Position);
  if (from < bytes.length) await file.write(bytes.subarray(from), from);
  // The file's size may not have reached the disk either, if the last operation was a truncation.
  if (isLast) await file.truncate(bytes.length);
  await file.sync();
}
