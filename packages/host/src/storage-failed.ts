import { DualpingError } from '@dualping/core';

/** How a failed operation on a file is told; an error that already says so is left as it is. */
export function storageFailed(doing: string, path: string, cause: unknown): DualpingError {
  if (cause instanceof DualpingError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new DualpingError('storage-failed', `${doing} ${path} failed: ${why}`, { cause });
}
