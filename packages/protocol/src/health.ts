/** Asks a process whether it serves: the client's side of `grpc.health.v1.Health/Check`. */
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
  /** For example `dualping.v1.SocialService`; empty for the process itself. */
  readonly service: string;
  readonly timeoutMs: number;
  /** Use a connection of its own, and close it afterwards. */
  readonly alone?: boolean;
}

const HEALTH_OF_STATUS: Readonly<Record<ServingStatus, Health>> = {
  [ServingStatus.UNKNOWN]: 'unknown',
  [ServingStatus.SERVING]: 'serving',
  [ServingStatus.NOT_SERVING]: 'not-serving',
  [ServingStatus.SERVICE_UNKNOWN]: 'unknown',
};

/** An unknown field is ignored; an unknown status is `unknown`. */
export const decodeHealth = (bytes: Uint8Array): Health =>
  HEALTH_OF_STATUS[HealthCheckResponse.decode(bytes).status] ?? 'unknown';

/**
 * Rejects with `server-unreachable` when there is no answer in time, and with `not-a-server` when the process
 * does not know the service.
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
  // The health protocol's status for an unknown service.
  if (cause.code === status.NOT_FOUND)
    return new DualpingError('not-a-server', `${address}: there is no such service`, { cause });
  return new DualpingError(reason, `${address}: ${detail}`, { cause });
}
