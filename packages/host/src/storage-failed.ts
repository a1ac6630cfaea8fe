import { DualpingError } from '@dualping/core';

/** The error for a failed operation on a file; an error that is one already is returned unchanged. */
export function storageFailed(doing: string, path: string, cause: unknown): DualpingError {
  if (cause instanceof DualpingError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new DualpingError('storage-failed', `${doing} ${path} failed: ${why}`, { cause });
}
