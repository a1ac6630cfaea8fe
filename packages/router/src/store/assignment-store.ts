/**
 * The router's durable state: its network id, the number of clusters, and the last record of each.
 *
 * One append-only file. A change is one synced write, which every failover waits for; replacing the file with
 * each change would need three. When most of the file is outdated it is replaced by one with only the latest
 * records.
 *
 * Opening replaces it too. After a failed or unfinished sync a file may read correctly and still not be on
 * disk, and no later sync of the same bytes would bring it there. So the content is written again before it
 * is used (Rebello et al., "Can Applications Recover from fsync Failures?").
 */
import { dirname, join, resolve } from 'node:path';
import { type ClusterId, type ClusterRecord, DualpingError } from '@dualping/core';
import {
  nodeFiles,
  readWholeIfThere,
  replaceFile,
  type SyncedFile,
  storageFailed,
  TEMPORARY,
} from '@dualping/host';
import { frame, unframe } from './frames.js';
import {
  headerFromJson,
  headerToJson,
  LaterFormat,
  type LogHeader,
  recordFromJson,
  recordToJson,
  versionFor,
} from './log-lines.js';
import { type Timed, untimed } from './timed.js';

export const LOG_NAME = 'assignments.log';
/** Below this a log isn't replaced, bytes: reading it takes a few milliseconds. */
const MIN_REPLACED_BYTES = 1024 * 1024;
/** A log is replaced when it is this many times as long as after its last replacement. */
const GROWTH_BEFORE_REPLACED = 4;

export interface CutTail {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

export class AssignmentStore {
  readonly #path: string;
  readonly #records = new Map<ClusterId, ClusterRecord>();
  #file: SyncedFile;
  #length: number;
  #replacedLength: number;
  #crc: number;
  /** Version of the content of its lines. */
  #version: number;

  private constructor(
    path: string,
    readonly header: LogHeader,
    /** Whether this opening made it. */
    readonly isNew: boolean,
    /** Bytes that a crash had left after the last durable line; undefined: none. */
    readonly cutTail: CutTail | undefined,
    log: { file: SyncedFile; length: number; crc: number; records: readonly ClusterRecord[] },
    private readonly timed: Timed,
  ) {
    this.#path = path;
    this.#file = log.file;
    this.#length = log.length;
    this.#replacedLength = log.length;
    this.#crc = log.crc;
    this.#version = versionFor(log.records);
    for (const record of log.records) this.#records.set(record.cluster, record);
  }

  /**
   * Opens the store in `folder`, or makes it there with `fresh`.
   *
   * Throws `storage-failed` naming file, line and byte when it is damaged or can't be read or written.
   */
  static async open(
    folder: string,
    fresh: () => LogHeader,
    timed: Timed = untimed,
  ): Promise<AssignmentStore> {
    const path = join(folder, LOG_NAME);
    try {
      return await timed(`opening ${path}`, async () => {
        await nodeFiles.makeFolder(folder);
        await nodeFiles.remove(`${path}${TEMPORARY}`);
        const bytes = readWholeIfThere(nodeFiles, path);
        if (bytes === undefined) return await AssignmentStore.#make(path, fresh(), timed);
        return await AssignmentStore.#read(path, bytes, timed);
      });
    } catch (error) {
      throw storageFailed('opening', path, error);
    }
  }

  /**
   * Replaces the store, durably: completely, or not at all.
   *
   * Throws `storage-failed` naming the file when it can't be written.
   */
  static async replace(folder: string, header: LogHeader, records: readonly ClusterRecord[]): Promise<void> {
    const path = join(folder, LOG_NAME);
    try {
      const { file } = await replaceLog(path, header, records);
      file.close();
    } catch (error) {
      throw storageFailed('writing', path, error);
    }
  }

