/** The meaning of a gRPC failure for a router. */
import type { DualpingError, Failure } from '@dualping/core';
import { NOT_A_ROUTER } from '@dualping/protocol';

/**
 * What Node's HTTP/2 reports when the peer speaks another protocol. grpc-js has it only in its error text,
 * followed by a time of day.
 */
const OTHER_PROTOCOL = 'Protocol error';

export function routerFailure({ reason, detail }: DualpingError): Failure {
  if (reason !== 'router-unreachable') return { reason, detail };
  if (detail.startsWith(OTHER_PROTOCOL))
    return { reason: 'not-a-router', detail: 'something else than gRPC answers there' };
  // A part of this network, as its certificate says: the connection ends before it can say so itself.
  return { reason: detail.endsWith(NOT_A_ROUTER) ? 'not-a-router' : reason, detail };
}
