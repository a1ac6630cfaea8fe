/** A unary call of grpc-js as a promise that can be cancelled. */
import type { ClientUnaryCall, ServiceError } from '@grpc/grpc-js';

export interface CallLimits {
  /** Deadline of the call, in milliseconds from now. */
  readonly timeoutMs: number;
  /** Cancels the call earlier. */
  readonly signal?: AbortSignal | undefined;
}

type Callback<Response> = (error: ServiceError | null, response: Response) => void;

/** Rejects with the error of grpc-js; the caller interprets it. */
export function unary<Response>(
  start: (options: { deadline: number }, callback: Callback<Response>) => ClientUnaryCall,
  { timeoutMs, signal }: CallLimits,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    // gRPC deadlines are on the wall clock.
    const call = start({ deadline: Date.now() + timeoutMs }, (error, response) => {
      signal?.removeEventListener('abort', cancel);
      if (error === null) resolve(response);
      else reject(error);
    });
    const cancel = (): void => call.cancel();
    if (signal?.aborted) cancel();
    else signal?.addEventListener('abort', cancel, { once: true });
  });
}
