/** Errors about damaged storage, with a text that says where to look. */
import { DualpingError } from '@dualping/core';

/** An older copy must never replace a folder: it would claim to hold what the folder held. */
export const WHAT_TO_DO =
  'when `dualping admin status` shows another server in sync, empty the data folder and start again; never put an older copy in its place';

/** The content on disk differs from what was written. */
export function damaged(file: string, offset: number, position: number | undefined, what: string) {
  const at = position === undefined ? `byte ${offset}` : `byte ${offset} (position ${position})`;
  return new DualpingError('storage-failed', `${file} is damaged at ${at}: ${what}; ${WHAT_TO_DO}`);
}
