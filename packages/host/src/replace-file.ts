/**
 * Replaces a file as a whole: a crash at any moment leaves the old content or the new.
 *
 *     make NAME.temporary → write it → sync it → rename it to NAME → sync the folder
 *
 * Without the first sync a power failure can leave an empty file under the name. Without the second sync it
 * can bring the old file back. When a step fails the temporary file is removed. A crash leaves it, and the
 * next replacement writes over it.
 */
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { type FileOperations, syncFolderNow } from './files.js';

/** Suffix of a file that is still being written. */
export const TEMPORARY = '.temporary';

export interface ReplaceOptions {
  /**
   * The file, in the same folder, into which the content is first written. `NAME.temporary` is enough if a
   * lock excludes other writers. Writers that may write at the same time need different names.
   */
  readonly temporary?: string;
  /** Permissions of the file. Those of the old file are not kept. */
  readonly mode?: number;
}

/** When it resolves, the new content is on disk under its name. */
export async function replaceFile(
  files: FileOperations,
  path: string,
  content: Buffer,
  { temporary = `${path}${TEMPORARY}`, mode }: ReplaceOptions = {},
): Promise<void> {
  try {
    const file = await files.create(temporary, mode);
    try {
      await file.write(content, 0);
      await file.sync();
    } finally {
      file.close();
    }
    await files.rename(temporary, path);
    await files.syncFolder(dirname(path));
  } catch (error) {
    await files.remove(temporary).catch(() => {}); // the first error tells more
    throw error;
  }
}

export interface ReplaceNowOptions extends ReplaceOptions {
  /**
   * False for content that is useless after a power failure, because it is about processes that are then
   * gone. Nothing is synced; if only the process dies, the file has the old content or the new.
   */
  readonly durable?: boolean;
}

/**
 * The same, synchronously: for a signal's handler, or after an internal error, when there is no time for
 * promises.
 */
export function replaceFileNow(
  path: string,
  content: string,
  { temporary = `${path}${TEMPORARY}`, mode, durable = true }: ReplaceNowOptions = {},
): void {
  try {
    const file = fs.openSync(temporary, 'w', mode);
    try {
      fs.writeFileSync(file, content);
      if (durable) fs.fdatasyncSync(file);
    } finally {
      fs.closeSync(file);
    }
    fs.renameSync(temporary, path);
    if (durable) syncWherePossible(dirname(path));
  } catch (error) {
    try {
      fs.rmSync(temporary, { force: true });
    } catch {} // the first error says more
    throw error;
  }
}

/** Not every file system can sync a folder; the content itself is safe. */
function syncWherePossible(folder: string): void {
  try {
    syncFolderNow(folder);
  } catch {}
}
