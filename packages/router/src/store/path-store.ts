/**
 * The small store of paths that csce438 programs keep at their coordinator (`create`, `exists`).
 *
 * One append-only file of the same lines as the assignment log; each path is in it once, and their number is
 * bounded, so it is never rewritten. It does not affect which server is available: after a failure here the
 * call is refused, and the router goes on.
 */
import { join } from 'node:path';
import { DualpingError } from '@dualping/core';
import { nodeFiles, type OpenFile, readWholeIfThere, replaceFile, storageFailed } from '@dualping/host';
import type { PathAndData } from '@dualping/protocol';
import { frame, unframe } from './frames.js';
import { MAX_PATHS, type Paths } from './paths.js';
import { type Timed, untimed } from './timed.js';

export const PATHS_NAME = 'paths.log';

export class PathStore implements Paths {
  readonly #path: string;
  readonly #paths = new Map<string, string>();
  #file: OpenFile;
  #length: number;
  #crc: number;
  /** One write at a time, in the order of the calls. */
  #lastWrite: Promise<void> = Promise.resolve();
  #failed: DualpingError | undefined;

  private constructor(
    path: string,
    file: OpenFile,
    length: number,
    crc: number,
    lines: readonly string[],
    private readonly timed: Timed,
  ) {
    this.#path = path;
    this.#file = file;
    this.#length = length;
    this.#crc = crc;
    for (const line of lines) {
      const { path: name, data } = pathFromJson(line);
      this.#paths.set(name, data);
    }
  }

  /** Throws `storage-failed` naming file, line and byte when it is damaged or can't be read or written. */
  static async open(folder: string, timed: Timed = untimed): Promise<PathStore> {
    const path = join(folder, PATHS_NAME);
    try {
      return await timed(`opening ${path}`, () => PathStore.#open(folder, path, timed));
    } catch (error) {
      throw storageFailed('opening', path, error);
    }
  }

  /** Replaces all paths, durably. Throws `storage-failed` when they can't be written. */
  static async replace(folder: string, paths: readonly PathAndData[]): Promise<void> {
    const path = join(folder, PATHS_NAME);
    const parts: Buffer[] = [];
    let seed = 0;
    for (const { path: name, data } of paths) {
      const { bytes, crc } = frame(JSON.stringify({ path: name, data }), seed);
      parts.push(bytes);
      seed = crc;
    }
    try {
      await replaceFile(nodeFiles, path, Buffer.concat(parts));
    } catch (error) {
      throw storageFailed('writing', path, error);
    }
  }

  static async #open(folder: string, path: string, timed: Timed): Promise<PathStore> {
    await nodeFiles.makeFolder(folder);
    const bytes = readWholeIfThere(nodeFiles, path);
    const log = unframe(bytes ?? Buffer.alloc(0));
    if ('what' in log)
      throw new DualpingError(
        'storage-failed',
        `${path} is damaged at line ${log.line} (byte ${log.offset}): ${log.what}; without it csce438 programs find none of their paths`,
      );
    const file = bytes === undefined ? await nodeFiles.create(path) : nodeFiles.open(path);
    await file.truncate(log.length); // the rest was never durable, and never announced
    // Written again: after a failed sync the file may read correctly and still not be on disk, and a later
    // sync would not show that.
    await file.write((bytes ?? Buffer.alloc(0)).subarray(0, log.length), 0);
    await file.sync();
    await nodeFiles.syncFolder(folder);
    return new PathStore(path, file, log.length, log.crc, log.json, timed);
  }

  async create(made: PathAndData): Promise<boolean> {
    const turn = this.#lastWrite.then(() => this.#create(made));
    this.#lastWrite = turn.then(
      () => {},
      () => {}, // its caller gets the error
    );
    return await turn;
  }

  get all(): readonly PathAndData[] {
    return [...this.#paths].map(([path, data]) => ({ path, data }));
  }

  exists(path: string): boolean {
    return this.#paths.has(path);
  }

  async close(): Promise<void> {
    await this.#lastWrite;
    this.#file.close();
  }

  async #create({ path, data }: PathAndData): Promise<boolean> {
    // After a failed write it is unknown what is on disk.
    if (this.#failed !== undefined) throw this.#failed;
    if (this.#paths.has(path)) return false;
    if (this.#paths.size >= MAX_PATHS)
      throw new DualpingError('limit-reached', `${MAX_PATHS} paths are kept already`);
    const { bytes, crc } = frame(JSON.stringify({ path, data }), this.#crc);
    try {
      await this.timed(`syncing ${this.#path}`, async () => {
        await this.#file.write(bytes, this.#length);
        await this.#file.sync();
      });
    } catch (error) {
      this.#failed = storageFailed('writing', this.#path, error);
      throw this.#failed;
    }
    this.#length += bytes.length;
    this.#crc = crc;
    this.#paths.set(path, data);
    return true;
  }
}

function pathFromJson(json: string): PathAndData {
  const line: unknown = JSON.parse(json);
  if (typeof line === 'object' && line !== null && 'path' in line && 'data' in line)
    if (typeof line.path === 'string' && typeof line.data === 'string')
      return { path: line.path, data: line.data };
  throw new Error('a line is no path');
}
