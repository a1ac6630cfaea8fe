/** The service's one method, without a proto to keep the example short; generated code is used the same way. */
import type { ServiceDefinition } from '@grpc/grpc-js';

export const encode = (text: string): Buffer => Buffer.from(text);
export const decode = (bytes: Buffer): string => bytes.toString();

export const NEXT = '/example.Tickets/Next';

export const Tickets = {
  next: {
    path: NEXT,
    requestStream: false,
    responseStream: false,
    requestSerialize: encode,
    requestDeserialize: decode,
    responseSerialize: encode,
    responseDeserialize: decode,
  },
} satisfies ServiceDefinition;
