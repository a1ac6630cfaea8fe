/** Files that only their owner may read. They are replaced as a whole, perhaps by several clients at once. */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type FileOperations, nodeFiles, replaceFile, replaceFileNow } from '@dualping/host';

const OWNER_ONLY = 0o600;
const FOLDER = { recursive: true, mode: 0o700 };

/** Synchronous, for signal handlers and for the end after a bug. */
export function replaceNow(path: string, content: string): void {
  mkdirSync(dirname(path), FOLDER);
  replaceFileNow(path, content, { temporary: besideOf(path), mode: OWNER_ONLY });
}

/**
 * The same without blocking the keys.
 * @param isWanted called before the content replaces the file: a newer one may be there by then
 */
export async function replaceLater(path: string, content: string, isWanted: () => boolean): Promise<void> {
  await mkdir(dirname(path), FOLDER);
  const files: FileOperations = {
    ...nodeFiles,
    // Check and rename in the same turn, so that no newer save can come between.
    rename: async (from, to) => (isWanted() ? renameSync(from, to) : rmSync(from, { force: true })),
    // Not every file system can sync a folder; the content itself is safe.
    syncFolder: (folder) => nodeFiles.syncFolder(folder).catch(() => {}),
  };
  const options = { temporary: `${besideOf(path)}-later`, mode: OWNER_ONLY };
  await replaceFile(files, path, Buffer.from(content), options);
}

/**
 * The name contains the process id: two clients that replace a file at once must not write into the same one.
 */
const besideOf = (path: string): string => `${path}.${process.pid}.new`;
const BESIDE = /^(.+)\.\d+\.new(?:-later)?$/;

/** The file that an unfinished file of this name was meant to replace; undefined for any other name. */
export const replacedBy = (name: string): string | undefined => BESIDE.exec(name)?.[1];
