import { DualpingError } from '@dualping/core';

/** What was thrown when the disk failed. Everything else is a mistake of our own, and thrown again. */
export function storageFailure(error: unknown): DualpingError {
  if (error instanceof DualpingError && error.reason === 'storage-failed') return error;
  throw error;
}
