/** A unary call of grpc-js as a promise that can be cancelled. */
import type { ClientUnaryCall, ServiceError } from '@grpc/grpc-js';

export interface CallLimits {
  /** When the call is given up, in milliseconds from now. */
  readonly timeoutMs: number;
  /** Gives it up earlier. */
  readonly signal?: AbortSignal | undefined;
}

type Callback<Response> = (error: ServiceError | null, response: Response) => void;

/** Rejects with what grpc-js says; the caller knows what it meant. */
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