  static async #make(path: string, header: LogHeader, timed: Timed): Promise<AssignmentStore> {
    const log = await replaceLog(path, header, []);
    // The folder's own entry too: the process that made the folder may have died before that was durable.
    await nodeFiles.syncFolder(dirname(resolve(dirname(path))));
    return new AssignmentStore(path, header, true, undefined, { ...log, records: [] }, timed);
  }

  static async #read(path: string, bytes: Buffer, timed: Timed): Promise<AssignmentStore> {
    const log = unframe(bytes);
    if ('what' in log) throw damaged(path, log.line, log.what, log.offset);
    const [first, ...rest] = log.json;
    if (first === undefined) throw damaged(path, 1, 'its first line is missing');
    const header = understand(path, 1, () => headerFromJson(first));
    const records = rest.map((json, at) => understand(path, at + 2, () => recordFromJson(json)));
    const latest = [...new Map(records.map((record) => [record.cluster, record])).values()];
    const replaced = await replaceLog(path, header, latest);
    const { length } = log;
    const cut =
      length === bytes.length ? undefined : { file: path, offset: length, bytes: bytes.length - length };
    return new AssignmentStore(path, header, false, cut, { ...replaced, records: latest }, timed);
  }

  /** The last record of each cluster that has one. */
  get records(): ClusterRecord[] {
    return [...this.#records.values()];
  }

  /**
   * When it resolves, the records are on disk. One call at a time. After a failure it is unknown what is on
   * disk, and the store must not be used any more.
   */
  async append(records: readonly ClusterRecord[]): Promise<void> {
    try {
      // An older router would drop records that it does not know: so the log first gets the newer version
      // number.
      if (versionFor(records) > this.#version)
        await this.timed(`replacing ${this.#path}`, () => this.#replace(versionFor(records)));
      const { bytes, crc } = frameAll(records.map(recordToJson), this.#crc);
      await this.timed(`syncing ${this.#path}`, () => this.#file.write(bytes, this.#length));
      this.#length += bytes.length;
      this.#crc = crc;
      for (const record of records) this.#records.set(record.cluster, record);
      if (this.#length > Math.max(MIN_REPLACED_BYTES, GROWTH_BEFORE_REPLACED * this.#replacedLength))
        await this.timed(`replacing ${this.#path}`, () => this.#replace(this.#version));
    } catch (error) {
      throw storageFailed('writing', this.#path, error);
    }
  }

  close(): void {
    this.#file.close();
  }

  async #replace(version: number): Promise<void> {
    const outdated = this.#file;
    const { file, length, crc } = await replaceLog(this.#path, this.header, this.records, version);
    this.#version = version;
    this.#file = file;
    this.#length = length;
    this.#replacedLength = length;
    this.#crc = crc;
    outdated.close();
  }
}

/** Replaces the old log by a whole new one. */
async function replaceLog(
  path: string,
  header: LogHeader,
  records: readonly ClusterRecord[],
  version = versionFor(records),
): Promise<{ file: SyncedFile; length: number; crc: number }> {
  const { bytes, crc } = frameAll([headerToJson(header, version), ...records.map(recordToJson)], 0);
  await replaceFile(nodeFiles, path, bytes);
  return { file: nodeFiles.openSynced(path), length: bytes.length, crc };
}

function frameAll(lines: readonly string[], seed: number): { bytes: Buffer; crc: number } {
  const parts: Buffer[] = [];
  let crc = seed;
  for (const line of lines) {
    const framed = frame(line, crc);
    parts.push(framed.bytes);
    crc = framed.crc;
  }
  return { bytes: Buffer.concat(parts), crc };
}

function understand<T>(path: string, line: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof LaterFormat) throw error.in(path);
    throw damaged(path, line, error instanceof Error ? error.message : String(error));
  }
}

function damaged(path: string, line: number, what: string, offset?: number): DualpingError {
  const place = offset === undefined ? `line ${line}` : `line ${line} (byte ${offset})`;
  return new DualpingError(
    'storage-failed',
    `${path} is damaged at ${place}: ${what}; to go on without it, or with an older copy, could grant an epoch twice`,
  );
}
