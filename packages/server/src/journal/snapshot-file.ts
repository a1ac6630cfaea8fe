/**
 * A snapshot on disk: a frame that identifies it, a frame for each part, and a frame that says it is
 * complete.
 *
 * A file gets its name only when it is durable, so an incomplete file with its final name was damaged later.
 */

import { basename, join } from 'node:path';
import { DualpingError } from '@dualping/core';
import { type FileOperations, readWhole, TEMPORARY } from '@dualping/host';
import { type Frame, frameAt, payloadOf } from './frame.js';
import { FrameFileWriter } from './frame-file-writer.js';
import type { Snapshot, SnapshotInfo } from './journal.js';
import { assertNotLater, damaged } from './storage-errors.js';

/** Largest part of a snapshot: four gRPC messages at their default limit. */
export const MAX_SNAPSHOT_PART_BYTES = 16 * 1024 * 1024;

const FORMAT = 2;
/** The lowest format that can be read. Its parts are JSON, which the reader recognises. */
const OLDEST_FORMAT = 1;
const SEED = 0;
/**
 * Parts are numbered from 1 in the place of positions, so the first and the last frame can't be taken for a
 * part.
 */
const INFO_NUMBER = 0;
const END_NUMBER = 2 ** 48 - 1;

const NAME = /^snapshot-\d{16}$/;
export const snapshotName = (position: number): string => `snapshot-${String(position).padStart(16, '0')}`;
/** The newest first. */
export const snapshotNames = (names: readonly string[]): string[] =>
  names
    .filter((name) => NAME.test(name))
    .sort()
    .reverse();

export class SnapshotWriter {
  #parts = 0;

  private constructor(
    readonly files: FileOperations,
    readonly folder: string,
    readonly path: string,
    readonly frames: FrameFileWriter,
  ) {}

  static async create(files: FileOperations, folder: string, info: SnapshotInfo): Promise<SnapshotWriter> {
    const path = join(folder, snapshotName(info.position));
    const frames = await FrameFileWriter.create(files, `${path}${TEMPORARY}`, Buffer.alloc(0), SEED);
    const { position, epoch, checksum } = info;
    await frames.add(INFO_NUMBER, Buffer.from(JSON.stringify({ format: FORMAT, position, epoch, checksum })));
    return new SnapshotWriter(files, folder, path, frames);
  }

  async add(part: Buffer): Promise<void> {
    if (part.length === 0 || part.length > MAX_SNAPSHOT_PART_BYTES)
      throw new DualpingError(
        'invalid-argument',
        `a snapshot part has ${part.length} bytes: 1 to ${MAX_SNAPSHOT_PART_BYTES} are possible`,
      );
    this.#parts += 1;
    await this.frames.add(this.#parts, part);
  }

  /** Resolves when the snapshot is durable under its name. */
  async finish(): Promise<void> {
    await this.frames.add(END_NUMBER, Buffer.from(`${this.#parts} parts`));
    await this.frames.finish();
    await this.files.rename(this.frames.file.path, this.path);
    await this.files.syncFolder(this.folder);
  }

  async abandon(): Promise<void> {
    this.frames.abandon();
    await this.files.remove(this.frames.file.path);
  }
}

export function bytesOfSnapshot(files: FileOperations, path: string): Buffer {
  const file = files.open(path);
  try {
    return readWhole(file);
  } finally {
    file.close();
  }
}

/** Throws `storage-failed` when the file at that path is damaged. */
export function snapshotIn(bytes: Buffer, path: string): Snapshot {
  const frames = framesOf(bytes, path);
  const [info, ...rest] = frames;
  const end = rest.pop();
  if (info?.position !== INFO_NUMBER || end?.position !== END_NUMBER)
    throw damaged(path, bytes.length, undefined, 'it is not whole');
  const { format, position, epoch, checksum } = JSON.parse(payloadOf(bytes, info).toString('utf8'));
  assertNotLater(path, format, [OLDEST_FORMAT, FORMAT]);
  if (format < OLDEST_FORMAT || basename(path) !== snapshotName(position))
    throw damaged(path, 0, undefined, `it is format ${format} of position ${position}`);
  return { position, epoch, checksum, parts: rest.map((frame) => payloadOf(bytes, frame)) };
}

function framesOf(bytes: Buffer, path: string): Frame[] {
  const frames: Frame[] = [];
  let checksum = SEED;
  for (let offset = 0; offset < bytes.length; ) {
    const frame = frameAt(bytes, offset, MAX_SNAPSHOT_PART_BYTES);
    if (frame === undefined || frame.previous !== checksum)
      throw damaged(path, offset, undefined, 'a record does not match its checksum');
    frames.push(frame);
    checksum = frame.checksum;
    offset = frame.end;
  }
  return frames;
}
