/** Asking a process how it is: the client's side of `grpc.health.v1.Health/Check`. */
import { type Address, DualpingError } from '@dualping/core';
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { OWN_CONNECTION } from './dial.js';
import {
  HealthCheckResponse,
  HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from './gen/grpc/health/v1/health.js';
import { CHANNEL_OPTIONS } from './serve.js';
import { fromServiceError } from './status.js';

export type Health = 'unknown' | 'serving' | 'not-serving';

export interface HealthQuestion {
  readonly address: Address;
  /** As `dualping.v1.SocialService`; empty for the process as such. */
  readonly service: string;
  readonly timeoutMs: number;
  /** Over a connection that nothing else uses, and that is closed afterwards. */
  readonly alone?: boolean;
}

const HEALTH_OF_STATUS: Readonly<Record<ServingStatus, Health>> = {
  [ServingStatus.UNKNOWN]: 'unknown',
  [ServingStatus.SERVING]: 'serving',
  [ServingStatus.NOT_SERVING]: 'not-serving',
  [ServingStatus.SERVICE_UNKNOWN]: 'unknown',
};

/** A field that isn't known is passed over, a status that isn't known is `unknown`. */
export const decodeHealth = (bytes: Uint8Array): Health =>
  HEALTH_OF_STATUS[HealthCheckResponse.decode(bytes).status] ?? 'unknown';

/**
 * Rejects with `server-unreachable` when nobody answers in time, and `not-a-server` when nobody there knows
 * of the service.
 */
export async function askHealth({ address, service, timeoutMs, alone }: HealthQuestion): Promise<Health> {
  const options = alone === true ? OWN_CONNECTION : CHANNEL_OPTIONS;
  const client = new Client(address, credentials.createInsecure(), options);
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        HealthService.check.path,
        HealthService.check.requestSerialize,
        decodeHealth,
        { service },
        // gRPC deadlines are on the wall clock.
        { deadline: Date.now() + timeoutMs },
        (error, health = 'unknown') => {
          if (error === null) resolve(health);
          else reject(refusal(address, error));
        },
      );
    });
  } finally {
    client.close();
  }
}

function refusal(address: Address, cause: ServiceError): DualpingError {
  const { reason, detail } = fromServiceError(cause, { sent: false, peer: 'server' });
  // So the health protocol says that it has never heard of a service.
  if (cause.code === status.NOT_FOUND)
    return new DualpingError('not-a-server', `${address}: there is no such service`, { cause });
  return new DualpingError(reason, `${address}: ${detail}`, { cause });
}
