/** The store that routers share, as drivers need it, and how a transaction without an answer is repeated. */
import type { LeaseId, Transaction, TransactionAnswer } from '@dualping/core';
import type { Clock } from './clock.js';

export type TransactionOutcome =
  | { readonly kind: 'answered'; readonly answer: TransactionAnswer }
  /** No answer: it may have happened, or may still happen. */
  | { readonly kind: 'unknown'; readonly detail: string }
  /** The store refuses it, and would refuse it again. */
  | { readonly kind: 'refused'; readonly detail: string };

export interface SharedStore {
  /** One try, at one node of the store. Calls `outcome` once, in a later turn. */
  transact(transaction: Transaction, outcome: (outcome: TransactionOutcome) => void): void;
  /** Calls `outcome` once, in a later turn. */
  grantLease(lifetimeMs: number, outcome: (granted: LeaseId | Failed) => void): void;
  /** Calls `outcome` once, in a later turn; false: the lease is over. */
  renewLease(lease: LeaseId, outcome: (stands: boolean | Failed) => void): void;
  endLease(lease: LeaseId): void;
}

/** There was no answer, or a refusal. */
export interface Failed {
  readonly detail: string;
}

export const isFailed = (outcome: LeaseId | boolean | Failed): outcome is Failed =>
  typeof outcome === 'object';

/** Wait before a transaction without an answer is sent again, ms: to another node of the store. */
const RETRY_MS = 10;

export interface Tries {
  readonly clock: Clock;
  readonly store: Pick<SharedStore, 'transact'>;
  /** Whether to try again; asked after each try that had no answer. */
  readonly goOn: () => boolean;
  /** `askedAt`: when the attempt with this outcome began. */
  readonly outcome: (outcome: TransactionOutcome, askedAt: number) => void;
}

/** Sends the same transaction until it has an answer, or none is needed any more. */
export function tryUntilAnswered(transaction: Transaction, tries: Tries): void {
  const { clock, store, goOn, outcome } = tries;
  const askedAt = clock.now();
  store.transact(transaction, (result) => {
    if (result.kind !== 'unknown' || !goOn()) return outcome(result, askedAt);
    clock.setTimer(clock.now() + RETRY_MS, () => tryUntilAnswered(transaction, tries));
  });
}
