/** How failing and damaged storage is told. One reason, and a text that says where to look. */
import { DualpingError } from '@dualping/core';

/** What is on disk is not what was written there. */
export function damaged(file: string, offset: number, position: number | undefined, what: string) {
  const at = position === undefined ? `byte ${offset}` : `byte ${offset} (position ${position})`;
  return new DualpingError(
    'storage-failed',
    `${file} is damaged at ${at}: ${what}; restore it from a copy, or move the data folder away to start anew from the primary`,
  );
}

/** An operation failed; an error that already says so is left as it is. */
export function storageFailed(doing: string, path: string, cause: unknown): DualpingError {
  if (cause instanceof DualpingError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new DualpingError('storage-failed', `${doing} ${path} failed: ${why}`, { cause });
}
