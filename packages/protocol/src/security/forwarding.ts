/**
 * Calls that a router passes on to the leader: the original caller, and its connection.
 *
 * Only a router is believed in this. It has checked the caller before it passed the call on; the leader
 * checks the same caller again, not the router. So a passed-on call gains no rights.
 */
import { Metadata, type MetadataValue } from '@grpc/grpc-js';
import { type CertifiedNetwork, partOfPath, partPath } from './identity.js';
import type { Caller } from './roles.js';

/** The original connection, by `getPeer`. A call with this metadata is not passed on again. */
const FORWARDED_FOR = 'dualping-forwarded-for';
/**
 * The original caller: `part server/1/2`, `stranger`, `plaintext`, or `classic` (without TLS, from a source
 * for which the classic wire is served).
 */
const FORWARDED_AS = 'dualping-forwarded-as';
/** What gRPC itself adds to each call. */
const OF_TRANSPORT = /^(grpc-|:|user-agent$|te$|content-type$|accept-encoding$)/;

/** The part of a call that shows its origin. */
export interface Passed {
  readonly metadata: Metadata;
  getPeer(): string;
}

export const isForwarded = ({ metadata }: Passed): boolean => metadata.get(FORWARDED_FOR).length > 0;

/** The connection of the original caller, also if another router has passed the call on. */
export const originOf = (call: Passed): string => textIn(call.metadata, FORWARDED_FOR) ?? call.getPeer();

/**
 * The metadata of a call that is passed on. @param caller undefined: without TLS, where every caller is
 * believed
 */
export function forwardedMetadata(call: Passed, caller: Caller | undefined): Metadata {
  const metadata = new Metadata();
  for (const key of Object.keys(call.metadata.getMap()))
    if (!OF_TRANSPORT.test(key)) for (const value of call.metadata.get(key)) metadata.add(key, value);
  metadata.set(FORWARDED_FOR, call.getPeer());
  // Replaces the same metadata from the caller itself.
  metadata.remove(FORWARDED_AS);
  if (caller !== undefined) metadata.set(FORWARDED_AS, textOf(caller));
  return metadata;
}

/**
 * The original caller, as named by the router that passes the call on; undefined: the router itself calls.
 */
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
