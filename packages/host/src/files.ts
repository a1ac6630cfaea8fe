/**
 * The few operations that journals and stores need of a file system.
 *
 * It is an interface, so that tests can use a disk that fills up, fails to sync or loses what was not synced.
 * Reading is synchronous: the page cache serves it in microseconds, and a round through the thread pool costs
 * more than that. Operations that may wait for the disk are asynchronous.
 */
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

export interface OpenFile {
  readonly path: string;
  size(): number;
  /** Reads until `into` is full or the file ends; returns the number of bytes read. */
  read(into: Buffer, offset: number): number;
  /** Writes all of it or throws; after that it is unknown what was written. */
  write(bytes: Buffer, offset: number): Promise<void>;
  truncate(size: number): Promise<void>;
  /** When it resolves, all earlier writes and the file's size are on disk. */
  sync(): Promise<void>;
  close(): void;
}

/** A file whose changes are on disk when they resolve, together with the file's size. */
export interface SyncedFile {
  readonly path: string;
  /** Writes all of it or throws; after that it is unknown what is written, and what of it is on disk. */
  write(bytes: Buffer, offset: number): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): void;
}

/** A file or folder that is held open: as long as it is, no other one gets its number on the disk. */
export interface HeldPlace {
  readonly path: string;
  /** Whether its path still leads to it. Rejects when the disk can't say so. */
  isThere(): Promise<boolean>;
  close(): void;
}

export interface FileOperations {
  /** Makes a folder and its parents, durably. Does nothing if it exists. */
  makeFolder(path: string): Promise<void>;
  list(path: string): Promise<string[]>;
  /** Opens an existing file. */
  open(path: string): OpenFile;
  /** The same, for changes that are synced one by one. */
  openSynced(path: string): SyncedFile;
  /** Holds an existing file or folder, to notice when it is removed or another one takes its place. */
  hold(path: string): HeldPlace;
  /** Makes an empty file; replaces an existing one. `mode`: permissions of a new one. */
  create(path: string, mode?: number): Promise<OpenFile>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a folder with all its content. Does nothing if it does not exist. */
  remove(path: string): Promise<void>;
  /** When it resolves, all earlier creations, renames and removals in the folder are on disk. */
  syncFolder(path: string): Promise<void>;
}

const write = promisify(fs.write);
const truncate = promisify(fs.ftruncate);
const sync = promisify(fs.fdatasync);
const open = promisify(fs.open);

class NodeFile implements OpenFile {
  constructor(
    readonly path: string,
    readonly descriptor: number,
  ) {}

  size(): number {
    return fs.fstatSync(this.descriptor).size;
  }

  read(into: Buffer, offset: number): number {
    let done = 0;
    while (done < into.length) {
      const bytes = fs.readSync(this.descriptor, into, done, into.length - done, offset + done);
      if (bytes === 0) break;
      done += bytes;
    }
    return done;
  }

  async write(bytes: Buffer, offset: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await write(this.descriptor, bytes, done, bytes.length - done, offset + done);
      done += bytesWritten;
    }
  }

  truncate(size: number): Promise<void> {
    return truncate(this.descriptor, size);
  }

  sync(): Promise<void> {
    return sync(this.descriptor);
  }

  close(): void {
    fs.closeSync(this.descriptor);
  }
}

/** A file that is synced after each change. */
export const syncedAfterwards = (file: OpenFile): SyncedFile => ({
  path: file.path,
  async write(bytes, offset) {
    await file.write(bytes, offset);
    await file.sync();
  },
  async truncate(size) {
    await file.truncate(size);
    await file.sync();
  },
  close: () => file.close(),
});

/**
 * With O_DSYNC a write returns when its bytes and the size are on disk, as after fdatasync. So there is one
 * call of the system and one trip to a thread, not two with a turn of the event loop between them. Elsewhere
 * the flag may promise less: on macOS it leaves the bytes in the cache of the drive.
 */
function openSynced(path: string): SyncedFile {
  if (process.platform !== 'linux') return syncedAfterwards(nodeFiles.open(path));
  const file = new NodeFile(path, fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_DSYNC));
  return { ...syncedAfterwards(file), write: (bytes, offset) => file.write(bytes, offset) };
}

/** What the system says of a path at which nothing is any more. */
const NOTHING_THERE = new Set<unknown>(['ENOENT', 'ENOTDIR']);

function hold(path: string): HeldPlace {
  const descriptor = fs.openSync(path, 'r');
  const held = fs.fstatSync(descriptor, { bigint: true });
  return {
    path,
    async isThere() {
      try {
        const there = await fs.promises.stat(path, { bigint: true });
        return there.ino === held.ino && there.dev === held.dev;
      } catch (error) {
        if (error instanceof Error && 'code' in error && NOTHING_THERE.has(error.code)) return false;
        throw error;
      }
    },
    close: () => fs.closeSync(descriptor),
  };
}

export const nodeFiles: FileOperations = {
  makeFolder,
  list: (path) => fs.promises.readdir(path),
  open: (path) => new NodeFile(path, fs.openSync(path, 'r+')),
  openSynced,
  hold,
  async create(path, mode) {
    return new NodeFile(path, await open(path, 'w+', mode));
  },
  rename: (from, to) => fs.promises.rename(from, to),
  remove: (path) => fs.promises.rm(path, { recursive: true, force: true }),
  syncFolder,
};

async function makeFolder(path: string): Promise<void> {
  if (fs.existsSync(path)) return;
  await makeFolder(dirname(path));
  await fs.promises.mkdir(path, { recursive: true });
  await syncFolder(dirname(path));
}

async function syncFolder(path: string): Promise<void> {
  const folder = await fs.promises.open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The same, for callers that can't wait for a promise. */
export function syncFolderNow(path: string): void {
  const folder = fs.openSync(path, 'r');
  try {
    fs.fsyncSync(folder);
  } finally {
    fs.closeSync(folder);
  }
}

export function readWhole(file: OpenFile): Buffer {
  const bytes = Buffer.allocUnsafe(file.size());
  return bytes.subarray(0, file.read(bytes, 0));
}

/** Undefined when there is no such file. */
export function readWholeIfThere(files: FileOperations, path: string): Buffer | undefined {
  let file: OpenFile;
  try {
    file = files.open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return readWhole(file);
  } finally {
    file.close();
  }
}
