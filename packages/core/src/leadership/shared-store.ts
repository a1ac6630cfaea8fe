/**
 * The requests of routers to the store that they share (etcd), as values: keys, and transactions over them.
 *
 * Each key has the revision of its last change. A transaction compares such revisions, and does one of two
 * lists of operations in one atomic step. Reads see everything that was written before they were asked
 * (linearizable).
 */
import type { Address } from '../ids.js';

/** Revision of a key's last change; `NO_KEY`: there is no such key. */
export type ModRevision = number;
export const NO_KEY: ModRevision = 0;
/**
 * The revision of the leader's key. Each takeover writes that key once, and nothing else does, so the term
 * rises with each leader.
 */
export type Term = ModRevision;
/** Names a lease; chosen by the router that asks for it. */
export type LeaseId = number;

export const LEADER_KEY = 'leader';
/** The network: its id, and the number of clusters. */
export const HEADER_KEY = 'header';
/** The record of cluster N is at `clusters/N`. */
export const CLUSTERS_PREFIX = 'clusters/';
/** Paths that csce438 programs create at their coordinator are at `paths/` and the path. */
export const PATHS_PREFIX = 'paths/';

export interface StoreCompare {
  readonly key: string;
  readonly mod: ModRevision;
}

export type StoreOperation =
  /** With a lease the key is deleted when the lease ends. */
  | { readonly kind: 'put'; readonly key: string; readonly value: string; readonly lease?: LeaseId }
  | { readonly kind: 'get'; readonly key: string }
  /** All keys with this prefix. */
  | { readonly kind: 'list'; readonly prefix: string };

export interface Transaction {
  /** If all of these hold `operations` are done, else `otherwise`. */
  readonly compares: readonly StoreCompare[];
  readonly operations: readonly StoreOperation[];
  readonly otherwise: readonly StoreOperation[];
}

export interface StoredKey {
  readonly key: string;
  readonly value: string;
  readonly mod: ModRevision;
}

export interface TransactionAnswer {
  readonly succeeded: boolean;
  /** Of the whole store. Keys that the transaction has put have this as their `mod`. */
  readonly revision: ModRevision;
  /** One list for each `get` and `list` that was done, in order. */
  readonly found: readonly (readonly StoredKey[])[];
}

/** The value of the leader's key. */
export interface LeaderValue {
  /** Of the leading process; new at each start of a router. */
  readonly id: string;
  /** Where members, clients and other routers dial it. */
  readonly address: Address;
  /** Of this campaign, so that a router without an answer can tell its own write from another one's. */
  readonly nonce: string;
}

/** Who leads, as the store says. */
export interface Leader extends LeaderValue {
  readonly term: Term;
}

export const leaderToText = ({ id, address, nonce }: LeaderValue): string =>
  JSON.stringify({ id, address, nonce });

/** @throws Error when the key's value is not one that a router has written */
export function leaderFrom(found: readonly StoredKey[] | undefined): Leader | undefined {
  const stored = found?.[0];
  if (stored === undefined) return undefined;
  const value: unknown = JSON.parse(stored.value);
  if (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    'address' in value &&
    'nonce' in value
  ) {
    const { id, address, nonce } = value;
    if (typeof id === 'string' && typeof address === 'string' && typeof nonce === 'string')
      return { id, address, nonce, term: stored.mod };
  }
  throw new Error(`key "${stored.key}" of the store is not what a router writes: ${stored.value}`);
}
