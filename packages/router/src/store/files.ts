/** The few things that every file of a router's folder needs of a disk. */
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { DualpingError } from '@dualping/core';

/** Does some work on a file, and notices when the disk takes long. `doing` is for people. */
export type Timed = <T>(doing: string, work: () => Promise<T>) => Promise<T>;

export const untimed: Timed = (_doing, work) => work();

export async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

export async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

export function storageFailed(doing: string, path: string, cause: unknown): DualpingError {
  if (cause instanceof DualpingError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new DualpingError('storage-failed', `${doing} ${path} failed: ${why}`, { cause });
}
