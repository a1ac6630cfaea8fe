/** The meaning of a gRPC failure for a router. */
import type { DualpingError, Failure } from '@dualping/core';

/**
 * What Node's HTTP/2 reports when the peer speaks another protocol. grpc-js has it only in its error text,
 * followed by a time of day.
 */
const OTHER_PROTOCOL = 'Protocol error';

export const routerFailure = ({ reason, detail }: DualpingError): Failure =>
  reason === 'router-unreachable' && detail.startsWith(OTHER_PROTOCOL)
    ? { reason: 'not-a-router', detail: 'something else than gRPC answers there' }
    : { reason, detail };
