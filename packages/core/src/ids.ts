/**
 * The numbers and names that identify everything else.
 *
 * The three that are easiest to confuse (epoch, position, server id) are branded, so that one can't be passed
 * in place of another; the constructors assert what the brand promises.
 */
import { invariant } from './invariants.js';

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Number of one primary's time as primary of a cluster. Only rises; 0 means "before the first". */
export type Epoch = Brand<number, 'Epoch'>;
/** Place of an entry in a cluster's journal: contiguous from 1; 0 means "before the first". */
export type Position = Brand<number, 'Position'>;
/** Permanent number of a server within its cluster, 1 to 2^31 − 1. Shown as `s1`. */
export type ServerId = Brand<number, 'ServerId'>;

/** Number of a cluster: from 1 for the clusters of users, above `MAX_CLUSTERS` for those of services. */
export type ClusterId = number;
/**
 * Name of a service: a cluster of members without a journal, which is made when the first of them attaches.
 * Checked by `serviceNameProblem`: never all digits, so it can't be taken for a cluster's number.
 */
export type ServiceName = string;
/** Identifies a cluster in a request: its number, or the name of its service. */
export type ClusterKey = ClusterId | ServiceName;
/** Raised, durably, at each start of a server that keeps its journal. From 1. */
export type Incarnation = number;
/**
 * Names one run of one process: 128 random bits as 32 hexadecimal digits, new at each start. The incarnation
 * orders the lives of a server, the life id tells them apart. Empty for a member without a journal that does
 * not say.
 */
export type LifeId = string;
/** Made together with a journal: names this copy on this disk. A wiped or replaced disk has another one. */
export type JournalId = string;
/** Made together with the router's store: members and clients of another network are refused. */
export type NetworkId = string;
/** Names one ordered conversation of a client; key of exactly-once together with the request number. */
export type SessionId = string;
/** Place of a request within its session: 1, 2, 3 and so on, without a gap. */
export type RequestNumber = number;
/** 1 to 32 of `A-Z a-z 0-9 _ -`; checked by `userNameProblem`. */
export type UserName = string;
/** Of a user's device: the 32 bytes of an Ed25519 public key in base64url, 43 characters. */
export type PublicKey = string;
/** SHA-256 of an invitation's or a one-time code in base64url, 43 characters: the code itself is not kept. */
export type CodeHash = string;
/** The owner's name for a key, such as `laptop`; 1 to 40 of letters, digits, space and `. _ -`. */
export type DeviceName = string;
/** A host and port to dial, `127.0.0.1:7070` or `[::1]:7070`. */
export type Address = string;

/** Milliseconds on a clock that never goes back; only differences mean anything. */
export type Instant = number;
/**
 * Milliseconds since 1970 by some machine's wall clock. It may jump. It is shown to users, and in an entry it
 * decides one thing: whether a code has expired.
 */
export type WallTimeMs = number;

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

/** A whole number from 0 as an epoch. Anything else breaks an invariant. */
export function epoch(value: number): Epoch {
  invariant(isCount(value), 'epoch-is-a-count', { value });
  return value as Epoch;
}

/** A whole number from 0 as a position. Anything else breaks an invariant. */
export function position(value: number): Position {
  invariant(isCount(value), 'position-is-a-count', { value });
  return value as Position;
}

/** Largest server id: the classic wire carries it as an int32. */
export const MAX_SERVER_ID = 2 ** 31 - 1;

/** A whole number from 1 to `MAX_SERVER_ID` as a server id. Anything else breaks an invariant. */
export function serverId(value: number): ServerId {
  invariant(isCount(value) && value >= 1 && value <= MAX_SERVER_ID, 'server-id-is-in-range', { value });
  return value as ServerId;
}

export const NO_EPOCH = 0 as Epoch;
export const NO_POSITION = 0 as Position;

export const nextPosition = (at: Position): Position => (at + 1) as Position;
export const previousPosition = (at: Position): Position => position(at - 1);
export const nextEpoch = (after: Epoch): Epoch => (after + 1) as Epoch;
/** A server's name in messages. */
export const serverName = (id: ServerId): string => `s${id}`;
/**
 * The same with the cluster's number or its service's name in front; without it when `cluster` is undefined
 * because there is only one.
 */
export function serverNameIn(cluster: ClusterKey | undefined, id: ServerId): string {
  if (cluster === undefined) return serverName(id);
  return `${typeof cluster === 'number' ? `c${cluster}` : cluster}/${serverName(id)}`;
}
/** A cluster's name in messages: `cluster 3`, `service orders`. */
export const clusterTitle = (key: ClusterKey): string =>
  typeof key === 'number' ? `cluster ${key}` : `service ${key}`;
/** What identifies a cluster to people: its service's name if it has one, else its number. */
export const clusterKeyOf = ({
  cluster,
  service,
}: {
  readonly cluster: ClusterId;
  readonly service?: ServiceName;
}): ClusterKey => service ?? cluster;
