/** Promises that the caller can stop waiting for. */

/** What every promise of the library takes. */
export interface CallOptions {
  /**
   * Gives up waiting: the promise rejects with the signal's reason. `AbortSignal.timeout(ms)` is a time-out.
   * What was asked may still be done.
   */
  readonly signal?: AbortSignal | undefined;
}

/** The same promise, until the signal is aborted: then it rejects with the signal's reason. */
export function abortable<Result>(promise: Promise<Result>, { signal }: CallOptions): Promise<Result> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
