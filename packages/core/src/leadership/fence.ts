/**
 * The transactions with which a router becomes leader and a leader changes records, and what their answers
 * mean.
 *
 * Safety depends on two compares in this file. The term: only the router that wrote the leader's key last may
 * change anything. The record's own revision: a change applies only to the version that its writer has seen,
 * so a late duplicate of an earlier change changes nothing. With the term alone a late duplicate
 * overwrote a newer record in 9 of 10 trials on etcd.
 *
 * Without an answer a transaction may have happened, or may still happen. Then the *same* transaction is sent
 * again. If the first one happened meanwhile, the compare fails, the term is still ours, and the stored value
 * is the one that we wrote.
 */
import {
  CLUSTERS_PREFIX,
  HEADER_KEY,
  LEADER_KEY,
  type LeaderKey,
  type LeaderValue,
  type LeaseId,
  leaderFrom,
  leaderKeyFrom,
  leaderToText,
  type ModRevision,
  NO_KEY,
  type StoredKey,
  type StoreOperation,
  type Term,
  type Transaction,
  type TransactionAnswer,
} from './shared-store.js';

/** The state with which a leader begins, read in the step that made it leader. */
export interface Belongings {
  readonly term: Term;
  /** Undefined: the network has not been made yet. */
  readonly header: StoredKey | undefined;
  readonly records: readonly StoredKey[];
}

const READ_BELONGINGS: readonly StoreOperation[] = [
  { kind: 'get', key: HEADER_KEY },
  { kind: 'list', prefix: CLUSTERS_PREFIX },
];

export interface Campaign {
  /** The term to end; `NO_KEY`: no router leads. */
  readonly against: Term;
  readonly leader: LeaderValue;
  readonly lease: LeaseId;
}

/**
 * Of all routers that try against the same term one succeeds. From that step on only it may change records.
 */
export const takeover = ({ against, leader, lease }: Campaign): Transaction => ({
  compares: [{ key: LEADER_KEY, mod: against }],
  operations: [{ kind: 'put', key: LEADER_KEY, value: leaderToText(leader), lease }, ...READ_BELONGINGS],
  otherwise: [{ kind: 'get', key: LEADER_KEY }],
});

export type TakeoverResult =
  | { readonly kind: 'won'; readonly belongings: Belongings }
  /** An earlier attempt of it had succeeded: the state must still be read, with `belongingsOf`. */
  | { readonly kind: 'won-before'; readonly term: Term }
  | ({ readonly kind: 'lost' } & LeaderKey);

export function takeoverResult(campaign: Campaign, answer: TransactionAnswer): TakeoverResult {
  if (answer.succeeded) return { kind: 'won', belongings: belongings(answer.revision, answer.found) };
  const leader = leaderFrom(answer.found[0]);
  if (leader?.nonce === campaign.leader.nonce) return { kind: 'won-before', term: leader.term };
  return { kind: 'lost', ...leaderKeyFrom(answer.found[0]) };
}

/** Reads everything, if the term is still this one. */
export const belongingsOf = (term: Term): Transaction => ({
  compares: [{ key: LEADER_KEY, mod: term }],
  operations: READ_BELONGINGS,
  otherwise: [{ kind: 'get', key: LEADER_KEY }],
});

export const belongings = (term: Term, found: readonly (readonly StoredKey[])[]): Belongings => ({
  term,
  header: found[0]?.[0],
  records: found[1] ?? [],
});

/** A key to change: the version that its writer has seen, and the new value. */
export interface Change {
  readonly key: string;
  readonly value: string;
  readonly known: ModRevision;
}

/** Changes records in this term, and only if they are unchanged since they were read. */
export const change = (term: Term, changes: readonly Change[]): Transaction => ({
  compares: [{ key: LEADER_KEY, mod: term }, ...changes.map(({ key, known }) => ({ key, mod: known }))],
  operations: changes.map(({ key, value }) => ({ kind: 'put', key, value })),
  otherwise: [
    { kind: 'get', key: LEADER_KEY },
    ...changes.map(({ key }): StoreOperation => ({ kind: 'get', key })),
  ],
});

export type ChangeResult =
  /** The revisions of the changed keys, in order. */
  | { readonly kind: 'written'; readonly mods: readonly ModRevision[] }
  /** Another router leads, or none does. */
  | ({ readonly kind: 'fenced' } & LeaderKey)
  /**
   * In our own term another program wrote or deleted it: no router does that. `again`: the same changes, over
   * what is there now, because the leader has the newest records. Undefined: to this leader the key was new,
   * so it has nothing newer.
   */
  | { readonly kind: 'foreign'; readonly key: string; readonly again: readonly Change[] | undefined };

export function changeResult(
  term: Term,
  changes: readonly Change[],
  answer: TransactionAnswer,
): ChangeResult {
  if (answer.succeeded) return { kind: 'written', mods: changes.map(() => answer.revision) };
  const [leaderFound, ...found] = answer.found;
  const key = leaderKeyFrom(leaderFound);
  if (key.leader?.term !== term) return { kind: 'fenced', ...key };
  const mods = changes.map((_, at) => found[at]?.[0]?.mod ?? NO_KEY);
  if (changes.every(({ value }, at) => found[at]?.[0]?.value === value)) return { kind: 'written', mods };
  const isForeign = ({ known, value }: Change, at: number): boolean =>
    mods[at] !== known && found[at]?.[0]?.value !== value;
  const foreign = changes.filter(isForeign);
  const isNew = foreign.some(({ known }) => known === NO_KEY);
  const again = changes.map((each, at) => ({ ...each, known: mods[at] ?? NO_KEY }));
  const [{ key: changed } = { key: LEADER_KEY }] = foreign;
  return { kind: 'foreign', key: changed, again: isNew ? undefined : again };
}

/** Reads keys, if the term is still this one: then no other router has changed them since. */
export const listing = (term: Term, prefix: string): Transaction => ({
  compares: [{ key: LEADER_KEY, mod: term }],
  operations: [{ kind: 'list', prefix }],
  otherwise: [{ kind: 'get', key: LEADER_KEY }],
});

/** Who leads now, and which network the store has: the leader's key and the header. */
export const readStanding: Transaction = {
  compares: [],
  operations: [
    { kind: 'get', key: LEADER_KEY },
    { kind: 'get', key: HEADER_KEY },
  ],
  otherwise: [],
};

/** Who leads now. */
export const readLeader: Transaction = {
  compares: [],
  operations: [{ kind: 'get', key: LEADER_KEY }],
  otherwise: [],
};
