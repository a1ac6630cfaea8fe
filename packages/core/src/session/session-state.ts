/** The state of a client session, as published. Each state has only the fields that are valid in it. */
import type { Address, ClusterId, Epoch, Instant, ServerId } from '../ids.js';
import type { Failure } from '../reasons.js';

/** The server a session talks to, or is about to. */
export interface SessionTarget {
  readonly epoch: Epoch;
  readonly serverId: ServerId;
  readonly address: Address;
  /** Only if there are several clusters. */
  readonly cluster?: ClusterId;
}

/**
 * `resolving → connecting → live`, back to `resolving` at every break; `waiting` when router or every server
 * is away; `closed` and `failed` are final.
 */
export type SessionState =
  /**
   * Asking `router` for the primary. `because` says what broke, or why no server serves; undefined at the
   * start.
   */
  | { readonly kind: 'resolving'; readonly router: Address; readonly because: Failure | undefined }
  | { readonly kind: 'connecting'; readonly target: SessionTarget }
  | {
      readonly kind: 'live';
      readonly target: SessionTarget;
      /** Why writes have waited for a while: the server refuses them because of a limit. */
      readonly heldUp?: Failure;
    }
  /**
   * There is no server or no router. Tries again at `retryAt` (an instant of the driver's monotonic clock),
   * or when a Watch names a primary.
   */
  | {
      readonly kind: 'waiting';
      readonly retryAt: Instant;
      /** How often in a row this has happened, from 1. */
      readonly attempt: number;
      readonly because: Failure;
      /** Only if there are several clusters. */
      readonly cluster?: ClusterId;
    }
  | { readonly kind: 'closed' }
  /** It can't work as asked, and trying again would not help. */
  | { readonly kind: 'failed'; readonly because: Failure };
