/**
 * The checks that all codecs share: is this number, name or list allowed on the wire?
 *
 * Every message may come from a stranger. It is checked here and nowhere else; a wrong value becomes a
 * `DualpingError` that names the field and quotes the value.
 */
import {
  type Address,
  type Build,
  type ClusterId,
  type ClusterKey,
  cleanDetail,
  type DeviceName,
  DualpingError,
  deviceNameProblem,
  type Epoch,
  epoch,
  isReason,
  MAX_CLUSTER_NUMBER,
  MAX_CLUSTERS,
  MAX_SERVER_ID,
  MAX_SESSION_ID_LENGTH,
  type Position,
  position,
  quote,
  type Reason,
  type ServerId,
  type ServiceName,
  serverId,
  serviceNameProblem,
  type UserName,
  userNameProblem,
} from '@dualping/core';
import { formatAddress, parseAddress } from '../address.js';

/** Longest journal id and network id: two UUIDs fit, as for sessions. */
export const MAX_ID_LENGTH = 80;
/**
 * Longest interval or time-out that a peer may announce, ms: an hour is longer than any sensible failure
 * detection.
 */
const MAX_ANNOUNCED_MS = 3_600_000;
/** Checksums are CRC-32. */
const MAX_UINT32 = 2 ** 32 - 1;

/** Printable ASCII without spaces: ids are compared and shown, never parsed. */
const ID = /^[\x21-\x7e]*$/;

/** Levels count up with releases: more is a mistake. */
const MAX_LEVEL = 65_535;

/** Empty and 0: it is not told. */
export function buildFrom({
  version,
  level,
}: {
  readonly version: string;
  readonly level: number;
}): { readonly build: Build } | undefined {
  if (level === 0 && version === '') return undefined;
  return {
    build: { version: optionalIdFrom(version, 'version'), level: ordinal(level, 'level', MAX_LEVEL) },
  };
}

export const buildToWire = (build: Build | undefined): Build => build ?? { version: '', level: 0 };

export const levelFrom = (value: number): number => count(value, 'level', MAX_LEVEL);

export function refuse(text: string): never {
  throw new DualpingError('invalid-argument', text);
}

function inRange(value: number, field: string, least: number, most: number): number {
  if (!Number.isSafeInteger(value) || value < least || value > most)
    refuse(`${field} is "${value}": must be a whole number from ${least} to ${most}`);
  return value;
}

export const count = (value: number, field: string, most = Number.MAX_SAFE_INTEGER): number =>
  inRange(value, field, 0, most);
export const ordinal = (value: number, field: string, most = Number.MAX_SAFE_INTEGER): number =>
  inRange(value, field, 1, most);
export const epochFrom = (value: number, field = 'epoch'): Epoch => epoch(count(value, field));
export const positionFrom = (value: number, field = 'position'): Position => position(count(value, field));
export const clusterFrom = (value: number): ClusterId => ordinal(value, 'cluster', MAX_CLUSTERS);
/** The number of a cluster of users or of a service, in messages of a router. */
export const anyClusterFrom = (value: number): ClusterId => ordinal(value, 'cluster', MAX_CLUSTER_NUMBER);
export const serverIdFrom = (value: number): ServerId => serverId(ordinal(value, 'server_id', MAX_SERVER_ID));
export const checksumFrom = (value: number): number => count(value, 'checksum', MAX_UINT32);
export const durationFrom = (value: number, field: string): number => ordinal(value, field, MAX_ANNOUNCED_MS);

function idFrom(value: string, field: string, most: number): string {
  if (value.length > most)
    refuse(`${field} ${quote(value)} has ${value.length} characters, at most ${most} are allowed`);
  if (!ID.test(value)) refuse(`${field} ${quote(value)} has other than printable ASCII characters`);
  return value;
}

/** A journal or network id; empty if the message allows that. */
export const optionalIdFrom = (value: string, field: string): string => idFrom(value, field, MAX_ID_LENGTH);

export function requiredIdFrom(value: string, field: string): string {
  if (value === '') refuse(`${field} is missing`);
  return idFrom(value, field, MAX_ID_LENGTH);
}

export function sessionIdFrom(value: string): string {
  if (value === '') refuse('session_id is missing');
  return idFrom(value, 'session_id', MAX_SESSION_ID_LENGTH);
}

export function userFrom(value: string): UserName {
  const problem = userNameProblem(value);
  if (problem !== undefined) throw new DualpingError('invalid-user-name', problem);
  return value;
}

/** Bytes of a public key of Ed25519, and of SHA-256. */
const HASH_BYTES = 32;

/** A public key or the hash of a code: 32 bytes, as base64url. */
export function hashFrom(value: Uint8Array, field: string): string {
  if (value.length !== HASH_BYTES) refuse(`${field} has ${value.length} bytes, ${HASH_BYTES} are needed`);
  return Buffer.from(value).toString('base64url');
}

export const hashToWire = (text: string): Buffer => Buffer.from(text, 'base64url');

export function deviceFrom(value: string): DeviceName {
  const problem = deviceNameProblem(value);
  return problem === undefined ? value : refuse(problem);
}

export function serviceFrom(value: string): ServiceName {
  const problem = serviceNameProblem(value);
  return problem === undefined ? value : refuse(problem);
}

/** A message names a cluster by number, or a service by name, and never both. */
export function clusterKeyFrom({ cluster, service }: WireKey, judge = clusterFrom): ClusterKey {
  if (service === '') return judge(cluster);
  if (cluster !== 0) refuse(`cluster is "${cluster}" and service is ${quote(service)}: name one of them`);
  return serviceFrom(service);
}

export const clusterKeyToWire = (key: ClusterKey): WireKey =>
  typeof key === 'number' ? { cluster: key, service: '' } : { cluster: 0, service: key };

export interface WireKey {
  readonly cluster: number;
  readonly service: string;
}

/** A `host:port` to dial, in normal form, so that equal addresses are equal strings. */
export const addressFrom = (value: string): Address => formatAddress(parseAddress(value));

export function listFrom<Wire, Core>(
  values: readonly Wire[],
  field: string,
  most: number,
  each: (value: Wire) => Core,
): Core[] {
  if (values.length > most) refuse(`${field} has ${values.length} elements, at most ${most} are allowed`);
  return values.map(each);
}

/** The name of a number of an open enum: a stranger can send any number. */
export function nameOf<Name extends string>(
  numbers: Readonly<Record<Name, number>>,
  value: number,
  field: string,
): Name {
  const names = Object.entries(numbers) as [Name, number][];
  for (const [name, number] of names) if (number === value) return name;
  return refuse(`${field} is "${value}": must be ${names.map(([name, no]) => `${no} (${name})`).join(', ')}`);
}

export function present<T>(value: T | undefined, field: string): T {
  if (value === undefined) refuse(`${field} is missing`);
  return value;
}

/**
 * The reason of a peer's refusal. An unknown reason is still a refusal: it becomes `internal` (give up), with
 * the word in the text.
 */
export function refusalFrom(reason: string, detail: string): { reason: Reason; detail: string } {
  const text = cleanDetail(detail);
  return isReason(reason)
    ? { reason, detail: text }
    : { reason: 'internal', detail: `${quote(reason)}: ${text}` };
}
