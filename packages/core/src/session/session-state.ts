/** Where a client session is, as the world sees it. Each state carries only what is true in it. */
import type { Address, ClusterId, Epoch, Instant, ServerId } from '../ids.js';
import type { Failure } from '../reasons.js';

/** The server a session talks to, or is about to. */
export interface SessionTarget {
  readonly epoch: Epoch;
  readonly serverId: ServerId;
  readonly address: Address;
  /** Only where there are several: people need not know of the one that is all. */
  readonly cluster?: ClusterId;
}

/**
 * `resolving → connecting → live`, back to `resolving` at every break; `waiting` when router or every server
 * is away; `closed` and `failed` are for good.
 */
export type SessionState =
  /**
   * Asking `router` who is primary. `because` says what broke, or why nobody serves; undefined at the start.
   */
  | { readonly kind: 'resolving'; readonly router: Address; readonly because: Failure | undefined }
  | { readonly kind: 'connecting'; readonly target: SessionTarget }
  | { readonly kind: 'live'; readonly target: SessionTarget }
  /**
   * Nobody to talk to. Tries again at `retryAt` (an instant of the driver's monotonic clock), or when told of
   * a primary.
   */
  | {
      readonly kind: 'waiting';
      readonly retryAt: Instant;
      /** How often in a row this has happened, from 1. */
      readonly attempt: number;
      readonly because: Failure;
      /** Only where there are several. */
      readonly cluster?: ClusterId;
    }
  | { readonly kind: 'closed' }
  /** It can't work as asked, and trying again would not help. */
  | { readonly kind: 'failed'; readonly because: Failure };
