/**
 * Asking a process how it is: the client's side of `grpc.health.v1.Health/Check`.
 *
 * The two messages have one field each, so they are read and written here. The generated way would load the
 * definition of the service at run time, which takes longer than the whole question; probes ask every few seconds.
 */

import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { type Address, DualpingError } from '@dualping/core';
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { CHANNEL_OPTIONS } from './serve.js';
import { fromServiceError } from './status.js';

export type Health = 'unknown' | 'serving' | 'not-serving';

export interface HealthQuestion {
  readonly address: Address;
  /** As `dualping.v1.SocialService`; empty for the process as such. */
  readonly service: string;
  readonly timeoutMs: number;
}

const METHOD = '/grpc.health.v1.Health/Check';
/** Tag of field 1: as a string in the question, as a number in the answer. */
const SERVICE_TAG = 0x0a;
const STATUS_FIELD = 1;
const VARINT = 0;
const HEALTH_OF_STATUS: readonly Health[] = ['unknown', 'serving', 'not-serving'];

const encodeQuestion = (service: string): Buffer =>
  Buffer.from(service === '' ? [] : new BinaryWriter().uint32(SERVICE_TAG).string(service).finish());

/** A field that isn't known is passed over, a status that isn't known is `unknown`. */
export function decodeHealth(bytes: Uint8Array): Health {
  const reader = new BinaryReader(bytes);
  let health: Health = 'unknown';
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === STATUS_FIELD && wireType === VARINT) health = HEALTH_OF_STATUS[reader.int32()] ?? 'unknown';
    else reader.skip(wireType);
  }
  return health;
}

/** Rejects with `server-unreachable` when nobody answers in time, and `not-a-server` when nobody there knows of the service. */
export async function askHealth({ address, service, timeoutMs }: HealthQuestion): Promise<Health> {
  const client = new Client(address, credentials.createInsecure(), CHANNEL_OPTIONS);
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        METHOD,
        encodeQuestion,
        decodeHealth,
        service,
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
