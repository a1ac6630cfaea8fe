/**
 * Calls that one router passes on to the one that leads: who had made them, and over which connection.
 *
 * Only a router is believed about that. It has judged the caller before it passed the call on; the leader
 * judges that same caller again, and never the router that stands between. So a call gains nothing on its
 * way.
 */
import { Metadata, type MetadataValue } from '@grpc/grpc-js';
import { type CertifiedNetwork, partOfPath, partPath } from './identity.js';
import type { Caller } from './roles.js';

/** The connection on which the call came, as `getPeer` says it. A call with it is passed on no further. */
const FORWARDED_FOR = 'dualping-forwarded-for';
/**
 * Says who had called: `part server/1/2`, `stranger`, `plaintext`, or `classic`: without TLS, from where the
 * classic wire is served.
 */
const FORWARDED_AS = 'dualping-forwarded-as';
/** What gRPC itself adds to each call. */
const OF_TRANSPORT = /^(grpc-|:|user-agent$|te$|content-type$|accept-encoding$)/;

/** A call, as far as it tells where it came from. */
export interface Passed {
  readonly metadata: Metadata;
  getPeer(): string;
}

export const isForwarded = ({ metadata }: Passed): boolean => metadata.get(FORWARDED_FOR).length > 0;

/** On which connection this call came, also when another router has passed it on. */
export const originOf = (call: Passed): string => textIn(call.metadata, FORWARDED_FOR) ?? call.getPeer();

/**
 * What goes with the call when it is passed on.
 * @param caller undefined: without TLS, where all are believed
 */
export function forwardedMetadata(call: Passed, caller: Caller | undefined): Metadata {
  const metadata = new Metadata();
  for (const key of Object.keys(call.metadata.getMap()))
    if (!OF_TRANSPORT.test(key)) for (const value of call.metadata.get(key)) metadata.add(key, value);
  metadata.set(FORWARDED_FOR, call.getPeer());
  // Over what the caller itself may have said.
  metadata.remove(FORWARDED_AS);
  if (caller !== undefined) metadata.set(FORWARDED_AS, textOf(caller));
  return metadata;
}

/** Who had called, as the router says that passes it on; undefined: it calls for itself. */
export function forwardedCaller(metadata: Metadata, network: CertifiedNetwork): Caller | undefined {
  const text = textIn(metadata, FORWARDED_AS);
  if (text === undefined)
    return metadata.get(FORWARDED_FOR).length === 0
      ? undefined
      : { kind: 'rejected', why: 'a router passes it on, and does not say for whom' };
  if (text === 'stranger') return { kind: text };
  if (text === 'plaintext' || text === 'classic') return { kind: 'plaintext', isClassic: text === 'classic' };
  const [, path] = /^part (.+)$/.exec(text) ?? [];
  const part = path === undefined ? undefined : partOfPath(path);
  if (part === undefined) return { kind: 'rejected', why: `a router passes it on for "${text}"` };
  return { kind: 'part', identity: { ...part, network } };
}

function textOf(caller: Caller): string {
  if (caller.kind === 'plaintext' && caller.isClassic) return 'classic';
  return caller.kind === 'part' ? `part ${partPath(caller.identity)}` : caller.kind;
}

function textIn(metadata: Metadata, key: string): string | undefined {
  const [value]: readonly (MetadataValue | undefined)[] = metadata.get(key);
  return typeof value === 'string' ? value : undefined;
}
