/** What a failure of gRPC says about a router. */
import type { DualpingError, Failure } from '@dualping/core';

/**
 * What Node's HTTP/2 says of a peer that speaks something else; grpc-js passes it on only in its text, with
 * the time of day behind it.
 */
const OTHER_PROTOCOL = 'Protocol error';

export const routerFailure = ({ reason, detail }: DualpingError): Failure =>
  reason === 'router-unreachable' && detail.startsWith(OTHER_PROTOCOL)
    ? { reason: 'not-a-router', detail: 'something else than gRPC answers there' }
    : { reason, detail };
