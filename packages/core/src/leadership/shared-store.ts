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

/** Who leads; undefined: no router, also when something that is no router has written the key. */
export function leaderFrom(found: readonly StoredKey[] | undefined): Leader | undefined {
  const stored = found?.[0];
  if (stored === undefined) return undefined;
  const value = jsonFrom(stored.value);
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
  return undefined;
}

function jsonFrom(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What the leader's key says, and what a campaign has to compare if no router leads. */
export interface LeaderKey {
  readonly leader: Leader | undefined;
  /**
   * Revision of a key that something else than a router has written: it has no lease, and would stay for
   * ever. Absent: there is none.
   */
  readonly foreign?: ModRevision;
}

export const FOREIGN_LEADER_TEXT = `something that is no router has written key "${LEADER_KEY}" of the store`;

/** Why a router no longer leads. */
export function whoLeads({ leader, foreign }: LeaderKey): string {
  if (leader !== undefined) return `${leader.address} leads`;
  return foreign === undefined ? 'its lease has ended' : FOREIGN_LEADER_TEXT;
}

export function leaderKeyFrom(found: readonly StoredKey[] | undefined): LeaderKey {
  const leader = leaderFrom(found);
  const stored = found?.[0];
  return leader !== undefined || stored === undefined ? { leader } : { leader, foreign: stored.mod };
}
