/**
 * Files that other users of the machine may not read: data folders, and files with keys.
 *
 * Everything that we make is for its owner only. Older or copied files may be readable by others; if they
 * belong to us they are closed, and either way it is reported to the operator. A closed folder closes
 * everything in it, whatever the modes inside are.
 */
import { chmodSync, statSync } from 'node:fs';
import { quote } from '@dualping/core';

/** Group and others. */
const OTHERS = 0o077;
export const PRIVATE_FOLDER = 0o700;
export const PRIVATE_FILE = 0o600;

/** Sets the umask of this process. */
export function makePrivately(): void {
  process.umask(OTHERS);
}

/** Closes a folder to others. @returns the text to report; undefined: it was closed already */
export const mendFolder = (path: string): string | undefined => mend(path, 'folder', PRIVATE_FOLDER);

/** The same for a file. */
export const mendFile = (path: string): string | undefined => mend(path, 'file', PRIVATE_FILE);

function mend(path: string, what: string, mode: number): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || (stats.mode & OTHERS) === 0) return undefined;
  const was = `${what} ${quote(path)} was open to others on this machine (mode ${modeText(stats.mode)})`;
  try {
    chmodSync(path, mode);
    return `${was}; it is ${modeText(mode)} now`;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `${was}, and can't be closed by this process: ${why}`;
  }
}

const modeText = (mode: number): string => (mode & 0o777).toString(8).padStart(4, '0');
