/** The store that routers share, as drivers need it, and how a transaction without an answer is repeated. */
import type { LeaseId, Transaction, TransactionAnswer } from '@dualping/core';
import type { Clock } from './clock.js';

export type TransactionOutcome =
  | { readonly kind: 'answered'; readonly answer: TransactionAnswer }
  /** No answer: it may have happened, or may still happen. */
  | { readonly kind: 'unknown'; readonly detail: string }
  /** The store does not do it, and would not if it were asked again. */
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

/** Wait before a transaction that had no answer is made again, ms: at another node of the store. */
const RETRY_MS = 10;

export interface Tries {
  readonly clock: Clock;
  readonly store: Pick<SharedStore, 'transact'>;
  /** Whether to try again; asked after each try that had no answer. */
  readonly goOn: () => boolean;
  /** `askedAt`: when the try began that this is the outcome of. */
  readonly outcome: (outcome: TransactionOutcome, askedAt: number) => void;
}

/** Makes the same transaction until it has an answer, or nobody wants one any more. */
export function tryUntilAnswered(transaction: Transaction, tries: Tries): void {
  const { clock, store, goOn, outcome } = tries;
  const askedAt = clock.now();
  store.transact(transaction, (result) => {
    if (result.kind !== 'unknown' || !goOn()) return outcome(result, askedAt);
    clock.setTimer(clock.now() + RETRY_MS, () => tryUntilAnswered(transaction, tries));
  });
}
