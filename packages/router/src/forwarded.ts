/** Calls that a router passes on to the one that leads: how they are marked, and who had made them. */
import { Metadata, type ServerUnaryCall } from '@grpc/grpc-js';

/** Names who had called, as `getPeer` says it; with it a call is passed on no further. */
const FORWARDED_KEY = 'dualping-forwarded-for';
/** What gRPC itself adds to each call. */
const OF_TRANSPORT = /^(grpc-|:|user-agent$|te$|content-type$|accept-encoding$)/;

type Call = Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'getPeer'>;

export const isForwarded = ({ metadata }: Call): boolean => metadata.get(FORWARDED_KEY).length > 0;

/** Who has made this call, also when another router has passed it on. */
export function callerOf(call: Call): string {
  const [forwardedFor] = call.metadata.get(FORWARDED_KEY);
  return typeof forwardedFor === 'string' ? forwardedFor : call.getPeer();
}

/** What goes with the call when it is passed on. */
export function forwardedMetadata(call: Call): Metadata {
  const metadata = new Metadata();
  for (const key of Object.keys(call.metadata.getMap()))
    if (!OF_TRANSPORT.test(key)) for (const value of call.metadata.get(key)) metadata.add(key, value);
  metadata.set(FORWARDED_KEY, call.getPeer());
  return metadata;
}
