/** How failing and damaged storage is told. One reason, and a text that says where to look. */
import { DualpingError } from '@dualping/core';

/** An older copy must never take the place of a folder: it claims to hold what the folder held. */
export const WHAT_TO_DO =
  'when `dualping admin status` shows another server in sync, empty the data folder and start again; never put an older copy in its place';

/** What is on disk is not what was written there. */
export function damaged(file: string, offset: number, position: number | undefined, what: string) {
  const at = position === undefined ? `byte ${offset}` : `byte ${offset} (position ${position})`;
  return new DualpingError('storage-failed', `${file} is damaged at ${at}: ${what}; ${WHAT_TO_DO}`);
}

/** An operation failed; an error that already says so is left as it is. */
export function storageFailed(doing: string, path: string, cause: unknown): DualpingError {
  if (cause instanceof DualpingError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new DualpingError('storage-failed', `${doing} ${path} failed: ${why}`, { cause });
}
