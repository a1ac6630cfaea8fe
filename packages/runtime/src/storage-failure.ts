import { DualpingError } from '@dualping/core';

/** Returns a failure of the disk. Any other error is a bug of ours, and is thrown again. */
export function storageFailure(error: unknown): DualpingError {
  if (error instanceof DualpingError && error.reason === 'storage-failed') return error;
  throw error;
}
