/** Files that only their owner may read, replaced as a whole, each perhaps by several clients at once. */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type FileOperations, nodeFiles, replaceFile, replaceFileNow } from '@dualping/host';

const OWNER_ONLY = 0o600;
const FOLDER = { recursive: true, mode: 0o700 };

/** In a signal's handler and after a mistake of ours there is no time for promises. */
export function replaceNow(path: string, content: string): void {
  mkdirSync(dirname(path), FOLDER);
  replaceFileNow(path, content, { temporary: besideOf(path), mode: OWNER_ONLY });
}

/**
 * The same without holding up the keys.
 * @param isWanted asked before the content takes its place: something newer may be there by then
 */
export async function replaceLater(path: string, content: string, isWanted: () => boolean): Promise<void> {
  await mkdir(dirname(path), FOLDER);
  const files: FileOperations = {
    ...nodeFiles,
    // Asked and renamed in one go, so that nothing newer can come between.
    rename: async (from, to) => (isWanted() ? renameSync(from, to) : rmSync(from, { force: true })),
    // Not every file system can sync a folder; the content itself is safe.
    syncFolder: (folder) => nodeFiles.syncFolder(folder).catch(() => {}),
  };
  const options = { temporary: `${besideOf(path)}-later`, mode: OWNER_ONLY };
  await replaceFile(files, path, Buffer.from(content), options);
}

/** With the process in its name: two clients that replace a file at once must not write into the same one. */
const besideOf = (path: string): string => `${path}.${process.pid}.new`;
const BESIDE = /^(.+)\.\d+\.new(?:-later)?$/;

/** The file that something so named was to replace; undefined for any other name. */
export const replacedBy = (name: string): string | undefined => BESIDE.exec(name)?.[1];
