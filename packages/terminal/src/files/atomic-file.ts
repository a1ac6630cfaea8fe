/**
 * Replaces a file as a whole: a crash at any moment leaves the old content or the new.
 *
 * The content is written beside the file and synced, then renamed. Only the owner may read it.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

const OWNER_ONLY = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/** In a signal's handler and after a mistake of ours there is no time for promises. */
export function replaceNow(path: string, content: string): void {
  makeFolder(dirname(path));
  const beside = besideOf(path);
  try {
    const file = openSync(beside, 'w', OWNER_ONLY);
    try {
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    putInPlace(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/**
 * The same without holding up the keys.
 * @param isWanted asked before the content takes its place: something newer may be there by then
 */
export async function replaceLater(path: string, content: string, isWanted: () => boolean): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: OWNER_ONLY_FOLDER });
  const beside = `${besideOf(path)}-later`;
  try {
    const file = await open(beside, 'w', OWNER_ONLY);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    // Asked and renamed in one go, so that nothing newer can come between.
    if (isWanted()) putInPlace(beside, path);
    else rmSync(beside, { force: true });
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

export function makeFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: OWNER_ONLY_FOLDER });
}

/** With the process in its name: two clients that replace a file at once must not write into one another's. */
const besideOf = (path: string): string => `${path}.${process.pid}.new`;
const BESIDE = /^(.+)\.\d+\.new(?:-later)?$/;

/** The file that something so named was to replace; undefined for any other name. */
export const replacedBy = (name: string): string | undefined => BESIDE.exec(name)?.[1];

function putInPlace(beside: string, path: string): void {
  renameSync(beside, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } catch {
    // Not every file system can sync a folder; the content itself is safe.
  } finally {
    closeSync(folder);
  }
}
