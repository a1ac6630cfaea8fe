/** Promises for which the caller can stop waiting. */

/** Options of every call of the library. */
export interface CallOptions {
  /**
   * Ends the waiting: the promise rejects with the signal's reason. `AbortSignal.timeout(ms)` is a time-out.
   * The request may still be done.
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
